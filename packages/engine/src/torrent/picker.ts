/**
 * Which blocks and pieces are wanted, requested, in memory, being stored, had. Invariant: each piece is in exactly one of
 *
 *     skip      unwanted (priority 0) and not had
 *     want      wanted, nothing of it requested or in memory
 *     active    has an {@link ActivePiece}, whose blocks are each free, requested or received
 *     storing   has an {@link ActivePiece}, all received; its last run is with the store
 *     have      stored and verified
 *
 *     skip <──priorities──> want ──pick──> active ──takeRun──> storing ──stored──> have
 *                             ^──evict, failed──┘                 │
 *                             └───────────────corrupt, failed─────┘
 *
 * A block is requested only when its slab is granted: no memory, no requests. An active piece that is given up while a
 * peer writes into it or a run of it is with the store stays active, dropping, until that ends.
 */
import { Bitfield } from '../bytes/bitfield.ts'
import { SLAB_BYTES, type SlabPool } from '../bytes/slabs.ts'
import { assert } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Run } from '../ports.ts'
import { type ActivePiece, NOBODY } from './active-piece.ts'
import { ActivePieces } from './active-pieces.ts'
import { Copies } from './copies.ts'
import { MAX_PRIORITY } from './picker-order.ts'
import { join, mayAsk, mayJoin, type PickerPeer } from './picker-peer.ts'
import { Repeats } from './repeats.ts'
import { WantedPieces } from './wanted-pieces.ts'

export interface PickerOptions {
  readonly geometry: Geometry
  readonly pool: SlabPool
  readonly random: { below(bound: number): number }
  /** Pieces that are stored already; copied. */
  readonly have?: Bitfield | undefined
  readonly sequential?: boolean | undefined
  /** A piece was dropped when some of its runs, not the last, were handed out: the next begins at 0 again. */
  readonly onDropped?: ((index: number) => void) | undefined
}

/** An active or storing piece, for people. */
export interface PartialPiece {
  readonly index: number
  readonly received: number
  readonly requested: number
  /** Blocks of the piece. */
  readonly total: number
}

/** What {@link Picker.open} answers when a payload is not wanted. */
export const SKIP = -1

const NORMAL_PRIORITY = 4

/** Until we have so many, pieces are chosen at random: any piece to trade soon beats a rare one from a slow peer. */
const RANDOM_PIECES = 4

/**
 * Pieces that lie together are fetched together as far as that, and as long as a torrent is so many times as much; further
 * only while there is nobody to trade with: of one seed, eight downloads would take a tenth longer.
 */
const EXTENT_BYTES = 16 * 1024 * 1024
const EXTENTS = 64

/** Slabs worth a message to the store on their own (1 MiB). */
const RUN_SLABS = 4

export class Picker {
  readonly have: Bitfield
  /** Lowest index first in place of rarest first. */
  sequential: boolean
  /** Somebody lies: each peer gets pieces of its own as long as there are any, so that it shows at once who does. */
  apart = false
  readonly #geometry: Geometry
  readonly #pool: SlabPool
  readonly #priorities: Uint8Array
  readonly #copies: Copies
  /** Pieces in state want. */
  readonly #wanted: WantedPieces
  /** Wanted and not had: want, and active or storing with a priority above 0. */
  readonly #missing: Bitfield
  /** Pieces in state active or storing. */
  readonly #active: ActivePieces
  /** Connected, by id. */
  readonly #peers = new Map<number, PickerPeer>()
  /** What is asked for again. */
  readonly #repeats: Repeats
  #wantedBytes = 0
  #wantedLeftBytes = 0
  #wastedBytes = 0
  /** Pieces that somebody waits for, the most urgent first; the first of them critical. An order, not a state. */
  #urgent: readonly number[] = []
  #critical = 0
  /** The tick in which a piece was not begun for lack of memory. */
  #lackedIn = Number.NEGATIVE_INFINITY
  /** What {@link unavailable} found, when so much was missing in that version of the copies. */
  #unavailable = { count: 0, first: -1, version: -1, missing: -1 }

