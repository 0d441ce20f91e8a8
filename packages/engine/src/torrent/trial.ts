/**
 * What a peer may spoil before it is known what it is: a newcomer has part in so few pieces at a time that are not
 * stored yet, one more with every one that was right. Of those pieces it may send as much as it likes: a piece that
 * silent ones have blocks of, too, comes to its end.
 */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** A piece, or as many small ones as make so much, and as many again when that came to nothing for so long. */
const TURN_BYTES: number = 16 * BLOCK_BYTES
const TURN_MS = 2_000
/** Good pieces that end the trial. */
const GOOD_PIECES = 16

export class Trial {
  readonly #perTurn: number
  /** Begun, and not known to be stored. */
  readonly #pieces = new Set<number>()
  #allowed = 0
  #good = 0
  /** When it was first asked for anything. */
  #since = Number.NaN

  constructor(pieceBytes: number) {
    this.#perTurn = Math.max(1, Math.floor(TURN_BYTES / pieceBytes))
  }

  /** Before it is asked for more. `isActive`: the piece is on its way still, by whomever. */
  renew(now: number, isActive: (piece: number) => boolean, moreTurns = 0): void {
    if (Number.isNaN(this.#since)) this.#since = now
    // Twice as many with each were quicker by nothing that could be measured, and a liar in one block of 64 spoilt four
    // pieces instead of two.
    const turns = 1 + moreTurns + this.#good + Math.floor((now - this.#since) / TURN_MS)
    this.#allowed = this.#perTurn * turns
    if (this.hasRoom) return
    for (const piece of this.#pieces) if (!isActive(piece)) this.#pieces.delete(piece)
  }

  /** It may go on with what it began, and begin nothing; nor does the time count. */
  hold(): void {
    this.#allowed = 0
    this.#since = Number.NaN
  }

  /** A piece that it had part in was right. */
  get hasProof(): boolean {
    return this.#good > 0
  }

  get hasBegun(): boolean {
    return this.#pieces.size > 0
  }

  /** It may have part in one piece more. */
  get hasRoom(): boolean {
    return this.#pieces.size < this.#allowed
  }

  admits(piece: number): boolean {
    return this.hasRoom || this.#pieces.has(piece)
  }

  /** It is asked for blocks of the piece. */
  add(piece: number): void {
    this.#pieces.add(piece)
  }

  /** The piece, which it had part in, is stored. True when that ends the trial. */
  good(piece: number): boolean {
    this.#pieces.delete(piece)
    return ++this.#good >= GOOD_PIECES
  }
}
