/**
 * Where the bytes of a torrent live:
 *
 *     a file that is wanted, or that exists   <dir>/<path elements>, in place
 *     a file that is neither                  <dir>/.<info-hash>.parts, only what came with pieces of other files
 *     a pad file                              nowhere: zeroes
 */
import { join, resolve } from 'node:path'
import type { FileSpan, Geometry, GeometryFile } from '../metainfo/geometry.ts'
import type { HeldExtent } from './store-messages.ts'

/** Where the data of a torrent is. */
export interface DataPlace {
  /** Absolute. */
  readonly dir: string
  /** Lower-case hex. */
  readonly infoHash: string
  readonly files: readonly GeometryFile[]
}

/** A stretch of a piece and where it lives. */
export interface Place {
  readonly kind: 'file' | 'parts' | 'pad'
  readonly file: FileSpan
  /** First byte within the file, or within the parts file. */
  readonly position: number
  /** First byte within the range that was asked for. */
  readonly from: number
  readonly length: number
  /** Of the parts file's index; -1 for other kinds. */
  readonly entry: number
}

/** The places of `length` bytes from `begin` of a piece, in order. `held`: that piece's extents in the parts file. */
export function placesOf(
  geometry: Geometry,
  piece: number,
  begin: number,
  length: number,
  held: readonly HeldExtent[],
): Place[] {
  const pieceOffset = geometry.pieceOffset(piece)
  let from = 0
  return geometry.slices(pieceOffset + begin, length).map(slice => {
    const { file, fileOffset } = slice
    const at = from
    from += slice.length
    if (file.pad) {
      return { kind: 'pad', file, position: fileOffset, from: at, length: slice.length, entry: -1 }
    }
    const extent = held.find(each => each.piece === piece && each.file === file.index)
    if (extent === undefined) {
      return { kind: 'file', file, position: fileOffset, from: at, length: slice.length, entry: -1 }
    }
    const skipped = fileOffset - extentStart(geometry, piece, file)
    const position = extent.position + skipped
    return { kind: 'parts', file, position, from: at, length: slice.length, entry: extent.entry }
  })
}

/** First byte within `file` of what it shares with `piece`. */
export function extentStart(geometry: Geometry, piece: number, file: FileSpan): number {
  return Math.max(0, geometry.pieceOffset(piece) - file.offset)
}

/** How many bytes `piece` and `file` share; not positive if none. */
export function extentLength(geometry: Geometry, piece: number, file: FileSpan): number {
  const start = geometry.pieceOffset(piece)
  const end = start + geometry.pieceSize(piece)
  return Math.min(end, file.offset + file.length) - Math.max(start, file.offset)
}

/** Relative to where we are now, wherever the process goes later. */
export function absolutePath(path: string): string {
  return resolve(path)
}

export function filePath(dir: string, file: GeometryFile): string {
  return join(dir, ...file.path)
}

export function partsPath(dir: string, infoHash: string): string {
  return join(dir, `.${infoHash}.parts`)
}
