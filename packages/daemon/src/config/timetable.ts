/** When the alternative limits are in force: `mon-fri 08:00-18:00`, `sat,sun 00:00-24:00`, `daily 22:00-06:00`. */

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const DAY_MINUTES = 24 * 60

/** Local time. `days`: 0 is Sunday. A span whose end is not after its beginning goes on into the next day. */
export interface Span {
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
}

/** Undefined where it is not written so. */
export function spanOf(text: string): Span | undefined {
  const match = /^(\S+)\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/.exec(text.trim().toLowerCase())
  if (match === null) return undefined
  const days = daysOf(match[1]!)
  const fromMinute = minuteOf(match[2]!, match[3]!)
  const toMinute = minuteOf(match[4]!, match[5]!)
  if (days === undefined || fromMinute === undefined || toMinute === undefined) return undefined
  if (fromMinute === DAY_MINUTES) return undefined
  return { days, fromMinute, toMinute }
}

function daysOf(text: string): readonly number[] | undefined {
  if (text === 'daily') return [0, 1, 2, 3, 4, 5, 6]
  const days = new Set<number>()
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(day => DAYS.indexOf(day as (typeof DAYS)[number]))
    if (first === undefined || last === undefined || first < 0 || last < 0) return undefined
    // `fri-mon` goes over the end of the week.
    for (let day = first; ; day = (day + 1) % DAYS.length) {
      days.add(day)
      if (day === last) break
    }
  }
  return [...days].sort((a, b) => a - b)
}

function minuteOf(hours: string, minutes: string): number | undefined {
  const minute = Number(hours) * 60 + Number(minutes)
  return Number(minutes) < 60 && minute <= DAY_MINUTES ? minute : undefined
}
