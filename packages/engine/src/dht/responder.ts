/**
 * Answers the questions of other nodes. Whoever asks may have forged the sender's address, so an answer is at most four
 * times the question until the address has shown that it is there: by an answer to us, or by a write token.
 */
import type { Encodable } from '../bencode/encode.ts'
import { formatAddress, type PeerAddress, toCompact } from '../bytes/address.ts'
import { concatBytes } from '../bytes/bytes.ts'
import type { Random, Sha1 } from '../ports.ts'
import { type Family, partyOf } from './address-rules.ts'
import { type Contact, ID_BYTES } from './distance.ts'
import { type Item, parseValue } from './item.ts'
import { ItemStore, type Verify } from './item-store.ts'
import {
  compactNodes,
  encodeError,
  encodeReply,
  FILTER_BYTES,
  KRPC_ERROR,
  type KrpcErrorCode,
  MAX_SENT_BYTES,
  MAX_VALUES,
  type Query,
} from './krpc.ts'
import { PeerStore } from './peer-store.ts'
import { Bucket, SenderLimiter } from './rate-limiter.ts'
import { K } from './routing-table.ts'
import { TOKEN_BYTES, Tokens } from './tokens.ts'

/** What an unproven address gets for each byte of its question; a ping that goes there, too, makes it five at most. */
const AMPLIFICATION = 4
/** With the value, signature and key of BEP 44 an answer does not keep to 1,024 bytes. */
const MAX_ITEM_ANSWER_BYTES = 1400
/** An address that has answered, or shown a token, is somebody's for so long. */
const PROVEN_MS = 15 * 60_000
const MAX_PROVEN = 2000
/**
 * Values of BEP 44 and filters of BEP 33 do not fit into four times their question, and few ask twice: so a little is
 * given to unproven addresses in all.
 */
const LOAN_BYTES_PER_SEC = 4096
const LOAN_BURST_BYTES = 16_384
/** A node of the public DHT is asked some 50 times a second at most. */
const ANSWER_BYTES_PER_SEC = 20_000
const ANSWER_BURST_BYTES = 100_000
const EXPIRE_EVERY_MS = 60_000
/** What the envelope of an answer takes: dictionaries, `ip`, `t`, `v`, `y` and our id, but for the transaction. */
const ENVELOPE_BYTES = { 4: 70, 6: 84 } as const
/** BEP 51: a sample is drawn anew each time, so there is no need to wait, but no sense in asking all the time. */
const SAMPLE_INTERVAL_SEC = 300
const MAX_SAMPLES = 20

export interface ResponderOptions {
  readonly family: Family
  readonly random: Random
  readonly sha1: Sha1
  readonly verify: Verify | undefined
  readonly version: Uint8Array
}

/** Good nodes near a target, of either DHT that we are in. */
export interface Neighbours {
  /** Our own id. */
  readonly id: Uint8Array
  closest(family: Family, target: Uint8Array, count: number): readonly Contact[]
}

export interface Asked {
  readonly query: Query
  readonly transaction: Uint8Array
  readonly from: PeerAddress
  /** Bytes of the question. */
  readonly length: number
}

export class Responder {
  readonly peers: PeerStore
  readonly items: ItemStore
  readonly #options: ResponderOptions
  readonly #tokens: Tokens
  readonly #limiter = new SenderLimiter()
  readonly #answers = new Bucket(ANSWER_BYTES_PER_SEC, ANSWER_BURST_BYTES)
  readonly #loans = new Bucket(LOAN_BYTES_PER_SEC, LOAN_BURST_BYTES)
  /** Until when a host counts as proven. */
  readonly #proven = new Map<string, number>()
  #expiredAt: number | undefined

  constructor(options: ResponderOptions) {
    this.#options = options
    this.peers = new PeerStore(options.family, options.random, options.sha1)
    this.items = new ItemStore(options.sha1, options.verify)
    this.#tokens = new Tokens(options.random, options.sha1)
  }

  /** Whether nothing from there is answered now: it need not even be read. */
  isSilenced(from: PeerAddress, now: number): boolean {
    return this.#limiter.isSilenced(limitKey(from), now)
  }

  /** Whether a question from there is to be answered; counts it. */
  admit(from: PeerAddress, now: number): boolean {
    return this.#limiter.take(limitKey(from), now)
  }

