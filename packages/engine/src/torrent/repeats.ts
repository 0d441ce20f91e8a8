/**
 * What is asked for again, of another peer, before the first one's answer came: in endgame, where peers hold blocks up for
 * long or are silent, where somebody who reads waits; and pieces that silent ones left in the middle. All of it lies in
 * active pieces, and is searched for when there is nothing new to ask for, or nothing that is as urgent: a walk over what is
 * active, never for a block.
 */
import { type ActivePiece, MAX_ASKERS, MAX_ASKERS_PROVEN, MAX_ASKERS_QUICK, NOBODY } from './active-piece.ts'
import type { ActivePieces } from './active-pieces.ts'
import { join, mayAsk, type PickerPeer } from './picker-peer.ts'
import { RepeatCredit } from './repeat-credit.ts'

/** What {@link Repeats} needs of the picker. */
export interface RepeatsOwner {
  /** Requests free blocks of the piece; the new count of pairs. */
  askFree(piece: ActivePiece, peer: PickerPeer, from: number, limit: number, out: Int32Array): number
  /** Whether the peer is to have pieces of its own. */
  keepsApart(peer: PickerPeer): boolean
  /** Bytes that were received are to be fetched once more. */
  onForgotten(bytes: number): void
}

/** In endgame, a block is asked of another after so many ticks. */
const SHARE_AFTER_TICKS = 2

/** And so long where it is not endgame, but this one has nothing else to do: two seconds; of silent ones, at once. */
const HELD_AFTER_TICKS = 20

/** So much of a piece is fetched a second time where it may be wrong: what a newcomer may spoil, see `Trial`. */
const FORGET_MAX = 16

/** A critical block is asked of another quick peer after so many ticks: peers are kept busy for a second (request-window.ts). */
const LATE_AFTER_TICKS = 15
/** The first of them at once, when slow peers have it: a player has two or three readers, each of whom waits for one. */
const NEXT_PIECES = 3

/** Before any tick. */
const NEVER = -1

/** Ids of the peers for which it holds, looked for once a tick. */
class Marked {
  readonly #peers: ReadonlyMap<number, PickerPeer>
  readonly #holds: (peer: PickerPeer) => boolean
  readonly #ids = new Set<number>()
  #asOf = NEVER

  constructor(peers: ReadonlyMap<number, PickerPeer>, holds: (peer: PickerPeer) => boolean) {
    this.#peers = peers
    this.#holds = holds
  }

