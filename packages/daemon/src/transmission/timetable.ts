/**
 * Transmission's one span of the week in which the alternative limits are in force, and Shoal's timetable, which may hold
 * several: the first is shown, and setting one replaces all.
 */

import { spanOf } from '../config/timetable.ts'

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

/** Undefined: it is empty. */
export function scheduleOf(timetable: readonly string[]): Schedule | undefined {
  const span = spanOf(timetable[0] ?? '')
  if (span === undefined) return undefined
  const days = span.days.reduce((bits, day) => bits | (1 << day), 0)
  // 24:00 is midnight here as well.
  return { days, begin: span.fromMinute, end: span.toMinute % DAY_MINUTES }
}

export function timetableOf({ begin, end, days }: Schedule): readonly string[] {
  const names = DAYS.filter((_, day) => (days & (1 << day)) !== 0)
  if (names.length === 0) return []
  const which = names.length === DAYS.length ? 'daily' : names.join(',')
  return [`${which} ${clock(begin)}-${clock(end)}`]
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
