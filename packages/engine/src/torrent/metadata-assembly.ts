/**
 * An info dictionary of one size, put together from pieces of 16 KiB. It holds what has arrived and no more: a size is
 * only a claim.
 */
import { concatBytes } from '../bytes/bytes.ts'
import { METADATA_PIECE_BYTES } from '../wire/metadata-message.ts'

interface Piece {
  readonly bytes: Uint8Array
  readonly peerId: number
}

export class MetadataAssembly {
  readonly size: number
  readonly pieceCount: number
  readonly #pieces = new Map<number, Piece>()
  /** When each piece that is not here was last asked for. */
  readonly #askedAt = new Map<number, number>()
  /** All pieces below are here or asked for; so a pick does not begin at 0 every time. */
  #from = 0
  #heldBytes = 0

  constructor(size: number) {
    this.size = size
    this.pieceCount = Math.ceil(size / METADATA_PIECE_BYTES)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  get isWhole(): boolean {
    return this.#pieces.size === this.pieceCount
  }

  /** Who sent any of it. */
  get contributors(): Set<number> {
    const ids = new Set<number>()
    for (const { peerId } of this.#pieces.values()) ids.add(peerId)
    return ids
  }

  pieceBytes(piece: number): number {
    return Math.min(METADATA_PIECE_BYTES, this.size - piece * METADATA_PIECE_BYTES)
  }

  /**
   * The next piece to ask for: one that nobody was asked for, or else the one whose asking is the longest ago, if that
   * was before `askedBefore`; none of `except`.
   */
  pick(askedBefore: number, except: ReadonlyMap<number, number>): number | undefined {
    while (this.#isTaken(this.#from)) this.#from++
    for (let piece = this.#from; piece < this.pieceCount; piece++) {
      if (!this.#isTaken(piece) && !except.has(piece)) return piece
    }
    let oldest: number | undefined
    let oldestAt = askedBefore
    for (const [piece, at] of this.#askedAt) {
      if (at >= oldestAt || except.has(piece)) continue
      oldest = piece
      oldestAt = at
    }
    return oldest
  }

  asked(piece: number, now: number): void {
    this.#askedAt.set(piece, now)
  }

  /** What was asked for at that time will not come; nothing changes if it was asked for elsewhere since. */
  release(piece: number, askedAt: number): void {
    if (this.#askedAt.get(piece) !== askedAt) return
    this.#askedAt.delete(piece)
    this.#from = Math.min(this.#from, piece)
  }

  /** `bytes` are copied; what came first stays. */
  put(piece: number, bytes: Uint8Array, peerId: number): void {
    if (this.#pieces.has(piece)) return
    this.#askedAt.delete(piece)
    this.#pieces.set(piece, { bytes: bytes.slice(), peerId })
    this.#heldBytes += bytes.length
  }

  whole(): Uint8Array {
    const parts: Uint8Array[] = []
    for (let piece = 0; piece < this.pieceCount; piece++) parts.push(this.#pieces.get(piece)!.bytes)
    return concatBytes(parts)
  }

  /** Every piece with its sender. */
  *parts(): Iterable<{ piece: number; bytes: Uint8Array; peerId: number }> {
    for (const [piece, { bytes, peerId }] of this.#pieces) yield { piece, bytes, peerId }
  }

  clear(): void {
    this.#pieces.clear()
    this.#askedAt.clear()
    this.#from = 0
    this.#heldBytes = 0
  }

  #isTaken(piece: number): boolean {
    return this.#pieces.has(piece) || this.#askedAt.has(piece)
  }
}
