/**
 * A node of one DHT, of IPv4 or of IPv6 (BEP 5, 32, 33, 42, 43, 44, 51), as a machine without socket, clock or timers:
 * `handle` every datagram, `tick` at `nextTimeout`, and after either send what `poll` gives.
 */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { AddressVotes } from '../bytes/address-votes.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { ipScope, mayTell } from '../bytes/ip-scope.ts'
import { networkOf } from '../bytes/network.ts'
import { type Family, familyOf, isUsable } from './address-rules.ts'
import { type Contact, ID_BYTES } from './distance.ts'
import type { ImmutableItem, MutableItem } from './item.ts'
import { encodeQuery, type Incoming, type Query, type Reply } from './krpc.ts'
import { decodeMessage } from './krpc-decode.ts'
import { isNodeIdOf, makeNodeId } from './node-id.ts'
import type { Datagram, DhtOptions, DhtSnapshot } from './node-types.ts'
import { type Outcome, Queries } from './queries.ts'
import { Bucket } from './rate-limiter.ts'
import { Responder } from './responder.ts'
import { K, RoutingTable } from './routing-table.ts'
import { MAX_SAVED_NODES, readSaved, writeSaved } from './saved.ts'
import { Searches, type SearchHost, type SearchSummary } from './searches.ts'
import {
  type FindPeers,
  findNodeTask,
  findPeersTask,
  type GetOptions,
  getTask,
  type PutOptions,
  putTask,
  type SwarmEstimate,
  scrapeTask,
} from './tasks.ts'

/** A search asks some 50 nodes; sixteen of them in a few seconds. */
const QUERIES_PER_SEC = 100
const QUERY_BURST = 200
/** Pings at nodes that only others, or they themselves, have told of. */
const PINGS_PER_SEC = 5
const PING_BURST = 40
/** Datagrams that nobody has polled; far more than a turn makes. */
const MAX_OUTBOX = 2000
const MAINTAIN_EVERY_MS = 5000
/** With fewer good nodes than this the way in is looked for again, ever more rarely. */
const FEW_NODES = 4
const BOOTSTRAP_RETRY_MS = 30_000
const MAX_BOOTSTRAP_RETRY_MS = 15 * 60_000
const MAX_BOOTSTRAP_ADDRESSES: number = MAX_SAVED_NODES + 50
/** Where a search begins: more than 8, as some will be gone. */
const SEEDS = 24
/** A node of another family's answer is welcome while there are fewer than so many. */
const ENOUGH_NODES = 32
/** A lie that many agree on must not keep us from having a place. */
const RENEW_EVERY_MS = 30 * 60_000
/** Networks that see us at the same address, before it is believed (BEP 42). */
const MIN_AGREEING = 6
const DEFAULT_VERSION = Uint8Array.of(0x53, 0x48, 0, 1)

export class DhtNode {
  readonly family: Family
  readonly #options: DhtOptions
  readonly #version: Uint8Array
  readonly #queries: Queries
  readonly #responder: Responder
  readonly #searches: Searches
  readonly #votes: AddressVotes
  readonly #queryRate = new Bucket(QUERIES_PER_SEC, QUERY_BURST)
  readonly #pingRate = new Bucket(PINGS_PER_SEC, PING_BURST)
  readonly #bootstrapAddresses = new Map<string, Contact | PeerAddress>()
  #table: RoutingTable
  #sibling: DhtNode | undefined
  #outbox: Datagram[] = []
  #outboxAt = 0
  #externalIp: string | undefined
  #renewedAt: number | undefined
  #maintainAt: number
  #bootstrapAt: number
  #bootstrapRetryMs = BOOTSTRAP_RETRY_MS
  /** Ends the search for our own id that is going on. */
  #endBootstrap: (() => void) | undefined
  #sent = 0
  #received = 0
  #dropped = 0

  constructor(options: DhtOptions, now: number) {
    this.family = options.family
    this.#options = options
    this.#version = options.version ?? DEFAULT_VERSION
    this.#queries = new Queries(options.random)
    this.#responder = new Responder({ ...options, verify: options.verify, version: this.#version })
    this.#searches = new Searches(this.#searchHost())
    this.#votes = new AddressVotes(options.family, MIN_AGREEING)
    const saved = readSaved(options.saved, options.family)
    this.#externalIp = saved.ip
    this.#table = new RoutingTable(saved.id ?? makeNodeId(saved.ip, options.random), now)
    this.#maintainAt = now
    this.#bootstrapAt = now
    this.#rememberBootstrap(saved.nodes)
  }

