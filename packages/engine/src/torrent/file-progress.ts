/** How much of a torrent's files is there. A walk over them, made again only after a piece came or a choice changed. */
import type { Bitfield } from '../bytes/bitfield.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'

export class FileProgress {
  /** Of all files that are not skipped; pad files are nobody's. */
  wantedBytes = 0
  /** Of those, verified and on disk. */
  haveBytes = 0
  readonly #geometry: Geometry
  #have: Bitfield | undefined
  #haveCount = 0

  constructor(geometry: Geometry) {
    this.#geometry = geometry
  }

  /** Other files are wanted: all is counted anew next time. */
  forget(): void {
    this.#have = undefined
  }

  /** Makes the figures those of now; `have` only grows as long as it is the same object. */
  update(have: Bitfield, priorities: readonly number[]): this {
    if (have === this.#have && have.count === this.#haveCount) return this
    this.#have = have
    this.#haveCount = have.count
    this.wantedBytes = this.haveBytes = 0
    for (const file of this.#geometry.files) {
      if (file.pad || priorities[file.index] === 0) continue
      this.wantedBytes += file.length
      this.haveBytes += bytesHad(file, this.#geometry, have)
    }
    return this
  }
}

/** Of the whole torrent, whatever is wanted: what trackers are told (BEP 3). */
export function leftBytes(geometry: Geometry, have: Bitfield): number {
  let bytes = have.count * geometry.pieceLength
  const last = geometry.pieceCount - 1
  if (have.has(last)) bytes -= geometry.pieceLength - geometry.pieceSize(last)
  return geometry.totalLength - bytes
}

/** Bytes of the file that are in pieces that are had. */
export function bytesHad(file: FileSpan, geometry: Geometry, have: Bitfield): number {
  if (have.isFull) return file.length
  const span = have.isEmpty ? undefined : geometry.piecesOf(file)
  if (span === undefined) return 0
  const { first, last } = span
  const end = file.offset + file.length
  if (first === last) return have.has(first) ? file.length : 0
  const inFirst = have.has(first) ? geometry.pieceOffset(first + 1) - file.offset : 0
  const inLast = have.has(last) ? end - geometry.pieceOffset(last) : 0
  return inFirst + have.countBetween(first + 1, last) * geometry.pieceLength + inLast
}
