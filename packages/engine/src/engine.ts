/**
 * Many torrents behind one port: who owns the listening socket, the piece memory, the global limits and the one clock
 * tick that drives everything. Knows the world only by its ports, so it runs unchanged in the simulator.
 */

import { toHex } from './bytes/hex.ts'
import type { IpRanges } from './bytes/ip-ranges.ts'
import { ipScope } from './bytes/ip-scope.ts'
import { SlabPool } from './bytes/slabs.ts'
import { DhtService, type DhtSetup } from './dht-service.ts'
import { assert, ShoalError } from './errors.ts'
import type { Metainfo } from './metainfo/metainfo.ts'
import type { Link, LinkHandler, Listener, Ports } from './ports.ts'
import { Blocklist, withoutBlocked } from './torrent/blocklist.ts'
import { type CustomExtension, checkExtensions } from './torrent/custom-extension.ts'
import { Incoming } from './torrent/incoming.ts'
import { MagnetFetch, type MagnetObserver, type MagnetOptions } from './torrent/magnet-fetch.ts'
import { fairShare } from './torrent/make-room.ts'
import { OwnAddress } from './torrent/own-address.ts'
import { SendBuffers } from './torrent/send-buffers.ts'
import { TokenBucket } from './torrent/token-bucket.ts'
import { Torrent } from './torrent/torrent.ts'
import type { TorrentObserver } from './torrent/torrent-deps.ts'
import type { TorrentDht } from './torrent/torrent-dht.ts'
import type { TorrentOptions } from './torrent/torrent-options.ts'
import { makePeerId } from './wire/peer-id.ts'

/** Timeouts, choking, keep-alives, announces, speeds: everything that waits, waits for this. */
export const TICK_MS = 100
/** Trackers get so long to hear that we leave. */
const FAREWELL_MS = 4_000
/** A port that is taken, or was lost, may be free again. */
const LISTEN_AGAIN_MS = 30_000
/** Connections that have not said which torrent they want. */
const INCOMING_MAX = 100
/** Where fewer connections are allowed; a few may come at the same moment. */
const INCOMING_FEW = 10

export interface EngineOptions {
  /** Undefined: nobody can connect to us. */
  readonly listen: { readonly host: string | undefined; readonly port: number } | undefined
  /** Peers at once, over all torrents, those being connected to among them. */
  readonly maxConnections: number
  /** Connections being opened at once, over all torrents. */
  readonly maxHalfOpen: number
  /** Bytes a second over all torrents; undefined: no limit. */
  readonly downloadLimit?: number | undefined
  readonly uploadLimit?: number | undefined
  /** Name and version, for peers that ask (BEP 10). */
  readonly clientName: string
  /** Undefined: no DHT. `port` of UDP: that of TCP unless told. */
  readonly dht?: (DhtSetup & { readonly port?: number }) | undefined
  /** The embedding program's own, for every torrent. */
  readonly extensions?: readonly CustomExtension[] | undefined
}

export interface EngineObserver {
  onListening(port: number): void
  /** Listening failed, and is tried again in silence; or there is no socket for the DHT. Torrents go on without. */
  onError(error: ShoalError): void
  /** The last call: after {@link Engine.close}. */
  onClosed(): void
}

export class Engine {
  readonly downloadLimit: TokenBucket
  readonly uploadLimit: TokenBucket
  readonly blocklist: Blocklist = new Blocklist()
  /** Looks for peers from when it listens. */
  readonly dht: DhtService | undefined
  readonly #ports: Ports
  readonly #options: EngineOptions
  readonly #observer: EngineObserver
  readonly #pool: SlabPool
  readonly #sendBuffers = new SendBuffers()
  readonly #ownAddress = new OwnAddress()
  readonly #torrents = new Map<string, Torrent>()
  /** Torrents whose description is being fetched. */
  readonly #magnets = new Map<string, MagnetFetch>()
  /** Accepted, not yet of a torrent. */
  readonly #incoming = new Set<Incoming>()
  /** Removed, still telling their trackers. */
  readonly #leaving = new Set<Torrent>()
  readonly #announceKey: number
  readonly #torrentDht: TorrentDht | undefined
  #listener: Listener | undefined
  #listenPort: number | undefined
  /** When to try again to listen. */
  #listenAt = Number.POSITIVE_INFINITY
  #toldOfPort = false
  #stopTicking: (() => void) | undefined
  /** Whose turn it is to dial first. */
  #rotation = 0
  #closing: { readonly deadline: number } | undefined
  #maxConnections: number
  #maxHalfOpen: number
  /** When a peer from outside last named a torrent of ours. */
  #reachedAt: number | undefined