  /** A datagram of ours has reached this host: it answered. */
  prove(host: string, now: number): void {
    this.#proven.delete(host)
    this.#proven.set(host, now + PROVEN_MS)
    if (this.#proven.size <= MAX_PROVEN) return
    const [oldest] = this.#proven.keys()
    this.#proven.delete(oldest!)
  }

  /** The answer; undefined when too much has been answered already. */
  answer(asked: Asked, neighbours: Neighbours, now: number): Uint8Array | undefined {
    const result = this.#run(asked, neighbours, now)
    const envelope = { transaction: asked.transaction, version: this.#options.version, to: asked.from }
    const datagram =
      result instanceof Refusal
        ? encodeError(result.code, result.text, envelope)
        : encodeReply({ id: neighbours.id, ...result }, envelope)
    return this.#answers.take(datagram.length, now) ? datagram : undefined
  }

  refuse(
    code: KrpcErrorCode,
    text: string,
    asked: Omit<Asked, 'query'>,
    now: number,
  ): Uint8Array | undefined {
    const envelope = { transaction: asked.transaction, version: this.#options.version, to: asked.from }
    const datagram = encodeError(code, text, envelope)
    if (datagram.length > asked.length * AMPLIFICATION) return undefined
    return this.#answers.take(datagram.length, now) ? datagram : undefined
  }

  /** Forgets what is old; cheap to call often. */
  tick(now: number): void {
    this.#expiredAt ??= now
    if (now - this.#expiredAt < EXPIRE_EVERY_MS) return
    this.#expiredAt = now
    this.peers.expire(now)
    this.items.expire(now)
    for (const [host, until] of this.#proven) {
      if (until > now) break
      this.#proven.delete(host)
    }
  }

  #run(asked: Asked, neighbours: Neighbours, now: number): Fields | Refusal {
    const { query } = asked
    const room = new Room(this.#roomBytes(asked, now))
    switch (query.method) {
      case 'ping':
        return {}
      case 'find_node':
        return this.#nodes(query.target, query.want, neighbours, room)
      case 'get_peers':
        return this.#getPeers(asked, query, neighbours, room, now)
      case 'announce_peer':
        return this.#announce(asked, query, now)
      case 'get':
        return this.#getItem(asked, query, neighbours, room, now)
      case 'put':
        return this.#put(asked, query, neighbours, now)
      case 'sample_infohashes':
        return this.#sample(query, neighbours, room)
    }
  }

  #getPeers(
    asked: Asked,
    query: Query & { readonly method: 'get_peers' },
    neighbours: Neighbours,
    room: Room,
    now: number,
  ): Fields {
    const token = this.peers.hasRoom(query.target) ? this.#token(asked, room, now) : undefined
    const filters = query.scrape ? this.peers.filters(query.target, now) : undefined
    const hasFilters = filters !== undefined && this.#takeOrBorrow(room, asked, 2 * (FILTER_BYTES + 10), now)
    const nodes = this.#nodes(query.target, query.want, neighbours, room)
    const entryBytes = this.#options.family === 4 ? 8 : 21
    const limit = Math.min(MAX_VALUES, Math.floor((room.left - 10) / entryBytes))
    const values = this.peers.sample(query.target, limit, query.noSeed ?? false)
    return {
      ...nodes,
      token,
      values: values.length === 0 ? undefined : values.map(peer => toCompact(peer)!),
      ...(hasFilters ? { BFpe: filters.peers, BFsd: filters.seeds } : undefined),
    }
  }

  #announce(
    asked: Asked,
    query: Query & { readonly method: 'announce_peer' },
    now: number,
  ): Fields | Refusal {
    const { host } = asked.from
    if (!this.#tokens.isValid(query.token, host, now)) return BAD_TOKEN
    this.prove(host, now)
    const port = query.impliedPort ? asked.from.port : query.port
    if (this.peers.add(query.target, { host, port }, query.seed, now)) return {}
    return new Refusal(KRPC_ERROR.server, 'too many peers')
  }

  #getItem(
    asked: Asked,
    query: Query & { readonly method: 'get' },
    neighbours: Neighbours,
    room: Room,
    now: number,
  ): Fields {
    const token = this.#token(asked, room, now)
    const item = this.items.get(query.target, now)
    const wanted = item !== undefined && isNewer(item, query.seq)
    const hasItem = wanted && this.#takeOrBorrow(room, asked, itemBytes(item), now)
    const fields = hasItem ? itemFields(item) : {}
    const seq = item?.kind === 'mutable' ? item.seq : undefined
    return { ...this.#nodes(query.target, query.want, neighbours, room), token, seq, ...fields }
  }

  #put(
    asked: Asked,
    query: Query & { readonly method: 'put' },
    neighbours: Neighbours,
    now: number,
  ): Fields | Refusal {
    const { host } = asked.from
    if (!this.#tokens.isValid(query.token, host, now)) return BAD_TOKEN
    this.prove(host, now)
    const code = this.items.put(query.item, query.cas, neighbours.id, now)
    return code === undefined ? {} : new Refusal(code, PUT_ERRORS[code] ?? 'not stored')
  }

  #sample(
    query: Query & { readonly method: 'sample_infohashes' },
    neighbours: Neighbours,
    room: Room,
  ): Fields {
    room.take(40)
    const nodes = this.#nodes(query.target, query.want, neighbours, room)
    const limit = Math.min(MAX_SAMPLES, Math.max(0, Math.floor(room.left / ID_BYTES)))
    const samples = concatBytes(this.peers.sampleTorrents(limit))
    return { ...nodes, interval: SAMPLE_INTERVAL_SEC, num: this.peers.torrentCount, samples }
  }

  /** The nodes that were asked for, or those of our own DHT, as far as there is room: these first. */
  #nodes(
    target: Uint8Array,
    want: readonly Family[] | undefined,
    neighbours: Neighbours,
    room: Room,
  ): Fields {
    const own = this.#options.family
    const families =
      want === undefined ? [own] : [own, own === 4 ? 6 : 4].filter(f => want.includes(f as Family))
    const fields: Record<string, Encodable> = {}
    for (const family of families as Family[]) {
      const size = ID_BYTES + (family === 4 ? 6 : 18)
      const count = Math.min(K, Math.floor((room.left - 14) / size))
      // Also an empty list is an answer: it says that this DHT is known.
      const nodes = count <= 0 ? [] : neighbours.closest(family, target, count)
      if (!room.take(nodes.length * size + 14)) continue
      fields[family === 4 ? 'nodes' : 'nodes6'] = compactNodes(nodes)
    }
    return fields
  }

  #token(asked: Asked, room: Room, now: number): Uint8Array {
    room.take(TOKEN_BYTES + 10)
    return this.#tokens.tokenFor(asked.from.host, now)
  }

