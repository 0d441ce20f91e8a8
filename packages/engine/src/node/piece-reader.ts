/**
 * Reads bytes of a torrent on the main thread, asynchronously, for {@link ReadCache}, and gives nothing away that does not
 * match its piece. Files are looked at once for each load, after it was read:
 *
 *     all as they were when the piece was proven   it is good
 *     otherwise                                    the bytes that were read are hashed: good, or a read error
 *
 * While we write to a file ourselves it changes all the time, and what is read of it is always hashed.
 */
import { fstat, fstatSync, read, type Stats } from 'node:fs'
import { type FileHandle, lstat } from 'node:fs/promises'
import { ShoalError } from '../errors.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'
import { diskError, shortFile } from './disk-errors.ts'
import { filePath, type Place, partsPath, placesOf } from './file-plan.ts'
import { inspectFolders } from './folders.ts'
import type { ReadHandles } from './handles.ts'
import type { PartsIndex } from './parts-index.ts'
import { PieceProof } from './piece-proof.ts'
import { markOf, type Witness } from './witness.ts'

/** The name leads to another file than the one that was open. */
class Replaced extends Error {
  constructor() {
    super('it was replaced while it was read')
  }
}

const NONE_BAD: ReadonlyMap<number, ShoalError> = new Map()

// By callbacks, since a `FileHandle` makes several promises of each call, and there are two for every MiB that is served.
// The number stays this file's: `ReadHandles` closes nothing that is in use.

/** Fills `into`; how many bytes there were. */
function readFrom(fd: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((done, failed) => {
    const more = (got: number): void => {
      read(fd, into, got, into.length - got, position + got, (cause, length) => {
        if (cause !== null) failed(cause)
        else if (length === 0 || got + length === into.length) done(got + length)
        else more(got + length)
      })
    }
    more(0)
  })
}

function statOf(fd: number): Promise<Stats> {
  return new Promise((done, failed) => {
    fstat(fd, (cause, stats) => {
      if (cause === null) done(stats)
      else failed(cause)
    })
  })
}

export class PieceReader {
  readonly #id: number
  readonly #dir: string
  readonly #infoHash: string
  readonly #geometry: Geometry
  readonly #parts: PartsIndex
  readonly #handles: ReadHandles
  readonly #witness: Witness
  readonly #proof: PieceProof
  #closed = false

  constructor(
    torrent: { id: number; dir: string; infoHash: string; geometry: Geometry; hashes: Uint8Array },
    parts: PartsIndex,
    handles: ReadHandles,
    witness: Witness,
  ) {
    this.#id = torrent.id
    this.#dir = torrent.dir
    this.#infoHash = torrent.infoHash
    this.#geometry = torrent.geometry
    this.#parts = parts
    this.#handles = handles
    this.#witness = witness
    this.#proof = new PieceProof(torrent.geometry, torrent.hashes)
  }

  /** Nothing is opened any more; reads under way end by themselves. */
  close(): void {
    this.#closed = true
    this.#handles.close(`${this.#id}:`)
  }

  /** The parts file was changed or removed. */
  forgetParts(): void {
    this.#handles.close(`${this.#id}:parts`)
  }

  /** Fills `into` from `begin` of `piece`, going on into the pieces after it; tells which pieces are no good. */
  fill(piece: number, begin: number, into: Uint8Array): Promise<ReadonlyMap<number, ShoalError>> {
    return this.#fillPlainly(piece, begin, into) ?? this.#fill(piece, begin, into)
  }

