/** Numbers, sizes, times and dates as the reader's language writes them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface Format {
  readonly locale: string
  number(value: number, digits?: number): string
  percent(share: number): string
  bytes(bytes: number): string
  /** '' for none, so that tables stay calm. */
  rate(bytesPerSec: number): string
  /** `a, b or c`. */
  either(parts: readonly string[]): string
  /** Two units at most. */
  duration(seconds: number): string
  dateTime(secondsSince1970: number): string
  time(secondsSince1970: number): string
  ago(secondsSince1970: number, nowSeconds: number): string
}

export function formatFor(locale: string): Format {
  const plain = new Map<number, Intl.NumberFormat>()
  const digitsFormat = (digits: number): Intl.NumberFormat => {
    let found = plain.get(digits)
    if (found === undefined) {
      found = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
      plain.set(digits, found)
    }
    return found
  }
  const percents = [0, 1].map(
    digits =>
      new Intl.NumberFormat(locale, {
        style: 'percent',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  )
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const times = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  const choices = new Intl.ListFormat(locale, { type: 'disjunction' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
  const units = new Map(
    ['second', 'minute', 'hour', 'day'].map(name => [
      name,
      new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'narrow' }),
    ]),
  )
  const unit = (value: number, name: string): string => units.get(name)!.format(value)

  const bytes = (value: number): string => {
    let step = 0
    let scaled = value
    while (scaled >= 999.5 && step < UNITS.length - 1) {
      scaled /= 1024
      step++
    }
    const digits = step === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2
    return `${digitsFormat(digits).format(scaled)}\u00a0${UNITS[step]}`
  }

  return {
    locale,
    number: (value, digits = 0) => digitsFormat(digits).format(value),
    // Never 100 % before all is there.
    percent(share) {
      const whole = share >= 1 || share <= 0
      const shown = whole ? share : Math.floor(share * 1000) / 1000
      return percents[whole ? 0 : 1]!.format(shown)
    },
    bytes,
    rate: value => (value < 1 ? '' : `${bytes(value)}/s`),
    either: parts => choices.format(parts),
    duration(seconds) {
      const s = Math.max(0, Math.round(seconds))
      if (s < MINUTE) return unit(s, 'second')
      if (s < HOUR) return two(Math.floor(s / MINUTE), 'minute', s % MINUTE, 'second', s < 10 * MINUTE)
      if (s < DAY) return two(Math.floor(s / HOUR), 'hour', Math.floor((s % HOUR) / MINUTE), 'minute', true)
      const days = Math.floor(s / DAY)
      return two(days, 'day', Math.floor((s % DAY) / HOUR), 'hour', days < 10)
    },
    dateTime: value => dateTimes.format(value * 1000),
    time: value => times.format(value * 1000),
    ago(value, now) {
      const past = value - now
      const size = Math.abs(past)
      if (size < MINUTE) return relative.format(Math.round(past), 'second')
      if (size < HOUR) return relative.format(Math.round(past / MINUTE), 'minute')
      if (size < DAY) return relative.format(Math.round(past / HOUR), 'hour')
      return relative.format(Math.round(past / DAY), 'day')
    },
  }

  function two(large: number, largeUnit: string, small: number, smallUnit: string, both: boolean): string {
    const first = unit(large, largeUnit)
    return both && small > 0 ? `${first} ${unit(small, smallUnit)}` : first
  }
}

const RATE = /^\s*(\d+(?:[.,]\d+)?)\s*(b|ki?b?|mi?b?|gi?b?)?(?:\/s)?\s*$/i

/** `5`, `5 MiB/s`, `1.5m`: bytes a second. A bare number is in MiB. Undefined: not understood. */
export function parseRate(text: string): number | undefined {
  const match = RATE.exec(text)
  if (match === null) return undefined
  const scale = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2]?.[0] ?? 'm').toLowerCase()]
  return Math.round(Number(match[1]!.replace(',', '.')) * scale!)
}
