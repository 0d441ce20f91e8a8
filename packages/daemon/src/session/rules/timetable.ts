/** When the alternative limits are in force. */
import type { TimetableSpan } from '../session.ts'

const DAY_MINUTES = 24 * 60

/** Local time: 0 is Sunday, and minutes since midnight. */
export interface LocalTime {
  readonly day: number
  readonly minute: number
}

export function localTime(ms: number): LocalTime {
  const date = new Date(ms)
  return { day: date.getDay(), minute: date.getHours() * 60 + date.getMinutes() }
}

/** A span whose end is not after its beginning goes on into the next day; one that ends where it begins is a whole day. */
export function isScheduled(timetable: readonly TimetableSpan[], { day, minute }: LocalTime): boolean {
  return timetable.some(({ days, fromMinute, toMinute }) => {
    const end = toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES
    const today = days.includes(day) && minute >= fromMinute && minute < end
    const yesterday = days.includes((day + 6) % 7) && minute + DAY_MINUTES < end
    return today || yesterday
  })
}

/** Switched by hand: it holds until the timetable says something else than it did then. */
export interface ByHand {
  readonly on: boolean
  readonly scheduled: boolean
}

export function alternativeNow(
  byHand: ByHand | undefined,
  scheduled: boolean,
): {
  readonly active: boolean
  readonly by: 'hand' | 'timetable' | null
  readonly byHand: ByHand | undefined
} {
  const holds = byHand !== undefined && byHand.scheduled === scheduled ? byHand : undefined
  if (holds !== undefined) return { active: holds.on, by: 'hand', byHand: holds }
  return { active: scheduled, by: scheduled ? 'timetable' : null, byHand: undefined }
}
