/** What a search through the DHT can be for: peers, counts of peers, items, or just nodes. */
import { formatAddress, type PeerAddress, parseIp } from '../bytes/address.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { mayTell } from '../bytes/ip-scope.ts'
import type { Sha1 } from '../ports.ts'
import { type Family, familyOf, isUsable } from './address-rules.ts'
import { addToFilter, estimateCount, mergeFilter } from './bloom.ts'
import { checkItem, type Item, type MutableItem, mutableTarget, signedBytes, targetOf } from './item.ts'
import type { Verify } from './item-store.ts'
import { FILTER_BYTES, type Reply } from './krpc.ts'
import type { Candidate } from './lookup.ts'
import type { SearchSummary, SearchTask } from './searches.ts'

/** A swarm of more is not better: the book of peers holds some thousands for all torrents. */
const MAX_PEERS = 1000
/** BEP 33: fuller filters say nothing any more. */
const MAX_FILTER_COUNT = 6000

export interface FindPeers {
  /** Tells others that we are a peer, too. `impliedPort`: they take the port that our datagram comes from. */
  readonly announce?: { readonly port: number; readonly impliedPort: boolean; readonly seed?: boolean }
  /** As they are found; each address once. */
  onPeers(peers: readonly PeerAddress[]): void
  onDone(summary: SearchSummary): void
}

export interface SwarmEstimate {
  readonly seeds: number
  /** Without seeds. */
  readonly peers: number
}

export interface PutOptions {
  /** Store only in place of the item with this `seq`. */
  readonly cas?: number
  /** `target`: 20 bytes, what others get it by. */
  onDone(summary: SearchSummary, target: Uint8Array): void
}

export interface GetOptions {
  /** Of mutable items. */
  readonly salt?: Uint8Array
  /** The immutable item, or the newest of a mutable one; verified. */
  onDone(item: Item | undefined, summary: SearchSummary): void
}

export function findNodeTask(
  target: Uint8Array,
  want: readonly Family[] | undefined,
  onDone: (summary: SearchSummary) => void,
): SearchTask {
  return { target, query: () => ({ method: 'find_node', target, want }), onDone }
}

export function findPeersTask(infoHash: Uint8Array, options: FindPeers): SearchTask {
  const { announce } = options
  const seen = new Set<string>()
  return {
    target: infoHash,
    query: () => ({ method: 'get_peers', target: infoHash }),
    onReply: (reply, from) => {
      const fresh: PeerAddress[] = []
      for (const peer of believable(reply, from)) {
        const key = formatAddress(peer)
        if (seen.has(key) || seen.size >= MAX_PEERS) continue
        seen.add(key)
        fresh.push(peer)
      }
      if (fresh.length > 0) options.onPeers(fresh)
      return false
    },
    ...(announce !== undefined && {
      store: (_at, token) => ({
        method: 'announce_peer',
        target: infoHash,
        token,
        port: announce.port,
        impliedPort: announce.impliedPort,
        seed: announce.seed ?? false,
      }),
    }),
    onDone: summary => options.onDone(summary),
  }
}

/** BEP 33. Where a node knows nothing of filters, the peers that it names are counted. */
export function scrapeTask(
  infoHash: Uint8Array,
  sha1: Sha1,
  onDone: (estimate: SwarmEstimate, summary: SearchSummary) => void,
): SearchTask {
  const seeds = new Uint8Array(FILTER_BYTES)
  const peers = new Uint8Array(FILTER_BYTES)
  const named = new Map<string, Uint8Array>()
  return {
    target: infoHash,
    query: () => ({ method: 'get_peers', target: infoHash, scrape: true }),
    onReply: (reply, from) => {
      const { seedFilter, peerFilter } = reply
      if (seedFilter !== undefined && peerFilter !== undefined) {
        if (estimateCount(seedFilter) <= MAX_FILTER_COUNT) mergeFilter(seeds, seedFilter)
        if (estimateCount(peerFilter) <= MAX_FILTER_COUNT) mergeFilter(peers, peerFilter)
        return false
      }
      for (const { host } of believable(reply, from)) {
        if (named.size < MAX_PEERS) named.set(host, parseIp(host)!)
      }
      return false
    },
    onDone: summary => {
      for (const ip of named.values()) {
        const filter = new Uint8Array(FILTER_BYTES)
        addToFilter(filter, ip, sha1)
        if (!filter.every((byte, at) => (byte & ~seeds[at]!) === 0)) mergeFilter(peers, filter)
      }
      const round = (filter: Uint8Array): number => Math.round(estimateCount(filter))
      onDone({ seeds: round(seeds), peers: round(peers) }, summary)
    },
  }
}

export function getTask(
  target: Uint8Array,
  options: GetOptions,
  sha1: Sha1,
  verify: Verify | undefined,
): SearchTask {
  const salt = options.salt ?? new Uint8Array(0)
  let found: Item | undefined
  return {
    target,
    query: () => ({ method: 'get', target, seq: found?.kind === 'mutable' ? found.seq : undefined }),
    onReply: reply => {
      const { value } = reply
      if (value === undefined) return false
      if (equalBytes(sha1(value), target)) {
        found = { kind: 'immutable', value }
        return true
      }
      const item = mutableOf(reply, value, salt)
      if (item === undefined || !equalBytes(mutableTarget(item.publicKey, salt, sha1), target)) return false
      if (found?.kind === 'mutable' && found.seq >= item.seq) return false
      if (verify?.(item.publicKey, signedBytes(salt, item.seq, value), item.signature)) found = item
      return false
    },
    onDone: summary => options.onDone(found, summary),
  }
}

export function putTask(item: Item, options: PutOptions, sha1: Sha1): SearchTask {
  checkItem(item)
  const target = targetOf(item, sha1)
  const holders = new Set<Candidate>()
  return {
    target,
    // Its value is not wanted: with the `seq` that we have, only something newer would be sent.
    query: () => ({ method: 'get', target, seq: item.kind === 'mutable' ? item.seq : undefined }),
    onReply: (reply, from) => {
      if (reply.value !== undefined || reply.seq !== undefined) holders.add(from)
      return false
    },
    store: (at, token) => ({ method: 'put', token, item, cas: holders.has(at) ? options.cas : undefined }),
    onDone: summary => options.onDone(summary, target),
  }
}

function mutableOf(reply: Reply, value: Uint8Array, salt: Uint8Array): MutableItem | undefined {
  const { publicKey, signature, seq } = reply
  if (publicKey === undefined || signature === undefined || seq === undefined || seq < 0) return undefined
  return { kind: 'mutable', value, publicKey, signature, seq, salt }
}

function believable(reply: Reply, from: Candidate): PeerAddress[] {
  const { host } = from.address
  return reply.values.filter(peer => isUsable(peer, familyOf(peer.host)) && mayTell(host, peer.host))
}
