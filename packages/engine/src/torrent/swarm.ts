/**
 * A torrent at work: its connected peers, and what it takes to find, keep, serve and leave them. Exists only while the
 * torrent is active; `close` ends it, after which it only takes back the memory that the store still holds.
 */

import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import type { Bitfield } from '../bytes/bitfield.ts'
import { compareBytes, equalBytes } from '../bytes/bytes.ts'
import type { SlabPool } from '../bytes/slabs.ts'
import { assert, ProtocolError, type ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Link, Ports, Run, RunOutcome, Sha1, Store } from '../ports.ts'
import { Choker } from './choker.ts'
import type { CustomExtension } from './custom-extension.ts'
import { ExtensionRegistry } from './extensions.ts'
import { Guide } from './guide.ts'
import type { RateLimit } from './limits.ts'
import { isHoldingBack, leastUseful, whoIsUseless, whoMakesRoom } from './make-room.ts'
import type { OwnAddress } from './own-address.ts'
import { OwnLine } from './own-line.ts'
import { isGoodParting, PARTING } from './parting.ts'
import { Peer, type PeerOwner } from './peer.ts'
import { type PeerBook, type PeerBookEntry, type PeerSource, visitorEntry } from './peer-book.ts'
import { Picker } from './picker.ts'
import { PieceFlow } from './piece-flow.ts'
import { RateMeter } from './rate-meter.ts'
import type { Readers } from './readers.ts'
import { RecentPeers } from './recent-peers.ts'
import type { SendBuffers } from './send-buffers.ts'
import { contactOf, createExtensions } from './swarm-extensions.ts'
import type { TorrentDht } from './torrent-dht.ts'

/** Requests of one refill. */
const PICK_MAX = 512
/** Interest, slots and superfluous peers are looked after so often. */
const CARE_MS = 1_000
/** A seed among seeds is of no use; it gets this long, as bitfields may still be on their way. */
const USELESS_MS = 5_000

/** Two dialled each other at once; later, whoever names itself like a peer of ours does not push it out. */
const AT_ONCE_MS = 15_000
/** With all places taken, one of no use to either side loses its own after this. */
const IDLE_MS = 60_000

/** At most one in so long is sent away for a visitor, however many there are: connections must get to work, too. */
const MAKE_ROOM_MS = 1_000

/** What the engine and the torrent give to a swarm. */
export interface SwarmDeps {
  readonly ports: Ports
  readonly metainfo: Metainfo
  readonly store: Store
  readonly pool: SlabPool
  readonly sendBuffers: SendBuffers
  readonly book: PeerBook
  /** Who reads the torrent while it downloads. */
  readonly readers: Readers
  readonly downloadLimit: RateLimit
  readonly uploadLimit: RateLimit
  /** Our own, 20 bytes. */
  readonly peerId: Uint8Array
  readonly clientName: string
  /** Where we listen, as far as it is known. */
  readonly listenPort: () => number | undefined
  /** Where others see us, as far as it is known. */
  readonly ownAddress: OwnAddress
  /** The DHT node that peers may get to know, where there is one and the torrent is not private. */
  readonly dht: Pick<TorrentDht, 'port' | 'addNode'> | undefined
  /** Whether peers may be exchanged with peers (BEP 11): never of private torrents. */
  readonly peerExchange: boolean
  /** The embedding program's own. */
  readonly extensions: readonly CustomExtension[]
  readonly events: SwarmEvents
}

export interface SwarmOptions {
  readonly have: Bitfield
  /** One a piece, see `Picker.setPriorities`. */
  readonly priorities: Uint8Array
  readonly sequential: boolean
  readonly maxConnections: number
  readonly uploadSlots: number
}

export interface SwarmEvents {
  /** A piece is verified and on disk. */
  onPiece(piece: number): void
  /** All that is wanted is. */
  onComplete(): void
  onDiskError(error: ShoalError): void
  onWarning(text: string): void
}

export class Swarm implements PeerOwner {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly geometry: Geometry
  readonly picker: Picker
  readonly line: OwnLine = new OwnLine()
  readonly memory: Uint8Array
  readonly sha1: Sha1
  readonly sendBuffers: SendBuffers
  readonly picked: Int32Array = new Int32Array(PICK_MAX * 2)
  readonly extensions: ExtensionRegistry
  readonly metadataSize: number

  readonly book: PeerBook
  readonly download: RateMeter = new RateMeter()
  readonly upload: RateMeter = new RateMeter()
  readonly flow: PieceFlow

