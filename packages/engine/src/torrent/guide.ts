/**
 * Tells picker and peers what those who read a torrent while it downloads need next, and of whom it is asked: of peers
 * that are slow only what no other has.
 */
import { SLAB_BYTES, type SlabPool } from '../bytes/slabs.ts'
import type { Peer } from './peer.ts'
import type { Picker } from './picker.ts'
import type { Readers } from './readers.ts'

/** Peers below this part of the quickest one's rate are slow to those who read. */
const SLOW_PART = 0.25
/** A quick download is through with what is urgent long before the next tick. */
const GUIDE_MS = 10
/** Players open reader after reader; requests are taken back for one of them in so long. */
const MAKE_WAY_MS = 200

export interface GuideDeps {
  readonly readers: Readers
  readonly picker: Picker
  readonly pool: SlabPool
  readonly peers: ReadonlyMap<number, Peer>
}

export class Guide {
  readonly #deps: GuideDeps
  #isGuiding = false
  #guidedAt = 0
  #madeWayAt = Number.NEGATIVE_INFINITY

  constructor(deps: GuideDeps) {
    this.#deps = deps
  }

  /** Somebody reads, or did when it was looked last. */
  get isGuiding(): boolean {
    return this.#isGuiding
  }

  /** Somebody begins to read, perhaps far from where others do: what it needs is asked for at once. */
  onReader(now: number): void {
    const { picker, peers } = this.#deps
    this.tick(now)
    if (!picker.hasUrgent) return
    if (now - this.#madeWayAt >= MAKE_WAY_MS) {
      this.#madeWayAt = now
      const canWait = (piece: number): boolean => !picker.isUrgent(piece)
      for (const peer of peers.values()) {
        // A trial goes on with the next piece when one is whole: taking back a part of it would end in waiting.
        if (!peer.slow && peer.trial === undefined) peer.makeWay(canWait)
      }
    }
    for (const peer of peers.values()) peer.fill(now)
  }

  /** A piece is had, which may have been the last that was urgent. */
  onPiece(now: number): void {
    if (now - this.#guidedAt >= GUIDE_MS) this.tick(now)
  }

  tick(now: number): void {
    const { readers, picker, pool, peers } = this.#deps
    if (readers.size === 0 && !this.#isGuiding) return
    this.#isGuiding = readers.size > 0
    this.#guidedAt = now
    // Half of the memory: what was begun elsewhere has the rest, and gives it back only when it is whole.
    const { pieces, critical } = readers.urgent(picker.have, (pool.capacity * SLAB_BYTES) / 2, now)
    picker.setUrgent(pieces, critical)
    let best = 0
    for (const peer of peers.values()) {
      peer.slow = false
      if (peer.isQuick(now)) best = Math.max(best, peer.downloadRate(now))
    }
    if (pieces.length === 0 || best === 0) return
    for (const peer of peers.values()) peer.slow = peer.downloadRate(now) < best * SLOW_PART
    // What only slow ones have is asked of them.
    const needs = pieces.slice(0, critical)
    for (const peer of peers.values()) {
      if (peer.slow) peer.slow = !needs.some(piece => peer.pieces.has(piece) && this.#isWithSlowOnly(piece))
    }
  }

  #isWithSlowOnly(piece: number): boolean {
    for (const peer of this.#deps.peers.values()) {
      if (!peer.slow && !peer.choking && !peer.waitsForTurn && peer.pieces.has(piece)) return false
    }
    return true
  }
}
