/** What the picker knows of a peer, and in which pieces it may have part. */
import type { Bitfield } from '../bytes/bitfield.ts'
import { type ActivePiece, NOBODY } from './active-piece.ts'
import type { Trial } from './trial.ts'

export interface PickerPeer {
  /** A small whole number, unique among connected peers, never used again within a torrent. */
  readonly id: number
  readonly pieces: Bitfield
  /** Asks for whole pieces alone: it had part in a piece that failed its hash. */
  parole: boolean
  /** Hardly anything that it sent was found right so far: it gets few pieces, and of its own, lest it spoil others'. */
  readonly trial?: Trial | undefined
  /** It has sent blocks that it was asked for, and goes on. */
  readonly proven?: boolean
  /** It would bring a block within a second, if it were asked. */
  readonly quick?: boolean
  /** Others are much quicker: what somebody waits for is left to them. */
  readonly slow?: boolean
  /** It was asked for blocks that have not come; or it sent nothing for so long that they were given up. */
  readonly owes?: boolean
  readonly stalled?: boolean
  /** It lets us wait for longer than it usually does; or it is stalled. */
  readonly silent?: boolean
}

export function mayAsk(peer: PickerPeer, piece: ActivePiece): boolean {
  return mayJoin(peer, piece) && peer.trial?.admits(piece.index) !== false
}

/**
 * A peer on parole works alone on a piece, so that a failed hash is its own; but a piece that it leaves lying is
 * everybody's again.
 */
export function mayJoin(peer: PickerPeer, piece: ActivePiece): boolean {
  if (peer.parole) return piece.isOnlyOf(peer.id)
  return piece.sole === NOBODY || piece.sole === peer.id || (piece.requested === 0 && piece.writing === 0)
}

/** It has part in the piece from now on. */
export function join(peer: PickerPeer, piece: ActivePiece): void {
  if (peer.parole) piece.sole = peer.id
  else if (piece.sole !== peer.id) piece.sole = NOBODY
}
