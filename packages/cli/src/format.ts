/** Numbers as people read them. Amounts of data are decimal (MB = 1,000,000), piece lengths binary (KiB). */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

/** `0 B`, `512 B`, `1.23 MB`, `45.6 GB`, `789 kB`: three digits. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would round to 1000: it is one of the next unit already.
  while (unit < UNITS.length - 1 && value >= (unit === 0 ? 1000 : 999.5)) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${UNITS[unit]}`
}

export function formatRate(bytesPerSec: number): string {
  return `${formatBytes(bytesPerSec)}/s`
}

/** `16 KiB`, `4 MiB`; where it is not a whole number of a unit, of the next smaller one. */
export function formatPieceLength(bytes: number): string {
  let value = bytes
  let unit = 0
  while (unit < BINARY_UNITS.length - 1 && value >= 1024 && value % 1024 === 0) {
    value /= 1024
    unit++
  }
  return `${formatCount(value)} ${BINARY_UNITS[unit]}`
}

/** `12,345` */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 peer`, `1,200 peers`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `61.2 %`. Rounded down: 100 % is complete, never nearly. */
export function formatPercent(fraction: number): string {
  const tenths = Math.floor(Math.min(1, Math.max(0, fraction)) * 1000 + 1e-9)
  return tenths === 1000 ? '100 %' : `${(tenths / 10).toFixed(1)} %`
}

/** `0.8 s`, `52 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  return formatWholeSeconds(seconds)
}

/** Like {@link formatDuration}, without fractions: for what is estimated. */
export function formatWholeSeconds(seconds: number): string {
  const total = Math.round(seconds)
  if (total < 60) return `${total} s`
  if (total < 3600) return join(Math.floor(total / 60), 'min', total % 60, 's')
  if (total < 86_400) return join(Math.floor(total / 3600), 'h', Math.floor((total % 3600) / 60), 'min')
  return join(Math.floor(total / 86_400), 'd', Math.floor((total % 86_400) / 3600), 'h')
}

export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(2) : '∞'
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0
    ? `${formatCount(large)} ${largeUnit}`
    : `${formatCount(large)} ${largeUnit} ${small} ${smallUnit}`
}

function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2)
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0)
}
