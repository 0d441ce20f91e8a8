/** Both DHTs, of IPv4 and IPv6 (BEP 32), as one: what is looked for is looked for in each that there is. */
import type { PeerAddress } from '../bytes/address.ts'
import { formatAddress } from '../bytes/address.ts'
import { type Family, familyOf } from './address-rules.ts'
import type { Contact } from './distance.ts'
import type { ImmutableItem, Item, MutableItem } from './item.ts'
import { DhtNode } from './node.ts'
import type { Datagram, DhtOptions, DhtSnapshot } from './node-types.ts'
import type { SearchSummary } from './searches.ts'
import type { FindPeers, GetOptions, PutOptions, SwarmEstimate } from './tasks.ts'

export interface DhtPairOptions extends Omit<DhtOptions, 'family' | 'saved'> {
  /** The families that there is a socket for. */
  readonly families: readonly Family[]
  readonly saved?: { readonly [family in Family]?: Uint8Array }
}

export class Dht {
  readonly #nodes: readonly DhtNode[]

  constructor(options: DhtPairOptions, now: number) {
    const { families, saved, ...common } = options
    this.#nodes = [...new Set(families)].map(family => {
      const record = saved?.[family]
      return new DhtNode({ ...common, family, ...(record !== undefined && { saved: record }) }, now)
    })
    const [a, b] = this.#nodes
    if (a === undefined || b === undefined) return
    a.connect(b)
    b.connect(a)
  }

  /** Datagrams of a family that there is no node for are ignored. */
  handle(datagram: Uint8Array, from: PeerAddress, now: number): void {
    this.#of(from.host)?.handle(datagram, from, now)
  }

  /** The next datagram to send, until there is none: by the socket of its address' family. */
  poll(): Datagram | undefined {
    for (const node of this.#nodes) {
      const next = node.poll()
      if (next !== undefined) return next
    }
    return undefined
  }

  tick(now: number): void {
    for (const node of this.#nodes) node.tick(now)
  }

  nextTimeout(now: number): number {
    return Math.min(...this.#nodes.map(node => node.nextTimeout(now)))
  }

  addNode(address: PeerAddress, now: number): void {
    this.#of(address.host)?.addNode(address, now)
  }

  bootstrap(addresses: readonly PeerAddress[], now: number): void {
    for (const node of this.#nodes) {
      const own = addresses.filter(address => familyOf(address.host) === node.family)
      node.bootstrap(own, now)
    }
  }

  ping(address: PeerAddress, onDone: (id: Uint8Array | undefined) => void, now: number): void {
    this.#of(address.host)?.ping(address, onDone, now)
  }

  /** See {@link DhtNode.externalIp}; for the node of the address' family. */
  externalIp(ip: string, now: number): void {
    this.#of(ip)?.externalIp(ip, now)
  }

  /** Our addresses, as other nodes agree that they see us: at most one a family. */
  get seenAs(): string[] {
    return this.#nodes.flatMap(({ seenAs }) => seenAs ?? [])
  }

  /** Each peer once; `onDone` when the last node is done. The function that is returned ends it. */
  findPeers(infoHash: Uint8Array, options: FindPeers, now: number): () => void {
    const seen = new Set<string>()
    const onPeers = (peers: readonly PeerAddress[]): void => {
      const fresh = peers.filter(peer => !seen.has(formatAddress(peer)))
      for (const peer of fresh) seen.add(formatAddress(peer))
      if (fresh.length > 0) options.onPeers(fresh)
    }
    return this.#each(
      (node, done) => node.findPeers(infoHash, { ...options, onPeers, onDone: done }, now),
      summary => options.onDone(summary),
    )
  }

  /** The sum of both. */
  scrape(
    infoHash: Uint8Array,
    onDone: (estimate: SwarmEstimate, summary: SearchSummary) => void,
    now: number,
  ): () => void {
    let [seeds, peers] = [0, 0]
    return this.#each(
      (node, done) =>
        node.scrape(
          infoHash,
          (estimate, summary) => {
            seeds += estimate.seeds
            peers += estimate.peers
            done(summary)
          },
          now,
        ),
      summary => onDone({ seeds, peers }, summary),
    )
  }

  get(target: Uint8Array, options: GetOptions, now: number): () => void {
    let found: Item | undefined
    return this.#each(
      (node, done) => {
        const onDone = (item: Item | undefined, summary: SearchSummary): void => {
          if (found === undefined || (item?.kind === 'mutable' && seqOf(item) > seqOf(found))) found = item
          done(summary)
        }
        return node.get(target, { ...options, onDone }, now)
      },
      summary => options.onDone(found, summary),
    )
  }

  putImmutable(item: Omit<ImmutableItem, 'kind'>, options: PutOptions, now: number): () => void {
    return this.#put(options, (node, own) => node.putImmutable(item, own, now))
  }

  putMutable(item: Omit<MutableItem, 'kind'>, options: PutOptions, now: number): () => void {
    return this.#put(options, (node, own) => node.putMutable(item, own, now))
  }

  /** Of each node, those nearest to itself. */
  nodes(count: number, now: number): Contact[] {
    return this.#nodes.flatMap(node => node.nodes(count, now))
  }

  /** For `saved` of the next start. */
  save(now: number): { [family in Family]?: Uint8Array } {
    return Object.fromEntries(this.#nodes.map(node => [node.family, node.save(now)]))
  }

  snapshot(now: number): { [family in Family]?: DhtSnapshot } {
    return Object.fromEntries(this.#nodes.map(node => [node.family, node.snapshot(now)]))
  }

  #put(options: PutOptions, start: (node: DhtNode, options: PutOptions) => () => void): () => void {
    let target: Uint8Array = new Uint8Array(0)
    return this.#each(
      (node, done) =>
        start(node, {
          ...options,
          onDone: (summary, at) => {
            target = at
            done(summary)
          },
        }),
      summary => options.onDone(summary, target),
    )
  }

  /** Starts a search at every node; reports once all are done, with their sums. */
  #each(
    start: (node: DhtNode, done: (summary: SearchSummary) => void) => () => void,
    onDone: (summary: SearchSummary) => void,
  ): () => void {
    const summaries: SearchSummary[] = []
    const cancels = this.#nodes.map(node =>
      start(node, summary => {
        summaries.push(summary)
        if (summaries.length === this.#nodes.length) onDone(summaries.reduce(sum))
      }),
    )
    return () => {
      for (const cancel of cancels) cancel()
    }
  }

  #of(host: string): DhtNode | undefined {
    const family = familyOf(host)
    return this.#nodes.find(node => node.family === family)
  }
}

function seqOf(item: Item): number {
  return item.kind === 'mutable' ? item.seq : 0
}

function sum(a: SearchSummary, b: SearchSummary): SearchSummary {
  return {
    messages: a.messages + b.messages,
    replies: a.replies + b.replies,
    hops: Math.max(a.hops, b.hops),
    nearest: a.nearest + b.nearest,
    stored: a.stored + b.stored,
    refusals: [...a.refusals, ...b.refusals],
    durationMs: Math.max(a.durationMs, b.durationMs),
  }
}