  /** @throws ShoalError `OPTION_INVALID` */
  constructor(ports: Ports, options: EngineOptions, observer: EngineObserver) {
    checkExtensions(options.extensions ?? [])
    this.#ports = ports
    this.#options = options
    this.#observer = observer
    this.#maxConnections = options.maxConnections
    this.#maxHalfOpen = options.maxHalfOpen
    this.#pool = new SlabPool(ports.storage.memory)
    this.downloadLimit = new TokenBucket(options.downloadLimit)
    this.uploadLimit = new TokenBucket(options.uploadLimit)
    this.#announceKey = ports.random.below(2 ** 31)
    this.dht = this.#makeDht()
    this.#torrentDht = this.dht && this.#forTorrents(this.dht)
  }

  /** Undefined while, or when, nobody can connect to us. */
  get listenPort(): number | undefined {
    return this.#listenPort
  }

  get torrents(): Iterable<Torrent> {
    return this.#torrents.values()
  }

  /** By its info-hash, 40 lower-case hex digits. */
  torrent(infoHashHex: string): Torrent | undefined {
    return this.#torrents.get(infoHashHex)
  }

  /** When somebody last came to our port from the internet; undefined: nobody did. */
  get reachedAt(): number | undefined {
    return this.#reachedAt
  }

  /** Where peers, trackers and the DHT see us, as far as they agree. */
  get externalIps(): readonly string[] {
    return this.#ownAddress.all
  }

  /** Piece memory that is not in use, and all there is, in slabs. */
  get memory(): { readonly available: number; readonly capacity: number } {
    return this.#pool
  }

  /** Begins to listen and to tick. */
  open(): void {
    const { listen, dht } = this.#options
    this.#stopTicking = this.#ports.clock.every(TICK_MS, () => this.#tick())
    if (listen === undefined) this.dht?.open(dht?.port ?? 0)
    else this.#listen(listen)
  }

