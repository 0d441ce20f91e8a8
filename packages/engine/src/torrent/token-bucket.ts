/**
 * A limit on bytes per second. Tokens are bytes; they flow in at the rate and stay at most about a second's
 * worth, so that a pause is not followed by a flood.
 *
 * Blocks are 16 KiB whatever the limit is, and must never be cut: whoever sees a positive balance may take a
 * whole block and leave a debt, which the inflow pays first. Over time the rate is exact, for one byte a
 * second as well. Debt has a bound (one burst), so that one misjudged large take cannot silence a torrent for
 * minutes.
 */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** What an idle bucket gathers. */
const BURST_SECONDS = 1

export class TokenBucket {
  #rateBytesPerSec: number | undefined
  /** A fresh bucket holds one block rather than a burst: a limit holds from the first second on. */
  #tokens = BLOCK_BYTES
  #filledAt: number | undefined

  /** `rateBytesPerSec` undefined: no limit; 0: nothing passes. */
  constructor(rateBytesPerSec: number | undefined) {
    this.#rateBytesPerSec = rateBytesPerSec
  }

  get rateBytesPerSec(): number | undefined {
    return this.#rateBytesPerSec
  }

  /** A gathered burst or debt is cut to what fits the new rate. */
  setRate(rateBytesPerSec: number | undefined): void {
    if (this.#rateBytesPerSec === undefined) this.#restart()
    this.#rateBytesPerSec = rateBytesPerSec
    this.#clamp()
  }

  /** Bytes that may pass now, never below 0; Infinity without a limit. */
  available(now: number): number {
    if (this.#rateBytesPerSec === undefined) return Number.POSITIVE_INFINITY
    if (this.#rateBytesPerSec <= 0) return 0
    this.#fill(now)
    return Math.max(0, this.#tokens)
  }

  /** Whether it holds anything back now: it had no time to fill up again. */
  isShort(now: number): boolean {
    if (this.#rateBytesPerSec === undefined) return false
    return this.available(now) < Math.max(BLOCK_BYTES, this.#rateBytesPerSec * BURST_SECONDS) / 2
  }

  /** Bytes have passed, whether or not they were available. */
  take(bytes: number, now: number): void {
    if (this.#rateBytesPerSec === undefined) return
    this.#fill(now)
    this.#tokens -= bytes
    this.#clamp()
  }

  #fill(now: number): void {
    const elapsedMs = Math.max(0, now - (this.#filledAt ?? now))
    this.#filledAt = now
    this.#tokens += ((this.#rateBytesPerSec ?? 0) * elapsedMs) / 1_000
    this.#clamp()
  }

  #clamp(): void {
    const burst = Math.max(BLOCK_BYTES, (this.#rateBytesPerSec ?? 0) * BURST_SECONDS)
    this.#tokens = Math.min(burst, Math.max(-burst, this.#tokens))
  }

  #restart(): void {
    this.#tokens = BLOCK_BYTES
    this.#filledAt = undefined
  }
}
