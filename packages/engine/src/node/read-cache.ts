/**
 * What is read for uploading: chunks of up to 1 MiB, fetched whole, so that a peer that asks for block after block costs
 * one read of the disk a MiB. One cache serves all torrents of a storage.
 *
 * - a chunk never reaches beyond its piece, unless pieces are small: then it holds some of them
 * - bytes of a piece that was stored after its chunk was fetched are stale and are fetched again
 * - a chunk's memory is never used again: a view of it may still be waiting in a socket. The garbage collector has it.
 */
import type { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'

export const CACHE_BYTES: number = 16 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
/** Small pieces are fetched together up to this much: their neighbours are wanted less often than a piece's rest. */
const GROUP_BYTES = 256 * 1024
/** As many as there are threads for file reads in Node; more would only wait. */
const LOADS_LIMIT = 4
/** Keys of one torrent; the largest torrents have some millions of chunks. */
const KEYS_PER_SOURCE = 2 ** 31

/** A torrent whose bytes are cached. */
export interface ReadSource {
  /** Below 2^21, never used twice. */
  readonly id: number
  readonly geometry: Geometry
  /** Reads `into.length` bytes from `begin` of `piece`, perhaps into the pieces after it: those it could not, and why. */
  fill(piece: number, begin: number, into: Uint8Array): Promise<ReadonlyMap<number, ShoalError>>
  onReadable(): void
  onReadError(piece: number, error: ShoalError): void
}

interface Chunk {
  readonly bytes: Uint8Array
  /** Pieces of it that must be fetched again. */
  unusable: Set<number> | undefined
}

interface Load {
  readonly source: ReadSource
  readonly key: number
  readonly piece: number
  readonly begin: number
  /** Pieces that somebody waits for; none when it is read ahead. */
  readonly wanted: Set<number>
  readonly stale: Set<number>
  dropped: boolean
}

export class ReadCache {
  readonly #limitBytes: number
  /** Least recently used first. */
  readonly #chunks = new Map<number, Chunk>()
  readonly #loads = new Map<number, Load>()
  readonly #waiting: Load[] = []
  #usedBytes = 0
  #running = 0
  #newest = -1

  constructor(limitBytes: number = CACHE_BYTES) {
    this.#limitBytes = limitBytes
  }

  /** The bytes, or undefined: then they are being fetched and the source is told. */
  read(source: ReadSource, piece: number, begin: number, length: number): Uint8Array | undefined {
    const layout = layoutOf(source.geometry, piece, begin)
    const bytes = this.#bytes(source, layout, piece)
    if (layout.from + length <= layout.length) {
      if (bytes !== undefined && layout.from * 2 >= layout.length) this.#readAhead(source, piece, layout)
      return bytes?.subarray(layout.from, layout.from + length)
    }
    // It lies across the border of two chunks, as only an odd request can.
    const first = layout.length - layout.from
    const rest = this.read(source, piece, begin + first, length - first)
    if (bytes === undefined || rest === undefined) return undefined
    const joined = new Uint8Array(length)
    joined.set(bytes.subarray(layout.from))
    joined.set(rest, first)
    return joined
  }

  /** The piece was written: what was fetched of it before is no good. */
  forgetPiece(source: ReadSource, piece: number): void {
    const size = source.geometry.pieceSize(piece)
    for (let begin = 0; begin < size; begin += CHUNK_BYTES) {
      const key = keyOf(source, layoutOf(source.geometry, piece, begin))
      this.#loads.get(key)?.stale.add(piece)
      const chunk = this.#chunks.get(key)
      if (chunk === undefined) continue
      chunk.unusable ??= new Set()
      chunk.unusable.add(piece)
    }
  }

  /** Forgets all of a torrent; fetches under way are told as readable, so that they are asked for again. */
  forget(source: ReadSource): void {
    const low = source.id * KEYS_PER_SOURCE
    const high = low + KEYS_PER_SOURCE
    for (const [key, chunk] of this.#chunks) {
      if (key >= low && key < high) this.#remove(key, chunk)
    }
    for (const load of this.#loads.values()) if (load.source === source) load.dropped = true
  }

  #bytes(source: ReadSource, layout: Layout, piece: number): Uint8Array | undefined {
    const key = keyOf(source, layout)
    const chunk = this.#chunks.get(key)
    if (chunk === undefined) {
      this.#want(source, layout, key).wanted.add(piece)
      return undefined
    }
    if (chunk.unusable?.has(piece)) {
      this.#remove(key, chunk)
      this.#want(source, layout, key).wanted.add(piece)
      return undefined
    }
    if (this.#newest !== key) {
      this.#newest = key
      this.#chunks.delete(key)
      this.#chunks.set(key, chunk)
    }
    return chunk.bytes
  }

  /** Past the middle of a chunk the next one of the same piece is fetched, unless others are waiting. */
  #readAhead(source: ReadSource, piece: number, layout: Layout): void {
    const begin = layout.begin + layout.length
    if (layout.piece !== piece || begin >= source.geometry.pieceSize(piece)) return
    if (this.#running >= LOADS_LIMIT) return
    const next = layoutOf(source.geometry, piece, begin)
    const key = keyOf(source, next)
    if (!this.#chunks.has(key)) this.#want(source, next, key)
  }

  #want(source: ReadSource, layout: Layout, key: number): Load {
    const known = this.#loads.get(key)
    if (known !== undefined) return known
    const { piece, begin } = layout
    const load = {
      source,
      key,
      piece,
      begin,
      wanted: new Set<number>(),
      stale: new Set<number>(),
      dropped: false,
    }
    this.#loads.set(key, load)
    if (this.#running < LOADS_LIMIT) this.#start(load, layout.length)
    else this.#waiting.push(load)
    return load
  }

  #start(load: Load, length: number): void {
    this.#running++
    const bytes = Buffer.allocUnsafeSlow(length)
    load.source.fill(load.piece, load.begin, bytes).then(bad => this.#finish(load, bytes, bad))
  }

  #finish(load: Load, bytes: Uint8Array, bad: ReadonlyMap<number, ShoalError>): void {
    this.#running--
    this.#loads.delete(load.key)
    const next = this.#waiting.shift()
    if (next !== undefined) {
      this.#start(next, layoutOf(next.source.geometry, next.piece, next.begin).length)
    }
    if (!load.dropped) this.#add(load, bytes, bad)
    let readable = load.dropped
    for (const piece of load.wanted) {
      const error = load.dropped || load.stale.has(piece) ? undefined : bad.get(piece)
      if (error === undefined) readable = true
      else load.source.onReadError(piece, error)
    }
    if (readable && load.wanted.size > 0) load.source.onReadable()
  }

  #add(load: Load, bytes: Uint8Array, bad: ReadonlyMap<number, ShoalError>): void {
    const unusable = new Set([...load.stale, ...bad.keys()])
    this.#chunks.set(load.key, { bytes, unusable: unusable.size > 0 ? unusable : undefined })
    this.#newest = load.key
    this.#usedBytes += bytes.length
    for (const [key, chunk] of this.#chunks) {
      if (this.#usedBytes <= this.#limitBytes) break
      this.#remove(key, chunk)
    }
  }

  #remove(key: number, chunk: Chunk): void {
    this.#chunks.delete(key)
    this.#usedBytes -= chunk.bytes.length
  }
}

/** The chunk that holds a byte of a piece. */
interface Layout {
  readonly number: number
  /** First byte of the chunk. */
  readonly piece: number
  readonly begin: number
  readonly length: number
  /** The byte that was asked for, within the chunk. */
  readonly from: number
}

function layoutOf(geometry: Geometry, piece: number, begin: number): Layout {
  const { pieceLength } = geometry
  if (pieceLength >= GROUP_BYTES) {
    const perPiece = Math.ceil(pieceLength / CHUNK_BYTES)
    const part = Math.floor(begin / CHUNK_BYTES)
    const start = part * CHUNK_BYTES
    const length = Math.min(CHUNK_BYTES, geometry.pieceSize(piece) - start)
    return { number: piece * perPiece + part, piece, begin: start, length, from: begin - start }
  }
  const group = Math.floor(GROUP_BYTES / pieceLength)
  const number = Math.floor(piece / group)
  const first = number * group
  const start = geometry.pieceOffset(first)
  const length = Math.min(group * pieceLength, geometry.totalLength - start)
  return { number, piece: first, begin: 0, length, from: geometry.pieceOffset(piece) - start + begin }
}

function keyOf(source: ReadSource, layout: Layout): number {
  return source.id * KEYS_PER_SOURCE + layout.number
}
