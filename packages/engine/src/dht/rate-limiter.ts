/**
 * How much strangers may make us do: so many answers for each address, so many bytes in all. A sender's address may be
 * forged, so answers are what somebody else gets who never asked.
 */

/** A lookup asks a node once and stores once; several clients may share an address. */
const ANSWERS_PER_WINDOW = 10
const WINDOW_MS = 1000
/** Who asks for more gets nothing for so long. Not extended meanwhile: the address may be forged. */
const SILENCE_MS = 10_000
/** Senders remembered; the total is bounded by other means when more come. */
const MAX_SENDERS = 4096

interface Sender {
  windowStart: number
  answers: number
  silentUntil: number
}

/** Counts answers for each party (see `partyOf`). */
export class SenderLimiter {
  readonly #senders = new Map<string, Sender>()

  get senderCount(): number {
    return this.#senders.size
  }

  /** Whether nothing is answered to this party now. */
  isSilenced(party: string, now: number): boolean {
    return (this.#senders.get(party)?.silentUntil ?? 0) > now
  }

  /** Whether one more answer is due; counts it. */
  take(party: string, now: number): boolean {
    const sender = this.#senders.get(party) ?? this.#remember(party, now)
    if (sender.silentUntil > now) return false
    if (now - sender.windowStart >= WINDOW_MS) {
      sender.windowStart = now
      sender.answers = 0
    }
    if (++sender.answers <= ANSWERS_PER_WINDOW) return true
    sender.silentUntil = now + SILENCE_MS
    sender.answers = 0
    return false
  }

  #remember(party: string, now: number): Sender {
    if (this.#senders.size >= MAX_SENDERS) {
      // The one that came first, as long as new ones come in.
      for (const first of this.#senders.keys()) {
        this.#senders.delete(first)
        break
      }
    }
    const sender = { windowStart: now, answers: 0, silentUntil: 0 }
    this.#senders.set(party, sender)
    return sender
  }
}

/** A token bucket: `perSec` in the long run, `burst` at once. */
export class Bucket {
  readonly #perSec: number
  readonly #burst: number
  #left: number
  #at: number | undefined

  constructor(perSec: number, burst: number) {
    this.#perSec = perSec
    this.#burst = burst
    this.#left = burst
  }

  take(amount: number, now: number): boolean {
    if (!this.has(amount, now)) return false
    this.#left -= amount
    return true
  }

  has(amount: number, now: number): boolean {
    const passed = Math.max(0, now - (this.#at ?? now))
    this.#at = now
    this.#left = Math.min(this.#burst, this.#left + (passed * this.#perSec) / 1000)
    return this.#left >= amount
  }
}