  asOf(tick: number): ReadonlySet<number> {
    if (this.#asOf === tick) return this.#ids
    this.#asOf = tick
    this.#ids.clear()
    for (const peer of this.#peers.values()) if (this.#holds(peer)) this.#ids.add(peer.id)
    return this.#ids
  }
}

export class Repeats {
  readonly credit: RepeatCredit = new RepeatCredit()
  readonly #active: ActivePieces
  /** Connected, by id. */
  readonly #peers: ReadonlyMap<number, PickerPeer>
  readonly #owner: RepeatsOwner
  readonly #silent: Marked
  readonly #slow: Marked
  /** The tick in which late critical blocks were last asked for. */
  #lateIn = -1
  /** The tick in which blocks that others hold up were last looked for. */
  #heldIn = -1
  /** The tick in which pieces that silent ones left were last looked for. */
  #leftIn = -1

  constructor(active: ActivePieces, peers: ReadonlyMap<number, PickerPeer>, owner: RepeatsOwner) {
    this.#active = active
    this.#peers = peers
    this.#owner = owner
    this.#silent = new Marked(peers, peer => peer.silent === true)
    this.#slow = new Marked(peers, peer => peer.slow === true)
  }

  /** Critical blocks that were asked for a while ago, or are with slow peers and needed next; of one peer a tick. */
  late(
    peer: PickerPeer,
    urgent: readonly number[],
    critical: number,
    from: number,
    limit: number,
    out: Int32Array,
  ): number {
    if (this.#lateIn === this.#active.ticks) return from
    let count = from
    const before = this.#active.ticks - LATE_AFTER_TICKS
    const slow = this.#slow.asOf(this.#active.ticks)
    for (let at = 0; at < critical; at++) {
      const piece = this.#active.get(urgent[at]!)
      if (piece === undefined || piece.requested === 0 || piece.dropping) continue
      if (!peer.pieces.has(piece.index) || !mayAsk(peer, piece)) continue
      count = this.#askShared(piece, peer, 1, before, count, limit, out, at < NEXT_PIECES ? slow : undefined)
      if (count > from) this.#lateIn = this.#active.ticks
      if (count === limit) break
    }
    return count
  }

  /** Endgame: blocks that few others were asked for, so long ago. */
  endgame(peer: PickerPeer, from: number, limit: number, out: Int32Array): number {
    // What was asked for a moment ago is likely on its way: asking for it twice would only be waste.
    return this.#pickAgain(peer, from, limit, out, Math.max(0, this.#active.ticks - SHARE_AFTER_TICKS))
  }

  /**
   * What others have held for long, or silent ones hold, and the memory with it, for one that is quick or lets nobody wait.
   * Once a tick: it may be a walk over all that is active.
   */
  held(peer: PickerPeer, from: number, limit: number, out: Int32Array): number {
    const { ticks } = this.#active
    if (this.#heldIn === ticks || !mayHelp(peer, from)) return from
    this.#heldIn = ticks
    return this.#pickAgain(peer, from, limit, out, ticks - HELD_AFTER_TICKS, this.#silent.asOf(ticks))
  }

  /**
   * While somebody lies: a piece that silent ones left in the middle goes to one other, which fetches anew what may be wrong
   * in it. On parole it could not go on with the piece otherwise; and one wrong block would spoil all that is added. Once
   * a tick, as above.
   */
  takeOver(peer: PickerPeer, from: number, limit: number, out: Int32Array): number {
    if (this.#leftIn === this.#active.ticks || !mayHelp(peer, from)) return from
    const silent = this.#silent.asOf(this.#active.ticks)
    if (silent.size === 0 || silent.has(peer.id)) return from
    this.#leftIn = this.#active.ticks
    const isDoubtful = (id: number): boolean =>
      id !== peer.id && (peer.parole || this.#peers.get(id)?.trial?.hasProof === false)
    const goesOn = (id: number): boolean => this.#peers.has(id) && !silent.has(id) && isDoubtful(id)
    let count = from
    for (const piece of this.#active.values()) {
      if (count === limit) break
      if (piece.isComplete || piece.dropping || piece.taken > 0 || !peer.pieces.has(piece.index)) continue
      if (peer.trial?.admits(piece.index) === false || !piece.isLeftBy(silent, peer.id)) continue
      if (piece.receivedOf(goesOn) > 0 || piece.receivedOf(isDoubtful) > FORGET_MAX) continue
      this.#owner.onForgotten(piece.forget(isDoubtful))
      piece.unaskOthers(peer.id)
      piece.keeper = this.#owner.keepsApart(peer) ? peer.id : NOBODY
      piece.sole = NOBODY
      count = this.#owner.askFree(piece, peer, count, limit, out)
    }
    return count
  }

  /**
   * {@link #pickShared} within what the credit allows; what only silent ones hold is not bound by it. They show by
   * themselves that it is not the line, which brings what others send.
   */
  #pickAgain(
    peer: PickerPeer,
    from: number,
    limit: number,
    out: Int32Array,
    before: number,
    silent?: ReadonlySet<number>,
  ): number {
    const { credit } = this
    if (!credit.isLimited) return this.#pickShared(peer, from, limit, out, before, silent)
    let underWay = 0
    for (const piece of this.#active.values()) underWay += piece.repeated
    const end = Math.min(limit, from + credit.room(underWay))
    const count = this.#pickShared(peer, from, end, out, before, silent)
    if (count < end) return count
    return this.#pickShared(peer, count, limit, out, NEVER, this.#silent.asOf(this.#active.ticks))
  }

  /** Blocks that were asked for in tick `before` at the latest, or that `silent` ones hold; first what fewest were asked for. */
  #pickShared(
    peer: PickerPeer,
    from: number,
    limit: number,
    out: Int32Array,
    before: number,
    silent?: ReadonlySet<number>,
  ): number {
    let count = from
    const most =
      peer.quick === true ? MAX_ASKERS_QUICK : peer.proven === true ? MAX_ASKERS_PROVEN : MAX_ASKERS
    for (let askers = 1; askers < most; askers++) {
      for (const piece of this.#active.values()) {
        if (count === limit) return count
        if (piece.requested === 0 || piece.dropping || !peer.pieces.has(piece.index)) continue
        if (!mayAsk(peer, piece)) continue
        count = this.#askShared(piece, peer, askers, before, count, limit, out, silent)
      }
    }
    return count
  }

  /** Requests blocks that so many others were asked for, since tick `before` at the latest. */
  #askShared(
    piece: ActivePiece,
    peer: PickerPeer,
    askers: number,
    before: number,
    from: number,
    limit: number,
    out: Int32Array,
    silent?: ReadonlySet<number>,
  ): number {
    let count = from
    let block = piece.nextShared(0, askers, peer.id, before, silent)
    for (
      ;
      block >= 0 && count < limit;
      block = piece.nextShared(block + 1, askers, peer.id, before, silent)
    ) {
      piece.ask(block, peer.id, this.#active.ticks)
      out[2 * count] = piece.index
      out[2 * count + 1] = block
      count++
    }
    join(peer, piece)
    if (count > from) peer.trial?.add(piece.index)
    return count
  }
}

/** It is quick, or lets nobody wait and has nothing else to do. */
function mayHelp(peer: PickerPeer, asked: number): boolean {
  return peer.quick === true || (peer.owes !== true && asked === 0)
}
