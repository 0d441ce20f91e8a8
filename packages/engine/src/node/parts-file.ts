/**
 * The parts file holds what pieces have of files that nobody asked for, so that those pieces can be checked and served
 * without creating the files. All numbers are big-endian.
 *
 *     0     'shoalprt'  the magic, 8 bytes
 *     8     u32         version 1
 *     12    u32         capacity: how many entries the index has room for
 *     16    index       capacity entries of 20 bytes: piece u32, file u32, held u32 (0 or 1), position f64
 *     ...   data        extents; an extent is what one piece and one file share, its length follows from the torrent
 *
 * An entry is written after the bytes it stands for. An extent keeps its entry and position for ever, also while
 * nothing is held in it, so the file is bounded by the torrent's size whatever is selected and deselected.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { Geometry } from '../metainfo/geometry.ts'
import { errnoOf } from './disk-errors.ts'
import { extentLength } from './file-plan.ts'
import { NO_FOLLOW } from './folders.ts'
import type { HeldExtent } from './store-messages.ts'

const MAGIC = 'shoalprt'
const VERSION = 1
const HEADER_BYTES = 16
const ENTRY_BYTES = 20
/** Data begins at a multiple of this: what file systems allocate in. */
const DATA_ALIGN_BYTES = 4096

/** No torrent has more pairs of a piece and a file that share bytes. */
export function partsCapacity(geometry: Geometry): number {
  return geometry.pieceCount + geometry.files.length
}

/** Where the data of the first extent begins. */
export function partsDataStart(geometry: Geometry): number {
  const end = HEADER_BYTES + partsCapacity(geometry) * ENTRY_BYTES
  return Math.ceil(end / DATA_ALIGN_BYTES) * DATA_ALIGN_BYTES
}

export function partsHeader(geometry: Geometry): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header.set(new TextEncoder().encode(MAGIC))
  const view = new DataView(header.buffer)
  view.setUint32(8, VERSION)
  view.setUint32(12, partsCapacity(geometry))
  return header
}

export function partsEntry(extent: HeldExtent, held: boolean): { bytes: Uint8Array; position: number } {
  const bytes = new Uint8Array(ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, extent.piece)
  view.setUint32(4, extent.file)
  view.setUint32(8, held ? 1 : 0)
  view.setFloat64(12, extent.position)
  return { bytes, position: HEADER_BYTES + extent.entry * ENTRY_BYTES }
}

/** What an index says: extents that hold bytes, and those that once did and keep their room. */
export interface PartsContent {
  readonly held: readonly HeldExtent[]
  readonly spare: readonly HeldExtent[]
}

/**
 * The content of the parts file at `path`, empty when there is no file. Undefined when the file is not one of this
 * torrent or damaged. Throws system errors.
 */
export function readPartsIndex(path: string, geometry: Geometry): PartsContent | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | NO_FOLLOW)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return { held: [], spare: [] }
    throw cause
  }
  try {
    const bytes = new Uint8Array(HEADER_BYTES + partsCapacity(geometry) * ENTRY_BYTES)
    let length = 0
    while (length < bytes.length) {
      const got = readSync(fd, bytes, length, bytes.length - length, length)
      if (got === 0) break
      length += got
    }
    return parse(bytes.subarray(0, length), geometry)
  } finally {
    closeSync(fd)
  }
}

function parse(bytes: Uint8Array, geometry: Geometry): PartsContent | undefined {
  const header = partsHeader(geometry)
  if (bytes.length < HEADER_BYTES || header.some((byte, at) => bytes[at] !== byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const dataStart = partsDataStart(geometry)
  const held: HeldExtent[] = []
  const spare: HeldExtent[] = []
  const seen = new Set<string>()
  for (let at = HEADER_BYTES; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const position = view.getFloat64(at + 12)
    if (position === 0) continue
    const piece = view.getUint32(at)
    const file = geometry.files[view.getUint32(at + 4)]
    if (!Number.isSafeInteger(position) || position < dataStart || file === undefined) return undefined
    if (!geometry.isPiece(piece) || extentLength(geometry, piece, file) <= 0) return undefined
    const key = `${piece}/${file.index}`
    if (seen.has(key)) return undefined
    seen.add(key)
    const extent = { piece, file: file.index, entry: (at - HEADER_BYTES) / ENTRY_BYTES, position }
    if (view.getUint32(at + 8) === 1) held.push(extent)
    else spare.push(extent)
  }
  return { held, spare }
}
