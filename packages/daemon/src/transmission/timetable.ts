/**
 * Transmission's one span of the week in which the alternative limits are in force, and Shoal's timetable, which may hold
 * several: the first is shown, and setting one replaces all.
 */

/** From midnight, in minutes. `days`: a bit each, Sunday's is 1. */
export interface Schedule {
  readonly begin: number
  readonly end: number
  readonly days: number
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const ALL_DAYS = 127
export const DAY_MINUTES: number = 24 * 60
/** What Transmission shows while no time is set. */
export const DEFAULT_SCHEDULE: Schedule = { begin: 9 * 60, end: 17 * 60, days: ALL_DAYS }

/** Of a timetable that was checked before; undefined: it is empty. */
export function scheduleOf(timetable: readonly string[]): Schedule | undefined {
  const match = /^(\S+)\s+(\d+):(\d+)\s*-\s*(\d+):(\d+)$/.exec(timetable[0]?.trim().toLowerCase() ?? '')
  if (match === null) return undefined
  const [, days = '', ...numbers] = match
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = numbers.map(Number)
  // 24:00 is midnight here as well.
  const end = (toHour * 60 + toMinute) % DAY_MINUTES
  return { days: daysOf(days), begin: fromHour * 60 + fromMinute, end }
}

export function timetableOf({ begin, end, days }: Schedule): readonly string[] {
  const names = DAYS.filter((_, day) => (days & (1 << day)) !== 0)
  if (names.length === 0) return []
  const which = names.length === DAYS.length ? 'daily' : names.join(',')
  return [`${which} ${clock(begin)}-${clock(end)}`]
}

function daysOf(text: string): number {
  if (text === 'daily') return ALL_DAYS
  let bits = 0
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(day => DAYS.indexOf(day as (typeof DAYS)[number]))
    if (first === undefined || last === undefined || first < 0 || last < 0) continue
    for (let day = first; ; day = (day + 1) % DAYS.length) {
      bits |= 1 << day
      if (day === last) break
    }
  }
  return bits
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
