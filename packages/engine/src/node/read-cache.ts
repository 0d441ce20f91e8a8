/**
 * What is read for uploading: fetched up to 1 MiB at a time, so that a peer that asks for block after block costs one
 * read of the disk a MiB. One cache serves all torrents of a storage.
 *
 *     chunk    128 KiB of a piece, or some pieces that are smaller: what is looked up
 *     load     1 to 8 chunks of one piece, one read of the disk, one piece of memory: what is thrown out
 *
 * - How many chunks a load has follows from what becomes of them: few when loads are thrown out before they were used.
 *   That is so when more peers read than fit; fetching 1 MiB for each of their blocks would cost 64 times the work.
 * - Bytes of a piece that was stored after its chunk was fetched are stale and are fetched again.
 * - Memory of what was thrown out is used again: whoever reads copies what it needs in the same turn. Fresh memory for
 *   each load would keep the garbage collector busier than all the rest.
 * - What was read to its end is thrown out soon, though there were room: to read into memory that the processor still has
 *   at hand costs a tenth less than into some that was used long ago. Not while others come for the same bytes again.
 */
import type { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'

const CACHE_BYTES = 16 * 1024 * 1024
/** Of what was read to its end, as long as nobody comes again for what was. */
const READ_BYTES = 2 * 1024 * 1024
/** So many of the last that were thrown out are known: as many as would be there, had they not been. */
const GONE_LOADS = 16
/** So many in a row that were read once only: nobody comes again any more. */
const ONCE_LOADS = 64
const CHUNK_BYTES = 128 * 1024
const LOAD_CHUNKS_LIMIT = 8
/** Memory that waits to be used again. */
const SPARE_BYTES = 8 * 1024 * 1024
const SPARES = SPARE_BYTES / CHUNK_BYTES
/** After so many loads were thrown out, the size of loads is thought over. */
const REVIEW_LOADS = 16
/** Reviews without waste before loads grow again: trying too large a size costs more than staying small. */
const CALM_REVIEWS = 8
/** As many as there are threads for file reads in Node; more would only wait. */
const RUNNING_LIMIT = 4
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

/** One read of the disk, waiting, under way or done. */
interface Load {
  readonly source: ReadSource
  readonly first: Layout
  readonly keys: number[]
  /** Of all its chunks. */
  length: number
  /** Pieces that somebody waits for; none when it is read ahead. */
  readonly wanted: Set<number>
  /** Pieces of it that must be fetched again. */
  readonly unusable: Set<number>
  /** Chunks of it that were read. */
  used: number
  /** Of all reads. */
  readBytes: number
  dropped: boolean
  /** Once it is read. */
  bytes: Uint8Array | undefined
}

interface Chunk {
  readonly load: Load
  readonly bytes: Uint8Array
  used: boolean
}

export class ReadCache {
  readonly #limitBytes: number
  readonly #chunks = new Map<number, Chunk>()
  /** What {@link ReadCache.#chunks} belong to, least recently used first. */
  readonly #loads = new Set<Load>()
  /** Memory of loads that were thrown out, the latest last. */
  readonly #spare: Uint8Array[] = []
  #spareBytes = 0
  #newest: Load | undefined
  #usedBytes = 0
  /** Those of {@link ReadCache.#loads} that were read to their end, in that order. */
  readonly #read = new Set<Load>()
  #readBytes = 0
  /** First keys of loads that were thrown out after that, the latest last. */
  readonly #gone = new Set<number>()
  /** Loads in a row that were thrown out and read once only. */
  #once = ONCE_LOADS

  /** By the key of each chunk: waiting or under way. */
  readonly #coming = new Map<number, Load>()
  readonly #waiting: Load[] = []
  #running = 0

  #loadChunks = LOAD_CHUNKS_LIMIT
  #reviewed = 0
  #wasted = 0
  #calmReviews = 0

  constructor(limitBytes: number = CACHE_BYTES) {
    this.#limitBytes = limitBytes
  }

  /** The bytes, or undefined: then they are being fetched and the source is told. */
  read(source: ReadSource, piece: number, begin: number, length: number): Uint8Array | undefined {
    const layout = layoutOf(source.geometry, piece, begin)
    const bytes = this.#bytes(source, layout, piece, Math.min(length, layout.length - layout.from))
    if (layout.from + length <= layout.length) {
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
    if (this.#chunks.size === 0 && this.#coming.size === 0) return
    const size = source.geometry.pieceSize(piece)
    for (let begin = 0; begin < size; begin += CHUNK_BYTES) {
      const key = keyOf(source, layoutOf(source.geometry, piece, begin))
      this.#coming.get(key)?.unusable.add(piece)
      this.#chunks.get(key)?.load.unusable.add(piece)
    }
  }

  /** Forgets all of a torrent; those that wait are told it is readable, so that they ask again. */
  forget(source: ReadSource): void {
    for (const load of this.#loads) if (load.source === source) this.#remove(load)
    for (const load of this.#coming.values()) if (load.source === source) load.dropped = true
  }

  #bytes(source: ReadSource, layout: Layout, piece: number, length: number): Uint8Array | undefined {
    const key = keyOf(source, layout)
    let chunk = this.#chunks.get(key)
    if (chunk?.load.unusable.has(piece)) {
      this.#remove(chunk.load)
      chunk = undefined
    }
    if (chunk === undefined) {
      this.#want(source, layout, key).wanted.add(piece)
      return undefined
    }
    const { load } = chunk
    if (!chunk.used) {
      chunk.used = true
      load.used++
      this.#readAhead(source, layout)
    }
    if (this.#newest !== load) {
      this.#newest = load
      this.#loads.delete(load)
      this.#loads.add(load)
    }
    load.readBytes += length
    if (load.readBytes >= load.length && !this.#read.has(load)) {
      this.#read.add(load)
      this.#readBytes += load.length
    }
    return chunk.bytes
  }

  /** With a chunk's first use the one after it is fetched, unless others are waiting or memory is short. */
  #readAhead(source: ReadSource, layout: Layout): void {
    if (this.#loadChunks === 1 || this.#running >= RUNNING_LIMIT) return
    const next = nextLayout(source.geometry, layout)
    if (next === undefined) return
    const key = keyOf(source, next)
    if (!this.#chunks.has(key)) this.#want(source, next, key)
  }

  #want(source: ReadSource, first: Layout, key: number): Load {
    const known = this.#coming.get(key)
    if (known !== undefined) return known
    const { length } = first
    const wanted = new Set<number>()
    const load = {
      source,
      first,
      keys: [key],
      length,
      wanted,
      unusable: new Set<number>(),
      used: 0,
      readBytes: 0,
      dropped: false,
      bytes: undefined,
    }
    this.#coming.set(key, load)
    if (this.#gone.has(key)) this.#once = 0
    this.#extend(load)
    if (this.#running < RUNNING_LIMIT) this.#start(load)
    else this.#waiting.push(load)
    return load
  }

  /** Adds the chunks after the first, up to one that is there already. */
  #extend(load: Load): void {
    const { source, keys } = load
    for (let layout = load.first; keys.length < this.#loadChunks; ) {
      const next = nextLayout(source.geometry, layout)
      if (next === undefined) return
      const key = keyOf(source, next)
      if (this.#chunks.has(key) || this.#coming.has(key)) return
      this.#coming.set(key, load)
      keys.push(key)
      load.length += next.length
      layout = next
    }
  }

  #start(load: Load): void {
    this.#running++
    // Not cleared first: what could not be filled belongs to a bad piece and is never given to anybody.
    const bytes = this.#takeMemory(load.length)
    load.source.fill(load.first.piece, load.first.begin, bytes).then(bad => this.#finish(load, bytes, bad))
  }

  #finish(load: Load, bytes: Uint8Array, bad: ReadonlyMap<number, ShoalError>): void {
    const { source, unusable } = load
    this.#running--
    for (const key of load.keys) this.#coming.delete(key)
    const next = this.#waiting.shift()
    if (next !== undefined) this.#start(next)

    const failed: [piece: number, error: ShoalError][] = []
    for (const [piece, error] of bad) {
      if (load.wanted.has(piece) && !unusable.has(piece) && !load.dropped) failed.push([piece, error])
      unusable.add(piece)
    }
    if (load.dropped) this.#giveMemory(bytes)
    else this.#add(load, bytes)
    for (const [piece, error] of failed) source.onReadError(piece, error)
    if (load.wanted.size > failed.length) source.onReadable()
  }

  #add(load: Load, bytes: Uint8Array): void {
    for (let at = 0; at < load.keys.length; at++) {
      const part = bytes.subarray(at * CHUNK_BYTES, at * CHUNK_BYTES + CHUNK_BYTES)
      this.#chunks.set(load.keys[at]!, { load, bytes: part, used: false })
    }
    load.bytes = bytes
    this.#loads.add(load)
    this.#newest = load
    this.#usedBytes += load.length
    for (const oldest of this.#loads) {
      if (this.#usedBytes <= this.#limitBytes || oldest === load) break
      this.#throwOut(oldest)
    }
    for (const oldest of this.#read) {
      if (this.#once < ONCE_LOADS || this.#readBytes <= READ_BYTES) break
      this.#throwOut(oldest)
    }
  }

  #throwOut(load: Load): void {
    this.#remove(load)
    this.#review(load)
    this.#once = load.readBytes > load.length ? 0 : this.#once + 1
    if (load.readBytes < load.length) return
    this.#gone.add(load.keys[0]!)
    for (const oldest of this.#gone) {
      if (this.#gone.size <= GONE_LOADS) break
      this.#gone.delete(oldest)
    }
  }

  #remove(load: Load): void {
    for (const key of load.keys) this.#chunks.delete(key)
    this.#loads.delete(load)
    this.#usedBytes -= load.length
    if (this.#read.delete(load)) this.#readBytes -= load.length
    if (load.bytes !== undefined) this.#giveMemory(load.bytes)
    load.bytes = undefined
  }

  /** The latest of just that length: nearly all loads of a torrent are as long. */
  #takeMemory(length: number): Uint8Array {
    for (let at = this.#spare.length - 1; at >= 0; at--) {
      const bytes = this.#spare[at]!
      if (bytes.length !== length) continue
      this.#spare.splice(at, 1)
      this.#spareBytes -= length
      return bytes
    }
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  }

  #giveMemory(bytes: Uint8Array): void {
    this.#spare.push(bytes)
    this.#spareBytes += bytes.length
    while (this.#spareBytes > SPARE_BYTES || this.#spare.length > SPARES)
      this.#spareBytes -= this.#spare.shift()!.length
  }

  /** Smaller loads when many are thrown out with less than half of them used; larger ones when none was for long. */
  #review(load: Load): void {
    this.#reviewed++
    if (load.used * 2 < load.keys.length || load.used === 0) this.#wasted++
    if (this.#reviewed < REVIEW_LOADS) return
    this.#calmReviews = this.#wasted === 0 ? this.#calmReviews + 1 : 0
    if (this.#wasted * 4 > REVIEW_LOADS) this.#loadChunks = Math.max(1, this.#loadChunks / 2)
    if (this.#calmReviews === CALM_REVIEWS) {
      this.#loadChunks = Math.min(LOAD_CHUNKS_LIMIT, this.#loadChunks * 2)
      this.#calmReviews = 0
    }
    this.#reviewed = 0
    this.#wasted = 0
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
  if (pieceLength >= CHUNK_BYTES) {
    const perPiece = Math.ceil(pieceLength / CHUNK_BYTES)
    const part = Math.floor(begin / CHUNK_BYTES)
    const start = part * CHUNK_BYTES
    const length = Math.min(CHUNK_BYTES, geometry.pieceSize(piece) - start)
    return { number: piece * perPiece + part, piece, begin: start, length, from: begin - start }
  }
  const group = Math.floor(CHUNK_BYTES / pieceLength)
  const number = Math.floor(piece / group)
  const first = number * group
  const start = geometry.pieceOffset(first)
  const length = Math.min(group * pieceLength, geometry.totalLength - start)
  return { number, piece: first, begin: 0, length, from: geometry.pieceOffset(piece) - start + begin }
}

/** The chunk after this one in the same piece: peers ask for pieces in any order. */
function nextLayout(geometry: Geometry, layout: Layout): Layout | undefined {
  const begin = layout.begin + layout.length
  if (geometry.pieceLength < CHUNK_BYTES || begin >= geometry.pieceSize(layout.piece)) return undefined
  return layoutOf(geometry, layout.piece, begin)
}

function keyOf(source: ReadSource, layout: Layout): number {
  return source.id * KEYS_PER_SOURCE + layout.number
}
