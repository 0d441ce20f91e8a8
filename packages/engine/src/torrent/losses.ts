/** What a torrent loses of its data behind its back: files that others remove while it is at work, and what an error cost. */
import type { Bitfield } from '../bytes/bitfield.ts'
import { ShoalError } from '../errors.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'
import type { FileStamp } from '../ports.ts'
import type { WantedFiles } from './wanted-files.ts'

export class Losses {
  readonly #wanted: WantedFiles
  /** The files that were wanted when stamps were taken last: what is had of them has been moved there. */
  #inPlace: readonly boolean[] = []
  /** Pieces that were had when it failed. */
  #hadCount = 0

  constructor(wanted: WantedFiles) {
    this.#wanted = wanted
  }

  /** It fails while so many pieces are had. */
  onFailure(haveCount: number): void {
    this.#hadCount = Math.max(this.#hadCount, haveCount)
  }

  /** It is at work, and has so many pieces. How many were lost since it failed. */
  onActive(haveCount: number): number {
    this.#inPlace = this.#wanted.selected
    const lost = this.#hadCount - haveCount
    this.#hadCount = 0
    return Math.max(lost, 0)
  }

  /** While it is at work: a wanted file that is gone, or too short for what is had of it. */
  lostFile(stamps: readonly FileStamp[], geometry: Geometry, have: Bitfield): FileSpan | undefined {
    const known = this.#inPlace
    this.#inPlace = this.#wanted.selected
    const files = this.#wanted.withData(have).map(index => geometry.files[index]!)
    return files.find(
      file => known[file.index] && (stamps[file.index]?.size ?? 0) < endOfData(geometry, have, file),
    )
  }
}

export function fileWasLost(file: FileSpan): ShoalError {
  const path = file.path.join('/')
  return new ShoalError('DISK_READ', `${path} was removed or cut while it was in use`, {
    operation: 'read',
    subject: path,
  })
}

/** In words, for more than none. */
export function piecesWereLost(count: number, readOnly: boolean): string {
  const pieces = count === 1 ? '1 piece' : `${count} pieces`
  const fate = readOnly ? 'not shared any more' : 'fetched again as far as wanted'
  return `${pieces} did not match any more after the error: ${fate}`
}
/** How long the file has to be for the pieces that are had. */
function endOfData(geometry: Geometry, have: Bitfield, file: FileSpan): number {
  const span = geometry.piecesOf(file)
  for (let piece = span?.last ?? -1; span !== undefined && piece >= span.first; piece--) {
    if (!have.has(piece)) continue
    const end = geometry.pieceOffset(piece) + geometry.pieceSize(piece) - file.offset
    return Math.min(end, file.length)
  }
  return 0
}
