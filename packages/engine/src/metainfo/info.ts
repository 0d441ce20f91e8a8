/**
 * An info dictionary made safe to use, wherever it comes from: a torrent file, or peers (BEP 9). There is no second way
 * in, so what peers send is checked as closely as what people open.
 */
import { type Decoded, decode } from '../bencode/decode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { toHex } from '../bytes/hex.ts'
import { ShoalError } from '../errors.ts'
import { invalid, repairedText } from './fields.ts'
import { readFiles } from './files.ts'
import { Geometry } from './geometry.ts'
import type { Metainfo, TorrentFile } from './metainfo.ts'
import { safeName } from './names.ts'
import { cleanLine, cleanText, INVISIBLE, quoted } from './text.ts'
import { cleanNodes, cleanSeeds, cleanTrackers, type DhtNode } from './urls.ts'

/** The most that others load too: 2 GiB at 1 KiB a piece, 32 TiB at 16 MiB. */
export const MAX_PIECES: number = 2 ** 21

/** 512 MiB, above all that is in use. A piece must fit into memory to be hashed. */
export const MAX_PIECE_LENGTH: number = 2 ** 29

export const PIECE_HASH_BYTES = 20

/** A torrent of a hundred thousand odd names should still be told about in few words. */
const MAX_WARNINGS = 50

/** What is said about a torrent outside its info dictionary; all of it is checked before it is used. */
export interface MetainfoExtras {
  readonly trackers?: readonly (readonly string[])[]
  readonly webSeeds?: readonly string[]
  readonly httpSeeds?: readonly string[]
  readonly nodes?: readonly DhtNode[]
  readonly comment?: string | undefined
  readonly createdBy?: string | undefined
  readonly creationDate?: number | undefined
  /** Of decoding the file around the info dictionary, which is not decoded for warnings again then. */
  readonly warnings?: readonly string[]
}

/**
 * Reads the info dictionary that fills `infoBytes`, which are copied. The caller compares {@link Metainfo.infoHash}
 * with the one it wanted.
 *
 * Throws `TORRENT_INVALID` or `TORRENT_UNSUPPORTED`; the message names the field.
 */
export function parseInfo(
  infoBytes: Uint8Array,
  sha1: (bytes: Uint8Array) => Uint8Array,
  extras: MetainfoExtras = {},
): Metainfo {
  const bytes = new Uint8Array(infoBytes)
  const decoded = decodeInfo(bytes)
  const info = decoded.value
  if (!(info instanceof BencodeDict)) throw invalid('info', 'is not a dictionary')
  refuseOtherVersions(info)
  const infoHash = new Uint8Array(sha1(bytes))
  const infoHashHex = toHex(infoHash)

  const warnings = [...(extras.warnings ?? decoded.warnings)]
  const pieceLength = readPieceLength(info)
  const name = readName(info, infoHashHex, warnings)
  const files = readFiles(info, name, warnings)
  const singleFile = !info.has('files')
  const geometry = new Geometry(pieceLength, files)
  const pieceHashes = readPieces(info, geometry)
  const source = repairedText(info, 'source')

  return {
    infoHash,
    infoHashHex,
    infoBytes: bytes,
    name,
    singleFile,
    files,
    geometry,
    pieceHashes,
    private: (info.int('private') ?? 0) !== 0,
    source: source === undefined ? undefined : cleanLine(source),
    trackers: cleanTrackers(extras.trackers ?? [], warnings),
    webSeeds: seedsFor(cleanSeeds(extras.webSeeds ?? [], warnings), files),
    httpSeeds: cleanSeeds(extras.httpSeeds ?? [], warnings),
    nodes: cleanNodes(extras.nodes ?? [], warnings),
    comment: extras.comment === undefined ? undefined : cleanText(extras.comment),
    createdBy: extras.createdBy === undefined ? undefined : cleanLine(extras.createdBy),
    creationDate: readDate(extras.creationDate),
    warnings: warnings.slice(0, MAX_WARNINGS),
  }
}

function decodeInfo(bytes: Uint8Array): Decoded {
  let decoded: Decoded
  try {
    decoded = decode(bytes)
  } catch (cause) {
    throw invalid('info', `is damaged: ${(cause as Error).message}`, cause)
  }
  if (decoded.end !== bytes.length) throw invalid('info', `has data after its end (byte ${decoded.end})`)
  return decoded
}

/** A hybrid torrent says version 2 too, but has `pieces`: it is read as version 1. */
function refuseOtherVersions(info: BencodeDict): void {
  const version = info.get('meta version')
  if (info.has('pieces')) return
  if (version === undefined && !info.has('file tree')) return
  throw new ShoalError(
    'TORRENT_UNSUPPORTED',
    'info.pieces is missing: this torrent is of BitTorrent version 2 only (BEP 52), which is not supported',
  )
}

function readPieceLength(info: BencodeDict): number {
  const field = 'info.piece length'
  const length = info.int('piece length')
  if (length === undefined)
    throw invalid(field, info.has('piece length') ? 'is not an integer' : 'is missing')
  if (length <= 0) throw invalid(field, `must be positive, is ${length}`)
  if (length > MAX_PIECE_LENGTH)
    throw invalid(field, `${length} is more than the ${MAX_PIECE_LENGTH} allowed`)
  return length
}

function readName(info: BencodeDict, infoHashHex: string, warnings: string[]): string {
  const raw = repairedText(info, 'name')
  if (raw === undefined) throw invalid('info.name', info.has('name') ? 'is not a string' : 'is missing')
  if (raw.replace(INVISIBLE, '') === '') throw invalid('info.name', 'is empty')
  const name = safeName(raw) || infoHashHex
  if (name !== raw) warnings.push(`unsafe name changed: ${quoted(raw)} to ${quoted(name)}`)
  return name
}

function readPieces(info: BencodeDict, geometry: Geometry): Uint8Array {
  const { totalLength, pieceCount } = geometry
  if (totalLength === 0) throw invalid('info.length', 'the torrent has no data at all')
  if (pieceCount > MAX_PIECES) {
    throw invalid('info.length', `makes ${pieceCount} pieces, more than the ${MAX_PIECES} allowed`)
  }
  const hashes = info.bytes('pieces')
  if (hashes === undefined)
    throw invalid('info.pieces', info.has('pieces') ? 'is not a string' : 'is missing')
  const expected = pieceCount * PIECE_HASH_BYTES
  if (hashes.length !== expected) {
    throw invalid('info.pieces', `has ${hashes.length} bytes, but ${pieceCount} pieces need ${expected}`)
  }
  return hashes
}

/** The path of a file among several is appended to a web seed's URL, which therefore ends in a slash. */
function seedsFor(urls: readonly string[], files: readonly TorrentFile[]): string[] {
  const folder = files.length > 1
  return [...new Set(urls.map(url => (folder && !url.endsWith('/') ? `${url}/` : url)))]
}

function readDate(seconds: number | undefined): number | undefined {
  return seconds !== undefined && Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : undefined
}
