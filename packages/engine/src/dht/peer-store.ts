/**
 * Which peers were announced to us for which torrent (BEP 5, 33). A peer is 9 or 21 bytes in one array per torrent, so
 * that the most anybody can make us keep, 2,000 torrents of 500 peers, stays below 25 MiB.
 *
 * record: [ip 4 or 16][port 2][seed 1][minute of expiry 2]
 */
import { formatIp, type PeerAddress, parseIp } from '../bytes/address.ts'
import { fromHex, toHex } from '../bytes/hex.ts'
import type { Random, Sha1 } from '../ports.ts'
import type { Family } from './address-rules.ts'
import { addToFilter } from './bloom.ts'
import { FILTER_BYTES } from './krpc.ts'

export const MAX_TORRENTS = 2000
export const MAX_PEERS_PER_TORRENT = 500
/** Clients announce about every quarter of an hour. */
export const PEER_LIFE_MS: number = 30 * 60_000
const MINUTE_MS = 60_000
/** Filters cost a hash for every peer. */
const FILTER_LIFE_MS = 30_000

export interface SwarmFilters {
  /** 256 bytes each. */
  readonly seeds: Uint8Array
  readonly peers: Uint8Array
}

interface Swarm {
  records: Uint8Array
  count: number
  filters: SwarmFilters | undefined
  filtersAt: number
}

export class PeerStore {
  readonly #ipBytes: number
  readonly #recordBytes: number
  readonly #random: Random
  readonly #sha1: Sha1
  readonly #swarms = new Map<string, Swarm>()
  #startMs: number | undefined

  constructor(family: Family, random: Random, sha1: Sha1) {
    this.#ipBytes = family === 4 ? 4 : 16
    this.#recordBytes = this.#ipBytes + 5
    this.#random = random
    this.#sha1 = sha1
  }

  get torrentCount(): number {
    return this.#swarms.size
  }

