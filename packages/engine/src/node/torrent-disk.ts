/**
 * One torrent's files as a store worker sees them: everything here is synchronous and runs on a worker. Nothing here
 * decides where bytes live: the main thread says which extents are in the parts file, all else is in place.
 *
 * Files grow as pieces arrive and are not set to their full length first: a piece beyond the end of a file is known to be
 * missing without reading, and a size tells a torrent that was interrupted from one that was finished. (`full`
 * allocation gives that up for the promise of space.) A file that is longer than in the torrent is never cut: it may be
 * somebody's; it is an error that names it.
 */
import { createHash, type Hash, hash } from 'node:crypto'
import { fstatSync, ftruncateSync, statfsSync, statSync, unlinkSync } from 'node:fs'
import { equalBytes, viewOf } from '../bytes/bytes.ts'
import { SLAB_BYTES } from '../bytes/slabs.ts'
import { ShoalError } from '../errors.ts'
import { BLOCK_BYTES, type FileSpan, Geometry } from '../metainfo/geometry.ts'
import type { FileStamp } from '../ports.ts'
import { diskError, errnoOf, packError, pathConflict, shortFile } from './disk-errors.ts'
import { readFully, writeFully } from './file-io.ts'
import { extentLength, extentStart, filePath, type Place, partsPath, placesOf } from './file-plan.ts'
import { inspectFoldersSync, makeFolders, stampOf } from './folders.ts'
import type { Handles } from './handles.ts'
import { type PartsContent, partsEntry, partsHeader, readPartsIndex } from './parts-file.ts'
import { copyTo } from './shared-memory.ts'
import type { Answer, HeldExtent, RunJob, TorrentPlan } from './store-messages.ts'
import type { KeptMark } from './witness.ts'

const DIGEST_BYTES = 20
/** What is read or zeroed at a time: fits the second-level cache, so hashing finds it there. */
const SCRATCH_BYTES = 64 * 1024

/** Reused by every read of this worker. */
const scratch = new Uint8Array(SCRATCH_BYTES)
const zeroes = new Uint8Array(SCRATCH_BYTES)

/** A piece whose last run has not come: `next` bytes from its begin are hashed and written. */
interface Unfinished {
  readonly hash: Hash
  next: number
}

export class TorrentDisk {
  readonly #plan: TorrentPlan
  readonly #geometry: Geometry
  readonly #memory: Uint8Array
  readonly #handles: Handles
  readonly #unfinished = new Map<number, Unfinished>()
  /** How far each file was written to from here, by the key of its handle. */
  readonly #ends = new Map<string, number>()
  /** Of the files that were used, by their index: joining one takes longer than finding its handle. */
  readonly #paths: string[] = []
  readonly #partsPath: string
  /** The disk of the folder, once something was written to it. */
  #dev: number | undefined

  constructor(plan: TorrentPlan, memory: Uint8Array, handles: Handles) {
    this.#plan = plan
    this.#geometry = new Geometry(plan.pieceLength, plan.files)
    this.#memory = memory
    this.#handles = handles
    this.#partsPath = partsPath(plan.dir, plan.infoHash)
  }

