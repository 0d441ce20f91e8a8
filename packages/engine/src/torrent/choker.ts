/**
 * Whom we upload to (BEP 3). Invariant: never more peers unchoked than there are slots.
 *
 * Downloading, every 10 s. Slots first go to those who give us most (tit for tat): interested, not snubbing
 * us, and really sending. What remains, at least one slot, is optimistic: lent for 30 s to someone drawn at
 * random. Those who have just connected are three times as likely, so that newcomers can prove themselves, and
 * so is whoever has ever given us anything: who only takes gets little. A peer that stops sending loses its
 * earned slot, and that slot becomes one more optimistic one, which is how we find better partners when snubbed.
 *
 *     slots     | earned | earned | earned | optimistic |         at least one is optimistic
 *
 * Seeding, nobody can earn anything. A slot is kept for 30 s; then, while others wait, the slowest of those
 * past their time make room, a third of the slots per round, for those who have waited longest. So everyone
 * gets a turn, and peers that take data fast stay somewhat longer.
 *
 * Whoever takes nothing of what it is sent holds no slot, and is neither choked nor unchoked: on a slow line it goes on
 * later, and those who never read keep nobody else waiting.
 *
 * A free slot need not wait for the round: {@link Choker.tryUnchoke}.
 */
import type { Random } from '../ports.ts'

const ROUND_MS = 10_000
/**
 * How long an optimistic slot is lent and a slot is kept while seeding: long enough to get up to speed and
 * be seen.
 */
const TURN_MS = 30_000
const NEW_PEER_MS = 60_000
/** Of those who are new, and of those who have given. */
const FAVOURED_WEIGHT = 3
/** Part of the slots that changes hands per round while seeding. */
const ROTATED_PART = 1 / 3

export interface ChokerPeer {
  readonly id: number
  /** They are interested in us. */
  readonly interested: boolean
  /** We choke them. */
  readonly choked: boolean
  /** They leave our requests unanswered. */
  readonly snubbed: boolean
  /** They take nothing of what we send, for the moment. */
  readonly stuck?: boolean
  readonly connectedAt: number
  /** When we unchoked them last; without meaning while choked. */
  readonly unchokedAt: number
  /** Bytes per second, to them. */
  uploadRate(now: number): number
  /** Bytes per second, from them. */
  downloadRate(now: number): number
}

export interface ChokerOptions {
  /** Peers unchoked at a time. */
  readonly slots: number
  readonly random: Random
}

export interface Rechoke<P extends ChokerPeer> {
  readonly choke: P[]
  readonly unchoke: P[]
}

export class Choker {
  #slots: number
  readonly #random: Random
  #dueAt = Number.NEGATIVE_INFINITY
  /** Since when a peer has held its optimistic slot, by id. */
  #optimisticSince = new Map<number, number>()
  /** When a peer was last seen unchoked, by id: who has waited longest. */
  #servedAt = new Map<number, number>()
  #seeding = false
  /** Who was seen sending to us, by id. */
  #givers = new Set<number>()

  constructor(options: ChokerOptions) {
    this.#slots = options.slots
    this.#random = options.random
  }

  get slots(): number {
    return this.#slots
  }

  /** Takes effect with the next {@link rechoke}. */
  setSlots(slots: number): void {
    this.#slots = slots
  }

  /** Whether the peer's slot is lent to it, to find out whether it gives back. */
  isOptimistic(peer: { readonly id: number; readonly choked: boolean }): boolean {
    return !peer.choked && this.#optimisticSince.has(peer.id)
  }

  /** When {@link rechoke} should next be called. */
  get dueAt(): number {
    return this.#dueAt
  }