  /** @throws ShoalError `TORRENT_DUPLICATE`, `CLOSED` */
  add(metainfo: Metainfo, options: TorrentOptions, observer: TorrentObserver): Torrent {
    if (this.#closing !== undefined) throw new ShoalError('CLOSED', 'the engine is closed')
    if (this.#torrents.has(metainfo.infoHashHex)) {
      throw new ShoalError('TORRENT_DUPLICATE', `${metainfo.name} is there already`)
    }
    const torrent = new Torrent(
      {
        ports: this.#ports,
        pool: this.#pool,
        sendBuffers: this.#sendBuffers,
        downloadLimit: this.downloadLimit,
        uploadLimit: this.uploadLimit,
        // One a torrent, so that nobody can tell which torrents are one person's.
        peerId: makePeerId(this.#ports.random.bytes(12)),
        clientName: this.#options.clientName,
        announceKey: this.#announceKey,
        listenPort: () => this.#listenPort,
        ownAddress: this.#ownAddress,
        blocklist: this.blocklist,
        dht: this.#torrentDht,
        extensions: this.#options.extensions ?? [],
        observer,
        onNews: () => this.#onNews(),
      },
      metainfo,
      options,
    )
    this.#torrents.set(metainfo.infoHashHex, torrent)
    return torrent
  }

  /**
   * Begins to ask peers what is in a torrent; `observer.onMetadata` ends it, and so does `dropMagnet`.
   *
   * @throws ShoalError `TORRENT_DUPLICATE`, `CLOSED`
   */
  addMagnet(options: MagnetOptions, observer: MagnetObserver): MagnetFetch {
    const key = toHex(options.infoHash)
    if (this.#closing !== undefined) throw new ShoalError('CLOSED', 'the engine is closed')
    if (this.#torrents.has(key) || this.#magnets.has(key)) {
      throw new ShoalError('TORRENT_DUPLICATE', `${key} is there already`)
    }
    const magnet = new MagnetFetch(
      {
        ports: this.#ports,
        peerId: makePeerId(this.#ports.random.bytes(12)),
        clientName: this.#options.clientName,
        announceKey: this.#announceKey,
        listenPort: () => this.#listenPort,
        blocklist: this.blocklist,
        dht: this.#torrentDht,
        observer,
        onNews: () => this.#onNews(),
      },
      options,
    )
    this.#magnets.set(key, magnet)
    return magnet
  }

  dropMagnet(magnet: MagnetFetch): void {
    magnet.close()
    this.#magnets.delete(toHex(magnet.infoHash))
  }

  /** Those beyond are let go: of torrents with many, so that the others keep theirs. */
  setMaxConnections(count: number, halfOpen: number): void {
    this.#maxConnections = count
    this.#maxHalfOpen = halfOpen
    const swarms = [...this.#torrents.values()].flatMap(({ swarm }) => swarm ?? [])
    const share = fairShare(
      swarms.map(({ peers }) => peers.size),
      count,
    )
    for (const swarm of swarms) swarm.letGo(swarm.peers.size - share)
  }

  /** Addresses to keep away from, in place of those before; whoever is connected from there is left. */
  setBlocklist(ranges: IpRanges): void {
    this.blocklist.set(ranges)
    for (const incoming of [...this.#incoming]) if (ranges.has(incoming.host)) incoming.close()
    for (const torrent of this.#torrents.values()) torrent.onBlocklist()
    for (const magnet of this.#magnets.values()) magnet.onBlocklist()
  }

  /** Forgets a torrent that is stopped. */
  remove(torrent: Torrent): void {
    assert(torrent.phase.name === 'stopped', 'a torrent is stopped before it is removed')
    const { infoHashHex } = torrent.metainfo
    if (this.#torrents.get(infoHashHex) === torrent) this.#torrents.delete(infoHashHex)
    if (!torrent.isIdle) this.#leaving.add(torrent)
  }

  /** Stops all torrents, tells their trackers, then `onClosed`. */
  close(): void {
    if (this.#closing !== undefined) return
    this.#closing = { deadline: this.#ports.clock.now() + FAREWELL_MS }
    this.#listener?.close()
    this.#listenPort = undefined
    for (const incoming of this.#incoming) incoming.close()
    for (const magnet of this.#magnets.values()) magnet.close()
    for (const torrent of this.#torrents.values()) torrent.stop()
  }

  checkInvariants(): void {
    for (const torrent of this.#torrents.values()) torrent.swarm?.checkInvariants()
  }

  #listen(at: NonNullable<EngineOptions['listen']>): void {
    const { dht } = this.#options
    this.#listener = this.#ports.net.listen(at, {
      onListening: port => {
        this.#listenPort = port
        this.#toldOfPort = false
        this.dht?.open(dht?.port ?? port)
        this.#observer.onListening(port)
      },
      onLink: link => this.#onLink(link),
      onError: error => {
        this.#listenPort = undefined
        if (this.#closing === undefined) {
          this.#listenAt = this.#ports.clock.now() + LISTEN_AGAIN_MS
          // Peers are found by the DHT all the same.
          this.dht?.open(dht?.port ?? at.port)
        }
        if (!this.#toldOfPort) this.#observer.onError(error)
        this.#toldOfPort = true
      },
    })
  }

  #tick(): void {
    const now = this.#ports.clock.now()
    const { listen } = this.#options
    if (now >= this.#listenAt && listen !== undefined && this.#closing === undefined) {
      this.#listenAt = Number.POSITIVE_INFINITY
      this.#listen(listen)
    }
    for (const incoming of this.#incoming) incoming.tick(now)
    for (const magnet of this.#magnets.values()) magnet.tick(now)
    this.dht?.tick(now)
    for (const ip of this.dht?.seenAs ?? []) this.#ownAddress.onDht(ip)
    for (const torrent of this.#torrents.values()) torrent.tick(now)
    for (const torrent of this.#leaving) if (torrent.isIdle) this.#leaving.delete(torrent)
    this.#onNews()
  }

  #onNews(): void {
    const now = this.#ports.clock.now()
    if (this.#closing === undefined) this.#dial(now)
    else this.#finishClosing(now, this.#closing.deadline)
  }

  #finishClosing(now: number, deadline: number): void {
    const torrents = [...this.#torrents.values(), ...this.#leaving]
    // One that was started again while it stopped is stopped again.
    for (const torrent of torrents) torrent.stop()
    const stopped = torrents.every(({ phase }) => phase.name === 'stopped' || phase.name === 'error')
    if (!stopped || (now < deadline && !torrents.every(torrent => torrent.isIdle))) return
    for (const torrent of torrents) torrent.cancelAnnounces()
    this.#torrents.clear()
    this.#leaving.clear()
    this.dht?.close()
    this.#stopTicking?.()
    this.#observer.onClosed()
  }

  #makeDht(): DhtService | undefined {
    const { dht, listen } = this.#options
    if (dht === undefined) return undefined
    const datagrams = withoutBlocked(this.#ports.datagrams, this.blocklist)
    return new DhtService({ ...this.#ports, datagrams }, listen?.host, dht, {
      onSettled: errors => {
        const [error] = errors
        // One family is enough; many machines have but one.
        if (error !== undefined && this.dht?.port === undefined) this.#observer.onError(error)
      },
    })
  }

  #forTorrents(dht: DhtService): TorrentDht {
    const announcePort = (): number | undefined => this.#listenPort
    return {
      get port() {
        return dht.port
      },
      findPeers: (infoHash, seed, onPeers) => dht.findPeers(infoHash, { announcePort, seed }, onPeers),
      addNode: address => dht.addNode(address),
    }
  }

  /** Opens connections, a torrent at a time in turn, as far as the bounds go. */
  #dial(now: number): void {
    let connected = this.#incoming.size
    let connecting = 0
    const swarms: { dial(now: number): boolean }[] = []
    for (const magnet of this.#magnets.values()) {
      swarms.push(magnet)
      connected += magnet.connected
      connecting += magnet.connecting
    }
    for (const { swarm } of this.#torrents.values()) {
      if (swarm === undefined) continue
      swarms.push(swarm)
      connected += swarm.peers.size
      connecting += swarm.connecting
    }
    let room = Math.min(this.#maxConnections - connected, this.#maxHalfOpen - connecting)
    let idle = 0
    for (let n = this.#rotation++; room > 0 && idle < swarms.length; n++) {
      if (swarms[n % swarms.length]!.dial(now)) {
        room--
        idle = 0
      } else idle++
    }
  }

  #onLink(link: Link): LinkHandler {
    const incoming = new Incoming(link, this.#ports.clock.now(), {
      find: infoHash => this.#welcome(infoHash, link),
      onSettled: () => this.#incoming.delete(incoming),
    })
    if (this.#closing !== undefined || this.blocklist.has(link.remote.host)) {
      incoming.close()
      return incoming
    }
    // Honest visitors say at once what they want: whoever has been silent the longest makes room.
    const [oldest] = this.#incoming
    const allowed = Math.min(INCOMING_MAX, Math.max(INCOMING_FEW, this.#maxConnections / 2))
    if (this.#incoming.size >= allowed) oldest?.close()
    this.#incoming.add(incoming)
    return incoming
  }

  #welcome(infoHash: Uint8Array, link: Link): LinkHandler | undefined {
    let connected = 0
    for (const { swarm } of this.#torrents.values()) connected += swarm?.peers.size ?? 0
    const isFull = connected >= this.#maxConnections
    const key = toHex(infoHash)
    const torrent = this.#torrents.get(key)
    const isKnown = torrent !== undefined || this.#magnets.has(key)
    if (isKnown && ipScope(link.remote.host) === 'global') this.#reachedAt = this.#ports.clock.now()
    if (torrent !== undefined) return torrent.accept(link, isFull)
    return isFull ? undefined : this.#magnets.get(key)?.accept(link)
  }
}
