/**
 * Our own line, as far as a torrent sees it: whether it is full. Thirty peers that are quick all seem slow behind a line
 * that is not.
 *
 * Invariant: `#recentBytes` is the sum of `#slots`, half a second in ticks.
 */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** Half a second: while a line that was emptied counts as full, the quick ones wait. */
const TICKS = 5
/** Of the most that came in so long, half is forgotten in ten seconds. */
const PEAK_KEPT = 0.993
/** It is full while it brings so much of that: who waits for slow ones gets far less, and a shared line goes up and down. */
const FULL_PART = 0.5
/** Nor is it full with less than a block in that time: what a crowd drips is not what a line carries. */
const FULL_MIN: number = BLOCK_BYTES
/** And it has done so for a second: what comes at once from many that then send nothing says nothing. */
const FULL_TICKS = 10

export class OwnLine {
  /** It brings about as much as it did at its best lately. */
  isFull = false
  readonly #slots = new Float64Array(TICKS)
  #slot = 0
  /** Since the last tick. */
  #bytes = 0
  #recentBytes = 0
  // Not 0: V8 would lay such an object out anew at the first fraction, and compile anew what was compiled for it.
  #peakBytes = Number.MIN_VALUE
  /** So many ticks in a row it has brought so much. */
  #ticksFull = 0

  /** Bytes came, of whatever use: a call a chunk. */
  heard(bytes: number): void {
    this.#bytes += bytes
  }

  /** Some ten times a second. */
  tick(): void {
    this.#recentBytes += this.#bytes - this.#slots[this.#slot]!
    this.#slots[this.#slot] = this.#bytes
    this.#slot = (this.#slot + 1) % TICKS
    this.#bytes = 0
    this.#peakBytes = Math.max(this.#recentBytes, this.#peakBytes * PEAK_KEPT)
    const isMuch = this.#recentBytes >= Math.max(FULL_MIN, this.#peakBytes * FULL_PART)
    this.#ticksFull = isMuch ? this.#ticksFull + 1 : 0
    this.isFull = this.#ticksFull >= FULL_TICKS
  }
}