  /** Our id, 20 bytes. */
  get id(): Uint8Array {
    return this.#table.id
  }

  // ------------------------------------------------------------------------------------------------- the machine

  /** The datagram's memory is not kept. */
  handle(datagram: Uint8Array, from: PeerAddress, now: number): void {
    this.#received++
    if (!isUsable(from, this.family) || !this.#isWorthReading(from, now)) return this.#drop()
    const message = decodeMessage(datagram)
    if (message === undefined) return this.#drop()
    switch (message.kind) {
      case 'query':
        return this.#onQuery(message, datagram.length, from, now)
      case 'refused':
        return this.#onRefused(message, datagram.length, from, now)
      case 'reply':
      case 'error':
        return this.#onAnswer(message, from, now)
    }
  }

  /** The next datagram to send, until there is none. */
  poll(): Datagram | undefined {
    const next = this.#outbox[this.#outboxAt]
    if (next === undefined) {
      this.#outbox = []
      this.#outboxAt = 0
      return undefined
    }
    this.#outboxAt++
    this.#sent++
    return next
  }

  tick(now: number): void {
    this.#queries.tick(now, to => this.#table.failed(to.host, to.port))
    this.#searches.tick(now)
    if (now < this.#maintainAt) return
    this.#maintainAt = now + MAINTAIN_EVERY_MS
    this.#responder.tick(now)
    this.#maintain(now)
  }

  /** When `tick` is due, on the scale of `now`; calling it earlier does no harm. */
  nextTimeout(now: number): number {
    return Math.min(this.#maintainAt, this.#queries.nextTimeout, this.#searches.nextTimeout(now))
  }

  // ---------------------------------------------------------------------------------------------------- commands

  /** Tells of a node, say of a peer's (BEP 5, PORT message): it enters the table when it answers. */
  addNode(address: PeerAddress, now: number): void {
    if (isUsable(address, this.family) && !this.#queries.expects(address.host))
      this.#pingQuietly(address, now)
  }

  /** Enters the DHT by way of these; they are remembered for when all others are lost. */
  bootstrap(addresses: readonly PeerAddress[], now: number): void {
    this.#rememberBootstrap(addresses)
    this.#bootstrap(now)
  }

  /** Looks for peers and, if told so, announces us. The function that is returned ends it; nothing is called after. */
  findPeers(infoHash: Uint8Array, options: FindPeers, now: number): () => void {
    return this.#searches.start(findPeersTask(infoHash, options), now)
  }

  /** About how many seeds and other peers there are (BEP 33). */
  scrape(
    infoHash: Uint8Array,
    onDone: (estimate: SwarmEstimate, summary: SearchSummary) => void,
    now: number,
  ): () => void {
    return this.#searches.start(scrapeTask(infoHash, this.#options.sha1, onDone), now)
  }

  /** Looks for an item (BEP 44). */
  get(target: Uint8Array, options: GetOptions, now: number): () => void {
    const { sha1, verify } = this.#options
    return this.#searches.start(getTask(target, options, sha1, verify), now)
  }

  /**
   * Stores a value (bencoded, at most 1000 bytes) at the nodes nearest to its SHA-1. Throws a ShoalError
   * `OPTION_INVALID` when it is no such value.
   */
  putImmutable(item: Omit<ImmutableItem, 'kind'>, options: PutOptions, now: number): () => void {
    const task = putTask({ kind: 'immutable', ...item }, options, this.#options.sha1)
    return this.#searches.start(task, now)
  }

  /** Stores a signed value (BEP 44); what is signed is `signedBytes`. Throws as `putImmutable` does. */
  putMutable(item: Omit<MutableItem, 'kind'>, options: PutOptions, now: number): () => void {
    const task = putTask({ kind: 'mutable', ...item }, options, this.#options.sha1)
    return this.#searches.start(task, now)
  }

  /** Asks whether a node is there: its id, or undefined. Errors are answers, too, but without an id. */
  ping(address: PeerAddress, onDone: (id: Uint8Array | undefined) => void, now: number): void {
    const outcome: Outcome = {
      onReply: reply => onDone(reply.id),
      onError: () => onDone(undefined),
      onTimeout: () => onDone(undefined),
    }
    this.#send({ method: 'ping' }, address, outcome, now)
  }

  /** Our address as the internet sees it, known for sure: the id becomes one that this address may have (BEP 42). */
  externalIp(ip: string, now: number): void {
    if (familyOf(ip) !== this.family || ipScope(ip) !== 'global') return
    this.#externalIp = ip
    if (isNodeIdOf(ip, this.id)) return
    this.#renewedAt = now
    this.#table = this.#table.withId(makeNodeId(ip, this.#options.random), now)
    this.#bootstrap(now)
  }

  /** Our address, as other nodes agree that they see it (BEP 42). */
  get seenAs(): string | undefined {
    return this.#externalIp
  }

  /** The node of the other family: each tells of the other's nodes (BEP 32). */
  connect(sibling: DhtNode): void {
    this.#sibling = sibling
  }

  /** Those that we know nearest to us. */
  nodes(count: number, now: number): Contact[] {
    return this.#table.closest(this.id, count, now)
  }

  /** Id and good nodes, for the next start. */
  save(now: number): Uint8Array {
    const nodes = this.#table.closest(this.id, MAX_SAVED_NODES, now)
    return writeSaved({ id: this.id, ip: this.#externalIp, nodes })
  }

  snapshot(now: number): DhtSnapshot {
    return {
      id: this.id.slice(),
      externalIp: this.#externalIp,
      nodes: this.#table.size,
      goodNodes: this.#table.goodCount(now),
      buckets: this.#table.snapshot(now),
      storedTorrents: this.#responder.peers.torrentCount,
      storedPeers: this.#responder.peers.peerCount,
      storedItems: this.#responder.items.count,
      searches: this.#searches.count,
      pendingQueries: this.#queries.count,
      sent: this.#sent,
      received: this.#received,
      dropped: this.#dropped,
    }
  }

  // --------------------------------------------------------------------------------------------------- datagrams

  /** A flood is not even decoded, unless an answer may be in it. */
  #isWorthReading(from: PeerAddress, now: number): boolean {
    return !this.#responder.isSilenced(from, now) || this.#queries.expects(from.host)
  }

  #onQuery(message: Incoming & { kind: 'query' }, length: number, from: PeerAddress, now: number): void {
    const contact = { id: message.id, ...from }
    if (equalBytes(message.id, this.id)) return this.#drop()
    if (!this.#responder.admit(from, now)) return this.#drop()
    this.#table.queried(contact, now)
    if (this.#options.readOnly !== true) {
      const asked = { query: message.query, transaction: message.transaction, from, length }
      this.#push(from, this.#responder.answer(asked, this.#neighbours(now), now))
    }
    if (message.readOnly || this.#queries.expects(from.host)) return
    if (this.#table.wouldTake(contact, now)) this.#pingQuietly(from, now)
  }

  #onRefused(message: Incoming & { kind: 'refused' }, length: number, from: PeerAddress, now: number): void {
    if (this.#options.readOnly === true || !this.#responder.admit(from, now)) return this.#drop()
    const asked = { transaction: message.transaction, from, length }
    this.#push(from, this.#responder.refuse(message.code, message.text, asked, now))
  }

  #onAnswer(message: Incoming & { kind: 'reply' | 'error' }, from: PeerAddress, now: number): void {
    const outcome = this.#queries.settle(message.transaction, from)
    if (outcome === undefined) return this.#drop()
    this.#responder.prove(from.host, now)
    if (message.ip !== undefined) this.#hearOfOurselves(from.host, message.ip, now)
    if (message.kind === 'error') return outcome.onError(message.code, now)
    this.#table.answered({ id: message.reply.id, host: from.host, port: from.port }, now)
    const reply = this.#believed(message.reply, from)
    const foreign = this.family === 4 ? reply.nodes6 : reply.nodes
    if (foreign.length > 0 && this.#sibling !== undefined) this.#sibling.#offer(foreign, now)
    outcome.onReply(reply, now)
  }

  #believed(reply: Reply, from: PeerAddress): Reply {
    const isBelieved = (contact: Contact): boolean =>
      isUsable(contact, familyOf(contact.host)) && mayTell(from.host, contact.host)
    return { ...reply, nodes: reply.nodes.filter(isBelieved), nodes6: reply.nodes6.filter(isBelieved) }
  }

  #hearOfOurselves(voter: string, ip: string, now: number): void {
    const agreed = this.#votes.vote(networkOf(voter), ip)
    if (agreed === undefined || agreed === this.#externalIp) return
    if (this.#renewedAt !== undefined && now - this.#renewedAt < RENEW_EVERY_MS) return
    this.externalIp(agreed, now)
  }

  #send(query: Query, to: PeerAddress, outcome: Outcome, now: number): void {
    const transaction = this.#queries.open(to, outcome, now)
    const readOnly = this.#options.readOnly === true
    const envelope = { transaction, id: this.id, version: this.#version, readOnly }
    this.#push(to, encodeQuery(query, envelope))
  }

  #push(to: PeerAddress, datagram: Uint8Array | undefined): void {
    if (datagram === undefined || this.#outbox.length >= MAX_OUTBOX) return this.#drop()
    this.#outbox.push({ to, datagram })
  }

  #drop(): void {
    this.#dropped++
  }

  // ------------------------------------------------------------------------------------------------- maintenance

  #maintain(now: number): void {
    const questionable = this.#table.nextQuestionable(now)
    if (questionable !== undefined) this.#pingQuietly(questionable, now)
    if (this.#table.goodCount(now) < FEW_NODES) {
      if (now >= this.#bootstrapAt && this.#endBootstrap === undefined) this.#bootstrap(now)
      return
    }
    this.#bootstrapRetryMs = BOOTSTRAP_RETRY_MS
    if (this.#searches.count > 0) return
    const target = this.#table.nextRefresh(now, this.#options.random.bytes(ID_BYTES))
    if (target !== undefined)
      this.#searches.start(
        findNodeTask(target, this.#want(), () => {}),
        now,
      )
  }

  /** Looks for our own id: that finds our neighbours, and makes us known to them. */
  #bootstrap(now: number): void {
    this.#bootstrapAt = now + this.#bootstrapRetryMs
    this.#bootstrapRetryMs = Math.min(MAX_BOOTSTRAP_RETRY_MS, this.#bootstrapRetryMs * 2)
    if (this.#bootstrapAddresses.size === 0 && this.#table.size === 0) return
    this.#endBootstrap?.()
    const task = findNodeTask(this.id, this.#want(), () => {
      this.#endBootstrap = undefined
    })
    this.#endBootstrap = this.#searches.start(task, now, [...this.#bootstrapAddresses.values()])
  }

  #rememberBootstrap(addresses: readonly (Contact | PeerAddress)[]): void {
    for (const address of addresses) {
      if (this.#bootstrapAddresses.size >= MAX_BOOTSTRAP_ADDRESSES) return
      if (isUsable(address, this.family)) this.#bootstrapAddresses.set(formatAddress(address), address)
    }
  }

  #pingQuietly(address: PeerAddress, now: number): void {
    if (this.#queries.isFull || !this.#pingRate.take(1, now)) return
    this.ping(address, () => {}, now)
  }

  /** Nodes that somebody of the other DHT knows in ours. */
  #offer(contacts: readonly Contact[], now: number): void {
    if (this.#table.goodCount(now) >= ENOUGH_NODES) return
    for (const contact of contacts) if (this.#table.wouldTake(contact, now)) this.addNode(contact, now)
  }

  /** Both families while the other node is short of nodes; then, as usual, the own alone. */
  #want(): readonly Family[] | undefined {
    const isShort = this.#sibling !== undefined && this.#sibling.#table.size < K
    return isShort ? [4, 6] : undefined
  }

  #neighbours(now: number): Parameters<Responder['answer']>[1] {
    return {
      id: this.id,
      closest: (family, target, count) => {
        const node = family === this.family ? this : this.#sibling
        return node === undefined ? [] : node.#table.closest(target, count, now, true)
      },
    }
  }

  #searchHost(): SearchHost {
    const node = this
    return {
      get id() {
        return node.id
      },
      seeds: (target, now) => {
        const known = node.#table.closest(target, SEEDS, now)
        return known.length >= K ? known : [...known, ...node.#bootstrapAddresses.values()]
      },
      maySend: now => !node.#queries.isFull && node.#queryRate.has(1, now),
      send: (query, to, outcome, now) => {
        node.#queryRate.take(1, now)
        node.#send(query, to, outcome, now)
      },
      contactsOf: reply => (node.family === 4 ? reply.nodes : reply.nodes6),
    }
  }
}
