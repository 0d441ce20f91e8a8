/**
 * Pieces in the order in which they should be started: by priority, then rarest first, then random. One bucket for each
 * (priority, availability), so that a change of either moves a piece in O(1), and what is wanted most is found without
 * sorting. After large changes {@link RarityOrder.clear} and adding everything anew is a counting sort.
 */
import type { Bitfield } from '../bytes/bitfield.ts'
import { assert } from '../errors.ts'

/** Priorities go from 1 (low) to 7 (high); 0 means that a piece is not wanted. */
export const MAX_PRIORITY = 7

/** Copies among connected peers beyond which one piece is as common as the other. */
const LEVELS = 256

const NONE = 0xffff

/** Results of {@link RarityOrder.first} other than a piece. */
export const NOT_FOUND = -1
export const TOO_FAR = -2

export class RarityOrder {
  /** Index: see {@link rank}. Created when first used. */
  readonly #buckets: (number[] | undefined)[] = []
  readonly #counts: Uint32Array = new Uint32Array(MAX_PRIORITY + 1)
  /** Bucket of each piece, or NONE. */
  readonly #ranks: Uint16Array
  /** Place of each piece in its bucket. */
  readonly #places: Int32Array

  constructor(pieceCount: number) {
    this.#ranks = new Uint16Array(pieceCount).fill(NONE)
    this.#places = new Int32Array(pieceCount)
  }

  add(piece: number, priority: number, availability: number): void {
    const rank = (MAX_PRIORITY - priority) * LEVELS + Math.min(availability, LEVELS - 1)
    let bucket = this.#buckets[rank]
    if (bucket === undefined) bucket = this.#buckets[rank] = []
    this.#ranks[piece] = rank
    this.#places[piece] = bucket.length
    bucket.push(piece)
    this.#counts[priority]!++
  }

  remove(piece: number): void {
    const rank = this.#ranks[piece]!
    const bucket = this.#buckets[rank]!
    const last = bucket.pop()!
    if (last !== piece) {
      const place = this.#places[piece]!
      bucket[place] = last
      this.#places[last] = place
    }
    this.#ranks[piece] = NONE
    this.#counts[MAX_PRIORITY - Math.floor(rank / LEVELS)]!--
  }

  clear(): void {
    for (const bucket of this.#buckets) if (bucket !== undefined) bucket.length = 0
    this.#counts.fill(0)
    this.#ranks.fill(NONE)
  }

  /** Where a piece stands: lower comes first. */
  rank(piece: number): number {
    return this.#ranks[piece]!
  }

  /** Whether any piece has an availability above 0. */
  get hasAvailable(): boolean {
    for (let priority = MAX_PRIORITY; priority > 0; priority--) {
      const absent = this.#buckets[(MAX_PRIORITY - priority) * LEVELS]?.length ?? 0
      if (this.#counts[priority]! > absent) return true
    }
    return false
  }

  /** The first piece that is in `pieces`: NOT_FOUND when there is none, TOO_FAR when `steps` pieces were looked at. */
  first(pieces: Bitfield, steps: number, random: { below(bound: number): number }): number {
    let stepsLeft = steps
    for (let priority = MAX_PRIORITY; priority > 0; priority--) {
      let left = this.#counts[priority]!
      for (let rank = (MAX_PRIORITY - priority) * LEVELS; left > 0; rank++) {
        const bucket = this.#buckets[rank]
        if (bucket === undefined || bucket.length === 0) continue
        const length = bucket.length
        left -= length
        const start = random.below(length)
        for (let step = 0; step < length; step++) {
          const at = start + step
          const piece = bucket[at < length ? at : at - length]!
          if (pieces.has(piece)) return piece
          if (--stepsLeft === 0) return TOO_FAR
        }
      }
    }
    return NOT_FOUND
  }

  /** Exactly the pieces of `wanted` are in order, each where it belongs. */
  check(wanted: Bitfield, priorities: Uint8Array, availability: Uint16Array): void {
    let total = 0
    for (const count of this.#counts) total += count
    assert(total === wanted.count, 'the order holds every piece that may be started')
    for (const piece of wanted) {
      const rank = (MAX_PRIORITY - priorities[piece]!) * LEVELS + Math.min(availability[piece]!, LEVELS - 1)
      assert(this.#ranks[piece] === rank, 'each piece is in the bucket of its priority and availability')
      assert(this.#buckets[rank]?.[this.#places[piece]!] === piece, 'each piece is found at its place')
    }
  }
}
