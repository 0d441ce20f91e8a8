/** Making a torrent file of files on this machine. */
import { ShoalError } from '../errors.ts'
import { choosePieceLength, encodeTorrent } from '../metainfo/create.ts'
import { MAX_PATH_ELEMENTS } from '../metainfo/files.ts'
import { MAX_PIECE_LENGTH, MAX_PIECES } from '../metainfo/info.ts'
import { safeElement } from '../metainfo/names.ts'
import { distinctPaths } from '../metainfo/paths.ts'
import { quoted } from '../metainfo/text.ts'
import { cleanSeeds, cleanTrackers } from '../metainfo/urls.ts'
import { hashFiles } from '../node/hash-files.ts'
import { type Found, walkFolder } from '../node/walk-folder.ts'
import { abortable } from './abort.ts'
import { parseTorrent } from './parse.ts'
import type { CreatedTorrent, CreateOptions } from './types/torrent-file.ts'

const MIN_PIECE_LENGTH = 16 * 1024

/**
 * A torrent of a file, or of the files below a folder (see `walkFolder` for which). The same data and options give the
 * same bytes: neither date nor program are written.
 *
 * Names that would be changed for safety on the way to other systems are refused, as are names that differ only by
 * case: everybody would have other names than the one who made the torrent, who then could not seed it.
 *
 * @throws ShoalError `SOURCE_NOT_FOUND`, `OPTION_INVALID`, `DISK_READ` (also for a file that changes meanwhile),
 *   `DISK_PERMISSION`, `ABORTED`
 */
export async function createTorrent(path: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  const { signal, onProgress } = options
  const trackers = checkTrackers(options.trackers ?? [])
  const webSeeds = checkSeeds(options.webSeeds ?? [])
  if (options.pieceLength !== undefined) checkPieceLength(options.pieceLength)
  return await abortable('creating a torrent', signal, async () => {
    const found = await walkFolder(path, MAX_PATH_ELEMENTS, signal)
    const name = options.name ?? found.name
    checkNames(name, found)
    const totalBytes = found.files.reduce((sum, file) => sum + file.length, 0)
    const pieceLength = options.pieceLength ?? choosePieceLength(totalBytes)
    checkSize(path, totalBytes, pieceLength)
    const pieceHashes = await hashFiles(found.files, pieceLength, {
      onProgress: hashedBytes => onProgress?.({ hashedBytes, totalBytes }),
      signal,
    })
    const bytes = encodeTorrent({
      name,
      files: found.singleFile
        ? totalBytes
        : found.files.map(({ elements, length }) => ({ path: elements, length })),
      pieceLength,
      pieceHashes,
      trackers,
      webSeeds,
      private: options.private,
      source: options.source,
      comment: options.comment,
    })
    return { bytes, metainfo: parseTorrent(bytes) }
  })
}

function checkTrackers(tiers: readonly (readonly string[])[]): string[][] {
  for (const url of tiers.flat()) {
    if (cleanTrackers([[url]], []).length === 0) {
      throw invalid(`${quoted(url)} is not a tracker's URL: they begin with http://, https:// or udp://`)
    }
  }
  const warnings: string[] = []
  const clean = cleanTrackers(tiers, warnings)
  if (warnings.length > 0) throw invalid(warnings[0]!)
  return clean
}

function checkSeeds(urls: readonly string[]): string[] {
  for (const url of urls) {
    if (cleanSeeds([url], []).length === 0) {
      throw invalid(`${quoted(url)} is not a web seed's URL: they begin with http:// or https://`)
    }
  }
  const warnings: string[] = []
  const clean = cleanSeeds(urls, warnings)
  if (warnings.length > 0) throw invalid(warnings[0]!)
  return clean
}

function checkPieceLength(length: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(length))
  if (isPowerOfTwo && length >= MIN_PIECE_LENGTH && length <= MAX_PIECE_LENGTH) return
  throw invalid(`the piece length ${length} is not a power of two from 16 KiB to 512 MiB`)
}

function checkNames(name: string, found: Found): void {
  if (name !== safeElement(name)) {
    throw invalid(
      `the name ${quoted(name)} is not valid on every system: choose another, such as ${quoted(safeElement(name))}`,
    )
  }
  if (found.singleFile) return
  for (const { elements, path } of found.files) {
    const bad = elements.find(element => element !== safeElement(element))
    if (bad === undefined) continue
    throw invalid(
      `${path}: the name ${quoted(bad)} is not valid on every system: rename it, for example to ${quoted(safeElement(bad))}`,
      path,
    )
  }
  const paths = found.files.map(file => file.elements)
  const distinct = distinctPaths(paths).paths
  const at = paths.findIndex((elements, index) => elements.at(-1) !== distinct[index]?.at(-1))
  if (at < 0) return
  const { path } = found.files[at]!
  throw invalid(
    `${path} differs from another only by case or accents, which some systems ignore: rename it`,
    path,
  )
}

function checkSize(path: string, totalBytes: number, pieceLength: number): void {
  if (totalBytes === 0) throw invalid(`${path} holds no data to share`, path)
  const pieces = Math.ceil(totalBytes / pieceLength)
  if (pieces <= MAX_PIECES) return
  throw invalid(`pieces of ${pieceLength} bytes make ${pieces} of them, more than the ${MAX_PIECES} allowed`)
}

function invalid(message: string, subject?: string): ShoalError {
  return new ShoalError('OPTION_INVALID', message, { operation: 'create', subject })
}