  #roomBytes(asked: Asked, now: number): number {
    const envelope = ENVELOPE_BYTES[this.#options.family] + asked.transaction.length
    return (
      (this.#isProven(asked, now) ? MAX_SENT_BYTES : Math.min(MAX_SENT_BYTES, asked.length * AMPLIFICATION)) -
      envelope
    )
  }

  /** Room for something large: within what was earned, or, for a few, beyond it. */
  #takeOrBorrow(room: Room, asked: Asked, bytes: number, now: number): boolean {
    if (room.take(bytes)) return true
    const missing = bytes - room.left
    if (this.#isProven(asked, now)) {
      if (missing > MAX_ITEM_ANSWER_BYTES - MAX_SENT_BYTES) return false
    } else if (!this.#loans.take(missing, now)) return false
    room.extend(missing)
    return room.take(bytes)
  }

  #isProven(asked: Asked, now: number): boolean {
    return (this.#proven.get(asked.from.host) ?? 0) > now
  }
}

type Fields = Record<string, Encodable | undefined>

class Refusal {
  readonly code: KrpcErrorCode
  readonly text: string

  constructor(code: KrpcErrorCode, text: string) {
    this.code = code
    this.text = text
  }
}

const BAD_TOKEN = new Refusal(KRPC_ERROR.protocol, 'bad token')

const PUT_ERRORS: Partial<Record<KrpcErrorCode, string>> = {
  [KRPC_ERROR.badSignature]: 'invalid signature',
  [KRPC_ERROR.casMismatch]: 'cas mismatch',
  [KRPC_ERROR.seqTooLow]: 'seq is not newer',
}

/** Bytes that an answer may still grow by. */
class Room {
  left: number

  constructor(bytes: number) {
    this.left = bytes
  }

  take(bytes: number): boolean {
    if (bytes > this.left) return false
    this.left -= bytes
    return true
  }

  extend(bytes: number): void {
    this.left += bytes
  }
}

/** On loopback, where each port is a node of its own, nothing is forged. */
function limitKey(from: PeerAddress): string {
  return partyOf(from.host) ?? formatAddress(from)
}

function isNewer(item: Item, seq: number | undefined): boolean {
  return item.kind === 'immutable' || seq === undefined || item.seq > seq
}

function itemBytes(item: Item): number {
  return item.value.length + (item.kind === 'mutable' ? 140 : 4)
}

function itemFields(item: Item): Fields {
  const v = parseValue(item.value)!
  return item.kind === 'immutable' ? { v } : { v, k: item.publicKey, sig: item.signature }
}
