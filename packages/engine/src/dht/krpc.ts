/**
 * The messages of the DHT: KRPC (BEP 5) with the fields of BEP 32, 33, 42, 43, 44 and 51, and how ours are written. How
 * those of others are read is in `krpc-decode.ts`.
 */
import { type Encodable, encode } from '../bencode/encode.ts'
import { type PeerAddress, toCompact } from '../bytes/address.ts'
import { concatBytes } from '../bytes/bytes.ts'
import type { Family } from './address-rules.ts'
import type { Contact } from './distance.ts'
import { type Item, parseValue } from './item.ts'

/** BEP 32 asks for no more; only values of BEP 44 may make a datagram larger. */
export const MAX_SENT_BYTES = 1024
export const MAX_VALUES = 100
export const FILTER_BYTES = 256

export const KRPC_ERROR = {
  generic: 201,
  server: 202,
  protocol: 203,
  methodUnknown: 204,
  valueTooBig: 205,
  badSignature: 206,
  saltTooBig: 207,
  casMismatch: 301,
  seqTooLow: 302,
} as const

export type KrpcErrorCode = (typeof KRPC_ERROR)[keyof typeof KRPC_ERROR]

export type Want = readonly Family[] | undefined

export type Query =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node'; readonly target: Uint8Array; readonly want?: Want }
  | {
      readonly method: 'get_peers'
      readonly target: Uint8Array
      readonly want?: Want
      readonly noSeed?: boolean
      readonly scrape?: boolean
    }
  | {
      readonly method: 'announce_peer'
      readonly target: Uint8Array
      readonly token: Uint8Array
      readonly port: number
      readonly impliedPort: boolean
      readonly seed: boolean
    }
  /** `seq`: the value is of interest only when it is newer. */
  | {
      readonly method: 'get'
      readonly target: Uint8Array
      readonly want?: Want
      readonly seq?: number | undefined
    }
  | {
      readonly method: 'put'
      readonly token: Uint8Array
      readonly item: Item
      readonly cas?: number | undefined
    }
  | { readonly method: 'sample_infohashes'; readonly target: Uint8Array; readonly want?: Want }

/** What an answer may hold; which of it counts depends on the question. */
export interface Reply {
  readonly id: Uint8Array
  readonly nodes: readonly Contact[]
  readonly nodes6: readonly Contact[]
  readonly values: readonly PeerAddress[]
  readonly token: Uint8Array | undefined
  /** 256 bytes each (BEP 33). */
  readonly seedFilter: Uint8Array | undefined
  readonly peerFilter: Uint8Array | undefined
  /** BEP 44: canonical bencoding of at most 1000 bytes. */
  readonly value: Uint8Array | undefined
  readonly publicKey: Uint8Array | undefined
  readonly signature: Uint8Array | undefined
  readonly seq: number | undefined
}

export type Incoming =
  | {
      readonly kind: 'query'
      readonly transaction: Uint8Array
      readonly id: Uint8Array
      readonly readOnly: boolean
      readonly query: Query
    }
  /** A query that can only be answered with this error. */
  | {
      readonly kind: 'refused'
      readonly transaction: Uint8Array
      readonly code: KrpcErrorCode
      readonly text: string
    }
  | {
      readonly kind: 'reply'
      readonly transaction: Uint8Array
      readonly reply: Reply
      /** Our own address as the sender sees it (BEP 42). */
      readonly ip: string | undefined
    }
  | {
      readonly kind: 'error'
      readonly transaction: Uint8Array
      /** 0 where it told none. */
      readonly code: number
      /** Safe to show. */
      readonly text: string
      readonly ip: string | undefined
    }

export interface QueryEnvelope {
  readonly transaction: Uint8Array
  readonly id: Uint8Array
  readonly version: Uint8Array
  readonly readOnly: boolean
}

export function encodeQuery(query: Query, envelope: QueryEnvelope): Uint8Array {
  return encode({
    a: { id: envelope.id, ...argumentsOf(query) },
    q: query.method,
    ro: envelope.readOnly ? 1 : undefined,
    t: envelope.transaction,
    v: envelope.version,
    y: 'q',
  })
}

export interface AnswerEnvelope {
  readonly transaction: Uint8Array
  readonly version: Uint8Array
  /** Who asked: told back to it (BEP 42). */
  readonly to: PeerAddress
}

export function encodeReply(
  fields: Readonly<Record<string, Encodable | undefined>>,
  envelope: AnswerEnvelope,
): Uint8Array {
  return encode({ ...answerHead(envelope), r: fields, y: 'r' })
}

export function encodeError(code: KrpcErrorCode, text: string, envelope: AnswerEnvelope): Uint8Array {
  return encode({ ...answerHead(envelope), e: [code, text], y: 'e' })
}

/** 26 bytes (IPv4) or 38 bytes (IPv6) a node. */
export function compactNodes(contacts: readonly Contact[]): Uint8Array {
  return concatBytes(contacts.flatMap(contact => [contact.id, toCompact(contact)!]))
}

function answerHead(envelope: AnswerEnvelope): Record<string, Encodable | undefined> {
  return { ip: toCompact(envelope.to), t: envelope.transaction, v: envelope.version }
}

function argumentsOf(query: Query): Record<string, Encodable | undefined> {
  switch (query.method) {
    case 'ping':
      return {}
    case 'find_node':
    case 'sample_infohashes':
      return { target: query.target, want: wantList(query.want) }
    case 'get_peers':
      return {
        info_hash: query.target,
        noseed: query.noSeed ? 1 : undefined,
        scrape: query.scrape ? 1 : undefined,
        want: wantList(query.want),
      }
    case 'announce_peer':
      return {
        implied_port: query.impliedPort ? 1 : undefined,
        info_hash: query.target,
        port: query.port,
        seed: query.seed ? 1 : undefined,
        token: query.token,
      }
    case 'get':
      return { seq: query.seq, target: query.target, want: wantList(query.want) }
    case 'put':
      return putArguments(query.item, query.token, query.cas)
  }
}

function putArguments(
  item: Item,
  token: Uint8Array,
  cas: number | undefined,
): Record<string, Encodable | undefined> {
  const v = parseValue(item.value)
  if (item.kind === 'immutable') return { token, v }
  return {
    cas,
    k: item.publicKey,
    salt: item.salt.length === 0 ? undefined : item.salt,
    seq: item.seq,
    sig: item.signature,
    token,
    v,
  }
}

function wantList(want: Want): string[] | undefined {
  return want?.map(family => `n${family}`)
}
