/**
 * The pieces that are wanted and not begun, and the answer to: which piece should be begun next with this peer? A pick
 * must not walk all pieces (there may be 100,000 and more), so:
 *
 * - the order is kept up to date in O(1) a change, and made anew only after a partial bitfield came or went;
 * - seeds change no order, see copies.ts;
 * - a search for a peer that has little gives up after some steps and goes through the peer's own bitfield instead;
 * - a peer for which nothing was found is not searched for again until a piece becomes wanted or it gets one.
 */
import { Bitfield } from '../bytes/bitfield.ts'
import { assert } from '../errors.ts'
import type { Copies, PieceOwner } from './copies.ts'
import { MAX_PRIORITY, NOT_FOUND, RarityOrder, TOO_FAR } from './picker-order.ts'

/** Steps along the order before the peer's own bitfield is the shorter way. */
const ORDER_STEPS = 2048

export class WantedPieces {
  readonly #pieceCount: number
  readonly #priorities: Uint8Array
  readonly #random: { below(bound: number): number }
  readonly #bits: Bitfield
  readonly #order: RarityOrder
  /** The order does not hold, and is made anew when next needed. */
  #stale = true
  /** Pieces of {@link bits} by priority. */
  readonly #counts: Uint32Array = new Uint32Array(MAX_PRIORITY + 1)
  readonly #copies: Copies
  /** Grows whenever a piece becomes wanted. */
  #version = 0
  /** By peer id: the version in which nothing was found. */
  readonly #foundNothing: Map<number, number> = new Map()
  readonly #extentPieces: number
  /** By peer id: the piece that was begun last with it. */
  readonly #begunLast: Map<number, number> = new Map()

  /**
   * `priorities` stays the caller's, who calls {@link clear} and adds anew after changing them. Every `extentPieces` pieces
   * make an extent: among equals, a peer is asked for pieces that follow one another within it, since disks are quicker so,
   * and beyond it while there is nobody to trade other pieces with.
   */
  constructor(
    copies: Copies,
    priorities: Uint8Array,
    random: { below(bound: number): number },
    extentPieces: number,
  ) {
    const pieceCount = priorities.length
    this.#extentPieces = extentPieces
    this.#copies = copies
    this.#pieceCount = pieceCount
    this.#priorities = priorities
    this.#random = random
    this.#bits = new Bitfield(pieceCount)
    this.#order = new RarityOrder(pieceCount)
  }

  get count(): number {
    return this.#bits.count
  }

  has(piece: number): boolean {
    return this.#bits.has(piece)
  }

