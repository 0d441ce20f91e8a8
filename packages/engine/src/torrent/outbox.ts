/**
 * What goes out to one peer: gathered into few writes, and watched for a peer that takes nothing of it.
 *
 * Invariant: of `#sentBytes` that were given to the link, it has taken all but what it still queues.
 */
import type { Link } from '../ports.ts'

/** A peer that takes nothing of what is queued for it for so long will not take it at all. */
const STALL_MS = 60_000
/** One that reads takes something within that time, unless its line is very slow. */
const STUCK_MS = 1_000

export class Outbox {
  readonly #now: () => number
  #link: Link | undefined
  #sentBytes = 0
  #takenBytes = 0
  #takenAt: number
  /** When something was last sent. */
  lastSentAt: number
  /** Somebody watches what is sent. */
  onSent: ((bytes: Uint8Array) => void) | undefined

  constructor(now: () => number) {
    this.#now = now
    this.lastSentAt = now()
    this.#takenAt = this.lastSentAt
  }

  /** The connection, as soon as there is one. */
  attach(link: Link): void {
    this.#link = link
  }

  /** Bytes sent that the operating system has not taken yet. */
  get queuedBytes(): number {
    return this.#link?.queuedBytes ?? 0
  }

  /** See `Link.send`. */
  send(bytes: Uint8Array, onTaken?: () => void): void {
    this.lastSentAt = this.#now()
    this.#sentBytes += bytes.length
    this.onSent?.(bytes)
    this.#link?.send(bytes, onTaken)
  }

  /** What is sent within `work` goes out in one write. */
  gather(work: () => void): void {
    const link = this.#link
    link?.cork()
    try {
      work()
    } finally {
      link?.uncork()
    }
  }

  close(): void {
    this.#link?.close()
  }

  /** As of the last {@link isStalled}: nothing goes out, though there is something to go. */
  isStuck(now: number): boolean {
    return now - this.#takenAt > STUCK_MS
  }

  /** What counts is what they take: our own messages make the queue longer meanwhile. */
  isStalled(now: number): boolean {
    const queued = this.queuedBytes
    const taken = this.#sentBytes - queued
    if (queued === 0 || taken !== this.#takenBytes) this.#takenAt = now
    this.#takenBytes = taken
    return now - this.#takenAt > STALL_MS
  }
}
