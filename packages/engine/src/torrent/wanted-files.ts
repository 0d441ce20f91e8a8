/** Which files of a torrent are wanted, and what follows from that for its pieces, its figures and its store. */
import type { Bitfield } from '../bytes/bitfield.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { FileProgress } from './file-progress.ts'

export class WantedFiles {
  readonly #priorities: number[]
  readonly #geometry: Geometry
  readonly #readOnly: boolean
  readonly #progress: FileProgress
  #selected: readonly boolean[] = []

  /** `readOnly`: nothing is ever fetched, whatever the priorities are. */
  constructor(geometry: Geometry, priorities: readonly number[], readOnly: boolean) {
    this.#geometry = geometry
    this.#priorities = [...priorities]
    this.#readOnly = readOnly
    this.#progress = new FileProgress(geometry)
  }

  /** One a file: 0 skip, 1 low, 4 normal, 7 high. */
  get priorities(): readonly number[] {
    return this.#priorities
  }

  /** Whether that is a change. */
  setPriority(file: number, priority: number): boolean {
    if (this.#priorities[file] === priority) return false
    this.#priorities[file] = priority
    this.#progress.forget()
    return true
  }

  /** One a piece, for the picker. */
  piecePriorities(): Uint8Array {
    if (this.#readOnly) return new Uint8Array(this.#geometry.pieceCount)
    return piecePriorities(this.#geometry, this.#priorities)
  }

  /** The files that the store was last told to be wanted. */
  get selected(): readonly boolean[] {
    return this.#selected
  }

  /** Makes {@link selected} what is wanted now. Whether that is a change, of which the store is to be told. */
  select(): boolean {
    const { files } = this.#geometry
    const wanted = this.#priorities.map((priority, file) => priority > 0 || files[file]!.pad)
    if (wanted.every((is, file) => is === this.#selected[file])) return false
    this.#selected = wanted
    return true
  }

  /** All that is wanted is had. */
  areComplete(have: Bitfield): boolean {
    return this.piecePriorities().every((priority, piece) => priority === 0 || have.has(piece))
  }

  /** Of whole pieces, as they are fetched. */
  leftBytes(have: Bitfield): number {
    let bytes = 0
    for (const [piece, priority] of this.piecePriorities().entries()) {
      if (priority > 0 && !have.has(piece)) bytes += this.#geometry.pieceSize(piece)
    }
    return bytes
  }

  /** Numbers of the wanted files that hold bytes of pieces that are had. */
  withData(have: Bitfield): number[] {
    const files = this.#geometry.files.filter(file => {
      const isWanted = !file.pad && this.#priorities[file.index]
      const span = isWanted ? this.#geometry.piecesOf(file) : undefined
      for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++) {
        if (have.has(piece)) return true
      }
      return false
    })
    return files.map(file => file.index)
  }

  /** How much of the wanted files is there; good until the next call. */
  progress(have: Bitfield): Pick<FileProgress, 'wantedBytes' | 'haveBytes'> {
    return this.#progress.update(have, this.#priorities)
  }
}

/** One priority a piece: the highest of the files it holds bytes of; pads have no say. */
function piecePriorities(geometry: Geometry, filePriorities: readonly number[]): Uint8Array {
  const priorities = new Uint8Array(geometry.pieceCount)
  for (const file of geometry.files) {
    const span = file.pad ? undefined : geometry.piecesOf(file)
    if (span === undefined) continue
    const priority = filePriorities[file.index] ?? 0
    for (let piece = span.first; piece <= span.last; piece++) {
      if (priorities[piece]! < priority) priorities[piece] = priority
    }
  }
  return priorities
}
