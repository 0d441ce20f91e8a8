/**
 * A small HTTP tracker (BEP 3, 7, 23, 48): for the demo, for tests, for a swarm among friends. Everything is in memory
 * and bounded; whoever asks is listed under the address it asked from, never under one it names.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Encodable } from '../bencode/encode.ts'
import { encode } from '../bencode/encode.ts'
import { canonicalIp, toCompact } from '../bytes/address.ts'
import { concatBytes } from '../bytes/bytes.ts'
import { toHex } from '../bytes/hex.ts'
import { ShoalError } from '../errors.ts'

export interface TrackerServerOptions {
  /** Default 127.0.0.1: the tracker knows no users, so it is not offered to the network unless asked for. */
  readonly host?: string | undefined
  /** Default 0: any free port. */
  readonly port?: number | undefined
  /** What clients are told; default 60. A peer that is silent for twice as long is forgotten. */
  readonly intervalSeconds?: number | undefined
}

export interface TrackerServer {
  /** The announce URL. */
  readonly url: string
  readonly port: number
  /** How many peers it lists for an info-hash (40 hex digits). */
  peerCount(infoHashHex: string): number
  /** Ends connections, too. */
  close(): Promise<void>
}

/** Beyond these, new torrents and peers are refused. */
const MAX_SWARMS = 1_000
const MAX_PEERS_PER_SWARM = 2_000
const MAX_CONNECTIONS = 256

/** Peers in one answer; a client that names no number gets the usual 50. */
const MAX_NUM_WANT = 200
const DEFAULT_NUM_WANT = 50

/** A client that is short of peers may come back after this: a demo swarm finds itself quickly. */
const MIN_INTERVAL_SECONDS = 5

/** Nobody sends an announce this slowly. */
const REQUEST_TIMEOUT_MS = 10_000

/** Rejects with PORT_IN_USE, ADDRESS_UNAVAILABLE or NETWORK. */
export function startTracker(options: TrackerServerOptions = {}): Promise<TrackerServer> {
  const host = options.host ?? '127.0.0.1'
  const book = new SwarmBook(options.intervalSeconds ?? 60)
  const server = createServer((request, response) => answer(book, request, response))
  server.headersTimeout = REQUEST_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', (_error, socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(listenError(error, host, options.port ?? 0)))
    server.listen(options.port ?? 0, host, () => {
      // Errors from here on are of single connections, which end by themselves.
      server.on('error', () => {})
      resolve(handleOf(server, book, host))
    })
  })
}

