/**
 * The extension protocol's handshake (BEP 10): what we tell of ourselves, and what we use of theirs. It may come again
 * at any time, with nothing in it but what changed.
 */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { formatIp, parseIp } from '../bytes/address.ts'

/** Extended message id of the handshake itself. */
export const EXTENDED_HANDSHAKE = 0

/** Clients know a dozen extensions. */
const MAX_EXTENSIONS = 64
const MAX_EXTENSION_NAME_CHARS = 64
const MAX_CLIENT_CHARS = 64

/** Undefined is what was not told, or cannot be read. */
export interface ExtendedHandshake {
  /** Client name and version in its own words; not sanitised. */
  readonly client: string | undefined
  /** How many requests it lets wait. */
  readonly requestQueue: number | undefined
  /** Where it listens. */
  readonly port: number | undefined
  /** Message ids by extension; 0: no longer. Those not mentioned stay as they were. */
  readonly extensions: ReadonlyMap<string, number>
  /** Bytes of the info dictionary (BEP 9), more than 0; a claim. */
  readonly metadataSize: number | undefined
  /** It will download nothing more (BEP 21). */
  readonly uploadOnly: boolean | undefined
  /** The address it sees us at, an IP literal; a claim. */
  readonly yourIp: string | undefined
  /** Its own addresses, by its own account. */
  readonly ipv4: string | undefined
  readonly ipv6: string | undefined
}

export interface OwnHandshake {
  readonly client?: string | undefined
  readonly port?: number | undefined
  readonly requestQueue?: number | undefined
  /** Ids we are to be sent messages by; 0 for what was supported before. */
  readonly extensions?: ReadonlyMap<string, number> | undefined
  /** When we have the metadata. */
  readonly metadataSize?: number | undefined
  readonly uploadOnly?: boolean | undefined
  /** Where we see the receiver, an IP literal. */
  readonly yourIp?: string | undefined
}

export function encodeExtendedHandshake(own: OwnHandshake): Uint8Array {
  return encode({
    m: own.extensions ?? new Map(),
    metadata_size: own.metadataSize,
    p: own.port,
    reqq: own.requestQueue,
    upload_only: own.uploadOnly === undefined ? undefined : own.uploadOnly ? 1 : 0,
    v: own.client,
    yourip: own.yourIp === undefined ? undefined : parseIp(own.yourIp),
  })
}

/** What cannot be read is left out: an odd extension handshake is no reason to part. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const dict = decodeDict(payload)
  const uploadOnly = dict.int('upload_only')
  return {
    client: dict.text('v')?.slice(0, MAX_CLIENT_CHARS),
    requestQueue: intWithin(dict, 'reqq', Number.MAX_SAFE_INTEGER),
    port: intWithin(dict, 'p', 65535),
    extensions: extensionIds(dict.dict('m')),
    metadataSize: intWithin(dict, 'metadata_size', Number.MAX_SAFE_INTEGER),
    uploadOnly: uploadOnly === undefined ? undefined : uploadOnly !== 0,
    yourIp: formatIp(dict.bytes('yourip') ?? NO_BYTES),
    ipv4: ipOf(dict, 'ipv4', 4),
    ipv6: ipOf(dict, 'ipv6', 16),
  }
}

function decodeDict(payload: Uint8Array): BencodeDict {
  try {
    const { value } = decode(payload, { maxDepth: 8, maxTokens: 500 })
    if (value instanceof BencodeDict) return value
  } catch {}
  return NO_FIELDS
}

/** From 1 to `most`. */
function intWithin(dict: BencodeDict, key: string, most: number): number | undefined {
  const value = dict.int(key)
  return value !== undefined && value > 0 && value <= most ? value : undefined
}

function extensionIds(m: BencodeDict | undefined): Map<string, number> {
  const ids = new Map<string, number>()
  for (const name of m?.keys ?? []) {
    const id = m?.int(name)
    if (id === undefined || id < 0 || id > 255 || name.length > MAX_EXTENSION_NAME_CHARS) continue
    if (ids.size >= MAX_EXTENSIONS) break
    ids.set(name, id)
  }
  return ids
}

function ipOf(dict: BencodeDict, key: string, length: number): string | undefined {
  const bytes = dict.bytes(key)
  return bytes?.length === length ? formatIp(bytes) : undefined
}

const NO_BYTES = new Uint8Array(0)
const NO_FIELDS = new BencodeDict([], [], [])