  readonly #deps: SwarmDeps
  #maxConnections: number
  readonly #choker: Choker
  readonly #guide: Guide
  readonly #peers = new Map<number, Peer>()
  /** Those we are connecting to, until their handshake is complete. */
  readonly #dialling = new Set<Peer>()
  /** Who connected to us and told where it listens: there it is not dialled meanwhile. */
  readonly #listening = new Map<Peer, PeerBookEntry>()
  /** Peers whose next block is being read from disk. */
  readonly #readers = new Set<Peer>()
  /** Peers that could be asked for more, were there memory or pieces to ask for. */
  readonly #starved = new Set<Peer>()
  /** Who left, for peers to hear of. */
  readonly #recent = new RecentPeers()
  #nextPeerId = 1
  #rotation = 0
  #caredAt: number
  #madeRoomAt = Number.NEGATIVE_INFINITY
  /** Of our own address, by which the book ranks. */
  #rankedBy = 0
  #duplicateBytes = 0
  #closed = false

  constructor(deps: SwarmDeps, options: SwarmOptions) {
    this.#deps = deps
    this.infoHash = deps.metainfo.infoHash
    this.peerId = deps.peerId
    this.clientName = deps.clientName
    this.geometry = deps.metainfo.geometry
    this.memory = deps.pool.memory
    this.sha1 = deps.ports.sha1
    this.sendBuffers = deps.sendBuffers
    this.#maxConnections = options.maxConnections
    this.#caredAt = deps.ports.clock.now()
    this.book = deps.book
    this.picker = new Picker({
      geometry: this.geometry,
      pool: deps.pool,
      random: deps.ports.random,
      have: options.have,
      sequential: options.sequential,
      onDropped: piece => deps.store.abandon(piece),
    })
    this.picker.setPriorities(options.priorities)
    this.metadataSize = deps.metainfo.infoBytes.length
    this.extensions = new ExtensionRegistry(
      createExtensions({
        metainfo: deps.metainfo,
        sha1: deps.ports.sha1,
        peers: this.#peers,
        recent: this.#recent,
        peerExchange: deps.peerExchange,
        custom: deps.extensions,
        onAddress: address => this.addAddress(address, 'pex'),
        onWarning: text => deps.events.onWarning(text),
      }),
    )
    this.#guide = new Guide({
      readers: deps.readers,
      picker: this.picker,
      pool: deps.pool,
      peers: this.#peers,
    })
    this.#choker = new Choker({ slots: options.uploadSlots, random: deps.ports.random })
    this.flow = new PieceFlow({
      geometry: this.geometry,
      picker: this.picker,
      store: deps.store,
      book: this.book,
      peers: this.#peers,
      onStored: piece => this.#onStored(piece),
      onMemory: () => this.#feedStarved(),
      onDiskError: error => deps.events.onDiskError(error),
    })
  }

  // ----------------------------------------------------------------------------------------- for torrent, engine

  get peers(): ReadonlyMap<number, Peer> {
    return this.#peers
  }

  /** Connections being opened, up to the end of the handshake. */
  get connecting(): number {
    return this.#dialling.size
  }

  get listenPort(): number | undefined {
    return this.#deps.listenPort()
  }

  get dhtPort(): number | undefined {
    return this.#deps.dht?.port
  }

  isOptimistic(peer: Peer): boolean {
    return this.#choker.isOptimistic(peer)
  }

  /** Bytes received in vain. */
  get wastedBytes(): number {
    return this.#duplicateBytes + this.picker.wastedBytes
  }

  addAddress(address: PeerAddress, source: PeerSource, peerId?: Uint8Array): void {
    this.book.add(address, source, this.now(), { peerId })
  }

  /** Opens one more connection, if there is anyone to connect to. */
  dial(now: number): boolean {
    if (this.#closed || this.#peers.size >= this.#maxConnections) return false
    const entry = this.book.next(now)
    if (entry === undefined) return false
    const peer = this.#newPeer(entry, 'out')
    peer.attach(this.#deps.ports.net.connect(entry.address, peer))
    return true
  }

  /**
   * Takes in a connection that asked for this torrent; undefined when it is not welcome. `isFull`: there is no room in
   * the engine.
   */
  accept(link: Link, isFull: boolean): Peer | undefined {
    const now = this.now()
    const key = formatAddress(link.remote)
    const banned = this.book.isBanned(key, now) || this.book.isBanned(link.remote.host, now)
    if (this.#closed || banned) return undefined
    if ((isFull || this.#peers.size >= this.#maxConnections) && !this.#makeRoomFor(link.remote, now))
      return undefined
    const peer = this.#newPeer(visitorEntry(link.remote), 'in')
    peer.attach(link)
    peer.sendHandshake()
    return peer
  }

  tick(now: number): void {
    const peers = [...this.#peers.values()]
    this.line.tick()
    this.picker.tick(this.line.isFull)
    this.#guide.tick(now)
    const { endgame } = this.picker
    const idle = [...this.#starved].filter(peer => endgame || peer.isIdle(now))
    const pressed = this.picker.mayRepeat && (endgame || this.picker.lacksMemory || idle.length > 0)
    const rival = idle.find(peer => peer.isQuick(now))
    // What a rate limit allows goes to whoever asks first: everyone is first in turn.
    const first = peers.length === 0 ? 0 : this.#rotation++ % peers.length
    let isReleased = false
    for (let n = 0; n < peers.length; n++) {
      const peer = peers[(first + n) % peers.length]!
      if (!peer.tick(now, pressed, rival !== undefined && rival !== peer)) continue
      isReleased = true
      this.#starved.delete(peer)
    }
    // Others have it before the next tick, when whoever held it up may ask again.
    if (isReleased) this.#feedStarved()
    this.extensions.tick(now)
    if (now - this.#caredAt >= CARE_MS) this.#care(now)
    if (now >= this.#choker.dueAt) this.#rechoke(now)
  }

  setPriorities(priorities: Uint8Array): void {
    this.picker.setPriorities(priorities)
    for (const peer of this.#peers.values()) if (peer.phase === 'open') peer.updateInterest()
    this.#feedStarved()
  }

  setSequential(on: boolean): void {
    this.picker.sequential = on
  }

  /** Those beyond are let go, the least useful first. */
  setMaxConnections(count: number): void {
    this.#maxConnections = count
    this.letGo(this.#peers.size - count)
  }

  /** Parts with so many, the least useful first. */
  letGo(count: number): void {
    for (const peer of leastUseful(this.#peers.values(), count, this.now())) peer.close(PARTING.fewer)
  }

  /** Takes effect at once. */
  setUploadSlots(count: number): void {
    this.#choker.setSlots(count)
    this.#rechoke(this.now())
  }

  /** Parts with those whose host is one of these. */
  leaveHosts(isOne: (host: string) => boolean, reason: string): void {
    for (const peer of [...this.#peers.values()]) if (isOne(peer.address.host)) peer.close(reason)
  }

  /** Somebody begins to read, perhaps far from where others do: what it needs is asked for at once. */
  onReader(): void {
    this.#guide.onReader(this.now())
  }

  onRun(run: Run, outcome: RunOutcome): void {
    this.flow.onRun(run, outcome, this.now())
  }

  /** The store has read something that someone waits for. */
  onReadable(): void {
    const waiting = [...this.#readers]
    this.#readers.clear()
    for (const peer of waiting) peer.onReadable()
    this.#deps.readers.news()
  }

  /** Parts with everyone. What the store has in hand still counts when its answer comes. */
  close(reason: string): void {
    this.#closed = true
    for (const peer of [...this.#peers.values()]) peer.close(reason)
  }

  /** Gives back all memory, at once or as the store's answers come. */
  release(): void {
    this.picker.dropAll()
  }

  checkInvariants(): void {
    this.picker.checkInvariants()
    for (const peer of this.#dialling) assert(this.#peers.has(peer.id), 'who is dialled is a peer')
  }

  // -------------------------------------------------------------------------------------------------- PeerOwner

  now(): number {
    return this.#deps.ports.clock.now()
  }

  requestAllowance(now: number): number {
    return this.#deps.downloadLimit.blocks(now)
  }

  takeTurn(peer: Peer, now: number): boolean {
    return this.book.takeTurn(peer.entry, now)
  }

  requested(bytes: number, now: number): void {
    this.#deps.downloadLimit.take(bytes, now)
  }

  maySend(now: number): boolean {
    return this.#deps.uploadLimit.blocks(now) > 0
  }

  sent(bytes: number, now: number): void {
    this.upload.add(bytes, now)
    this.#deps.uploadLimit.take(bytes, now)
  }

  read(peer: Peer, piece: number, begin: number, length: number): Uint8Array | undefined {
    const bytes = this.#deps.store.read(piece, begin, length)
    if (bytes === undefined) this.#readers.add(peer)
    return bytes
  }

  onReady(peer: Peer): string | undefined {
    const now = this.now()
    const peerId = peer.peerId!
    if (equalBytes(peerId, this.peerId)) {
      if (peer.direction === 'out') this.book.addOwn(peer.address)
      throw new ProtocolError('SELF', 'that is ourselves')
    }
    const expected = peer.entry.peerId
    if (expected !== undefined && !equalBytes(expected, peerId)) {
      throw new ProtocolError('PEER_ID_MISMATCH', 'is not the peer that the tracker named')
    }
    for (const other of this.#peers.values()) {
      if (other === peer || other.peerId === undefined || !equalBytes(other.peerId, peerId)) continue
      // Ids are no secret: whoever takes one must not keep its owner out.
      if (other.address.host !== peer.address.host) continue
      const isSameFamily = other.address.host.includes(':') === peer.address.host.includes(':')
      const reason = isSameFamily ? 'already connected' : PARTING.otherFamily
      if (other.phase !== 'open' || this.#isPreferred(other, peer)) return reason
      other.close(reason)
    }
    this.#dialling.delete(peer)
    this.book.connected(peer.entry, now)
    this.flow.onPeer(peer)
    return undefined
  }

  onInterest(peer: Peer): void {
    const now = this.now()
    if (this.#choker.tryUnchoke(peer, this.#peers.values(), now)) peer.unchoke(now)
  }

  onListens(peer: Peer, port: number): void {
    if (peer.direction === 'out') return
    const address = { host: peer.address.host, port }
    // Without its id: once restarted it has another, and someone else's address must not be spoiled by a wrong one.
    this.addAddress(address, 'incoming')
    const entry = this.#listening.has(peer) ? undefined : this.book.claim(address)
    if (entry !== undefined) this.#listening.set(peer, entry)
  }

  onYourIp(peer: Peer, ip: string): void {
    this.#deps.ownAddress.onPeer(peer.address.host, ip)
  }

  onDhtPort(peer: Peer, port: number): void {
    this.#deps.dht?.addNode({ host: peer.address.host, port })
  }

  onStarved(peer: Peer): void {
    this.#starved.add(peer)
  }

  onBlock(peer: Peer, piece: number, block: number, bytes: number, now: number): void {
    this.download.add(bytes, now)
    this.flow.onBlock(peer, piece, block)
  }

  onWaste(bytes: number): void {
    this.#duplicateBytes += bytes
  }

  onGone(peer: Peer, reason: string, fault: ProtocolError | undefined): void {
    const now = this.now()
    this.#peers.delete(peer.id)
    this.#readers.delete(peer)
    this.#starved.delete(peer)
    this.#dialling.delete(peer)
    if (peer.peerId !== undefined && isGoodParting(reason)) {
      const contact = contactOf(peer)
      if (contact !== undefined) this.#recent.add(contact, now)
    }
    const { entry } = peer
    const useful = peer.download.total > 0 || peer.upload.total > 0
    if (peer.peerId === undefined) this.book.failed(entry, now)
    else this.book.disconnected(entry, now, { useful, reason })
    const listening = this.#listening.get(peer)
    if (listening !== undefined) this.book.disconnected(listening, now, { useful, reason })
    this.#listening.delete(peer)
    // One that restarted since the tracker heard of it has done nothing wrong.
    const harmless = fault?.code === 'SELF' || fault?.code === 'PEER_ID_MISMATCH'
    if (fault !== undefined && !harmless) this.book.strike(entry, now)
    // At once: one that comes and goes would have taken the same again before the next tick.
    if (!this.#closed) this.#feedStarved()
  }

  // ---------------------------------------------------------------------------------------------------- helpers

  #newPeer(entry: PeerBookEntry, direction: 'in' | 'out'): Peer {
    const peer = new Peer(this, { id: this.#nextPeerId++, entry, direction })
    this.#peers.set(peer.id, peer)
    if (direction === 'out') this.#dialling.add(peer)
    return peer
  }

  /**
   * Two connections to one peer: when both sides dialled at once, both keep the one that the greater peer id opened;
   * otherwise the older stays.
   */
  #isPreferred(older: Peer, newer: Peer): boolean {
    const atOnce = newer.startedAt - older.startedAt < AT_ONCE_MS
    if (older.direction === newer.direction || !atOnce) return true
    const ours = compareBytes(this.peerId, newer.peerId!) > 0
    return (older.direction === 'out') === ours
  }

  #onStored(piece: number): void {
    for (const peer of this.#peers.values()) {
      peer.sendHave(piece)
      if (peer.interesting && peer.pieces.has(piece)) peer.interestStale = true
    }
    this.#deps.events.onPiece(piece)
    this.#deps.readers.onPiece(piece)
    if (this.#guide.isGuiding) this.#guide.onPiece(this.now())
    if (!this.picker.isComplete) return
    for (const peer of this.#peers.values()) {
      peer.updateInterest()
      peer.sendExtendedHandshake()
    }
    this.#deps.events.onComplete()
  }

  #feedStarved(): void {
    if (this.#starved.size === 0) return
    const now = this.now()
    const hungry = [...this.#starved]
    this.#starved.clear()
    // Those who let us wait are asked with the tick: others come first, and each is a walk over what is active.
    for (const peer of hungry) if (!peer.silent) peer.fill(now)
  }

  /** What need not happen at once: interest that has ended, slots that became free, peers that are of no use. */
  #care(now: number): void {
    this.#caredAt = now
    this.#rank()
    const complete = this.picker.isComplete
    for (const peer of [...this.#peers.values()]) {
      if (peer.phase !== 'open') continue
      if (peer.interestStale) peer.updateInterest()
      if (!peer.interested && !peer.choked) peer.choke()
      const settled = now - peer.startedAt > USELESS_MS
      if (complete && (peer.isSeed || peer.uploadOnly) && settled) peer.close(PARTING.bothComplete)
    }
    // The newest first: those who have waited for long have the choker's rounds, and a crowd that takes and does not read
    // shall not be served before everyone who comes after it.
    for (const peer of [...this.#peers.values()].reverse()) {
      if (peer.interested && peer.choked) this.onInterest(peer)
    }
    if (this.#peers.size >= this.#maxConnections) this.#makeRoom(now)
    if (!complete) this.#beginAnew(now)
  }

  /**
   * A peer on parole works alone on a piece, so what others left half done is closed to it. When all that we could ask
   * are on parole and idle, such a piece is begun anew, or it would never be whole.
   */
  #beginAnew(now: number): void {
    if (this.requestAllowance(now) === 0) return
    // What the store has comes back; what such pieces hold does not, and may be all there is.
    if (this.#deps.pool.available === 0 && this.flow.runsInFlight > 0) return
    let idle: Peer | undefined
    for (const peer of this.#peers.values()) {
      if (peer.phase !== 'open' || !peer.interesting || peer.choking || peer.snubbed) continue
      if (peer.waitsForTurn && peer.window.size === 0) continue
      if (!peer.parole || peer.window.size > 0) return
      idle = peer
    }
    if (idle === undefined) return
    for (const { index, received, total } of this.picker.partial()) {
      if (received === total || !idle.pieces.has(index)) continue
      this.picker.failed(index)
      return
    }
  }

  /**
   * Those of no use could hold all places for ever; the oldest goes, one at a time. Whoever holds back what we asked for goes
   * when there is somebody else to ask, who may do better.
   */
  #makeRoom(now: number): void {
    const hasBetter = this.book.hasFresh(now)
    for (const peer of this.#peers.values()) {
      if (peer.phase !== 'open') continue
      const idle = !peer.interested && !peer.interesting && now - peer.startedAt > IDLE_MS
      const isGiven = peer.entry.sources.includes('given')
      if (!idle && !(hasBetter && !isGiven && isHoldingBack(peer, now))) continue
      peer.close(PARTING.noUse)
      return
    }
  }

  /** Whether somebody left for a visitor (BEP 40). */
  #makeRoomFor(visitor: PeerAddress, now: number): boolean {
    const useless = whoIsUseless(this.#peers.values(), now)
    if (useless !== undefined) {
      useless.close(PARTING.noUse)
      return true
    }
    if (now - this.#madeRoomAt < MAKE_ROOM_MS) return false
    const priorityOf = (address: PeerAddress): number | undefined => this.#priorityOf(address)
    const leaving = whoMakesRoom(visitor, this.#peers.values(), priorityOf, IDLE_MS, now)
    if (leaving === undefined) return false
    this.#madeRoomAt = now
    leaving.close(PARTING.madeRoom)
    return true
  }

  #priorityOf(address: PeerAddress): number | undefined {
    return this.#deps.ownAddress.priorityOf(address, this.listenPort)
  }

  /** Ranks whom to dial anew, once it is known, or known better, where others see us. */
  #rank(): void {
    const { version } = this.#deps.ownAddress
    if (version === this.#rankedBy) return
    this.#rankedBy = version
    this.book.setPriorities(address => this.#priorityOf(address))
  }

  #rechoke(now: number): void {
    const open = [...this.#peers.values()].filter(peer => peer.phase === 'open')
    const { choke, unchoke } = this.#choker.rechoke(open, now, { seeding: this.picker.isComplete })
    for (const peer of choke) peer.choke()
    for (const peer of unchoke) peer.unchoke(now)
  }
}
