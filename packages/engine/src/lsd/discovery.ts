/**
 * Local service discovery (BEP 14) without its sockets: which torrents to announce when, and what of others' announces
 * is for us. Private torrents must not be added.
 */
import { type Announce, MAX_HASHES_PER_ANNOUNCE, parseAnnounce } from './message.ts'

/** BEP 14, for each torrent. */
const ANNOUNCE_INTERVAL_MS = 300_000
/** BEP 14: all torrents together announce once a minute; those that do not fit wait for the next minute. */
const SEND_INTERVAL_MS = 60_000
/** Torrents that are added one after the other go out together. */
const GATHER_MS = 1_000
/** Datagrams that are read in a second: anyone on the network can send us any number. */
const MAX_READ_PER_SEC = 50

export interface LocalPeers {
  readonly port: number
  /** Those of our torrents that the sender has too. */
  readonly infoHashes: readonly string[]
}

export class LocalDiscovery {
  readonly #port: number
  readonly #cookie: string
  /** When each torrent is due, the longest waiting first. */
  readonly #dueAt = new Map<string, number>()
  #sendAt = Number.NEGATIVE_INFINITY
  #read = 0
  #readSince = Number.NEGATIVE_INFINITY

  /** `port`: where we listen for peers. `cookie`: random, so that our own announces are known as such. */
  constructor({ port, cookie }: { port: number; cookie: string }) {
    this.#port = port
    this.#cookie = cookie
  }

  /** 40 lower-case hex digits. */
  add(infoHashHex: string, now: number): void {
    if (!this.#dueAt.has(infoHashHex)) this.#dueAt.set(infoHashHex, now + GATHER_MS)
  }

  remove(infoHashHex: string): void {
    this.#dueAt.delete(infoHashHex)
  }

  /** The announce that is due; once given it counts as sent. */
  poll(now: number): Announce | undefined {
    if (now < this.#sendAt) return undefined
    const infoHashes: string[] = []
    for (const [infoHash, dueAt] of this.#dueAt) {
      if (infoHashes.length >= MAX_HASHES_PER_ANNOUNCE) break
      if (now >= dueAt) infoHashes.push(infoHash)
    }
    if (infoHashes.length === 0) return undefined
    for (const infoHash of infoHashes) {
      this.#dueAt.delete(infoHash)
      this.#dueAt.set(infoHash, now + ANNOUNCE_INTERVAL_MS)
    }
    this.#sendAt = now + SEND_INTERVAL_MS
    return { port: this.#port, infoHashes, cookie: this.#cookie }
  }

  /** What a datagram tells that is of use; the peer is at the address it came from. */
  handle(datagram: Uint8Array, now: number): LocalPeers | undefined {
    if (now - this.#readSince >= 1000) {
      this.#readSince = now
      this.#read = 0
    }
    if (++this.#read > MAX_READ_PER_SEC) return undefined
    const announce = parseAnnounce(datagram)
    if (announce === undefined || announce.cookie === this.#cookie) return undefined
    const infoHashes = announce.infoHashes.filter(infoHash => this.#dueAt.has(infoHash))
    return infoHashes.length === 0 ? undefined : { port: announce.port, infoHashes }
  }
}
