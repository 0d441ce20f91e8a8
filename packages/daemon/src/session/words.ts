/** Figures, as the session's sentences say them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function bytesText(bytes: number): string {
  let value = Math.max(0, bytes)
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`
}

export function durationText(seconds: number): string {
  if (seconds < 120) return countText(Math.round(seconds), 'second')
  if (seconds < 2 * 3600) return countText(Math.round(seconds / 60), 'minute')
  if (seconds < 2 * 86_400) return countText(Math.round(seconds / 3600), 'hour')
  return countText(Math.round(seconds / 86_400), 'day')
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
