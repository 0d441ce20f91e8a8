/**
 * What became of pieces since a torrent's resume record was made, entry by entry: the record is written anew now and
 * then, the journal is only ever appended to.
 *
 *     <length: 4 bytes><CRC-32 of the payload: 4 bytes><payload: a bencoded dictionary> …
 *
 *     open    this session goes on from the record of that generation, in this boot of the machine
 *     have    these pieces match their hashes and are written
 *     wrong   these pieces were hashed and do not match
 *     synced  the first n pieces of all `have` entries are on the disk itself, not only in the system's memory
 *     alive   files are still being written
 *
 * A killed process loses nothing of what the system has taken, so after one all of it holds. A power cut loses what
 * was not synced: with another boot those pieces have to be hashed again. The end may be torn, since nothing was
 * promised for it; an entry that is damaged further up ends the journal, too, and is told.
 */
import { BencodeError, decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { crc32 } from '../bytes/crc32.ts'

export type JournalEntry =
  | {
      readonly kind: 'open'
      /** 20 bytes. */
      readonly infoHash: Uint8Array
      /** Of the record that the following entries belong to. */
      readonly generation: number
      /** Names this boot of the machine; empty: not known, and then never the same as another. */
      readonly bootId: string
    }
  | { readonly kind: 'have' | 'wrong'; readonly pieces: readonly number[] }
  | { readonly kind: 'synced'; readonly pieces: number }
  | { readonly kind: 'alive' }

/** What a journal says, on top of the record of its generation. */
export interface JournalFacts {
  readonly infoHash: Uint8Array
  readonly generation: number
  /** Pieces that hold. */
  readonly have: readonly number[]
  /** Those of them that are not synced. */
  readonly unsynced: readonly number[]
  /** Pieces in all `have` entries, as `synced` counts them. */
  readonly told: number
  /** Pieces that were stored, and may have been lost by a power cut since. */
  readonly doubtful: readonly number[]
  readonly wrong: readonly number[]
  /** Of the last entry, in seconds since 1970. */
  readonly lastAt: number
}

export interface JournalRead {
  /** Undefined: it says nothing, not even which record it belongs to. */
  readonly facts: JournalFacts | undefined
  /** Entries that are whole and ours take up so much from its beginning: more can be appended there, and only there. */
  readonly wholeBytes: number
  /** What is wrong with it, other than a torn end. */
  readonly damage: string | undefined
}

const HEAD_BYTES = 8
const INDEX_BYTES = 4
/** `d2:ati`: `at` is the first key of every entry. */
const PAYLOAD_BEGINS = [0x64, 0x32, 0x3a, 0x61, 0x74, 0x69]
/** A `have` of a million pieces; what is longer was not written by us. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
const MAX_BOOT_ID_CHARS = 64

/** `at` is in seconds since 1970. */
export function encodeEntry(entry: JournalEntry, at: number): Uint8Array {
  const payload = encode({ at: Math.round(at), kind: entry.kind, ...fieldsOf(entry) })
  const bytes = new Uint8Array(HEAD_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, crc32(payload))
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** What the journal says of a torrent of `pieceCount` pieces, for a start in the boot `bootId`. Never throws. */
export function readJournal(bytes: Uint8Array, pieceCount: number, bootId: string): JournalRead {
  const reader = new Reader(pieceCount)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let damage: string | undefined
  let at = 0
  while (bytes.length - at >= HEAD_BYTES) {
    const length = view.getUint32(at)
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    // Torn: nothing was promised for what came last. With more behind it, it is the length that is damaged.
    if (payload.length < length && length <= MAX_PAYLOAD_BYTES && !hasEntry(bytes, at + 1)) break
    const isWhole = payload.length === length && crc32(payload) === view.getUint32(at + 4)
    if (!isWhole || !reader.take(payload)) {
      damage = `its entry at byte ${at} is damaged`
      break
    }
    at += HEAD_BYTES + length
  }
  return { facts: reader.facts(bootId), wholeBytes: at, damage }
}

class Reader {
  readonly #pieceCount: number
  #infoHash = new Uint8Array(0)
  #generation: number | undefined
  #bootId = ''
  /** In the order of their entries, also those that a `wrong` took back. */
  #have: number[] = []
  #synced = 0
  readonly #wrong = new Set<number>()
  readonly #doubtful = new Set<number>()
  #lastAt = 0

  constructor(pieceCount: number) {
    this.#pieceCount = pieceCount
  }

  /** False: this is no entry of ours. */
  take(payload: Uint8Array): boolean {
    const entry = decodeEntry(payload)
    const at = entry?.int('at')
    if (entry === undefined || at === undefined || at < 0 || !this.#tell(entry)) return false
    this.#lastAt = Math.max(this.#lastAt, at)
    return true
  }

  facts(bootId: string): JournalFacts | undefined {
    if (this.#generation === undefined) return undefined
    if (!isSameBoot(this.#bootId, bootId)) this.#doubt()
    const holds = (piece: number): boolean => !this.#wrong.has(piece) && !this.#doubtful.has(piece)
    return {
      infoHash: this.#infoHash,
      generation: this.#generation,
      have: [...new Set(this.#have)].filter(holds),
      unsynced: [...new Set(this.#have.slice(this.#synced))].filter(holds),
      told: this.#have.length,
      doubtful: [...this.#doubtful],
      wrong: [...this.#wrong],
      lastAt: this.#lastAt,
    }
  }

  #tell(entry: BencodeDict): boolean {
    const kind = entry.text('kind')
    if (kind === 'open') return this.#open(entry)
    if (this.#generation === undefined) return false
    if (kind === 'alive') return true
    if (kind === 'synced') {
      const pieces = entry.int('pieces')
      if (pieces === undefined || pieces < this.#synced || pieces > this.#have.length) return false
      this.#synced = pieces
      return true
    }
    const pieces = this.#pieces(entry)
    if (pieces === undefined) return false
    if (kind === 'have') for (const piece of pieces) this.#add(piece)
    else if (kind === 'wrong') for (const piece of pieces) this.#remove(piece)
    return kind === 'have' || kind === 'wrong'
  }

  #open(entry: BencodeDict): boolean {
    const generation = entry.int('generation')
    const bootId = entry.text('bootId')
    const infoHash = entry.bytes('infoHash')
    if (generation === undefined || bootId === undefined || infoHash?.length !== 20) return false
    if (generation !== this.#generation) {
      this.#have = []
      this.#synced = 0
      this.#wrong.clear()
      this.#doubtful.clear()
    } else if (!isSameBoot(this.#bootId, bootId)) {
      this.#doubt()
    }
    this.#infoHash = infoHash.slice()
    this.#generation = generation
    this.#bootId = bootId
    return true
  }

  #add(piece: number): void {
    this.#have.push(piece)
    this.#wrong.delete(piece)
    this.#doubtful.delete(piece)
  }

  #remove(piece: number): void {
    this.#wrong.add(piece)
    this.#doubtful.delete(piece)
  }

  /** The machine was started anew since: what was not synced may be gone. */
  #doubt(): void {
    for (const piece of this.#have.slice(this.#synced)) if (!this.#wrong.has(piece)) this.#doubtful.add(piece)
    this.#synced = this.#have.length
  }

  #pieces(entry: BencodeDict): number[] | undefined {
    const bytes = entry.bytes('pieces')
    if (bytes === undefined || bytes.length % INDEX_BYTES !== 0) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const pieces: number[] = []
    for (let at = 0; at < bytes.length; at += INDEX_BYTES) {
      const piece = view.getUint32(at)
      if (piece >= this.#pieceCount) return undefined
      pieces.push(piece)
    }
    return pieces
  }
}

function fieldsOf(entry: JournalEntry): Record<string, number | string | Uint8Array> {
  switch (entry.kind) {
    case 'open':
      return {
        infoHash: entry.infoHash,
        generation: entry.generation,
        bootId: entry.bootId.slice(0, MAX_BOOT_ID_CHARS),
      }
    case 'have':
    case 'wrong':
      return { pieces: packed(entry.pieces) }
    case 'synced':
      return { pieces: entry.pieces }
    case 'alive':
      return {}
  }
}

function packed(pieces: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(pieces.length * INDEX_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [at, piece] of pieces.entries()) view.setUint32(at * INDEX_BYTES, piece)
  return bytes
}

/** Whether a whole entry begins anywhere from `from` on. */
function hasEntry(bytes: Uint8Array, from: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = from; bytes.length - at > HEAD_BYTES; at++) {
    if (!PAYLOAD_BEGINS.every((byte, index) => bytes[at + HEAD_BYTES + index] === byte)) continue
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + view.getUint32(at))
    if (payload.length === view.getUint32(at) && crc32(payload) === view.getUint32(at + 4)) return true
  }
  return false
}

function decodeEntry(payload: Uint8Array): BencodeDict | undefined {
  try {
    const { value } = decode(payload, { strict: true })
    return value instanceof BencodeDict ? value : undefined
  } catch (error) {
    if (error instanceof BencodeError) return undefined
    throw error
  }
}

function isSameBoot(one: string, other: string): boolean {
  return one !== '' && one === other
}
