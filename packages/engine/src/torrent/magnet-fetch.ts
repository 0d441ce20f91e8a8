/**
 * A torrent of which only the info-hash is known, until peers have told the rest (BEP 9). It finds peers as a torrent
 * does, asks them for the description, and ends with it: a {@link Torrent} takes over.
 */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import type { ProtocolError } from '../errors.ts'
import type { Link, LinkHandler, Ports } from '../ports.ts'
import type { TrackerStatus } from '../tracker/announcer.ts'
import { Announces } from './announces.ts'
import type { Blocklist } from './blocklist.ts'
import { ExtensionRegistry } from './extensions.ts'
import { MetadataExtension } from './metadata.ts'
import { MetadataPeer, type MetadataPeerOwner } from './metadata-peer.ts'
import { PeerBook, type PeerBookEntry, type PeerSource, visitorEntry } from './peer-book.ts'
import { PexExtension } from './pex.ts'
import type { TorrentDht } from './torrent-dht.ts'

/** The description is small: a few peers at once are enough, and the torrent needs the others later. */
const MAX_PEERS = 30
/** Whoever lies about a description is not asked again for so long. */
const LIAR_BAN_MS = 60 * 60_000
/** Who enters the DHT by a single node knows more of it seconds later: the next searches come soon, then less often. */
const FIRST_LOOKUP_PAUSE_MS = 10_000
const LOOKUP_EVERY_MS = 60_000
const NEED_PEERS_EVERY_MS = 15_000
/** With all places taken, one that would take too long goes so often. */
const MAKE_ROOM_MS = 5_000

export interface MagnetOptions {
  /** 20 bytes. */
  readonly infoHash: Uint8Array
  /** Tiers. */
  readonly trackers: readonly (readonly string[])[]
  readonly peers: readonly PeerAddress[]
  /** Whether peers may come from the DHT and from other peers. */
  readonly discovery: boolean
}

export interface MagnetDeps {
  readonly ports: Ports
  /** Our own, 20 bytes; the torrent goes on with it. */
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly announceKey: number
  readonly listenPort: () => number | undefined
  readonly blocklist: Blocklist
  readonly dht: TorrentDht | undefined
  readonly observer: MagnetObserver
  /** There is someone to dial. */
  readonly onNews: () => void
}

export interface MagnetObserver {
  /** The info dictionary, with the right hash; what is in it is still to be checked. */
  onMetadata(infoBytes: Uint8Array): void
  onTracker(url: string, message: string): void
  /** It was given up before. */
  onClosed(): void
}

export class MagnetFetch implements MetadataPeerOwner {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly extensions: ExtensionRegistry
  readonly book: PeerBook
  readonly #deps: MagnetDeps
  readonly #metadata: MetadataExtension
  readonly #announces: Announces
  readonly #peers = new Map<number, MetadataPeer>()
  readonly #useDht: TorrentDht | undefined
  #cancelLookup: (() => void) | undefined
  #nextLookupAt = Number.NEGATIVE_INFINITY
  #lookupPauseMs = FIRST_LOOKUP_PAUSE_MS
  #neededPeersAt = 0
  #madeRoomAt = 0
  #nextPeerId = 1
  #closed = false
  #isDone = false