  constructor(options: PickerOptions) {
    const { geometry, have, random } = options
    const pieces = geometry.pieceCount
    assert(have === undefined || have.length === pieces, 'the bitfield has a bit for every piece')
    this.have = have?.clone() ?? new Bitfield(pieces)
    this.sequential = options.sequential ?? false
    this.#geometry = geometry
    this.#pool = options.pool
    this.#priorities = new Uint8Array(pieces)
    this.#copies = new Copies(this.have)
    const extent = Math.min(EXTENT_BYTES / geometry.pieceLength, pieces / EXTENTS)
    this.#wanted = new WantedPieces(this.#copies, this.#priorities, random, Math.max(1, Math.floor(extent)))
    this.#missing = new Bitfield(pieces)
    this.#active = new ActivePieces(geometry, options.pool, {
      availability: index => this.availability(index),
      onDropped: (index, bytesLost, isHalfStored) => {
        this.#wastedBytes += bytesLost
        if (this.#priorities[index] !== 0) this.#wanted.add(index)
        if (isHalfStored) options.onDropped?.(index)
      },
    })
    this.#repeats = new Repeats(this.#active, this.#peers, {
      askFree: (piece, peer, from, limit, out) => this.#askFree(piece, peer, from, limit, out),
      keepsApart: peer => this.#keepsApart(peer),
      onForgotten: bytes => {
        this.#wastedBytes += bytes
      },
    })
    this.setPriorities(new Uint8Array(pieces).fill(NORMAL_PRIORITY))
  }

  /** Bytes of all pieces with a priority above 0, had or not. */
  get wantedBytes(): number {
    return this.#wantedBytes
  }

  /** Bytes of the wanted pieces that are not had. */
  get wantedLeftBytes(): number {
    return this.#wantedLeftBytes
  }

  /** Bytes received and thrown away in here: corrupt, evicted, failed or no longer wanted pieces. */
  get wastedBytes(): number {
    return this.#wastedBytes
  }

  /** All wanted pieces are had. */
  get isComplete(): boolean {
    return this.#missing.isEmpty
  }

  /** No connected peer has a wanted block that is free. */
  get endgame(): boolean {
    if (this.#missing.isEmpty || this.#wanted.hasAvailable) return false
    return !this.#active.open.some(piece => this.availability(piece.index) > 0)
  }

  /** Pieces are not begun, as there is no memory. */
  get lacksMemory(): boolean {
    return this.#active.ticks - this.#lackedIn <= 1
  }

  /** One number a piece: 0 skip, 1 low, 4 normal, 7 high. */
  setPriorities(perPiece: Uint8Array): void {
    assert(perPiece.length === this.have.length, 'there is a priority for every piece')
    this.#wanted.clear()
    this.#missing.clear()
    this.#unavailable.version = -1
    this.#wantedBytes = this.#wantedLeftBytes = 0
    for (let index = 0; index < perPiece.length; index++) {
      const priority = Math.min(perPiece[index]!, MAX_PRIORITY)
      this.#priorities[index] = priority
      if (priority === 0) continue
      const size = this.#geometry.pieceSize(index)
      this.#wantedBytes += size
      if (this.have.has(index)) continue
      this.#wantedLeftBytes += size
      this.#missing.add(index)
      if (!this.#active.has(index)) this.#wanted.add(index)
    }
    for (const piece of [...this.#active.values()]) {
      if (this.#priorities[piece.index] === 0 && !piece.isComplete) this.#active.drop(piece)
    }
  }

  // ------------------------------------------------------------------------------------------------ availability

  peerJoined(peer: PickerPeer): void {
    this.#wanted.join(peer)
    this.#peers.set(peer.id, peer)
  }

  /** `peer.pieces` is what it was told of with `peerJoined` and `peerHas`. Its blocks are released and aborted before. */
  peerLeft(peer: PickerPeer): void {
    this.#wanted.leave(peer)
    this.#peers.delete(peer.id)
    for (const piece of this.#active.values()) {
      if (piece.sole === peer.id) piece.sole = NOBODY
      if (piece.keeper === peer.id) piece.keeper = NOBODY
    }
  }

  /** It is no longer on parole: what it has begun alone is everybody's. */
  peerCleared(peer: PickerPeer): void {
    for (const piece of this.#active.values()) if (piece.sole === peer.id) piece.sole = NOBODY
  }

  /** `peer.pieces` has just got `index`. */
  peerHas(peer: PickerPeer, index: number): void {
    this.#wanted.gained(peer, index)
  }

  /** How many connected peers have the piece. */
  availability(index: number): number {
    return this.#copies.of(index)
  }

  /** {@link availability} of every piece, as a copy. */
  availabilities(): Uint16Array {
    return this.#copies.all()
  }

  /** Copies of the whole torrent among us and connected peers, as clients show it: 2.25 are two and a quarter. */
  get distributedCopies(): number {
    return this.#copies.distributed
  }

  /**
   * Wanted pieces that are not had and that no connected peer has: how many, and the first. A walk over pieces after a
   * change, otherwise what was found before.
   */
  unavailable(): { readonly count: number; readonly first: number } {
    const version = this.#copies.version
    const known = this.#unavailable
    if (known.version === version && known.missing === this.#missing.count) return known
    let count = 0
    let first = -1
    if (this.#copies.seeds === 0) {
      for (const piece of this.#missing) if (this.#copies.of(piece) === 0 && count++ === 0) first = piece
    }
    this.#unavailable = { count, first, version, missing: this.#missing.count }
    return this.#unavailable
  }

  /** Whether the piece is active or storing. */
  isActive(index: number): boolean {
    return this.#active.has(index)
  }

  /** Whether the peer has any piece that is wanted and not had. */
  wants(peer: PickerPeer): boolean {
    if (this.#missing.isEmpty) return false
    const mine = this.#missing.bytes
    const theirs = peer.pieces.bytes
    for (let at = 0; at < mine.length; at++) if ((mine[at]! & theirs[at]!) !== 0) return true
    return false
  }

  wantsPiece(index: number): boolean {
    return this.#missing.has(index)
  }

  // -------------------------------------------------------------------------------------------------- requesting

  /**
   * Some ten times a second: by this, not by any clock, the picker knows what was asked for just now. While our own line is
   * full, little is asked for again.
   */
  tick(isLineFull = false): void {
    this.#active.ticks++
    this.#repeats.credit.tick(isLineFull)
  }

  /**
   * Somebody waits for these pieces, the most urgent first; they are fetched before all else, as far as they are wanted.
   * The first `critical` of them are left to those who are not slow, and asked for twice when they are late.
   */
  setUrgent(pieces: readonly number[], critical: number): void {
    this.#urgent = pieces
    this.#critical = critical
  }

  get hasUrgent(): boolean {
    return this.#urgent.length > 0
  }

  isUrgent(index: number): boolean {
    return this.#urgent.includes(index)
  }

  /**
   * Writes up to `max` pairs (piece, block) to `out`, marks them as requested from the peer, and returns their number.
   * What is urgent comes first of all; then free blocks of active pieces, then pieces are begun, then those on trial and
   * others work together, then pieces are taken over of silent ones, then, in endgame, several are asked for the same.
   */
  pick(peer: PickerPeer, max: number, out: Int32Array): number {
    const limit = Math.min(max, out.length >> 1)
    // Whether it has come back shows as well by what others were asked for, and those need not wait for it.
    if (peer.stalled === true) {
      const count = this.#repeats.endgame(peer, 0, limit, out)
      if (count > 0) return count
    }
    let count = this.#urgent.length === 0 ? 0 : this.#pickUrgent(peer, limit, out)
    if (count < limit) count = this.#pickOpen(peer, count, limit, out, false)
    while (count < limit && this.#mayBegin(peer, count)) {
      const index = this.#nextPiece(peer)
      const piece = index < 0 ? undefined : this.#start(index, peer)
      if (piece === undefined) break
      count = this.#askFree(piece, peer, count, limit, out)
    }
    if (count < limit) count = this.#pickOpen(peer, count, limit, out, true)
    if (count < limit && (peer.parole || this.apart)) count = this.#repeats.takeOver(peer, count, limit, out)
    // For one on trial it is endgame when all that it may have part in is asked for.
    const isEnd = (peer.trial?.hasRoom === false && peer.owes !== true) || this.endgame
    if (count < limit && isEnd) return this.#repeats.endgame(peer, count, limit, out)
    return count < limit ? this.#repeats.held(peer, count, limit, out) : count
  }

  /** As {@link pick}, from these pieces alone and without endgame (BEP 6, allowed fast pieces while choked). */
  pickAmong(peer: PickerPeer, max: number, out: Int32Array, allowed: Iterable<number>): number {
    const limit = Math.min(max, out.length >> 1)
    this.#active.beginPick()
    let count = 0
    for (const index of allowed) {
      if (count === limit) break
      if (!peer.pieces.has(index)) continue
      const piece = this.#wanted.has(index) ? this.#start(index, peer) : this.#active.get(index)
      if (piece === undefined || piece.openAt < 0 || !mayAsk(peer, piece)) continue
      count = this.#askFree(piece, peer, count, limit, out)
    }
    return count
  }

  /** A block's payload begins to arrive: its byte offset in pool memory, or {@link SKIP}. One writer a block. */
  open(peer: PickerPeer, index: number, block: number): number {
    const piece = this.#active.get(index)
    if (piece === undefined || piece.dropping || !piece.canOpen(block)) return SKIP
    if (!piece.isAsked(block, peer.id)) {
      // Late: the request was given up already. Welcome, but not where one peer is to answer for a whole piece.
      if (!mayJoin(peer, piece)) return SKIP
      join(peer, piece)
    }
    const offset = piece.open(block, peer.id)
    this.#active.changed(piece)
    return offset
  }

  /** The payload will not be completed: the block has no writer any more. Its request stays until released. */
  abort(peer: PickerPeer, index: number, block: number): void {
    const piece = this.#active.get(index)
    if (piece === undefined || !piece.isWriter(block, peer.id)) return
    piece.abort(block)
    this.#active.changed(piece)
  }

  /** The payload is complete in memory: → received. True when others had been asked for it too: they can be cancelled. */
  received(peer: PickerPeer, index: number, block: number): boolean {
    const piece = this.#active.get(index)
    assert(piece?.isWriter(block, peer.id) === true, 'a block is received by the peer that opened it')
    if (piece.repeated > 0 || this.#repeats.credit.isLow) {
      this.#repeats.credit.onReceived(piece.isRepeat(block, peer.id))
    }
    const shared = piece.receive(block, peer.id)
    this.#active.changed(piece)
    return shared
  }

  /** A block came that was asked for, and another had brought it. */
  onVain(): void {
    this.#repeats.credit.onVain()
  }

  /** Whether it makes sense to ask others for what is late. */
  get mayRepeat(): boolean {
    return !this.#repeats.credit.isSpent
  }

  /** The request timed out, was rejected or choked, or the peer is gone: one asker fewer, maybe free again. */
  release(peer: PickerPeer, index: number, block: number): void {
    const piece = this.#active.get(index)
    if (piece === undefined) return
    piece.unask(block, peer.id)
    this.#active.changed(piece)
  }

  // ----------------------------------------------------------------------------------------------------- storing

  /** The next run of a piece that is worth storing, after `received`; with the last one the piece becomes storing. */
  takeRun(index: number): Run | undefined {
    const piece = this.#active.get(index)
    if (piece === undefined || piece.dropping) return undefined
    const slabs = piece.fullSlabs()
    if (slabs === 0) return undefined
    // When all it holds is full the piece waits for memory, which others may be waiting for as well.
    if (slabs < RUN_SLABS && slabs < piece.heldSlabs) return undefined
    const begin = piece.taken * SLAB_BYTES
    const last = piece.taken + slabs === piece.slabCount
    const end = last ? this.#geometry.pieceSize(index) : begin + slabs * SLAB_BYTES
    piece.flights++
    return { piece: index, begin, length: end - begin, slabs: piece.take(slabs), last }
  }

  /** A run came back from the store, whatever its outcome: its memory is free. Before `stored`, `corrupt`, `failed`. */
  runWritten(run: Run): void {
    for (const slab of run.slabs) this.#pool.give(slab)
    const piece = this.#active.get(run.piece)
    assert(piece !== undefined && piece.flights > 0, 'a run comes back to its piece')
    piece.flights--
    this.#active.changed(piece)
  }

  /** storing → have. Nothing when the piece failed meanwhile. */
  stored(index: number): void {
    const piece = this.#storing(index)
    if (piece === undefined) return
    this.#active.forget(piece)
    this.have.add(index)
    this.#copies.own(index)
    if (this.#missing.delete(index)) this.#wantedLeftBytes -= this.#geometry.pieceSize(index)
  }

  /** storing → want. Nothing when the piece failed meanwhile. */
  corrupt(index: number): void {
    const piece = this.#storing(index)
    if (piece !== undefined) this.#active.drop(piece)
  }

  /** The disk failed: active, storing → want, as soon as nobody touches its memory. Nothing for other pieces. */
  failed(index: number): void {
    const piece = this.#active.get(index)
    if (piece !== undefined) this.#active.drop(piece)
  }

  /** Drops all that is active, when the torrent stops; memory returns as peers and the store let go of it. */
  dropAll(): void {
    for (const piece of [...this.#active.values()]) this.#active.drop(piece)
  }

  /** How many blocks of the active or storing piece each peer sent, by its id. */
  contributors(index: number): ReadonlyMap<number, number> {
    const piece = this.#active.get(index)
    const counts = new Map<number, number>()
    for (let block = 0; block < (piece?.blockCount ?? 0); block++) {
      const id = piece!.sender(block)
      if (id !== NOBODY) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return counts
  }

  /** Id of the peer that sent this block of an active or storing piece, or -1. */
  contributor(index: number, block: number): number {
    return this.#active.get(index)?.sender(block) ?? NOBODY
  }

  /** Active and storing pieces as they are now. */
  partial(): PartialPiece[] {
    return Array.from(this.#active.values(), ({ index, received, requested, blockCount: total }) => {
      return { index, received, requested, total }
    })
  }

  /** Counts everything anew and fails where that differs; for tests and the simulator. */
  checkInvariants(): void {
    let wanted = 0
    let left = 0
    for (let index = 0; index < this.have.length; index++) {
      const size = this.#geometry.pieceSize(index)
      const isMissing = this.#priorities[index] !== 0 && !this.have.has(index)
      if (this.#priorities[index] !== 0) wanted += size
      if (isMissing) left += size
      assert(this.#missing.has(index) === isMissing, 'missing is wanted and not had')
      assert(!(this.have.has(index) && this.#active.has(index)), 'what is had is not active')
      assert(
        this.#wanted.has(index) === (isMissing && !this.#active.has(index)),
        'want is missing and not active',
      )
    }
    assert(wanted === this.#wantedBytes && left === this.#wantedLeftBytes, 'wanted bytes are counted')
    this.#wanted.check()
    this.#copies.check()
    this.#active.check()
  }

  // ---------------------------------------------------------------------------------------------------- choosing

  /** In order of need, whoever has begun them: all who can help do. Those that are late come before what is further ahead. */
  #pickUrgent(peer: PickerPeer, limit: number, out: Int32Array): number {
    this.#active.beginPick()
    const urgent = this.#urgent
    const critical = this.#critical
    let count = 0
    if (peer.slow !== true) {
      count = this.#askUrgent(peer, 0, critical, 0, limit, out)
      if (count < limit) count = this.#repeats.late(peer, urgent, critical, count, limit, out)
    }
    return this.#askUrgent(peer, critical, urgent.length, count, limit, out)
  }

  /** Free blocks of the urgent pieces at these places. */
  #askUrgent(
    peer: PickerPeer,
    first: number,
    end: number,
    from: number,
    limit: number,
    out: Int32Array,
  ): number {
    let count = from
    for (let at = first; at < end && count < limit; at++) {
      const index = this.#urgent[at]!
      if (!this.#missing.has(index) || !peer.pieces.has(index)) continue
      const isNew = this.#wanted.has(index)
      if (isNew && !this.#mayBegin(peer, count)) continue
      const piece = isNew ? this.#start(index, peer, false) : this.#active.get(index)
      if (piece === undefined || piece.openAt < 0 || !mayAsk(peer, piece)) continue
      count = this.#askFree(piece, peer, count, limit, out)
    }
    return count
  }

  /** `mixed`: also those that a peer on trial has to itself, or that it keeps out of. */
  #pickOpen(peer: PickerPeer, from: number, limit: number, out: Int32Array, mixed: boolean): number {
    const pick = this.#active.beginPick()
    const keeper = this.#keepsApart(peer) ? peer.id : NOBODY
    let count = from
    while (count < limit) {
      let best: ActivePiece | undefined
      for (const piece of this.#active.open) {
        if (piece.triedIn === pick || !peer.pieces.has(piece.index)) continue
        if (!mixed && piece.keeper !== keeper && piece.keeper !== peer.id) continue
        if (best !== undefined && this.#isBefore(piece, best) === (peer.stalled === true)) continue
        if (mayAsk(peer, piece)) best = piece
      }
      if (best === undefined) break
      best.triedIn = pick
      count = this.#askFree(best, peer, count, limit, out)
    }
    return count
  }

  /** Highest priority, then closest to completion: whole pieces can be shared and give their memory back. */
  #isBefore(a: ActivePiece, b: ActivePiece): boolean {
    const priority = this.#priorities[a.index]! - this.#priorities[b.index]!
    if (priority !== 0) return priority > 0
    if (this.sequential) return a.index < b.index
    const left = a.blockCount - a.received - (b.blockCount - b.received)
    if (left !== 0) return left < 0
    return a.free !== b.free ? a.free < b.free : a.index < b.index
  }

  /**
   * Silent ones must not hold all memory: once half of it is taken, whoever has sent nothing so far begins one piece, and
   * none after it was waited for in vain.
   */
  #mayBegin(peer: PickerPeer, asked: number): boolean {
    if (peer.trial?.hasRoom === false) return false
    return peer.proven !== false || !this.#isMemoryShort || (asked === 0 && peer.owes !== true)
  }

  get #isMemoryShort(): boolean {
    return 2 * this.#pool.available < this.#pool.capacity
  }

  #nextPiece(peer: PickerPeer): number {
    if (this.sequential) return this.#wanted.lowest(peer)
    return this.have.count < RANDOM_PIECES ? this.#wanted.random(peer) : this.#wanted.rarest(peer)
  }

  #keepsApart(peer: PickerPeer): boolean {
    // In sequence the first piece is what all wait for, and with little memory pieces are better finished together.
    if (this.sequential) return false
    return (this.apart || peer.trial !== undefined) && !this.#isMemoryShort
  }

  /** want → active, when there is memory for its first slab. */
  #start(index: number, peer: PickerPeer, apart = true): ActivePiece | undefined {
    const piece = this.#active.begin(index)
    if (piece === undefined) {
      this.#lackedIn = this.#active.ticks
      return undefined
    }
    if (peer.parole) piece.sole = peer.id
    if (apart && this.#keepsApart(peer)) piece.keeper = peer.id
    this.#wanted.begin(peer, index)
    return piece
  }

  /** Requests free blocks in ascending order, with more memory as it goes; the new count of pairs. */
  #askFree(piece: ActivePiece, peer: PickerPeer, from: number, limit: number, out: Int32Array): number {
    let count = from
    while (count < limit && piece.free > 0) {
      const block = piece.nextFree()
      if (block < 0) {
        if (this.#active.grow(piece)) continue
        break
      }
      piece.ask(block, peer.id, this.#active.ticks)
      out[2 * count] = piece.index
      out[2 * count + 1] = block
      count++
    }
    if (count > from) {
      join(peer, piece)
      peer.trial?.add(piece.index)
    }
    this.#active.changed(piece)
    return count
  }

  #storing(index: number): ActivePiece | undefined {
    const piece = this.#active.get(index)
    return piece !== undefined && !piece.dropping && piece.taken === piece.slabCount ? piece : undefined
  }
}
