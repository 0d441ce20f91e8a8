/** Reads bytes of a torrent on the main thread, asynchronously, for {@link ReadCache}. */
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { diskError, shortFile } from './disk-errors.ts'
import { filePath, type Place, partsPath, placesOf } from './file-plan.ts'
import { inspectFolders } from './folders.ts'
import type { ReadHandles } from './handles.ts'
import type { PartsIndex } from './parts-index.ts'

export class PieceReader {
  readonly #id: number
  readonly #dir: string
  readonly #infoHash: string
  readonly #geometry: Geometry
  readonly #parts: PartsIndex
  readonly #handles: ReadHandles
  #closed = false

  constructor(
    torrent: { id: number; dir: string; infoHash: string; geometry: Geometry },
    parts: PartsIndex,
    handles: ReadHandles,
  ) {
    this.#id = torrent.id
    this.#dir = torrent.dir
    this.#infoHash = torrent.infoHash
    this.#geometry = torrent.geometry
    this.#parts = parts
    this.#handles = handles
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

  /** Fills `into` from `begin` of `piece`, going on into the pieces after it; tells which pieces are not all there. */
  async fill(piece: number, begin: number, into: Uint8Array): Promise<ReadonlyMap<number, ShoalError>> {
    const bad = new Map<number, ShoalError>()
    const start = this.#geometry.pieceOffset(piece) + begin
    for (const place of this.#places(piece, begin, into.length)) {
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
    const inParts = place.kind === 'parts'
    const path = inParts ? partsPath(this.#dir, this.#infoHash) : filePath(this.#dir, place.file)
    const key = `${this.#id}:${inParts ? 'parts' : place.file.index}`
    const inspect = (): Promise<void> =>
      inParts ? Promise.resolve() : inspectFolders(this.#dir, place.file.path)
    let length = 0
    try {
      if (this.#closed) throw new ShoalError('CLOSED', 'the torrent was closed')
      await this.#handles.use(key, path, inspect, async handle => {
        while (length < into.length) {
          const { bytesRead } = await handle.read(into, length, into.length - length, place.position + length)
          if (bytesRead === 0) throw shortFile(path)
          length += bytesRead
        }
      })
      return { length, error: undefined }
    } catch (cause) {
      return { length, error: diskError(cause, 'read', path) }
    }
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
