/** When a torrent asks the DHT for peers: a lookup finds new ones, and keeps us known to others. */
import type { PeerAddress } from '../bytes/address.ts'
import type { TorrentDht } from './torrent-dht.ts'

/** DHT nodes forget us after half an hour. */
const EVERY_MS = 5 * 60_000
const ALONE_EVERY_MS = 60_000
const ENOUGH_EVERY_MS = 15 * 60_000
const ENOUGH_PEERS = 20
/** However often the user asks for peers. */
const LEAST_MS = 10_000

export interface LookupsDeps {
  /** Undefined for private torrents, and where the user wants none. */
  readonly dht: TorrentDht | undefined
  readonly infoHash: Uint8Array
  /** All that is wanted is there: we are announced as a seed. */
  readonly isComplete: () => boolean
  readonly onPeers: (peers: readonly PeerAddress[]) => void
}

export class Lookups {
  readonly #deps: LookupsDeps
  #cancel: (() => void) | undefined
  #beganAt = Number.NEGATIVE_INFINITY

  constructor(deps: LookupsDeps) {
    this.#deps = deps
  }

  /** Looks around when it is time to, with so many peers connected. */
  tick(now: number, peers: number): void {
    const { dht, infoHash, isComplete, onPeers } = this.#deps
    const everyMs = peers === 0 ? ALONE_EVERY_MS : peers < ENOUGH_PEERS ? EVERY_MS : ENOUGH_EVERY_MS
    if (dht === undefined || now - this.#beganAt < everyMs) return
    this.#beganAt = now
    this.#cancel?.()
    this.#cancel = dht.findPeers(infoHash, isComplete(), onPeers)
  }

  /** The user asks for peers: the next tick looks around. */
  again(now: number): void {
    if (now - this.#beganAt >= LEAST_MS) this.#beganAt = Number.NEGATIVE_INFINITY
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#beganAt = Number.NEGATIVE_INFINITY
  }
}
