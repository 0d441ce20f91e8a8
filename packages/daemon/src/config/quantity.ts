/** Rates, sizes and times as people write them, and back. */

const POWERS = ['', 'k', 'm', 'g', 't'] as const
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 }
const UNITS = ['', 'K', 'M', 'G', 'T'] as const

/** `5M`, `500K`, `5 MB/s`, `10 MiB`: bytes a second. K is 1,000 as on the command line, KiB is 1,024. */
export function rateOf(text: string): number | undefined {
  return bytesOf(text.replace(/\s*(\/|p)s$/i, ''))
}

/** `10 GiB`, `500M`: bytes. K is 1,000, KiB is 1,024. */
export function bytesOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text.trim())
  if (match === null) return undefined
  const [, number, prefix = '', binary = ''] = match
  if (prefix === '' && binary !== '') return undefined
  const power = POWERS.indexOf(prefix.toLowerCase() as (typeof POWERS)[number])
  const bytes = Math.round(Number(number) * (binary === '' ? 1000 : 1024) ** power)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `30m`, `2h`, `1h30m`, `90` (seconds): seconds. */
export function secondsOf(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  if (!/^(\d+(\.\d+)?\s*(s|min|m|h|d|w)\s*)+$/.test(trimmed)) return undefined
  let seconds = 0
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)/g))
    seconds += Number(number) * SECONDS[unit!]!
  return seconds
}

/** The shortest text that {@link bytesOf} reads as the same number. */
export function bytesText(bytes: number): string {
  if (bytes === 0) return '0'
  for (const [base, suffix] of [
    [1000, ''],
    [1024, 'iB'],
  ] as const) {
    for (let power = POWERS.length - 1; power > 0; power--) {
      const share = bytes / base ** power
      if (Number.isInteger(share * 10) && share >= 0.5) return `${share}${UNITS[power]}${suffix}`
    }
  }
  return String(bytes)
}

/** The shortest text that {@link secondsOf} reads as the same number. */
export function secondsText(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const share = seconds / SECONDS[unit]!
    if (seconds > 0 && Number.isInteger(share)) return `${share}${unit}`
  }
  return `${seconds}s`
}