  add(piece: number): void {
    if (!this.#bits.add(piece)) return
    this.#counts[this.#priorities[piece]!]!++
    this.#version++
    if (!this.#stale) this.#order.add(piece, this.#priorities[piece]!, this.#copies.counts[piece]!)
  }

  /** The piece is begun with this peer: it is not wanted any more, and the one that follows it is the peer's next. */
  begin(peer: PieceOwner, piece: number): void {
    this.#begunLast.set(peer.id, piece)
    if (!this.#bits.delete(piece)) return
    this.#counts[this.#priorities[piece]!]!--
    if (!this.#stale) this.#order.remove(piece)
  }

  /** Forgets all pieces, before priorities change. */
  clear(): void {
    this.#bits.clear()
    this.#counts.fill(0)
    this.#stale = true
  }

  // ------------------------------------------------------------------------------------------------ availability

  join(peer: PieceOwner): void {
    if (!this.#copies.join(peer) && !peer.pieces.isEmpty) this.#stale = true
  }

  leave(peer: PieceOwner): void {
    this.#foundNothing.delete(peer.id)
    this.#begunLast.delete(peer.id)
    if (!this.#copies.leave(peer) && !peer.pieces.isEmpty) this.#stale = true
  }

  gained(peer: PieceOwner, piece: number): void {
    if (!this.#copies.gained(peer, piece)) return
    this.#foundNothing.delete(peer.id)
    if (this.#stale || !this.#bits.has(piece)) return
    this.#order.remove(piece)
    this.#order.add(piece, this.#priorities[piece]!, this.#copies.counts[piece]!)
  }

  /** Whether any connected peer has any of these pieces. */
  get hasAvailable(): boolean {
    if (this.#bits.isEmpty) return false
    if (this.#copies.seeds > 0) return true
    this.#refresh()
    return this.#order.hasAvailable
  }

  // -------------------------------------------------------------------------------------------------------- next

  /** Highest priority, then rarest, then the next of the extent that was begun, then a random one; -1 when the peer has none. */
  rarest(peer: PieceOwner): number {
    if (this.#isHopeless(peer)) return -1
    this.#refresh()
    let piece = this.#order.first(peer.pieces, ORDER_STEPS, this.#random)
    if (piece === TOO_FAR)
      piece = this.#least(peer.pieces, this.#anyPiece(), index => this.#order.rank(index), 0)
    if (piece >= 0) piece = this.#inExtent(peer, piece)
    return this.#note(peer, piece)
  }

  /** Highest priority, then lowest index; -1 when the peer has none. */
  lowest(peer: PieceOwner): number {
    return this.#firstFrom(peer, 0)
  }

  /** Highest priority, then what follows the last one, or in the beginning a random one; -1 when the peer has none. */
  random(peer: PieceOwner): number {
    return this.#firstFrom(peer, this.#following(peer) ?? this.#anyPiece())
  }

  check(): void {
    const counts = new Uint32Array(MAX_PRIORITY + 1)
    for (const piece of this.#bits) counts[this.#priorities[piece]!]!++
    assert(counts[0] === 0, 'no piece of priority 0 is wanted')
    for (let at = 0; at <= MAX_PRIORITY; at++)
      assert(counts[at] === this.#counts[at], 'priorities are counted')
    if (!this.#stale) this.#order.check(this.#bits, this.#priorities, this.#copies.counts)
  }

  #firstFrom(peer: PieceOwner, start: number): number {
    if (this.#isHopeless(peer)) return -1
    let top = MAX_PRIORITY
    while (this.#counts[top] === 0) top--
    const rank = (piece: number): number => MAX_PRIORITY - this.#priorities[piece]!
    return this.#note(peer, this.#least(peer.pieces, start, rank, MAX_PRIORITY - top))
  }

  /** The wanted piece of least rank in `pieces`; among equals the first from `start` on, round the end. */
  #least(pieces: Bitfield, start: number, rank: (piece: number) => number, leastRank: number): number {
    const mine = this.#bits.bytes
    const theirs = pieces.bytes
    const length = mine.length
    let best = NOT_FOUND
    let bestRank = Number.MAX_SAFE_INTEGER
    const startMask = 255 >> (start & 7)
    for (let step = 0, at = start >> 3; step <= length; step++, at = at + 1 === length ? 0 : at + 1) {
      const mask = step === 0 ? startMask : step === length ? ~startMask : 255
      const both = mine[at]! & theirs[at]! & mask
      if (both === 0) continue
      for (let bit = 0; bit < 8; bit++) {
        if ((both & (128 >> bit)) === 0) continue
        const piece = at * 8 + bit
        const its = rank(piece)
        if (its >= bestRank) continue
        if (its <= leastRank) return piece
        best = piece
        bestRank = its
      }
    }
    return best
  }

  /** In place of `piece`, one that is as good: what follows the last one, or else the first of its run in the extent. */
  #inExtent(peer: PieceOwner, piece: number): number {
    const rank = this.#order.rank(piece)
    const isAsGood = (other: number): boolean => this.#order.rank(other) === rank && peer.pieces.has(other)
    const next = this.#following(peer)
    const goesOn = next !== undefined && (next % this.#extentPieces !== 0 || this.#copies.others === 0)
    if (goesOn && isAsGood(next)) return next
    let first = piece
    while (first % this.#extentPieces !== 0 && isAsGood(first - 1)) first--
    return first
  }

  /** Behind the piece that was begun last. */
  #following(peer: PieceOwner): number | undefined {
    const last = this.#begunLast.get(peer.id)
    return last === undefined ? undefined : (last + 1) % this.#pieceCount
  }

  #isHopeless(peer: PieceOwner): boolean {
    return this.#bits.isEmpty || this.#foundNothing.get(peer.id) === this.#version
  }

  #note(peer: PieceOwner, piece: number): number {
    if (piece < 0) this.#foundNothing.set(peer.id, this.#version)
    return piece
  }

  #anyPiece(): number {
    return this.#random.below(this.#pieceCount)
  }

  #refresh(): void {
    if (!this.#stale) return
    this.#stale = false
    this.#order.clear()
    for (let piece = 0; piece < this.#pieceCount; piece++) {
      if (this.#bits.has(piece)) this.#order.add(piece, this.#priorities[piece]!, this.#copies.counts[piece]!)
    }
  }
}
