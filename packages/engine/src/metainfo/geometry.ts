/**
 * All arithmetic of pieces, blocks and files of one torrent, in one immutable value.
 *
 *     torrent   |--------- file 0 ---------|-- file 1 --|----- file 2 -----|
 *     pieces    |    0    |    1    |    2    |    3    |    4    |  5 |      the last may be short
 *     blocks    |.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|.|      16 KiB, the last of a piece may be short
 *
 * `begin` is a byte within a piece, `offset` a byte within the torrent, `fileOffset` a byte within a file.
 */

/** What peers ask for at a time (BEP 3 in practice: everyone's request size). */
export const BLOCK_BYTES: number = 16 * 1024

/** What {@link Geometry} needs to know of a file. */
export interface GeometryFile {
  /** Safe path elements below the download folder, first the torrent's own folder if it has one. */
  readonly path: readonly string[]
  readonly length: number
  /** A pad file (BEP 47): zeroes that nobody stores. */
  readonly pad: boolean
}

export interface FileSpan extends GeometryFile {
  readonly index: number
  /** Where the file begins in the torrent. */
  readonly offset: number
}

/** A stretch of one file. */
export interface FileSlice {
  readonly file: FileSpan
  readonly fileOffset: number
  readonly length: number
}

export class Geometry {
  readonly pieceLength: number
  readonly totalLength: number
  readonly pieceCount: number
  readonly files: readonly FileSpan[]

  /** Lengths are non-negative safe integers whose sum is one too; `pieceLength` is positive. */
  constructor(pieceLength: number, files: readonly GeometryFile[]) {
    this.pieceLength = pieceLength
    let offset = 0
    this.files = files.map((file, index) => {
      const span = { path: file.path, length: file.length, pad: file.pad, index, offset }
      offset += file.length
      return span
    })
    this.totalLength = offset
    this.pieceCount = Math.ceil(offset / pieceLength)
  }

  /** The same files under other paths, one each. */
  withPaths(paths: readonly (readonly string[])[]): Geometry {
    return new Geometry(
      this.pieceLength,
      this.files.map((file, index) => ({ ...file, path: paths[index]! })),
    )
  }

  isPiece(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.pieceCount
  }

  /** Bytes of piece `index`: the last may be short. */
  pieceSize(index: number): number {
    return index === this.pieceCount - 1 ? this.totalLength - index * this.pieceLength : this.pieceLength
  }

  pieceOffset(index: number): number {
    return index * this.pieceLength
  }

  blockCount(index: number): number {
    return Math.ceil(this.pieceSize(index) / BLOCK_BYTES)
  }

  /** Bytes of block `block` of piece `index`: the last of a piece may be short. */
  blockSize(index: number, block: number): number {
    return Math.min(BLOCK_BYTES, this.pieceSize(index) - block * BLOCK_BYTES)
  }

  /** Whether these numbers of a peer name bytes of this torrent; they may be anything up to 2^32 - 1. */
  isRange(index: number, begin: number, length: number): boolean {
    return this.isPiece(index) && begin >= 0 && length > 0 && begin + length <= this.pieceSize(index)
  }

  /** The block that these numbers of a peer name exactly, or -1. */
  blockAt(index: number, begin: number, length: number): number {
    if (!this.isPiece(index) || begin % BLOCK_BYTES !== 0) return -1
    const block = begin / BLOCK_BYTES
    return block < this.blockCount(index) && length === this.blockSize(index, block) ? block : -1
  }

  /** The files that hold `length` bytes from `offset`, in order; empty files never appear. */
  slices(offset: number, length: number): FileSlice[] {
    const slices: FileSlice[] = []
    const end = offset + length
    for (let at = this.#fileAt(offset); at < this.files.length; at++) {
      const file = this.files[at]!
      if (file.offset >= end) break
      const from = Math.max(offset, file.offset)
      const to = Math.min(end, file.offset + file.length)
      if (to > from) slices.push({ file, fileOffset: from - file.offset, length: to - from })
    }
    return slices
  }

  /** The pieces that hold bytes of a file, as first and last; undefined for an empty file. */
  piecesOf(file: FileSpan): { first: number; last: number } | undefined {
    if (file.length === 0) return undefined
    return {
      first: Math.floor(file.offset / this.pieceLength),
      last: Math.floor((file.offset + file.length - 1) / this.pieceLength),
    }
  }

  /** Index of the last file that begins at or before `offset`, stepped back over empty ones. */
  #fileAt(offset: number): number {
    let low = 0
    let high = this.files.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.files[middle]!.offset <= offset) low = middle
      else high = middle - 1
    }
    while (low > 0 && this.files[low - 1]!.offset === this.files[low]!.offset) low--
    return low
  }
}