  /**
   * One round: who is to be choked and who unchoked. Peers that are no longer interested lose their slot
   * too.
   */
  rechoke<P extends ChokerPeer>(peers: Iterable<P>, now: number, state: { seeding: boolean }): Rechoke<P> {
    this.#dueAt = now + ROUND_MS
    const everyone = [...peers]
    this.#noteServed(everyone, now)
    this.#seeding = state.seeding
    const all = everyone.filter(peer => !this.#isStuck(peer))
    this.#noteGivers(all, now)
    const interested = all.filter(peer => peer.interested)
    const chosen = state.seeding ? this.#chooseSeeding(interested, now) : this.#chooseTrading(interested, now)
    return {
      choke: all.filter(peer => !peer.choked && !chosen.has(peer)),
      unchoke: all.filter(peer => peer.choked && chosen.has(peer)),
    }
  }

  /**
   * Whether `peer`, which has become interested or waits while a slot was freed, may be unchoked at once. A
   * peer that is unchoked without being interested still holds its slot: choke it first to free it.
   */
  tryUnchoke(peer: ChokerPeer, peers: Iterable<ChokerPeer>, now: number): boolean {
    if (!peer.interested || !peer.choked || peer.stuck === true) return false
    let held = 0
    for (const other of peers) if (!other.choked && !this.#isStuck(other)) held++
    if (held >= this.#slots) return false
    this.#optimisticSince.set(peer.id, now)
    return true
  }

  /** While trading a slot is earned, and kept also by who has nothing to ask for now: else it falls to those who only take. */
  #isStuck(peer: ChokerPeer): boolean {
    return this.#seeding && peer.stuck === true
  }

  #chooseTrading<P extends ChokerPeer>(interested: P[], now: number): Set<P> {
    const earning = interested
      .filter(peer => !peer.snubbed && peer.downloadRate(now) > 0)
      .sort(
        (a, b) =>
          b.downloadRate(now) - a.downloadRate(now) || Number(a.choked) - Number(b.choked) || a.id - b.id,
      )
    const chosen = new Set(earning.slice(0, Math.max(0, this.#slots - 1)))

    const before = this.#optimisticSince
    const since = new Map<number, number>()
    const lend = (peer: P, from: number): void => {
      chosen.add(peer)
      since.set(peer.id, from)
    }
    const others = interested.filter(peer => !chosen.has(peer))
    const isRunning = (peer: P): boolean => !peer.choked && now - (before.get(peer.id) ?? -TURN_MS) < TURN_MS
    for (const peer of others) {
      if (chosen.size < this.#slots && isRunning(peer)) lend(peer, before.get(peer.id) ?? now)
    }
    const waiting = others.filter(peer => peer.choked)
    while (chosen.size < this.#slots && waiting.length > 0) lend(this.#draw(waiting, now), now)
    // Nobody else wants it: whoever had it keeps it, and makes room for the next one to come.
    for (const peer of others) {
      if (chosen.size < this.#slots && !chosen.has(peer)) lend(peer, before.get(peer.id) ?? now - TURN_MS)
    }
    this.#optimisticSince = since
    return chosen
  }

  #chooseSeeding<P extends ChokerPeer>(interested: P[], now: number): Set<P> {
    this.#optimisticSince.clear()
    const waitingSince = (peer: P): number => this.#servedAt.get(peer.id) ?? Number.NEGATIVE_INFINITY
    const waiting = interested
      .filter(peer => peer.choked)
      .sort(
        (a, b) => compare(waitingSince(a), waitingSince(b)) || a.connectedAt - b.connectedAt || a.id - b.id,
      )
    const isDone = (peer: P): boolean => now - peer.unchokedAt >= TURN_MS
    const holders = interested
      .filter(peer => !peer.choked)
      .sort(
        (a, b) =>
          Number(isDone(a)) - Number(isDone(b)) || b.uploadRate(now) - a.uploadRate(now) || a.id - b.id,
      )

    const kept = holders.slice(0, this.#slots)
    const free = this.#slots - kept.length
    const rotated = Math.max(1, Math.floor(this.#slots * ROTATED_PART))
    for (let n = Math.min(rotated, waiting.length - free); n > 0; n--) {
      if (kept.length > 0 && isDone(kept[kept.length - 1]!)) kept.pop()
    }
    return new Set([...kept, ...waiting.slice(0, this.#slots - kept.length)])
  }

  /** Takes one out of `waiting` at random. */
  #draw<P extends ChokerPeer>(waiting: P[], now: number): P {
    const isFavoured = (peer: P): boolean => now - peer.connectedAt < NEW_PEER_MS || this.#givers.has(peer.id)
    const weight = (peer: P): number => (isFavoured(peer) ? FAVOURED_WEIGHT : 1)
    let total = 0
    for (const peer of waiting) total += weight(peer)
    let left = this.#random.below(total)
    let at = 0
    while (left >= weight(waiting[at]!)) left -= weight(waiting[at++]!)
    return waiting.splice(at, 1)[0]!
  }

  #noteGivers(peers: readonly ChokerPeer[], now: number): void {
    const known = this.#givers
    this.#givers = new Set()
    for (const peer of peers) if (known.has(peer.id) || peer.downloadRate(now) > 0) this.#givers.add(peer.id)
  }

  #noteServed(peers: readonly ChokerPeer[], now: number): void {
    const served = new Map<number, number>()
    for (const peer of peers) {
      const at = peer.choked ? this.#servedAt.get(peer.id) : now
      if (at !== undefined) served.set(peer.id, at)
    }
    this.#servedAt = served
  }
}

/** Order of numbers that may be infinite. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
