/**
 * Reads the datagrams of the DHT (see `krpc.ts`), written by anybody: size, depth and number of values are bounded, a
 * field of a wrong type is as good as missing, and nothing here throws.
 */
import { decode } from '../bencode/decode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { formatIp, type PeerAddress, parseCompact4, parseCompact6 } from '../bytes/address.ts'
import type { Family } from './address-rules.ts'
import { type Contact, ID_BYTES } from './distance.ts'
import {
  type Item,
  MAX_SALT_BYTES,
  MAX_VALUE_BYTES,
  PUBLIC_KEY_BYTES,
  parseValue,
  SIGNATURE_BYTES,
} from './item.ts'
import {
  FILTER_BYTES,
  type Incoming,
  KRPC_ERROR,
  type KrpcErrorCode,
  MAX_VALUES,
  type Query,
  type Reply,
  type Want,
} from './krpc.ts'

/** A datagram that is not split on its way; a put of the largest value and salt takes some 1,350. */
export const MAX_DATAGRAM_BYTES = 1500
const MAX_DEPTH = 24
const MAX_TOKENS = 500
/** We send 4; others 2 to 8. It is sent back as it came, so its length is bounded. */
const MAX_TRANSACTION_BYTES = 20
/** Ours take 8; others up to 32 or so. */
const MAX_TOKEN_BYTES = 64
/** An answer has 8; one of more is an attempt to steer a search. */
const MAX_CONTACTS = 16
/** Shown to people: longer is noise. */
const MAX_ERROR_CHARS = 100
const CHAR_D = 100
const NO_BYTES = new Uint8Array(0)

/** Undefined for what is no message: not bencoded, too large, without transaction or of no known type. */
export function decodeMessage(datagram: Uint8Array): Incoming | undefined {
  if (datagram.length > MAX_DATAGRAM_BYTES || datagram[0] !== CHAR_D) return undefined
  const message = decodeDict(datagram)
  const transaction = message?.bytes('t')?.slice()
  if (message === undefined || transaction === undefined) return undefined
  if (transaction.length === 0 || transaction.length > MAX_TRANSACTION_BYTES) return undefined
  switch (message.text('y')) {
    case 'q':
      return readQuery(message, transaction, datagram)
    case 'r': {
      const reply = readReply(message.dict('r'), datagram)
      return reply && { kind: 'reply', transaction, reply, ip: readIp(message) }
    }
    case 'e':
      return { kind: 'error', transaction, ...readError(message), ip: readIp(message) }
    default:
      return undefined
  }
}

export function parseCompactNodes(bytes: Uint8Array, family: Family, limit: number): Contact[] {
  const size = ID_BYTES + (family === 4 ? 6 : 18)
  const parse = family === 4 ? parseCompact4 : parseCompact6
  const contacts: Contact[] = []
  for (let at = 0; at + size <= bytes.length && contacts.length < limit; at += size) {
    const [address] = parse(bytes.subarray(at + ID_BYTES, at + size))
    // An IPv4 address wrapped in IPv6 belongs to the other DHT.
    if (address === undefined || address.host.includes(':') !== (family === 6)) continue
    contacts.push({ id: bytes.slice(at, at + ID_BYTES), ...address })
  }
  return contacts
}

function decodeDict(datagram: Uint8Array): BencodeDict | undefined {
  try {
    const { value } = decode(datagram, {
      maxBytes: MAX_DATAGRAM_BYTES,
      maxDepth: MAX_DEPTH,
      maxTokens: MAX_TOKENS,
    })
    return value instanceof BencodeDict ? value : undefined
  } catch {
    return undefined
  }
}

function readQuery(message: BencodeDict, transaction: Uint8Array, datagram: Uint8Array): Incoming {
  const args = message.dict('a')
  const id = sized(args, 'id', ID_BYTES)
  if (args === undefined || id === undefined) return refused(transaction, 'no valid id')
  const query = readArguments(message.text('q') ?? '', args, datagram)
  if ('code' in query) return { kind: 'refused', transaction, ...query }
  return { kind: 'query', transaction, id, readOnly: message.int('ro') === 1, query }
}

interface Refusal {
  readonly code: KrpcErrorCode
  readonly text: string
}

function readArguments(method: string, args: BencodeDict, datagram: Uint8Array): Query | Refusal {
  if (method === 'ping') return { method }
  if (method === 'put') return readPut(args, datagram)
  const name = method === 'get_peers' || method === 'announce_peer' ? 'info_hash' : 'target'
  const target = sized(args, name, ID_BYTES)
  const want = readWant(args)
  switch (method) {
    case 'find_node':
    case 'sample_infohashes':
      return target === undefined ? protocolError('no valid target') : { method, target, want }
    case 'get_peers':
      if (target === undefined) return protocolError('no valid info_hash')
      return { method, target, want, noSeed: args.int('noseed') === 1, scrape: args.int('scrape') === 1 }
    case 'announce_peer':
      return readAnnounce(args, target)
    case 'get':
      if (target === undefined) return protocolError('no valid target')
      return { method, target, want, seq: args.int('seq') }
    default: {
      // A query of the future that names a target wants nodes near it, at least: so it finds its way.
      const near = target ?? sized(args, 'info_hash', ID_BYTES)
      if (near !== undefined) return { method: 'find_node', target: near, want }
      return { code: KRPC_ERROR.methodUnknown, text: 'unknown method' }
    }
  }
}

