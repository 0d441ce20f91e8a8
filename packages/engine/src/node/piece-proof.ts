/**
 * Whether bytes that were read are those of their piece: by the piece's hash where all of it is there, otherwise by the
 * hashes of its chunks, which are made once, from a piece that matched. They stay true whatever becomes of the files.
 */
import { createHash, hash, webcrypto } from 'node:crypto'
import { equalBytes } from '../bytes/bytes.ts'
import type { Geometry } from '../metainfo/geometry.ts'

const DIGEST_BYTES = 20
/** What has a digest of its own; loads of the read cache begin at multiples of it. */
const CHUNK_BYTES = 128 * 1024
/** Read at a time when a piece is gone through. */
const STEP_BYTES = 1024 * 1024
/** Pieces whose chunk digests are kept: 160 bytes for each MiB of a piece. */
const KEPT_PIECES = 1024
/** Below this, handing the work to another thread costs more than doing it. */
const THREAD_BYTES = 64 * 1024

/** Reads bytes of a piece into `into`; false when they are not all there. */
export type ReadPiece = (begin: number, into: Uint8Array) => Promise<boolean>

export class PieceProof {
  readonly #geometry: Geometry
  readonly #hashes: Uint8Array
  /** Of pieces that matched, the latest last. */
  readonly #digests = new Map<number, Uint8Array>()
  /** Under way, by piece and epoch. */
  readonly #surveys = new Map<string, Promise<Uint8Array | undefined>>()

  constructor(geometry: Geometry, hashes: Uint8Array) {
    this.#geometry = geometry
    this.#hashes = hashes
  }

  /** Whether `bytes` are all of the piece. */
  async isPiece(piece: number, bytes: Uint8Array): Promise<boolean> {
    const at = piece * DIGEST_BYTES
    return equalBytes(await sha1(bytes), this.#hashes.subarray(at, at + DIGEST_BYTES))
  }

  hasDigests(piece: number): boolean {
    return this.#digests.has(piece)
  }

  /** Whether `bytes` are those at `begin`, a multiple of the chunk size, of a piece that has digests. */
  async isPart(piece: number, begin: number, bytes: Uint8Array): Promise<boolean> {
    const digests = this.#digests.get(piece)
    if (digests === undefined || begin % CHUNK_BYTES !== 0) return false
    for (let done = 0; done < bytes.length; done += CHUNK_BYTES) {
      const at = ((begin + done) / CHUNK_BYTES) * DIGEST_BYTES
      const chunk = bytes.subarray(done, done + CHUNK_BYTES)
      if (!equalBytes(await sha1(chunk), digests.subarray(at, at + DIGEST_BYTES))) return false
    }
    return true
  }

  /** Goes through the whole piece, once for all who ask in the same epoch: whether it matches. Then it has digests. */
  async survey(piece: number, epoch: number, read: ReadPiece): Promise<boolean> {
    const key = `${piece}:${epoch}`
    const known = this.#surveys.get(key)
    const survey = known ?? this.#survey(piece, read)
    if (known === undefined) this.#surveys.set(key, survey)
    try {
      const digests = await survey
      if (digests === undefined) return false
      this.#keep(piece, digests)
      return true
    } finally {
      this.#surveys.delete(key)
    }
  }

  async #survey(piece: number, read: ReadPiece): Promise<Uint8Array | undefined> {
    const size = this.#geometry.pieceSize(piece)
    const hasher = createHash('sha1')
    const digests = new Uint8Array(Math.ceil(size / CHUNK_BYTES) * DIGEST_BYTES)
    const step = new Uint8Array(Math.min(STEP_BYTES, size))
    for (let begin = 0; begin < size; begin += STEP_BYTES) {
      const bytes = step.subarray(0, Math.min(STEP_BYTES, size - begin))
      if (!(await read(begin, bytes))) return undefined
      hasher.update(bytes)
      for (let done = 0; done < bytes.length; done += CHUNK_BYTES) {
        const at = ((begin + done) / CHUNK_BYTES) * DIGEST_BYTES
        digests.set(await sha1(bytes.subarray(done, done + CHUNK_BYTES)), at)
      }
    }
    const at = piece * DIGEST_BYTES
    const matches = equalBytes(hasher.digest(), this.#hashes.subarray(at, at + DIGEST_BYTES))
    return matches ? digests : undefined
  }

  #keep(piece: number, digests: Uint8Array): void {
    this.#digests.delete(piece)
    this.#digests.set(piece, digests)
    if (this.#digests.size > KEPT_PIECES) this.#digests.delete(this.#digests.keys().next().value!)
  }
}

/** Of memory that nobody writes to meanwhile. */
async function sha1(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length <= THREAD_BYTES) return hash('sha1', bytes, 'buffer')
  return new Uint8Array(await webcrypto.subtle.digest('SHA-1', bytes as Uint8Array<ArrayBuffer>))
}