function handleOf(server: Server, book: SwarmBook, host: string): TrackerServer {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/announce`,
    port,
    peerCount: hash => book.peerCount(hash),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(book: SwarmBook, request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => {})
  // What a GET carries in its body is of no interest, but has to go somewhere.
  request.resume()
  const [path, query] = split(request.url ?? '', '?')
  const params = parseQuery(query)
  const from = canonicalIp(request.socket.remoteAddress ?? '')
  let status = 200
  let body: Encodable
  if (request.method !== 'GET' || from === undefined) {
    status = 405
    body = failure('only GET is answered')
  } else if (path === '/announce') {
    body = book.announce(params, from, performance.now())
  } else if (path === '/scrape') {
    body = book.scrape(params, performance.now())
  } else {
    status = 404
    body = failure('announce at /announce')
  }
  const bytes = encode(body)
  response.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    // So that no idle connection keeps the server from closing.
    connection: 'close',
  })
  response.end(bytes)
}

interface Peer {
  readonly host: string
  readonly port: number
  readonly peerId: Uint8Array
  seeding: boolean
  seenAt: number
}

interface Swarm {
  readonly peers: Map<string, Peer>
  completed: number
}

/** Values by name, as bytes: info-hashes are not text. */
type Params = ReadonlyMap<string, readonly Uint8Array[]>

/** Who shares what. A peer is its address and port: what it calls itself costs nothing to change. */
class SwarmBook {
  readonly #swarms = new Map<string, Swarm>()
  readonly #intervalSeconds: number

  constructor(intervalSeconds: number) {
    this.#intervalSeconds = intervalSeconds
  }

  peerCount(infoHashHex: string): number {
    return this.#swarms.get(infoHashHex)?.peers.size ?? 0
  }

  announce(params: Params, host: string, now: number): Encodable {
    const infoHash = params.get('info_hash')?.[0]
    const peerId = params.get('peer_id')?.[0]
    const port = numberOf(params, 'port')
    const left = numberOf(params, 'left')
    if (infoHash?.length !== 20) return failure('info_hash must be 20 bytes')
    if (peerId?.length !== 20) return failure('peer_id must be 20 bytes')
    if (port === undefined || port < 1 || port > 65535) return failure('port must be from 1 to 65535')
    const event = textOf(params, 'event')
    const key = toHex(infoHash)
    const swarm = this.#swarm(key, now)
    if (swarm === undefined) return failure('this tracker has as many torrents as it can hold')
    const own = `${host} ${port}`
    const before = swarm.peers.get(own)
    if (event === 'stopped') {
      swarm.peers.delete(own)
      if (swarm.peers.size === 0 && swarm.completed === 0) this.#swarms.delete(key)
    } else if (before === undefined && swarm.peers.size >= MAX_PEERS_PER_SWARM) {
      return failure('this tracker has as many peers as it can hold')
    } else {
      if (event === 'completed' && before !== undefined && !before.seeding) swarm.completed++
      // Taken out first, so that the map stays in the order of the last announce.
      swarm.peers.delete(own)
      swarm.peers.set(own, { host, port, peerId, seeding: left === 0, seenAt: now })
    }
    return this.#reply(swarm, params, own, event === 'stopped')
  }

  scrape(params: Params, now: number): Encodable {
    const files = new Map<Uint8Array, Encodable>()
    const seen = new Set<string>()
    for (const infoHash of params.get('info_hash') ?? []) {
      const key = toHex(infoHash)
      const swarm = this.#swarms.get(key)
      if (swarm === undefined || seen.has(key)) continue
      seen.add(key)
      this.#expire(swarm, now)
      files.set(infoHash, { ...counts(swarm), downloaded: swarm.completed })
    }
    return new Map<string, Encodable>([['files', files]])
  }

  #reply(swarm: Swarm, params: Params, own: string, stopped: boolean): Encodable {
    const numWant = Math.min(MAX_NUM_WANT, numberOf(params, 'numwant') ?? DEFAULT_NUM_WANT)
    const chosen = stopped ? [] : choose(swarm, own, numWant)
    const head = {
      interval: this.#intervalSeconds,
      'min interval': Math.min(MIN_INTERVAL_SECONDS, this.#intervalSeconds),
      ...counts(swarm),
      downloaded: swarm.completed,
    }
    if (textOf(params, 'compact') === '0') {
      const withIds = textOf(params, 'no_peer_id') !== '1'
      return {
        ...head,
        peers: chosen.map(peer => ({
          ip: peer.host,
          port: peer.port,
          'peer id': withIds ? peer.peerId : undefined,
        })),
      }
    }
    const compact = chosen.map(peer => toCompact(peer)!)
    const peers6 = concatBytes(compact.filter(each => each.length === 18))
    return {
      ...head,
      peers: concatBytes(compact.filter(each => each.length === 6)),
      peers6: peers6.length === 0 ? undefined : peers6,
    }
  }

  /** The swarm, without peers that have gone silent; a new one where there is room. */
  #swarm(key: string, now: number): Swarm | undefined {
    let swarm = this.#swarms.get(key)
    if (swarm === undefined) {
      if (this.#swarms.size >= MAX_SWARMS) this.#sweep(now)
      if (this.#swarms.size >= MAX_SWARMS) return undefined
      swarm = { peers: new Map(), completed: 0 }
      this.#swarms.set(key, swarm)
    }
    this.#expire(swarm, now)
    return swarm
  }

  #sweep(now: number): void {
    for (const [key, swarm] of this.#swarms) {
      this.#expire(swarm, now)
      if (swarm.peers.size === 0) this.#swarms.delete(key)
    }
  }

  /** Peers are in the order of their last announce, so the first fresh one ends it. */
  #expire(swarm: Swarm, now: number): void {
    for (const [key, peer] of swarm.peers) {
      if (peer.seenAt > now - this.#intervalSeconds * 2000) return
      swarm.peers.delete(key)
    }
  }
}

/** Up to `numWant` others from a random place on, round the list: each gets its share of connections. */
function choose(swarm: Swarm, own: string, numWant: number): Peer[] {
  const others = [...swarm.peers].filter(([key]) => key !== own).map(([, peer]) => peer)
  const start = Math.floor(Math.random() * others.length)
  return [...others.slice(start), ...others.slice(0, start)].slice(0, Math.max(0, numWant))
}

function counts(swarm: Swarm): { complete: number; incomplete: number } {
  let complete = 0
  for (const peer of swarm.peers.values()) if (peer.seeding) complete++
  return { complete, incomplete: swarm.peers.size - complete }
}

function failure(reason: string): Encodable {
  return { 'failure reason': reason }
}

/** At most some hundred parameters fit into the 16 KiB that Node takes for a request's head. */
function parseQuery(query: string): Params {
  const params = new Map<string, Uint8Array[]>()
  for (const pair of query.split('&')) {
    const [name, value] = split(pair, '=')
    const values = params.get(name) ?? []
    values.push(percentDecode(value))
    params.set(name, values)
  }
  return params
}

function percentDecode(text: string): Uint8Array {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === '%' ? /^[0-9a-f]{2}/i.exec(text.slice(at + 1, at + 3)) : null
    bytes.push(hex === null ? text.charCodeAt(at) & 255 : Number.parseInt(hex[0], 16))
    if (hex !== null) at += 2
  }
  return Uint8Array.from(bytes)
}

function textOf(params: Params, name: string): string | undefined {
  const value = params.get(name)?.[0]
  return value === undefined ? undefined : String.fromCharCode(...value.subarray(0, 32))
}

function numberOf(params: Params, name: string): number | undefined {
  const text = textOf(params, name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function listenError(error: Error & { code?: string }, host: string, port: number): ShoalError {
  const details = { operation: 'listen', subject: `${host}:${port}`, cause: error }
  switch (error.code) {
    case 'EADDRINUSE':
      return new ShoalError('PORT_IN_USE', `port ${port} is taken`, details)
    case 'EADDRNOTAVAIL':
      return new ShoalError('ADDRESS_UNAVAILABLE', `${host} is no address of this machine`, details)
    default:
      return new ShoalError('NETWORK', `the tracker cannot listen on ${host}:${port}`, details)
  }
}
