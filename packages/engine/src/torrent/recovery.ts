/**
 * When a torrent whose disk failed is tried again without being told to: soon, then ever less often. Whoever has been
 * well for some time begins with a short pause again.
 */
import type { ErrorCode } from '../errors.ts'

/** Somebody swapping a file or a cable is done in less than that. */
const FIRST_PAUSE_MS = 1_000
/** A look costs little, and who made room does not want to wait for long. */
const LAST_PAUSE_MS = 30_000
/** Well for so many times the last pause: what comes then is a new fault. */
const WELL_FACTOR = 2

/** Pass by themselves, or by somebody's doing elsewhere: room, a cable, a mount. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_FULL', 'DISK_READ', 'DISK_WRITE'])
/** Mistakes of whoever named the folder, if they are there from the beginning; otherwise others undo what they did. */
const PASSING_LATER: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_PERMISSION', 'PATH_CONFLICT'])

export class Recovery {
  #pauseMs = 0
  /** It did work since the user started it. */
  #hasWorked = false
  /** Since when it works; undefined: it does not. */
  #wellSinceMs: number | undefined

  /** Whether it makes sense to wait: what cannot be otherwise is told at once. */
  mayPass(code: ErrorCode): boolean {
    return PASSING.has(code) || (this.#hasWorked && PASSING_LATER.has(code))
  }

  /** The user starts it. */
  reset(): void {
    this.#pauseMs = 0
    this.#hasWorked = false
    this.#wellSinceMs = undefined
  }

  /** It is at work, again or for the first time. */
  onActive(now: number): void {
    this.#wellSinceMs = now
  }

  /** Files were there to be read, or could be written. */
  onSuccess(): void {
    this.#hasWorked = true
  }

  /** It failed at `failedAt`: when to look again. */
  afterFault(now: number, failedAt: number): number {
    const since = this.#wellSinceMs
    this.#wellSinceMs = undefined
    if (since !== undefined && failedAt - since >= this.#pauseMs * WELL_FACTOR) this.#pauseMs = 0
    return this.afterLook(now)
  }

  /** Something still stands in the way: when to look again. */
  afterLook(now: number): number {
    this.#pauseMs = this.#pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LAST_PAUSE_MS)
    return now + this.#pauseMs
  }
}
