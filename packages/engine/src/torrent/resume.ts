/**
 * What a torrent remembers over a restart, as one record.
 *
 *     d4:body<bencoded dictionary>5:crc32i…e7:versioni1ee
 *
 * The record is a claim about files that others may have changed meanwhile, and it may be older than they
 * are. So it is never believed beyond what the files' sizes and times confirm ({@link reconcile}); a record
 * that is damaged is refused as a whole, since half of one is a wrong one.
 */

import { BencodeError, decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import type { PeerAddress } from '../bytes/address.ts'
import { formatAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { crc32 } from '../bytes/crc32.ts'
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { FileStamp } from '../ports.ts'
import type { JournalFacts } from './journal.ts'

const VERSION = 2
/** The best few are enough to find a swarm again. */
export const MAX_RESUME_PEERS = 200
const MISSING = -1
const MAX_MARK_BYTES = 64
/**
 * Entries of the journal come every second while files are written, and are rounded to seconds. Whoever changes a file
 * so soon after a kill is not noticed; a disk elsewhere whose clock differs by more has its files hashed after one.
 */
const CLOCK_MARGIN_S = 3

export interface ResumeFile {
  /** The file when the record was made; undefined: there was none. */
  readonly stamp: FileStamp
  /** 0: not wanted. */
  readonly priority: number
}

export interface ResumeRecord {
  /** 20 bytes. */
  readonly infoHash: Uint8Array
  /** Grows with every record of a torrent; its journal names the one that it goes on from. */
  readonly generation: number
  /** Seconds since 1970. */
  readonly savedAt: number
  readonly have: Bitfield
  /** Pieces with data of which nobody knows yet whether it is theirs: a check has been begun. */
  readonly unchecked: Bitfield | undefined
  /** One per file of the geometry. */
  readonly files: readonly ResumeFile[]
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly corruptBytes: number
  /** Seconds since 1970. */
  readonly addedAt: number
  /** Seconds since 1970; undefined: not complete yet. */
  readonly completedAt: number | undefined
  /** Those that served us, best first. Only the first {@link MAX_RESUME_PEERS} are kept. */
  readonly peers: readonly PeerAddress[]
}

export function encodeResume(record: ResumeRecord): Uint8Array {
  const body = encode({
    infoHash: record.infoHash,
    generation: record.generation,
    savedAt: Math.round(record.savedAt),
    unchecked: record.unchecked?.bytes,
    pieces: record.have.length,
    have: record.have.bytes,
    sizes: record.files.map(({ stamp }) => stamp?.size ?? MISSING),
    mtimesUs: record.files.map(({ stamp }) => (stamp === undefined ? MISSING : microseconds(stamp.mtimeMs))),
    marks: record.files.map(({ stamp }) => stamp?.mark ?? ''),
    priorities: record.files.map(({ priority }) => priority),
    uploaded: record.uploadedBytes,
    downloaded: record.downloadedBytes,
    corrupt: record.corruptBytes,
    addedAt: Math.round(record.addedAt),
    completedAt: record.completedAt === undefined ? undefined : Math.round(record.completedAt),
    peers: record.peers.slice(0, MAX_RESUME_PEERS).map(formatAddress),
  })
  return encode({ body, crc32: crc32(body), version: VERSION })
}

/** Throws a {@link ShoalError} `RESUME_INVALID` for anything that {@link encodeResume} has not written. */
export function decodeResume(bytes: Uint8Array): ResumeRecord {
  const outer = dictOf(bytes)
  const version = outer.int('version')
  if (version !== VERSION) throw invalid(`its version is ${version ?? 'missing'}, not ${VERSION}`)
  const bodyBytes = outer.bytes('body')
  if (bodyBytes === undefined || crc32(bodyBytes) !== outer.int('crc32'))
    throw invalid('its checksum does not match')

  const body = dictOf(bodyBytes)
  const infoHash = body.bytes('infoHash')
  if (infoHash?.length !== 20) throw invalid('`infoHash` is not 20 bytes')
  const pieceCount = count(body, 'pieces')
  const have = Bitfield.from(pieceCount, body.bytes('have') ?? new Uint8Array(0))
  if (have === undefined) throw invalid('`have` does not fit the number of pieces')
  const uncheckedBytes = body.bytes('unchecked')
  const unchecked = uncheckedBytes && Bitfield.from(pieceCount, uncheckedBytes)
  if (uncheckedBytes && !unchecked) throw invalid('`unchecked` does not fit the number of pieces')
  return {
    infoHash: infoHash.slice(),
    generation: count(body, 'generation'),
    savedAt: count(body, 'savedAt'),
    have,
    unchecked,
    files: readFiles(body),
    uploadedBytes: count(body, 'uploaded'),
    downloadedBytes: count(body, 'downloaded'),
    corruptBytes: count(body, 'corrupt'),
    addedAt: count(body, 'addedAt'),
    completedAt: body.has('completedAt') ? count(body, 'completedAt') : undefined,
    peers: readPeers(body),
  }
}

export interface Reconciled {
  /** Pieces to be trusted without looking. */
  readonly have: Bitfield
  /** Pieces the record claims whose files have changed: to be hashed. In ascending order. */
  readonly recheck: number[]
}

/**
 * What of the record still holds, given the files as they are now (one stamp per file). A claimed piece is
 * trusted when all its files have the recorded size and time, lost when one of them is gone or too short to
 * hold it, and otherwise to be rechecked. Where an unwanted file never existed, its part of the piece is kept
 * elsewhere, without a stamp: recheck.
 *
 * Throws a {@link ShoalError} `RESUME_INVALID` when the record is not of this geometry.
 */
export function reconcile(
  record: ResumeRecord,
  geometry: Geometry,
  stamps: readonly FileStamp[],
): Reconciled {
  if (record.have.length !== geometry.pieceCount || record.files.length !== geometry.files.length) {
    throw invalid('its numbers of pieces or files are not those of the torrent')
  }
  const have = new Bitfield(geometry.pieceCount)
  const recheck: number[] = []
  for (const piece of record.have) {
    let trusted = true
    let lost = false
    for (const slice of geometry.slices(geometry.pieceOffset(piece), geometry.pieceSize(piece))) {
      if (slice.file.pad) continue
      const then = record.files[slice.file.index]!
      const now = stamps[slice.file.index]
      if (now === undefined) {
        if (then.stamp !== undefined || then.priority > 0) lost = true
        trusted = false
      } else if (now.size < slice.fileOffset + slice.length) {
        lost = true
      } else if (!sameStamp(then.stamp, now)) {
        trusted = false
      }
    }
    if (lost) continue
    if (trusted) have.add(piece)
    else recheck.push(piece)
  }
  return { have, recheck }
}

/**
 * The record with what the journal says since. A file whose time lies between the record and the journal's last entry
 * was written by us: it counts as unchanged. `isCut`: an end of the journal is lost, and any piece may have been in it.
 * The same is taken for granted where no more than `cheapPieces` are lacking: an end that was lost to the byte leaves no
 * trace, and to look costs less than to fetch again.
 */
export function withJournal(
  record: ResumeRecord,
  journal: JournalFacts,
  found: readonly FileStamp[],
  isCut: boolean,
  cheapPieces: number,
): ResumeRecord {
  const { length } = record.have
  const have = record.have.clone()
  const unchecked = record.unchecked?.clone() ?? new Bitfield(length)
  for (const piece of journal.have) have.add(piece)
  for (const piece of [...journal.wrong, ...journal.doubtful]) have.delete(piece)
  for (const piece of [...journal.have, ...journal.wrong]) unchecked.delete(piece)
  for (const piece of journal.doubtful) unchecked.add(piece)
  const isAnyDoubtful = isCut || length - have.count <= cheapPieces
  for (let piece = 0; isAnyDoubtful && piece < length; piece++) if (!have.has(piece)) unchecked.add(piece)
  const isOurs = (mtimeMs: number): boolean =>
    mtimeMs >= (record.savedAt - CLOCK_MARGIN_S) * 1_000 &&
    mtimeMs <= (journal.lastAt + CLOCK_MARGIN_S) * 1_000
  const files = record.files.map((file, index) => {
    const now = found[index]
    if (now === undefined || !isOurs(now.mtimeMs)) return file
    // As far as we know nobody else wrote to it. Whoever reads from it looks.
    return { ...file, stamp: { size: now.size, mtimeMs: now.mtimeMs } }
  })
  return { ...record, have, unchecked, files }
}

/**
 * The record after files got to another place, by stamps from before and after: what it says of a file that was as it is
 * in the record holds for the one that is there now.
 */
export function restamped(
  record: ResumeRecord,
  before: readonly FileStamp[],
  after: readonly FileStamp[],
): ResumeRecord {
  const files = record.files.map((file, index) => {
    const { stamp } = file
    const then = before[index]
    const now = after[index]
    if (then === undefined || now === undefined || !sameStamp(stamp, then)) return file
    const isUntouched = stamp?.mark !== undefined && stamp.mark === then.mark
    const { size, mtimeMs, mark } = now
    return { ...file, stamp: isUntouched ? { size, mtimeMs, mark } : { size, mtimeMs } }
  })
  return { ...record, files }
}

function readFiles(body: BencodeDict): ResumeFile[] {
  const sizes = integers(body, 'sizes', MISSING)
  const mtimesUs = integers(body, 'mtimesUs', Number.MIN_SAFE_INTEGER)
  const priorities = integers(body, 'priorities', 0)
  const marks = body.list('marks')
  if (
    sizes.length !== mtimesUs.length ||
    sizes.length !== priorities.length ||
    sizes.length !== marks?.length
  ) {
    throw invalid('its lists of files differ in length')
  }
  return sizes.map((size, index) => ({
    stamp:
      size === MISSING
        ? undefined
        : { size, mtimeMs: mtimesUs[index]! / 1_000, mark: markText(marks[index]) },
    priority: priorities[index]!,
  }))
}

function markText(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array) || value.length > MAX_MARK_BYTES) throw invalid('a mark is no text')
  return value.length === 0 ? undefined : String.fromCharCode(...value)
}