  /** The store is being closed: what can be left undone should be. */
  get isCancelled(): boolean {
    return Atomics.load(this.#plan.cancel, 0) !== 0
  }

  /** Looks at what is there, then creates what `wanted` asks for. Throws ShoalError. */
  prepare(wanted: readonly boolean[]): Answer {
    const path = this.#partsPath
    let content: PartsContent | undefined
    try {
      content = readPartsIndex(path, this.#geometry)
      if (content === undefined && !this.#plan.readOnly) unlinkSync(path)
    } catch (cause) {
      throw diskError(cause, 'read', path)
    }
    return this.select(wanted, content ?? { held: [], spare: [] })
  }

  /** Creates what became wanted and moves there what the parts file holds of it. Throws ShoalError. */
  select(wanted: readonly boolean[], content: PartsContent): Answer {
    const found = this.stamps(wanted)
    for (const file of this.#geometry.files) {
      const stamp = found[file.index]
      if (file.pad || !wanted[file.index]) continue
      if (stamp !== undefined && stamp.size > file.length) {
        const sizes = `${stamp.size} bytes, in the torrent it has ${file.length}`
        throw pathConflict(this.#path(file), `is longer than it should be: it has ${sizes}`)
      }
    }
    if (this.#plan.readOnly) return { kind: 'prepared', found, held: content.held, spare: content.spare }
    this.#create(wanted, found)
    return { kind: 'prepared', found, ...this.#move(wanted, content) }
  }

  /** Throws PATH_CONFLICT for what stands in the way of a wanted file; nobody minds at others. */
  stamps(wanted: readonly boolean[]): (KeptMark | undefined)[] {
    return this.#geometry.files.map(file => {
      if (file.pad) return undefined
      try {
        return stampOf(this.#plan.dir, file.path)
      } catch (cause) {
        if (!wanted[file.index]) return undefined
        throw diskError(cause, 'open', this.#path(file))
      }
    })
  }

  /** Hashes and writes a run. Never throws for what the disk does. */
  run(run: RunJob): Answer {
    try {
      return run.begin === 0 && run.last ? this.#wholePiece(run) : this.#partOfPiece(run)
    } catch (cause) {
      return { kind: 'failed', error: packError(diskError(cause, 'write', this.#plan.dir)) }
    }
  }

  abandon(piece: number): void {
    this.#unfinished.delete(piece)
  }

  /** Whether what is on disk matches. Throws ShoalError for other reasons than missing bytes. */
  check(piece: number, held: readonly HeldExtent[]): boolean {
    const hasher = createHash('sha1')
    const size = this.#geometry.pieceSize(piece)
    const whole = this.#readInto(piece, 0, size, held, bytes => {
      hasher.update(bytes)
      return !this.isCancelled
    })
    return whole && this.#matches(piece, hasher.digest())
  }

  /** Closes all files: what is opened next is what has their names then. */
  releaseFiles(): void {
    this.#handles.close(`${this.#plan.id}:`)
    this.#ends.clear()
  }

  // ------------------------------------------------------------------------------------------------- writing

  /** The usual case: nothing that does not match ever gets to the disk. */
  #wholePiece(run: RunJob): Answer {
    this.#unfinished.delete(run.piece)
    const views = this.#views(run)
    const hasher = createHash('sha1')
    for (const view of views) hashFar(view, hasher)
    if (!this.#matches(run.piece, hasher.digest())) {
      return { kind: 'corrupt', digests: this.#digests(run, views) }
    }
    this.#write(run, views)
    return { kind: 'stored', digests: run.digests ? this.#digests(run, views) : undefined }
  }

  /** A piece too large to be held whole is written as it comes; a failed run may be given again. */
  #partOfPiece(run: RunJob): Answer {
    const unfinished = this.#resume(run)
    const views = this.#views(run)
    this.#write(run, views)
    for (const view of views) unfinished.hash.update(view)
    unfinished.next += run.length
    if (!run.last) return { kind: 'written' }
    this.#unfinished.delete(run.piece)
    const matches = this.#matches(run.piece, unfinished.hash.digest())
    if (!matches) return { kind: 'corrupt', digests: this.#digests(run, views) }
    return { kind: 'stored', digests: run.digests ? this.#digests(run, views) : undefined }
  }

  /** The state before this run; read back from disk when another worker or an earlier life had it. */
  #resume(run: RunJob): Unfinished {
    const known = this.#unfinished.get(run.piece)
    if (known?.next === run.begin) return known
    const fresh = { hash: createHash('sha1'), next: run.begin }
    const take = (bytes: Uint8Array): boolean => fresh.hash.update(bytes) !== undefined
    if (!this.#readInto(run.piece, 0, run.begin, run.held, take)) {
      throw shortFile(this.#pathOfPiece(run.piece))
    }
    this.#unfinished.set(run.piece, fresh)
    return fresh
  }

  #write(run: RunJob, views: readonly Uint8Array[]): void {
    for (const place of placesOf(this.#geometry, run.piece, run.begin, run.length, run.held)) {
      if (place.kind === 'pad') continue
      const path = this.#pathOf(place)
      try {
        const fd = this.#writer(place, path)
        this.#assertOurs(fd, place, path)
        writeFully(fd, cut(views, place.from, place.length), place.position)
        if (place.kind === 'parts') this.#enter(fd, run, place)
        else this.#noteEnd(place)
      } catch (cause) {
        throw diskError(cause, 'write', path)
      }
    }
  }

  /**
   * What is written to a file that somebody has removed would be lost with what was written before; one that is shorter
   * than what was written to it has lost that.
   */
  #assertOurs(fd: number, place: Place, path: string): void {
    const key = this.#key(place)
    const { nlink, size } = fstatSync(fd)
    if (nlink > 0 && size >= (this.#ends.get(key) ?? 0)) return
    this.#ends.delete(key)
    this.#handles.close(key)
    const what = nlink > 0 ? 'cut' : 'removed'
    throw new ShoalError('DISK_WRITE', `${path} was ${what} while it was in use`, {
      operation: 'write',
      subject: path,
    })
  }

  #noteEnd(place: Place): void {
    const key = this.#key(place)
    const end = place.position + place.length
    if (end > (this.#ends.get(key) ?? 0)) this.#ends.set(key, end)
  }

  /** Notes in the index that the extent holds something. */
  #enter(fd: number, run: RunJob, place: Place): void {
    const extent = run.held.find(each => each.entry === place.entry)
    if (extent === undefined) return
    const entry = partsEntry(extent, true)
    writeFully(fd, [entry.bytes], entry.position)
  }

  #views(run: RunJob): Uint8Array[] {
    let rest = run.length
    return run.slabs.map(slab => {
      const length = Math.min(rest, SLAB_BYTES)
      rest -= length
      return this.#memory.subarray(slab * SLAB_BYTES, slab * SLAB_BYTES + length)
    })
  }

  /** The SHA-1 of every block: those of this run from memory, those before it from disk. */
  #digests(run: RunJob, views: readonly Uint8Array[]): Uint8Array {
    const digests = new Uint8Array(this.#geometry.blockCount(run.piece) * DIGEST_BYTES)
    let at = 0
    const add = (bytes: Uint8Array): void => {
      for (let begin = 0; begin < bytes.length; begin += BLOCK_BYTES) {
        digests.set(hash('sha1', bytes.subarray(begin, begin + BLOCK_BYTES), 'buffer'), at)
        at += DIGEST_BYTES
      }
    }
    for (let begin = 0; begin < run.begin; begin += BLOCK_BYTES) {
      const block = new Uint8Array(BLOCK_BYTES)
      let filled = 0
      const whole = this.#readInto(run.piece, begin, BLOCK_BYTES, run.held, bytes => {
        block.set(bytes, filled)
        filled += bytes.length
        return true
      })
      if (!whole) throw shortFile(this.#pathOfPiece(run.piece))
      add(block)
    }
    for (const view of views) add(view)
    return digests
  }

  // ------------------------------------------------------------------------------------------------- reading

  /** Gives `take` the bytes in order, in memory that is used again; false when some are missing or `take` says so. */
  #readInto(
    piece: number,
    begin: number,
    length: number,
    held: readonly HeldExtent[],
    take: (bytes: Uint8Array) => boolean,
  ): boolean {
    for (const place of placesOf(this.#geometry, piece, begin, length, held)) {
      for (let done = 0; done < place.length; ) {
        const part = Math.min(SCRATCH_BYTES, place.length - done)
        if (place.kind === 'pad') {
          if (!take(zeroes.subarray(0, part))) return false
        } else {
          const bytes = scratch.subarray(0, part)
          if (!this.#readPlace(place, bytes, place.position + done)) return false
          if (!take(bytes)) return false
        }
        done += part
      }
    }
    return true
  }

  #readPlace(place: Place, into: Uint8Array, position: number): boolean {
    const path = this.#pathOf(place)
    try {
      const fd = this.#handles.reader(this.#key(place), path, () => {
        if (place.kind === 'file') inspectFoldersSync(this.#plan.dir, place.file.path)
      })
      return readFully(fd, into, position) === into.length
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return false
      throw diskError(cause, 'read', path)
    }
  }

  #matches(piece: number, digest: Uint8Array): boolean {
    const at = piece * DIGEST_BYTES
    return equalBytes(this.#plan.hashes.subarray(at, at + DIGEST_BYTES), digest)
  }

  // ------------------------------------------------------------------------------------- creating and moving

  /** Empty files, and all the space of files when `full`. */
  #create(wanted: readonly boolean[], found: readonly FileStamp[]): void {
    const full = this.#plan.allocation === 'full'
    const todo = this.#geometry.files.filter(file => {
      if (file.pad || !wanted[file.index]) return false
      return file.length === 0 ? found[file.index] === undefined : full && sizeOf(found, file) < file.length
    })
    if (full) this.#assertSpace(todo, found)
    for (const file of todo) {
      try {
        const fd = this.#writer({ kind: 'file', file }, this.#path(file))
        this.#reserve(fd, file, sizeOf(found, file))
      } catch (cause) {
        throw diskError(cause, file.length === 0 ? 'create' : 'reserve', this.#path(file))
      }
    }
  }

  /** Fails before anything is written when it is plain that not all will fit. */
  #assertSpace(files: readonly FileSpan[], found: readonly FileStamp[]): void {
    let needed = 0
    for (const file of files) needed += file.length - sizeOf(found, file)
    if (needed === 0) return
    const { dir } = this.#plan
    let free: number
    try {
      makeFolders(dir, [])
      const stats = statfsSync(dir)
      free = stats.bavail * stats.bsize
    } catch (cause) {
      throw diskError(cause, 'reserve', dir)
    }
    if (free < needed)
      throw diskError(Object.assign(new Error('disk full'), { code: 'ENOSPC' }), 'reserve', dir)
  }

  /** Node has no fallocate: zeroes are written from the present end. What did not fit is given back. */
  #reserve(fd: number, file: FileSpan, from: number): void {
    try {
      for (let at = from; at < file.length; at += SCRATCH_BYTES) {
        if (this.isCancelled) return
        writeFully(fd, [zeroes.subarray(0, Math.min(SCRATCH_BYTES, file.length - at))], at)
      }
    } catch (cause) {
      ftruncateSync(fd, from)
      throw cause
    }
  }

  #move(wanted: readonly boolean[], content: PartsContent): PartsContent {
    const { held, spare } = content
    const moving = held.filter(extent => wanted[extent.file])
    for (const extent of moving) this.#moveExtent(extent)
    if (moving.length === 0) return content
    const left = held.filter(extent => !wanted[extent.file])
    const parts = this.#partsPath
    try {
      if (left.length > 0) {
        const fd = this.#handles.writer(`${this.#plan.id}:parts`, parts, () => undefined)
        for (const extent of moving) {
          const entry = partsEntry(extent, false)
          writeFully(fd, [entry.bytes], entry.position)
        }
        return { held: left, spare: [...spare, ...moving] }
      }
      this.#handles.close(`${this.#plan.id}:parts`)
      unlinkSync(parts)
    } catch (cause) {
      // Room was given out but nothing had been written: there is no file.
      if (errnoOf(cause) !== 'ENOENT') throw diskError(cause, 'write', parts)
    }
    return { held: [], spare: [] }
  }

  #moveExtent(extent: HeldExtent): void {
    const file = this.#geometry.files[extent.file]!
    const length = extentLength(this.#geometry, extent.piece, file)
    const start = extentStart(this.#geometry, extent.piece, file)
    const from: Place = {
      kind: 'parts',
      file,
      position: extent.position,
      from: 0,
      length,
      entry: extent.entry,
    }
    for (let done = 0; done < length; done += SCRATCH_BYTES) {
      const bytes = scratch.subarray(0, Math.min(SCRATCH_BYTES, length - done))
      // A piece that was never finished may end early: it is fetched again anyway.
      if (!this.#readPlace(from, bytes, extent.position + done)) return
      try {
        writeFully(this.#writer({ kind: 'file', file }, this.#path(file)), [bytes], start + done)
      } catch (cause) {
        throw diskError(cause, 'write', this.#path(file))
      }
    }
  }

  // ------------------------------------------------------------------------------------------------- helpers

  #writer(place: Pick<Place, 'kind' | 'file'>, path: string): number {
    const { dir } = this.#plan
    if (place.kind === 'file') {
      const { file } = place
      return this.#handles.writer(this.#key(place), path, () => this.#admit(file))
    }
    const fd = this.#handles.writer(this.#key(place), path, () => makeFolders(dir, []))
    // Two workers may both find it new: they write the same header.
    if (fstatSync(fd).size === 0) writeFully(fd, [partsHeader(this.#geometry)], 0)
    return fd
  }

  /** Before a file is opened for writing: its folders, and nothing but a file of fitting size in its place. */
  #admit(file: FileSpan): void {
    makeFolders(this.#plan.dir, [])
    this.#assertSameDisk()
    makeFolders(this.#plan.dir, file.path)
    const stamp = stampOf(this.#plan.dir, file.path)
    if (stamp !== undefined && stamp.size > file.length) {
      throw pathConflict(this.#path(file), 'is longer than it should be')
    }
  }

  /** Where a disk was mounted there is a folder when it no longer is: nothing may be written to that. */
  #assertSameDisk(): void {
    const { dir } = this.#plan
    const { dev } = statSync(dir)
    this.#dev ??= dev
    if (dev === this.#dev) return
    throw new ShoalError('DISK_WRITE', `${dir} is not on the disk that it was on before`, {
      operation: 'open',
      subject: dir,
    })
  }

  #key(place: Pick<Place, 'kind' | 'file'>): string {
    return `${this.#plan.id}:${place.kind === 'parts' ? 'parts' : place.file.index}`
  }

  #pathOf(place: Pick<Place, 'kind' | 'file'>): string {
    return place.kind === 'parts' ? this.#partsPath : this.#path(place.file)
  }

  #pathOfPiece(piece: number): string {
    return this.#path(this.#geometry.slices(this.#geometry.pieceOffset(piece), 1)[0]!.file)
  }

  #path(file: FileSpan): string {
    this.#paths[file.index] ??= filePath(this.#plan.dir, file)
    return this.#paths[file.index]!
  }
}

/**
 * Piece memory is larger than what the processor finds quickly, and hashing waits for each line of it: 1.1 GB/s. Copied
 * to somewhere near first, which it fetches ahead for, it is 1.5 GB/s, and what is written next is near as well.
 */
function hashFar(bytes: Uint8Array, hasher: Hash): void {
  for (let done = 0; done < bytes.length; done += SCRATCH_BYTES) {
    const length = Math.min(SCRATCH_BYTES, bytes.length - done)
    copyTo(scratch, viewOf(bytes, done, length), 0)
    hasher.update(length === SCRATCH_BYTES ? scratch : scratch.subarray(0, length))
  }
}

function sizeOf(found: readonly FileStamp[], file: FileSpan): number {
  return found[file.index]?.size ?? 0
}

/** The part of `views` that begins at byte `from` and has `length` bytes. */
function cut(views: readonly Uint8Array[], from: number, length: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  const end = from + length
  let at = 0
  for (const view of views) {
    const start = Math.max(from, at)
    const stop = Math.min(end, at + view.length)
    if (stop > start) parts.push(view.subarray(start - at, stop - at))
    at += view.length
    if (at >= end) break
  }
  return parts
}
