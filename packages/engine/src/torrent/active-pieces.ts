/**
 * The active and storing pieces of a torrent and the memory they hold. Invariant: a piece is listed in `open` exactly when
 * it has free blocks and is not dropping; a dropping piece is one that peers or the store still touch, and goes as soon
 * as they let go, so that memory is never handed to somebody else too early.
 *
 * Memory never runs into a deadlock: what is granted to a piece can be handed to the store once it is full, without
 * needing more (see `Picker.takeRun`); and pieces that nobody can or does go on with are evicted when there is need.
 */
import type { SlabPool } from '../bytes/slabs.ts'
import { assert } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { ActivePiece } from './active-piece.ts'

/** What {@link ActivePieces} needs to know and to tell. */
export interface ActivePiecesOwner {
  /** How many connected peers have the piece. */
  availability(index: number): number
  /** The piece was dropped and is active no more. The object is used again for others. */
  onDropped(index: number, bytesLost: number, isHalfStored: boolean): void
}

/**
 * Picks that went without memory before a piece that nobody was asked for may be evicted although connected peers have
 * it (they may choke us for ever).
 */
const STARVED_PICKS = 50

/** Objects kept for use by later pieces. */
const SPARES = 64

export class ActivePieces {
  /** Some ten a second, by which it is known when blocks were asked for. */
  ticks = 0
  readonly #geometry: Geometry
  readonly #pool: SlabPool
  readonly #owner: ActivePiecesOwner
  readonly #byIndex: Map<number, ActivePiece> = new Map()
  readonly #open: ActivePiece[] = []
  readonly #spares: ActivePiece[] = []
  #pick = 0
  /** Picks that wanted memory when there was none. */
  #starvedPicks = 0
  #starvedIn = 0

  constructor(geometry: Geometry, pool: SlabPool, owner: ActivePiecesOwner) {
    this.#geometry = geometry
    this.#pool = pool
    this.#owner = owner
  }

  has(index: number): boolean {
    return this.#byIndex.has(index)
  }

  get(index: number): ActivePiece | undefined {
    return this.#byIndex.get(index)
  }

  values(): IterableIterator<ActivePiece> {
    return this.#byIndex.values()
  }

  /** The pieces with free blocks, in no order. Changes with every change of a piece. */
  get open(): readonly ActivePiece[] {
    return this.#open
  }

  /** A pick begins: its number. Until the next, a second search for memory does not begin when one was in vain. */
  beginPick(): number {
    return ++this.#pick
  }

  /** Begins the piece with its first slab; undefined when there is none. */
  begin(index: number): ActivePiece | undefined {
    const slab = this.#takeSlab(undefined)
    if (slab < 0) return undefined
    const blocks = this.#geometry.blockCount(index)
    const spare = this.#spares.at(-1)
    const piece = spare?.blockCount === blocks ? this.#spares.pop()! : new ActivePiece(blocks)
    piece.begin(index, this.#geometry.pieceSize(index))
    piece.idleSince = this.#starvedPicks
    piece.triedIn = this.#pick
    piece.grant(slab)
    this.#byIndex.set(index, piece)
    this.#list(piece)
    return piece
  }

  /** One slab more; false when there is none. */
  grow(piece: ActivePiece): boolean {
    const slab = this.#takeSlab(piece)
    if (slab >= 0) piece.grant(slab)
    return slab >= 0
  }

  /** To be called after every change of a piece that may open, close or quieten it. */
  changed(piece: ActivePiece): void {
    if (piece.requested === 0) piece.idleSince = this.#starvedPicks
    if (piece.dropping && piece.isQuiet) this.#finishDrop(piece)
    else this.#list(piece)
  }

  /** Gives the piece up: now, or when peers and store have let go of its memory. */
  drop(piece: ActivePiece): void {
    piece.dropping = true
    this.changed(piece)
  }

  /** The piece is stored: it holds no memory any more. */
  forget(piece: ActivePiece): void {
    this.#byIndex.delete(piece.index)
    this.#unlist(piece)
    const isUsual = piece.blockCount === this.#geometry.blockCount(0)
    if (isUsual && this.#spares.length < SPARES) this.#spares.push(piece)
  }

  check(): void {
    for (const [index, piece] of this.#byIndex) {
      piece.check()
      assert(piece.index === index, 'an active piece is found by its index')
      const isOpen = piece.openAt >= 0
      assert(isOpen === (piece.free > 0 && !piece.dropping), 'pieces with free blocks are listed')
      if (isOpen) assert(this.#open[piece.openAt] === piece, 'a listed piece is found at its place')
      if (piece.dropping) assert(!piece.isQuiet, 'a dropping piece waits for something')
    }
    for (const piece of this.#open)
      assert(this.#byIndex.get(piece.index) === piece, 'what is listed is active')
  }

  /** A slab's number or -1; `keep` is not evicted for it. */
  #takeSlab(keep: ActivePiece | undefined): number {
    const slab = this.#pool.take()
    if (slab >= 0 || this.#starvedIn === this.#pick) return slab
    if (this.#evict(keep)) return this.#pool.take()
    this.#starvedIn = this.#pick
    this.#starvedPicks++
    return slab
  }

  /** Drops the least complete piece that holds memory and that nobody can or does go on with. */
  #evict(keep: ActivePiece | undefined): boolean {
    let victim: ActivePiece | undefined
    for (const piece of this.#open) {
      if (piece === keep || piece.heldSlabs === 0 || piece.requested > 0 || !piece.isQuiet) continue
      const isLeft = this.#starvedPicks - piece.idleSince >= STARVED_PICKS
      if (!isLeft && this.#owner.availability(piece.index) > 0) continue
      if (victim === undefined || piece.received < victim.received) victim = piece
    }
    if (victim !== undefined) this.drop(victim)
    return victim !== undefined
  }

  #finishDrop(piece: ActivePiece): void {
    const { index, receivedBytes } = piece
    const isHalfStored = piece.taken > 0 && piece.taken < piece.slabCount
    for (const slab of piece.take(piece.heldSlabs)) this.#pool.give(slab)
    this.forget(piece)
    this.#owner.onDropped(index, receivedBytes, isHalfStored)
  }

  #list(piece: ActivePiece): void {
    if (piece.free === 0 || piece.dropping) {
      this.#unlist(piece)
    } else if (piece.openAt < 0) {
      piece.openAt = this.#open.length
      this.#open.push(piece)
    }
  }

  #unlist(piece: ActivePiece): void {
    if (piece.openAt < 0) return
    const last = this.#open.pop()!
    if (last !== piece) {
      this.#open[piece.openAt] = last
      last.openAt = piece.openAt
    }
    piece.openAt = -1
  }
}
