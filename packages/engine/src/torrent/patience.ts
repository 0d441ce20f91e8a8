/**
 * How much one peer may send that is of no use: messages that change nothing, ask for what is not given, or take more to
 * handle than to send. Each alone is harmless and honest peers send some, when messages cross or out of habit; without
 * end they would take the processor from everyone else.
 */
import { ProtocolError } from '../errors.ts'

/** A whole queue of requests that crosses a choke, twice over. */
const BURST = 4_000
const PER_SEC = 100
/** So many bytes to be passed over cost as much as a message. */
const BYTES_PER_UNIT = 4_096

/** What it costs to be told something of no use, in units of a message that is understood and dropped. */
export const Cost = {
  message: 1,
  /** Mood changes with every piece, in a swarm where all are about as far. */
  interest: 0.25,
  /** A bitfield is read whole to see that it says nothing new. */
  bitfield: 5,
  /** Another DHT port, another extended handshake: somebody has to be told, or something parsed. */
  news: 20,
  /** While the torrent's pieces are unknown: not of no use to others, and told once each. */
  have: 0.05,
} as const

export class Patience {
  #left = BURST
  #filledAt: number

  constructor(now: number) {
    this.#filledAt = now
  }

  /** @throws ProtocolError `QUEUE_FLOOD` */
  spend(cost: number, now: number): void {
    this.#left -= cost
    if (this.#left >= 0) return
    const gained = ((now - this.#filledAt) * PER_SEC) / 1_000
    this.#filledAt = now
    this.#left = Math.min(BURST, this.#left + gained)
    if (this.#left < 0) throw new ProtocolError('QUEUE_FLOOD', 'sends too much that is of no use')
  }

  /** For a message of so many bytes. @throws ProtocolError `QUEUE_FLOOD` */
  spendBytes(bytes: number, now: number): void {
    this.spend(Cost.message + bytes / BYTES_PER_UNIT, now)
  }
}