  get peerCount(): number {
    let count = 0
    for (const swarm of this.#swarms.values()) count += swarm.count
    return count
  }

  /** Whether an announce for this torrent would be stored: where not, no token is given (BEP 33). */
  hasRoom(infoHash: Uint8Array): boolean {
    const swarm = this.#swarms.get(toHex(infoHash))
    return swarm === undefined || swarm.count < MAX_PEERS_PER_TORRENT
  }

  /** One peer for each IP address: its port and seed bit are updated. False when there is no room. */
  add(infoHash: Uint8Array, peer: PeerAddress, seed: boolean, now: number): boolean {
    const ip = parseIp(peer.host)
    if (ip?.length !== this.#ipBytes) return false
    const key = toHex(infoHash)
    const swarm = this.#swarms.get(key) ?? this.#create(key)
    let at = this.#find(swarm, ip)
    if (at === -1) {
      if (swarm.count >= MAX_PEERS_PER_TORRENT) return false
      at = swarm.count++ * this.#recordBytes
      this.#reserve(swarm)
      swarm.records.set(ip, at)
    }
    const expiry = this.#minute(now + PEER_LIFE_MS) + 1
    const tail = at + this.#ipBytes
    swarm.records[tail] = peer.port >> 8
    swarm.records[tail + 1] = peer.port
    swarm.records[tail + 2] = seed ? 1 : 0
    swarm.records[tail + 3] = expiry >> 8
    swarm.records[tail + 4] = expiry
    return true
  }

  /** Up to `limit` peers, any; without seeds where there are enough others and `noSeed` asks for it. */
  sample(infoHash: Uint8Array, limit: number, noSeed: boolean): PeerAddress[] {
    const swarm = this.#swarms.get(toHex(infoHash))
    if (swarm === undefined || limit <= 0) return []
    const peers: PeerAddress[] = []
    const from = this.#random.below(swarm.count)
    for (let step = 0; step < swarm.count && peers.length < limit; step++) {
      const at = ((from + step) % swarm.count) * this.#recordBytes
      const tail = at + this.#ipBytes
      if (noSeed && swarm.records[tail + 2] === 1) continue
      const port = (swarm.records[tail]! << 8) | swarm.records[tail + 1]!
      peers.push({ host: formatIp(swarm.records.subarray(at, tail))!, port })
    }
    return peers
  }

  filters(infoHash: Uint8Array, now: number): SwarmFilters | undefined {
    const swarm = this.#swarms.get(toHex(infoHash))
    if (swarm === undefined) return undefined
    if (swarm.filters !== undefined && now - swarm.filtersAt < FILTER_LIFE_MS) return swarm.filters
    const filters = { seeds: new Uint8Array(FILTER_BYTES), peers: new Uint8Array(FILTER_BYTES) }
    for (let at = 0; at < swarm.count * this.#recordBytes; at += this.#recordBytes) {
      const tail = at + this.#ipBytes
      const filter = swarm.records[tail + 2] === 1 ? filters.seeds : filters.peers
      addToFilter(filter, swarm.records.subarray(at, tail), this.#sha1)
    }
    swarm.filters = filters
    swarm.filtersAt = now
    return filters
  }

  /** Up to `limit` info-hashes, any (BEP 51). */
  sampleTorrents(limit: number): Uint8Array[] {
    const keys = [...this.#swarms.keys()]
    const chosen = Math.min(limit, keys.length)
    for (let at = 0; at < chosen; at++) {
      const other = at + this.#random.below(keys.length - at)
      ;[keys[at], keys[other]] = [keys[other]!, keys[at]!]
    }
    return keys.slice(0, chosen).map(key => fromHex(key)!)
  }

  /** Forgets who has not announced for half an hour. To be called about once a minute. */
  expire(now: number): void {
    const minute = this.#minute(now)
    for (const [key, swarm] of this.#swarms) {
      this.#expireSwarm(swarm, minute)
      if (swarm.count === 0) this.#swarms.delete(key)
    }
  }

  #expireSwarm(swarm: Swarm, minute: number): void {
    const { records } = swarm
    const size = this.#recordBytes
    for (let at = (swarm.count - 1) * size; at >= 0; at -= size) {
      const expiry = (records[at + size - 2]! << 8) | records[at + size - 1]!
      // Minutes wrap after 45 days; a lifetime is far below half of that.
      if (((minute - expiry) & 0xffff) >= 0x8000) continue
      swarm.count--
      records.copyWithin(at, swarm.count * size, (swarm.count + 1) * size)
    }
  }

  /** Makes room, where there is none, in place of the smallest swarm: it is the one that a flood consists of. */
  #create(key: string): Swarm {
    if (this.#swarms.size >= MAX_TORRENTS) {
      let smallest: string | undefined
      let count = Number.POSITIVE_INFINITY
      for (const [other, swarm] of this.#swarms) {
        if (swarm.count >= count) continue
        smallest = other
        count = swarm.count
      }
      this.#swarms.delete(smallest!)
    }
    const swarm = { records: new Uint8Array(0), count: 0, filters: undefined, filtersAt: 0 }
    this.#swarms.set(key, swarm)
    return swarm
  }

  #find(swarm: Swarm, ip: Uint8Array): number {
    for (let at = 0; at < swarm.count * this.#recordBytes; at += this.#recordBytes) {
      let same = 0
      while (same < ip.length && swarm.records[at + same] === ip[same]) same++
      if (same === ip.length) return at
    }
    return -1
  }

  #reserve(swarm: Swarm): void {
    if (swarm.count * this.#recordBytes <= swarm.records.length) return
    const capacity = Math.min(MAX_PEERS_PER_TORRENT, Math.max(4, swarm.count * 2))
    const larger = new Uint8Array(capacity * this.#recordBytes)
    larger.set(swarm.records)
    swarm.records = larger
  }

  #minute(now: number): number {
    this.#startMs ??= now
    return Math.floor((now - this.#startMs) / MINUTE_MS) & 0xffff
  }
}
