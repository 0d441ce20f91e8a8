/**
 * How fast bytes go by, over the last five seconds.
 *
 *     slots of 500 ms   | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
 *                         oldest                        newest, still filling
 *
 * Invariant: `#sum` is the sum of all slots, and no slot is older than ten slots before the newest. Both
 * operations move the newest slot up to `now`, emptying at most ten on the way, so each costs O(1) and
 * allocates nothing.
 */

const SLOT_MS = 500
const SLOTS = 10
/**
 * A meter that has only just begun divides by at least this, or the first block would count as an enormous
 * rate.
 */
const MIN_SPAN_MS = 1_000

export class RateMeter {
  readonly #slots = new Float64Array(SLOTS)
  /** Number of the newest slot, counted from time 0; below all at first. */
  #newest = -1
  #sum = 0
  #total = 0
  /** When the first bytes came. Not renewed after a silence: a block every ten seconds is no burst. */
  #since = -1
  #lastAt = Number.NEGATIVE_INFINITY

  /** When the last bytes came; negative infinity: never. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** All bytes ever added. */
  get total(): number {
    return this.#total
  }

  add(bytes: number, now: number): void {
    this.#advance(now)
    if (this.#since < 0) this.#since = now
    this.#lastAt = now
    this.#slots[this.#newest % SLOTS]! += bytes
    this.#sum += bytes
    this.#total += bytes
  }

  /** Bytes per second; a meter younger than the window is not diluted by the time before it. */
  rate(now: number): number {
    this.#advance(now)
    if (this.#sum === 0) return 0
    const from = Math.max(this.#since, (this.#newest - SLOTS + 1) * SLOT_MS)
    return (this.#sum * 1_000) / Math.max(MIN_SPAN_MS, now - from)
  }

  #advance(now: number): void {
    const slot = Math.floor(now / SLOT_MS)
    if (slot <= this.#newest) return
    for (let at = Math.max(this.#newest + 1, slot - SLOTS + 1); at <= slot; at++) {
      this.#sum -= this.#slots[at % SLOTS]!
      this.#slots[at % SLOTS] = 0
    }
    this.#newest = slot
  }
}
