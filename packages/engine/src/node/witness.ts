/**
 * What is known about the files of one torrent from looking at them: whether a piece whose bytes were hashed once may be
 * served without hashing them again. A file that anybody writes to, cuts, touches or replaces gets another mark, and
 * with it every piece that has bytes in it has to be proven anew.
 *
 * Times of files move in steps, of some milliseconds on most systems, of two seconds on FAT: two changes within one step
 * cannot be told apart. So nothing is proven of a file that changed just now. How long that is shows in the times: where
 * they have digits below a hundredth of a second, the steps are as fine, only that a busy machine's clock may stand still
 * for some tenths.
 *
 * What is kept over a restart must not say more than is known here: somebody may have written to a file that nobody has
 * read since.
 */
import { Bitfield } from '../bytes/bitfield.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'
import type { FileStamp } from '../ports.ts'

/** More than the coarsest step of file times, and some for clocks of file servers that differ from ours. */
const SETTLED_MS = 3_000
/** The same where the steps are fine. */
const FINE_SETTLED_MS = 1_000

/** What differs after a change of a file: of its content (size, times) or of the file itself (ino). */
export interface Mark {
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  /** Nobody can set this one back. */
  readonly ctimeMs: number
}

export class Witness {
  readonly #geometry: Geometry
  readonly #unixTimeMs: () => number
  /** One per file; undefined: not seen, or not there. */
  readonly #marks: (Mark | undefined)[]
  readonly #proven: Bitfield
  /** One per file: as it was found, when what is had of it was made sure of. */
  readonly #found: (Mark | undefined)[]
  /** 1 for files that we write to ourselves. */
  readonly #ours: Uint8Array
  #changes = 0

  constructor(geometry: Geometry, unixTimeMs: () => number = Date.now) {
    this.#geometry = geometry
    this.#unixTimeMs = unixTimeMs
    this.#marks = geometry.files.map(() => undefined)
    this.#proven = new Bitfield(geometry.pieceCount)
    this.#found = geometry.files.map(() => undefined)
    this.#ours = new Uint8Array(geometry.files.length)
  }

  /** How many changes were seen. What was read while this grew may be of before or after. */
  get changes(): number {
    return this.#changes
  }

  /** Notes how a file looks; false when it is not as it was last seen. */
  see(file: FileSpan, mark: Mark | undefined): boolean {
    const { index } = file
    const known = this.#marks[index]
    this.#found[index] ??= mark
    if (isSame(known, mark)) return true
    this.#marks[index] = mark
    this.#changes++
    const span = this.#geometry.piecesOf(file)
    for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++) {
      this.#proven.delete(piece)
    }
    return false
  }

  /** Whether a file looks as when it was last seen. Notes nothing. */
  isAsSeen(file: FileSpan, mark: Mark): boolean {
    return isSame(this.#marks[file.index], mark)
  }

  isProven(piece: number): boolean {
    return this.#proven.has(piece)
  }

  /** We write to the file from here on: what changes about it is our doing, as far as we know. */
  own(file: FileSpan): void {
    this.#ours[file.index] = 1
  }

  /** What may be kept of how a file looks now: its mark only if all that is in it is proven as it looks. */
  stampOf(file: FileSpan, now: KeptMark | undefined): FileStamp {
    if (now === undefined) return undefined
    const { size, mtimeMs, mark } = now
    return this.#isProvenAs(file, now) ? { size, mtimeMs, mark } : { size, mtimeMs }
  }

  /**
   * Whether somebody else has written to the file since it was found, and not all of it was proven since. Another name,
   * a link or other rights do not count, though all of it has to be proven anew; who sets the time back is found out then.
   */
  isChanged(file: FileSpan, now: Mark | undefined): boolean {
    const found = this.#found[file.index]
    if (found === undefined || this.#ours[file.index] === 1) return false
    const isAsItWas = now?.size === found.size && now.mtimeMs === found.mtimeMs
    return !isAsItWas && !this.#isProvenAs(file, now)
  }

  #isProvenAs(file: FileSpan, now: Mark | undefined): boolean {
    if (now === undefined || !isSame(this.#marks[file.index], now)) return false
    const span = this.#geometry.piecesOf(file)
    for (let piece = span?.first ?? 0; span !== undefined && piece <= span.last; piece++) {
      if (!this.#proven.has(piece)) return false
    }
    return true
  }

  /** Whether what is hashed from now on, with no change seen until then, may be called proven. */
  isSettled(piece: number): boolean {
    const now = this.#unixTimeMs()
    return this.#filesOf(piece).every(file => isSettled(this.#marks[file.index], now))
  }

  /** The piece matched, and all its files are as they were seen before it was read. */
  prove(piece: number): void {
    this.#proven.add(piece)
  }

  /** Of the files of a piece the one that changed last. */
  suspectOf(piece: number): FileSpan {
    let newest: FileSpan | undefined
    const timeOf = (file: FileSpan): number => this.#marks[file.index]?.ctimeMs ?? 0
    for (const file of this.#filesOf(piece)) {
      if (newest === undefined || timeOf(file) > timeOf(newest)) newest = file
    }
    return newest ?? this.#geometry.files[0]!
  }

  #filesOf(piece: number): FileSpan[] {
    const slices = this.#geometry.slices(this.#geometry.pieceOffset(piece), this.#geometry.pieceSize(piece))
    return slices.map(slice => slice.file).filter(file => !file.pad)
  }
}

export function markOf({ ino, size, mtimeMs, ctimeMs }: Mark): Mark {
  return { ino, size, mtimeMs, ctimeMs }
}

/** A mark that can be kept over restarts, see `FileStamp`. */
export interface KeptMark extends Mark {
  readonly mark: string
}

export function keptMarkOf(stats: Mark): KeptMark {
  return { ...markOf(stats), mark: `${stats.ino} ${Math.round(stats.ctimeMs * 1_000)}` }
}

function isSame(a: Mark | undefined, b: Mark | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
}

function isSettled(mark: Mark | undefined, unixTimeMs: number): boolean {
  if (mark === undefined) return false
  const isFine = mark.ctimeMs % 10 !== 0
  return unixTimeMs - mark.ctimeMs > (isFine ? FINE_SETTLED_MS : SETTLED_MS)
}
