/**
 * Who sent bytes that made a piece fail its hash. A piece has many blocks, often from many peers, and the
 * hash says only that one of them is wrong. Three things prove guilt:
 *
 * - all blocks of the corrupt piece came from one peer;
 * - the same peer sent two different versions of the same block;
 * - the piece is stored at last, and a block that a peer sent for it earlier differs from the good one.
 *
 * For the last we remember the digests of every block of a corrupt piece. Until it is settled its
 * contributors are on parole: the caller should let each of them fetch whole pieces alone, which leads to one
 * of the proofs. Nobody is banned without one: among many liars it is the honest one who has part in most of
 * what is spoilt. Once someone is proven guilty, those who shared pieces with him are no longer suspected for
 * these: one liar in a swarm must not take the honest ones with him.
 *
 * Bounded in pieces and in blocks; the oldest is forgotten, and with it its suspicions.
 */
import { assert } from '../errors.ts'

const DIGEST_BYTES = 20
const MAX_PIECES = 64
/** Some 3 MB with the contributors. */
const MAX_BLOCKS = 1 << 16
/** Corrupt versions of one piece. */
const MAX_VERSIONS = 3

interface Version {
  readonly contributors: readonly string[]
  readonly digests: Uint8Array
}

interface Case {
  versions: Version[]
  /** Contributors that are not explained yet by someone's proven guilt. */
  readonly suspects: Set<string>
}

export class Blame {
  /** By piece, the oldest first. */
  readonly #cases = new Map<number, Case>()
  #blocks = 0

  /**
   * A piece failed its hash. `contributors[n]` sent block `n` (`host:port`; empty: nobody knows), whose
   * digest is bytes 20n to 20n + 19 of `digests`. Both are kept.
   */
  onCorrupt(
    piece: number,
    contributors: readonly string[],
    digests: Uint8Array,
  ): { ban: string[]; parole: string[] } {
    assert(digests.length === contributors.length * DIGEST_BYTES, 'blame needs one digest for every block')
    const involved = new Set(contributors)
    const [sole] = involved
    if (involved.size === 1 && sole !== undefined && sole !== '') {
      this.#explain(sole)
      return { ban: [sole], parole: [] }
    }
    involved.delete('')

    const version = { contributors, digests }
    const guilty = new Set<string>()
    for (const earlier of this.#cases.get(piece)?.versions ?? []) {
      for (let block = 0; block < contributors.length; block++) {
        const who = contributors[block]!
        if (earlier.contributors[block] === who && differ(earlier.digests, digests, block)) guilty.add(who)
      }
    }
    this.#remember(piece, version, involved)
    guilty.delete('')
    for (const who of guilty) this.#explain(who)
    return { ban: [...guilty], parole: [...involved].filter(who => !guilty.has(who)) }
  }

  /** Whether {@link onStored} would learn from this piece. */
  needsDigests(piece: number): boolean {
    return this.#cases.has(piece)
  }

  /**
   * The piece is good now; its blocks' digests show who lied before. `contributors` of the good version are
   * not needed. `cleared` are no longer suspected of anything and may leave parole.
   */
  onStored(
    piece: number,
    _contributors: readonly string[],
    digests: Uint8Array,
  ): { ban: string[]; cleared: string[] } {
    const settled = this.#cases.get(piece)
    if (settled === undefined) return { ban: [], cleared: [] }
    const guilty = new Set<string>()
    for (const version of settled.versions) {
      for (let block = 0; block < version.contributors.length; block++) {
        if (differ(version.digests, digests, block)) guilty.add(version.contributors[block]!)
      }
    }
    guilty.delete('')
    this.#forget(piece)
    const relieved = new Set(settled.suspects)
    for (const who of guilty) for (const other of this.#explain(who)) relieved.add(other)
    return {
      ban: [...guilty],
      cleared: [...relieved].filter(who => !guilty.has(who) && this.suspicions(who) === 0),
    }
  }

  /** In how many unsettled pieces this peer is suspected; on parole while above 0. */
  suspicions(contributor: string): number {
    let count = 0
    for (const { suspects } of this.#cases.values()) if (suspects.has(contributor)) count++
    return count
  }

  /** Pieces remembered. */
  get size(): number {
    return this.#cases.size
  }

  #remember(piece: number, version: Version, involved: ReadonlySet<string>): void {
    const known = this.#cases.get(piece) ?? { versions: [], suspects: new Set() }
    this.#forget(piece)
    known.versions = [...known.versions.slice(1 - MAX_VERSIONS), version]
    for (const who of involved) known.suspects.add(who)
    this.#cases.set(piece, known)
    this.#blocks += blocksOf(known)
    while (this.#cases.size > MAX_PIECES || this.#blocks > MAX_BLOCKS) {
      const [oldest] = this.#cases.keys()
      if (oldest === undefined) return
      this.#forget(oldest)
    }
  }

  #forget(piece: number): void {
    const known = this.#cases.get(piece)
    if (known === undefined) return
    this.#blocks -= blocksOf(known)
    this.#cases.delete(piece)
  }

  /** `who` is guilty: whatever he took part in is explained by that. Returns those relieved. */
  #explain(who: string): Set<string> {
    const relieved = new Set<string>()
    for (const { suspects } of this.#cases.values()) {
      if (!suspects.has(who)) continue
      for (const other of suspects) if (other !== who) relieved.add(other)
      suspects.clear()
    }
    return relieved
  }
}

function blocksOf(known: Case): number {
  let blocks = 0
  for (const version of known.versions) blocks += version.contributors.length
  return blocks
}

function differ(a: Uint8Array, b: Uint8Array, block: number): boolean {
  const end = (block + 1) * DIGEST_BYTES
  for (let at = block * DIGEST_BYTES; at < end; at++) if (a[at] !== b[at]) return true
  return false
}
