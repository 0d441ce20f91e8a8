/**
 * Our questions that wait for an answer. An answer counts when it comes from the address that was asked and has the
 * transaction that was sent there: four random bytes, which nobody else knows.
 */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { toHex } from '../bytes/hex.ts'
import type { Random } from '../ports.ts'
import type { Reply } from './krpc.ts'

const TRANSACTION_BYTES = 4
/** Most who answer do so within a second. */
const SLOW_MS = 1500
const TIMEOUT_MS = 6000
const MAX_PENDING = 1000

export interface Outcome {
  onReply(reply: Reply, now: number): void
  /** The node answered that it would not; `code` is KRPC's. */
  onError(code: number, now: number): void
  /** No answer has come for a while. */
  onSlow?(now: number): void
  onTimeout(now: number): void
}

interface Pending {
  readonly to: PeerAddress
  readonly sentAt: number
  readonly outcome: Outcome
  isSlow: boolean
}

export class Queries {
  readonly #random: Random
  /** In the order of sending, which is that of timeouts. */
  readonly #pending = new Map<string, Pending>()
  readonly #perHost = new Map<string, number>()
  /** No query before the one of this number in the map is still to become slow. */
  #slowFrom = 0

  constructor(random: Random) {
    this.#random = random
  }

  get count(): number {
    return this.#pending.size
  }

  get isFull(): boolean {
    return this.#pending.size >= MAX_PENDING
  }

  /** When `tick` has something to do; infinity for never. */
  get nextTimeout(): number {
    let next = Number.POSITIVE_INFINITY
    let at = 0
    for (const pending of this.#pending.values()) {
      if (at === 0) next = pending.sentAt + TIMEOUT_MS
      if (at++ < this.#slowFrom) continue
      return Math.min(next, pending.sentAt + SLOW_MS)
    }
    return next
  }

  /** Whether an answer from there is waited for. */
  expects(host: string): boolean {
    return this.#perHost.has(host)
  }

  /** Notes a question; its transaction. */
  open(to: PeerAddress, outcome: Outcome, now: number): Uint8Array {
    let transaction = this.#random.bytes(TRANSACTION_BYTES)
    while (this.#pending.has(toHex(transaction))) transaction = this.#random.bytes(TRANSACTION_BYTES)
    this.#pending.set(toHex(transaction), { to, sentAt: now, outcome, isSlow: false })
    this.#perHost.set(to.host, (this.#perHost.get(to.host) ?? 0) + 1)
    return transaction
  }

  /** The question that this is the answer to, which then waits no more; undefined when there is none. */
  settle(transaction: Uint8Array, from: PeerAddress): Outcome | undefined {
    const key = toHex(transaction)
    const pending = this.#pending.get(key)
    if (pending === undefined || formatAddress(pending.to) !== formatAddress(from)) return undefined
    this.#delete(key, pending)
    return pending.outcome
  }

  /** Tells what is slow and what has timed out; this to `onTimeout`, too. */
  tick(now: number, onTimeout: (to: PeerAddress) => void): void {
    const slow: Pending[] = []
    const timedOut: Pending[] = []
    for (const [key, pending] of this.#pending) {
      const age = now - pending.sentAt
      if (age < SLOW_MS) break
      if (age >= TIMEOUT_MS) {
        timedOut.push(pending)
        this.#delete(key, pending)
      } else if (!pending.isSlow) {
        pending.isSlow = true
        this.#slowFrom++
        slow.push(pending)
      }
    }
    for (const pending of slow) pending.outcome.onSlow?.(now)
    for (const { to, outcome } of timedOut) {
      onTimeout(to)
      outcome.onTimeout(now)
    }
  }

  #delete(key: string, pending: Pending): void {
    this.#pending.delete(key)
    if (pending.isSlow) this.#slowFrom--
    const count = this.#perHost.get(pending.to.host)! - 1
    if (count === 0) this.#perHost.delete(pending.to.host)
    else this.#perHost.set(pending.to.host, count)
  }
}