  /**
   * What most loads are: pieces that are proven, of one file, which is open. One read and one look, with no promise in
   * between; where anything is not as it should be, the long way begins anew. Undefined: it is not such a load.
   */
  #fillPlainly(
    piece: number,
    begin: number,
    into: Uint8Array,
  ): Promise<ReadonlyMap<number, ShoalError>> | undefined {
    const geometry = this.#geometry
    const start = geometry.pieceOffset(piece) + begin
    const slices = geometry.slices(start, into.length)
    const { file, fileOffset } = slices[0]!
    const last = Math.floor((start + into.length - 1) / geometry.pieceLength)
    if (slices.length > 1 || file.pad || !this.#areProven(piece, last)) return undefined
    for (let each = piece; each <= last; each++) if (this.#parts.ofPiece(each).length > 0) return undefined
    const open = this.#handles.borrow(this.#keyOf(file))
    if (open === undefined) return undefined
    return new Promise(done => {
      read(open.fd, into, 0, into.length, fileOffset, (cause, length) => {
        const isGood = cause === null && length === into.length && this.#isAsItWas(file, open.fd)
        this.#handles.release(open)
        done(isGood && this.#areProven(piece, last) ? NONE_BAD : this.#fill(piece, begin, into))
      })
    })
  }

  #areProven(first: number, last: number): boolean {
    for (let piece = first; piece <= last; piece++) if (!this.#witness.isProven(piece)) return false
    return true
  }

  /** Looks at an open file, only where that answers from memory. */
  #isAsItWas(file: FileSpan, fd: number): boolean {
    try {
      return this.#witness.isAsSeen(file, markOf(fstatSync(fd)))
    } catch {
      return false
    }
  }

  async #fill(piece: number, begin: number, into: Uint8Array): Promise<ReadonlyMap<number, ShoalError>> {
    const { pieceLength } = this.#geometry
    const witness = this.#witness
    const start = this.#geometry.pieceOffset(piece) + begin
    const last = Math.floor((start + into.length - 1) / pieceLength)
    const places = this.#places(piece, begin, into.length)
    const settled = await this.#look(places, piece, last)
    const { changes } = witness
    const bad = await this.#readAll(places, start, into)
    for (let each = piece; each <= last; each++) {
      if (bad.has(each) || (witness.changes === changes && witness.isProven(each))) continue
      const from = Math.max(start, this.#geometry.pieceOffset(each))
      const to = Math.min(
        start + into.length,
        this.#geometry.pieceOffset(each) + this.#geometry.pieceSize(each),
      )
      const bytes = into.subarray(from - start, to - start)
      const within = from - this.#geometry.pieceOffset(each)
      const matches = await this.#matches(each, within, bytes, settled.has(each) ? changes : undefined)
      if (!matches) bad.set(each, this.#mismatch(each))
    }
    return bad
  }

  /** Looks at the files before they are read, where that may prove something: of which pieces it may. */
  async #look(places: readonly Place[], first: number, last: number): Promise<ReadonlySet<number>> {
    const settled = new Set<number>()
    const witness = this.#witness
    if (this.#areProven(first, last)) return settled
    for (const place of places) {
      // What is wrong with it, reading tells.
      if (place.kind === 'file') await this.#use(place, handle => this.#see(place, handle)).catch(() => {})
    }
    for (let piece = first; piece <= last; piece++) {
      if (witness.isSettled(piece) && this.#parts.ofPiece(piece).length === 0) settled.add(piece)
    }
    return settled
  }

  /** Hashes. `changes`: how many there had been before the bytes were read; undefined: they prove nothing for later. */
  async #matches(
    piece: number,
    begin: number,
    bytes: Uint8Array,
    changes: number | undefined,
  ): Promise<boolean> {
    const witness = this.#witness
    if (bytes.length === this.#geometry.pieceSize(piece)) {
      if (!(await this.#proof.isPiece(piece, bytes))) return false
      if (witness.changes === changes) witness.prove(piece)
      return true
    }
    if (changes !== undefined || !this.#proof.hasDigests(piece)) {
      const before = witness.changes
      const matches = await this.#proof.survey(piece, before, async (at, into) => {
        const start = this.#geometry.pieceOffset(piece) + at
        return (await this.#readAll(this.#places(piece, at, into.length), start, into)).size === 0
      })
      if (!matches) return false
      if (changes !== undefined && witness.changes === before) witness.prove(piece)
    }
    return await this.#proof.isPart(piece, begin, bytes)
  }

  /** Reads all places, then sees their files. What could not be read, by piece. */
  async #readAll(
    places: readonly Place[],
    start: number,
    into: Uint8Array,
  ): Promise<Map<number, ShoalError>> {
    const bad = new Map<number, ShoalError>()
    for (const place of places) {
      const bytes = into.subarray(place.from, place.from + place.length)
      const { length, error } = await this.#read(place, bytes)
      if (error === undefined) continue
      const { pieceLength } = this.#geometry
      const first = Math.floor((start + place.from + length) / pieceLength)
      const last = Math.floor((start + place.from + place.length - 1) / pieceLength)
      for (let each = first; each <= last; each++) if (!bad.has(each)) bad.set(each, error)
    }
    return bad
  }

  /** How far it came, and the error if that is not all. */
  async #read(place: Place, into: Uint8Array): Promise<{ length: number; error: ShoalError | undefined }> {
    if (place.kind === 'pad') {
      into.fill(0)
      return { length: into.length, error: undefined }
    }
    let length = 0
    try {
      await this.#use(place, async handle => {
        length = 0
        const got = await readFrom(handle.fd, into, place.position)
        if (place.kind === 'file') await this.#see(place, handle)
        length = got
        if (length < into.length) throw shortFile(this.#path(place))
      })
      return { length, error: undefined }
    } catch (cause) {
      return { length, error: diskError(cause, 'read', this.#path(place)) }
    }
  }

  /** Notes how the file looks now. Throws where it is no longer the one that has its name. */
  async #see(place: Place, handle: FileHandle): Promise<void> {
    const stats = await statOf(handle.fd)
    if (this.#witness.see(place.file, markOf(stats))) return
    const named: Stats = await lstat(this.#path(place))
    if (named.ino !== stats.ino) throw new Replaced()
  }

  async #use(place: Place, use: (handle: FileHandle) => Promise<void>): Promise<void> {
    const inParts = place.kind === 'parts'
    const key = inParts ? `${this.#id}:parts` : this.#keyOf(place.file)
    const inspect = (): Promise<void> =>
      inParts ? Promise.resolve() : inspectFolders(this.#dir, place.file.path)
    for (let isFirst = true; ; isFirst = false) {
      if (this.#closed) throw new ShoalError('CLOSED', 'the torrent was closed')
      try {
        return await this.#handles.use(key, this.#path(place), inspect, use)
      } catch (cause) {
        // Its handle is dropped: what is opened next is what has the name now.
        if (!(cause instanceof Replaced) || !isFirst) throw cause
      }
    }
  }

  #keyOf(file: FileSpan): string {
    return `${this.#id}:${file.index}`
  }

  #path(place: Place): string {
    return place.kind === 'parts' ? partsPath(this.#dir, this.#infoHash) : filePath(this.#dir, place.file)
  }

  #mismatch(piece: number): ShoalError {
    const file: FileSpan = this.#witness.suspectOf(piece)
    const path = filePath(this.#dir, file)
    return new ShoalError('DISK_READ', `${path} was changed: piece ${piece} in it does not match any more`, {
      operation: 'read',
      subject: path,
    })
  }

  /** The places of a range that may cross pieces; neighbours in a file are one. */
  #places(piece: number, begin: number, length: number): Place[] {
    const merged: Place[] = []
    let from = 0
    for (let each = piece, at = begin; from < length; each++, at = 0) {
      const part = Math.min(length - from, this.#geometry.pieceSize(each) - at)
      for (const place of placesOf(this.#geometry, each, at, part, this.#parts.ofPiece(each))) {
        const last = merged.at(-1)
        const joins = last?.kind === place.kind && last.file === place.file
        if (joins && last.position + last.length === place.position) {
          merged[merged.length - 1] = { ...last, length: last.length + place.length }
        } else {
          merged.push({ ...place, from: place.from + from })
        }
      }
      from += part
    }
    return merged
  }
}
