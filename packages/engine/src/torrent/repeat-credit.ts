/**
 * How much may be asked for again while our own line is full. Then whoever is late may be so through the line alone; and
 * asking others as well makes everything later. Which of both it is shows by what comes, and by nothing else:
 *
 *     of the one that was asked later    asking again helps: one more may be under way, unless there is doubt
 *     of the other one as well           the line is slow, not the peer: two fewer, and doubt, which fades
 *     of the only one that was asked     a little of what was lost by that comes back
 *
 * As long as the line has room there is no bound. What only silent ones hold is free of it, too: see `Repeats`.
 */

/** At first: a second's worth of a line of 1 Mbit/s. */
const FIRST = 8
/** About as many as one peer is asked for at once. */
const MOST = 512
/** What comes in vain after that changes nothing more: it was asked for long ago. */
const LEAST = -16
const PER_VAIN = 2
const PER_RECEIVED = 1 / 64
/** A tick: half of it is gone after seven seconds. */
const DOUBT_KEPT = 0.99

export class RepeatCredit {
  #isLineFull = false
  #credit = FIRST
  /** What came in vain lately. */
  #doubt = 0

  tick(isLineFull: boolean): void {
    this.#isLineFull = isLineFull
    this.#doubt *= DOUBT_KEPT
  }

  /** A block was received; `isRepeat`: of one that was asked when another was already. */
  onReceived(isRepeat: boolean): void {
    if (isRepeat && this.#doubt < 1) this.#credit = Math.min(MOST, this.#credit + 1)
    else if (this.#credit < FIRST) this.#credit += PER_RECEIVED
  }

  /** A block that was asked for came when another had brought it. */
  onVain(): void {
    this.#credit = Math.max(LEAST, this.#credit - PER_VAIN)
    this.#doubt++
  }

  /** What comes of the only one that was asked makes it more. */
  get isLow(): boolean {
    return this.#credit < FIRST
  }

  get isLimited(): boolean {
    return this.#isLineFull
  }

  /** Nothing may be asked for again now, however little is under way. */
  get isSpent(): boolean {
    return this.#isLineFull && this.#credit < 1
  }

  /** How many more may be asked for again when so many are under way; where it is limited. */
  room(underWay: number): number {
    return Math.max(0, Math.floor(this.#credit) - underWay)
  }
}
