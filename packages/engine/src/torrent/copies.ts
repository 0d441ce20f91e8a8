/**
 * How many connected peers have each piece, and how many copies of the whole there are among us and them. Every question
 * is answered without a walk over pieces: beside the count of each piece stands the number of pieces with each count.
 *
 * Seeds are only counted: they have everything, so they tell no piece from another.
 */
import type { Bitfield } from '../bytes/bitfield.ts'
import { assert } from '../errors.ts'

export type PieceOwner = { readonly id: number; readonly pieces: Bitfield }

export class Copies {
  /** Among connected peers that joined without being seeds. */
  readonly counts: Uint16Array
  /** Ids of peers that had everything when they joined. */
  readonly #seeds: Set<number> = new Set()
  #others = 0
  /** Which pieces are ours. */
  readonly #ours: Bitfield
  /** How many pieces have 0, 1, 2… copies, ours among them and seeds left out. */
  readonly #levels: number[]
  /** Grows whenever a piece got its first copy among peers, or lost its last. */
  version = 0

  /** `ours` stays the caller's, who calls {@link own} after adding to it. */
  constructor(ours: Bitfield) {
    this.counts = new Uint16Array(ours.length)
    this.#ours = ours
    this.#levels = [ours.length - ours.count, ours.count]
  }

  get seeds(): number {
    return this.#seeds.size
  }

  /** Connected peers that joined without being seeds. */
  get others(): number {
    return this.#others
  }

  /** Connected peers that have the piece. */
  of(piece: number): number {
    return this.counts[piece]! + this.#seeds.size
  }

  /** {@link of} for every piece, as a copy. */
  all(): Uint16Array {
    const seeds = this.#seeds.size
    return seeds === 0 ? this.counts.slice() : this.counts.map(count => count + seeds)
  }

  /** Copies of the whole among us and connected peers: the whole part, and how much of another they have together. */
  get distributed(): number {
    const pieces = this.counts.length
    if (pieces === 0) return 0
    let least = 0
    while (this.#levels[least] === 0 || this.#levels[least] === undefined) least++
    return this.#seeds.size + least + 1 - this.#levels[least]! / pieces
  }

  /** True: it is a seed, and no count of a piece changed. */
  join(peer: PieceOwner): boolean {
    const isSeed = peer.pieces.isFull
    if (!isSeed) {
      this.#others++
      this.#add(peer.pieces, 1)
    } else if (this.#seeds.add(peer.id).size === 1) this.version++
    return isSeed
  }

  /** True: it was a seed, and no count of a piece changed. */
  leave(peer: PieceOwner): boolean {
    const wasSeed = this.#seeds.delete(peer.id)
    if (!wasSeed) {
      this.#others--
      this.#add(peer.pieces, -1)
    } else if (this.#seeds.size === 0) this.version++
    return wasSeed
  }

  /** False: it is counted as a seed already. */
  gained(peer: PieceOwner, piece: number): boolean {
    if (this.#seeds.has(peer.id)) return false
    this.#change(piece, 1)
    return true
  }

  /** `piece` has just become ours. */
  own(piece: number): void {
    const level = this.counts[piece]! + 1
    this.#levels[level - 1]!--
    this.#levels[level] = (this.#levels[level] ?? 0) + 1
  }

  check(): void {
    const levels: number[] = []
    for (let piece = 0; piece < this.counts.length; piece++) {
      const level = this.counts[piece]! + (this.#ours.has(piece) ? 1 : 0)
      levels[level] = (levels[level] ?? 0) + 1
    }
    for (let level = 0; level < Math.max(levels.length, this.#levels.length); level++) {
      assert((levels[level] ?? 0) === (this.#levels[level] ?? 0), 'pieces are counted by their copies')
    }
  }

  #add(pieces: Bitfield, sign: 1 | -1): void {
    if (pieces.isEmpty) return
    for (const piece of pieces) this.#change(piece, sign)
  }

  #change(piece: number, sign: 1 | -1): void {
    const level = this.counts[piece]! + (this.#ours.has(piece) ? 1 : 0)
    this.counts[piece]! += sign
    if (this.counts[piece]! === (sign > 0 ? 1 : 0)) this.version++
    this.#levels[level]!--
    this.#levels[level + sign] = (this.#levels[level + sign] ?? 0) + 1
  }
}