function readAnnounce(args: BencodeDict, target: Uint8Array | undefined): Query | Refusal {
  const token = readToken(args)
  const impliedPort = (args.int('implied_port') ?? 0) !== 0
  const port = args.int('port') ?? 0
  if (target === undefined) return protocolError('no valid info_hash')
  if (token === undefined) return protocolError('no valid token')
  if (!impliedPort && (port <= 0 || port > 65535)) return protocolError('no valid port')
  return { method: 'announce_peer', target, token, port, impliedPort, seed: args.int('seed') === 1 }
}

function readPut(args: BencodeDict, datagram: Uint8Array): Query | Refusal {
  const method = 'put'
  const token = readToken(args)
  const span = args.span('v')
  if (token === undefined) return protocolError('no valid token')
  if (span === undefined) return protocolError('no value')
  if (span.end - span.start > MAX_VALUE_BYTES) return { code: KRPC_ERROR.valueTooBig, text: 'value too big' }
  const value = datagram.slice(span.start, span.end)
  if (parseValue(value) === undefined) return protocolError('value is not canonical bencoding')
  if (!args.has('k')) return { method, token, item: { kind: 'immutable', value } }

  const publicKey = sized(args, 'k', PUBLIC_KEY_BYTES)
  const signature = sized(args, 'sig', SIGNATURE_BYTES)
  const seq = args.int('seq')
  const salt = args.has('salt') ? args.bytes('salt')?.slice() : NO_BYTES
  if (publicKey === undefined) return protocolError('no valid key')
  if (signature === undefined) return { code: KRPC_ERROR.badSignature, text: 'no valid signature' }
  if (seq === undefined || seq < 0) return protocolError('no valid seq')
  if (salt === undefined) return protocolError('no valid salt')
  if (salt.length > MAX_SALT_BYTES) return { code: KRPC_ERROR.saltTooBig, text: 'salt too big' }
  const item: Item = { kind: 'mutable', value, publicKey, signature, seq, salt }
  return { method, token, item, cas: args.int('cas') }
}

function readReply(fields: BencodeDict | undefined, datagram: Uint8Array): Reply | undefined {
  const id = sized(fields, 'id', ID_BYTES)
  if (fields === undefined || id === undefined) return undefined
  return {
    id,
    nodes: parseCompactNodes(fields.bytes('nodes') ?? NO_BYTES, 4, MAX_CONTACTS),
    nodes6: parseCompactNodes(fields.bytes('nodes6') ?? NO_BYTES, 6, MAX_CONTACTS),
    values: readValues(fields),
    token: readToken(fields),
    seedFilter: sized(fields, 'BFsd', FILTER_BYTES),
    peerFilter: sized(fields, 'BFpe', FILTER_BYTES),
    value: readValue(fields, datagram),
    publicKey: sized(fields, 'k', PUBLIC_KEY_BYTES),
    signature: sized(fields, 'sig', SIGNATURE_BYTES),
    seq: fields.int('seq'),
  }
}

function readValues(fields: BencodeDict): PeerAddress[] {
  const values: PeerAddress[] = []
  for (const entry of fields.list('values') ?? []) {
    if (values.length >= MAX_VALUES) break
    if (!(entry instanceof Uint8Array)) continue
    if (entry.length === 6) values.push(...parseCompact4(entry))
    else if (entry.length === 18) values.push(...parseCompact6(entry))
  }
  return values
}

function readValue(fields: BencodeDict, datagram: Uint8Array): Uint8Array | undefined {
  const span = fields.span('v')
  if (span === undefined) return undefined
  const value = datagram.slice(span.start, span.end)
  return parseValue(value) === undefined ? undefined : value
}

function readError(message: BencodeDict): { code: number; text: string } {
  const list = message.list('e') ?? []
  const [code, text] = list
  return {
    code: typeof code === 'number' ? code : 0,
    text: text instanceof Uint8Array ? printable(text) : '',
  }
}

/** Six or 18 bytes by the BEP; some leave the port out. */
function readIp(message: BencodeDict): string | undefined {
  const bytes = message.bytes('ip')
  if (bytes === undefined) return undefined
  return formatIp(bytes.subarray(0, bytes.length >= 16 ? 16 : 4))
}

function readToken(dict: BencodeDict): Uint8Array | undefined {
  const token = dict.bytes('token')
  if (token === undefined || token.length === 0 || token.length > MAX_TOKEN_BYTES) return undefined
  return token.slice()
}

function readWant(args: BencodeDict): Want {
  const list = args.list('want')
  if (list === undefined) return undefined
  const names = list.filter(entry => entry instanceof Uint8Array && entry.length === 2)
  const has = (name: string): boolean =>
    names.some(entry => isBytes(entry) && String.fromCharCode(...entry) === name)
  const families: Family[] = []
  if (has('n4')) families.push(4)
  if (has('n6')) families.push(6)
  return families.length === 0 ? undefined : families
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

/** A copy, for the datagram's memory is used again. */
function sized(dict: BencodeDict | undefined, key: string, length: number): Uint8Array | undefined {
  const bytes = dict?.bytes(key)
  return bytes?.length === length ? bytes.slice() : undefined
}

function refused(transaction: Uint8Array, text: string): Incoming {
  return { kind: 'refused', transaction, ...protocolError(text) }
}

function protocolError(text: string): Refusal {
  return { code: KRPC_ERROR.protocol, text }
}

function printable(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes.subarray(0, MAX_ERROR_CHARS)) {
    text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '?'
  }
  return text
}