  constructor(deps: MagnetDeps, options: MagnetOptions) {
    const { ports } = deps
    this.#deps = deps
    this.infoHash = options.infoHash
    this.peerId = deps.peerId
    this.clientName = deps.clientName
    this.#useDht = options.discovery ? deps.dht : undefined
    this.book = new PeerBook({ random: ports.random, isBlocked: host => deps.blocklist.has(host) })
    for (const address of options.peers) this.book.add(address, 'given', this.now())
    this.#metadata = new MetadataExtension({
      infoHash: options.infoHash,
      sha1: ports.sha1,
      infoBytes: undefined,
      onMetadata: bytes => this.#onMetadata(bytes),
      onPiece: ({ id }, bytes, now) => this.#peers.get(id)?.gained(bytes, now),
    })
    // It tells nobody of anybody, but hears whom others know.
    const pex = new PexExtension({
      contacts: () => [],
      onPeers: found => this.#onFound(found, 'pex'),
    })
    this.extensions = new ExtensionRegistry(options.discovery ? [this.#metadata, pex] : [this.#metadata])
    this.#announces = new Announces(options.trackers, {
      trackers: ports.trackers,
      random: ports.random,
      infoHash: options.infoHash,
      peerId: deps.peerId,
      key: deps.announceKey,
      listenPort: deps.listenPort,
      now: () => this.now(),
      // Nobody knows yet how much is left; a byte says that something is.
      stats: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 1 }),
      onPeers: peers => {
        for (const { host, port, peerId } of peers)
          this.book.add({ host, port }, 'tracker', this.now(), { peerId })
      },
      onMessage: (url, message) => deps.observer.onTracker(url, message),
      onEnd: () => deps.onNews(),
    })
    this.#announces.start(this.now())
  }

  get listenPort(): number | undefined {
    return this.#deps.listenPort()
  }

  get dhtPort(): number | undefined {
    return this.#useDht?.port
  }

  get trackers(): readonly TrackerStatus[] {
    return this.#announces.status
  }

  /** What has arrived of what peers claim; undefined while nobody claims anything. */
  get progress(): { readonly bytes: number; readonly size: number } | undefined {
    return this.#metadata.progress
  }

  /** Unverified bytes of it in memory. */
  get heldBytes(): number {
    return this.#metadata.heldBytes
  }

  get connected(): number {
    let open = 0
    for (const peer of this.#peers.values()) if (peer.phase === 'open') open++
    return open
  }

  /** Connections being opened. */
  get connecting(): number {
    return this.#peers.size - this.connected
  }

  tick(now: number): void {
    for (const peer of [...this.#peers.values()]) peer.tick(now)
    this.extensions.tick(now)
    if (this.#closed) return
    this.#announces.tick(now)
    if (now >= this.#nextLookupAt) this.#lookUp(now)
    if (this.#peers.size >= MAX_PEERS) this.#makeRoom(now)
    else if (now - this.#neededPeersAt > NEED_PEERS_EVERY_MS) {
      this.#neededPeersAt = now
      this.#announces.needPeers(now)
    }
  }

  /** The blocklist is another one. */
  onBlocklist(): void {
    this.book.leaveBlocked()
    const { blocklist } = this.#deps
    for (const peer of [...this.#peers.values()]) if (blocklist.has(peer.address.host)) peer.close('blocked')
  }

  /** Opens one more connection, if there is anyone to connect to. */
  dial(now: number): boolean {
    if (this.#closed || this.#peers.size >= MAX_PEERS) return false
    const entry = this.book.next(now)
    if (entry === undefined) return false
    const peer = this.#newPeer(entry, 'out')
    peer.attach(this.#deps.ports.net.connect(entry.address, peer))
    return true
  }

  /** A connection that asked for this torrent. */
  accept(link: Link): LinkHandler | undefined {
    const key = formatAddress(link.remote)
    if (this.#closed || this.book.isBanned(key, this.now())) return undefined
    // It tries once in a while, and somebody may go anyway.
    if (this.#peers.size >= MAX_PEERS) this.#sendAwayLongest(this.now())
    if (this.#peers.size >= MAX_PEERS) return undefined
    const entry = this.book.entryFor(link.remote) ?? visitorEntry(link.remote)
    const peer = this.#newPeer(entry, 'in')
    peer.attach(link)
    peer.sendHandshake()
    return peer
  }

  /** Parts with everyone. The trackers hear no farewell: the torrent, if there will be one, goes on at once. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelLookup?.()
    this.#announces.cancel()
    for (const peer of [...this.#peers.values()]) peer.close('done')
    if (!this.#isDone) this.#deps.observer.onClosed()
  }

  // ------------------------------------------------------------------------------------------ MetadataPeerOwner

  now(): number {
    return this.#deps.ports.clock.now()
  }

  onDhtPort(address: PeerAddress): void {
    this.#useDht?.addNode(address)
  }

  onGone(peer: MetadataPeer, fault: ProtocolError | undefined): void {
    const now = this.now()
    this.#peers.delete(peer.id)
    if (fault?.code === 'SELF') this.book.addOwn(peer.address)
    else if (fault !== undefined) this.book.ban(peer.key, now, LIAR_BAN_MS)
    this.book.failed(peer.entry, now)
  }

  #newPeer(entry: PeerBookEntry, direction: 'in' | 'out'): MetadataPeer {
    const peer = new MetadataPeer(this, { id: this.#nextPeerId++, entry, direction })
    this.#peers.set(peer.id, peer)
    return peer
  }

  /**
   * Those who trickle could hold all places for hours: they go, and may come again. Who is quicker, but claims so much that
   * it takes hours as well, goes one at a time, the longest first.
   */
  #makeRoom(now: number): void {
    for (const peer of [...this.#peers.values()]) if (peer.isSlow(now)) peer.close('too slow')
    if (this.#peers.size >= MAX_PEERS && now - this.#madeRoomAt >= MAKE_ROOM_MS) this.#sendAwayLongest(now)
  }

  #sendAwayLongest(now: number): void {
    let longest: MetadataPeer | undefined
    for (const peer of this.#peers.values()) {
      if (peer.tooLongMs(now) > (longest?.tooLongMs(now) ?? 0)) longest = peer
    }
    if (longest === undefined) return
    this.#madeRoomAt = now
    longest.close('too slow')
  }

  #lookUp(now: number): void {
    this.#nextLookupAt = now + this.#lookupPauseMs
    this.#lookupPauseMs = Math.min(LOOKUP_EVERY_MS, this.#lookupPauseMs * 2)
    this.#cancelLookup?.()
    this.#cancelLookup = this.#useDht?.findPeers(this.infoHash, false, peers => {
      for (const address of peers) this.book.add(address, 'dht', this.now())
      this.#deps.onNews()
    })
  }

  #onFound(found: readonly { readonly address: PeerAddress }[], source: PeerSource): void {
    for (const { address } of found) this.book.add(address, source, this.now())
    this.#deps.onNews()
  }

  #onMetadata(infoBytes: Uint8Array): void {
    if (this.#closed) return
    this.#isDone = true
    for (const peer of this.#peers.values()) {
      if (peer.phase === 'open') this.book.served(peer.entry, this.now())
    }
    this.#deps.observer.onMetadata(infoBytes)
  }
}