function readPeers(body: BencodeDict): PeerAddress[] {
  const list = body.list('peers')
  if (list === undefined || list.length > MAX_RESUME_PEERS)
    throw invalid('`peers` is no list of a sensible length')
  return list.map(item => {
    const text = item instanceof Uint8Array ? String.fromCharCode(...item.subarray(0, 64)) : ''
    const match = /^(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\]):([0-9]{1,5})$/.exec(text)
    const host = match?.[1] ?? match?.[2]
    const port = Number(match?.[3])
    if (host === undefined || !(port > 0 && port <= 0xffff)) throw invalid('a peer is no address')
    return { host, port }
  })
}

function dictOf(bytes: Uint8Array): BencodeDict {
  try {
    const { value } = decode(bytes, { strict: true })
    if (value instanceof BencodeDict) return value
  } catch (error) {
    if (error instanceof BencodeError) throw invalid(error.message, error)
    throw error
  }
  throw invalid('it is no dictionary')
}

function count(body: BencodeDict, key: string): number {
  const value = body.int(key)
  if (value === undefined || value < 0) throw invalid(`\`${key}\` is no number from 0`)
  return value
}

function integers(body: BencodeDict, key: string, least: number): number[] {
  const list = body.list(key)
  if (list === undefined) throw invalid(`\`${key}\` is no list`)
  return list.map(item => {
    if (typeof item !== 'number' || item < least)
      throw invalid(`\`${key}\` holds something else than numbers`)
    return item
  })
}

/** Whether a file has the size and time that a record holds, as exactly as records hold times. */
export function sameStamp(then: FileStamp, now: NonNullable<FileStamp>): boolean {
  return (
    then !== undefined && then.size === now.size && microseconds(then.mtimeMs) === microseconds(now.mtimeMs)
  )
}

/** Times of files have fractions of milliseconds, bencoding has none. */
function microseconds(ms: number): number {
  return Math.round(ms * 1_000)
}

function invalid(why: string, cause?: unknown): ShoalError {
  return new ShoalError('RESUME_INVALID', `the resume record cannot be used: ${why}`, {
    operation: 'resume',
    cause,
  })
}
