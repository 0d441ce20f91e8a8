/**
 * One engine in the world, on a host with a disk. After events at its host, and in a replay after every one:
 *
 * - what the engine checks of itself: every piece is in one state, every block free, requested or received;
 * - what it says to have is on its disk;
 * - blocks counted as requested have a peer that they were requested from;
 * - no more piece memory is free than there is.
 */
import type { PeerAddress } from '../src/bytes/address.ts'
import { concatBytes } from '../src/bytes/bytes.ts'
import { Engine, type EngineOptions } from '../src/engine.ts'
import type { ShoalError } from '../src/errors.ts'
import type { Ports } from '../src/ports.ts'
import type { Torrent, TorrentPhase } from '../src/torrent/torrent.ts'
import type { TorrentOptions } from '../src/torrent/torrent-options.ts'
import type { SimHost } from './net.ts'
import { SimStorage } from './store.ts'
import { type SimTorrent, sha1 } from './torrent.ts'
import type { SimTracker } from './trackers.ts'
import type { SimUdp } from './udp.ts'

/** Pieces that may be looked at after every single event. */
const PIECES_CHECKED = 64

export const NODE_PORT = 6881

export interface NodeDeps {
  readonly host: SimHost
  readonly udp: SimUdp
  readonly tracker: SimTracker
  readonly torrents: readonly SimTorrent[]
  readonly memoryBytes: number
  readonly engine: Partial<EngineOptions>
  /** Stands between an engine and its ports. */
  readonly wrapPorts?: ((host: SimHost, ports: Ports) => Ports) | undefined
  /** Whether an engine may tell of this error; default: of none. */
  readonly expects?: ((error: ShoalError) => boolean) | undefined
}

export class Node {
  readonly host: SimHost
  readonly storage: SimStorage
  readonly members: Member[] = []
  engine: Engine
  isClosed = false
  /** From `close` to `reopen`. */
  isClosing = false
  readonly #deps: NodeDeps
  /** Large torrents are looked at after every so many events only, or checking would be most of the work. */
  readonly #checkEvery: number
  #unchecked = 0

  constructor(deps: NodeDeps) {
    this.#deps = deps
    this.host = deps.host
    this.storage = new SimStorage({
      world: deps.host.world,
      place: deps.host.name,
      torrents: deps.torrents,
      memoryBytes: deps.memoryBytes,
    })
    this.engine = this.#open()
    const pieces = deps.torrents.reduce((sum, { geometry }) => sum + geometry.pieceCount, 0)
    this.#checkEvery = deps.host.world.isReplay ? 1 : Math.ceil(pieces / PIECES_CHECKED)
    deps.host.world.addCheck(deps.host.name, () => this.#check())
  }

  get name(): string {
    return this.host.name
  }

  get address(): PeerAddress {
    return { host: this.host.address, port: NODE_PORT }
  }

  /** The only torrent, or the first. */
  get member(): Member {
    return this.members[0]!
  }

  add(torrent: SimTorrent, options: Partial<TorrentOptions> = {}): Member {
    const member = new Member(this, torrent, options)
    this.members.push(member)
    return member
  }

  close(): void {
    this.isClosing = true
    this.engine.close()
  }

  /** A new engine on the same disk, once the old one is closed; torrents go on from their resume records. */
  reopen(): void {
    this.host.world.check(this.isClosed, 'an engine is closed before the next opens')
    this.isClosed = false
    this.isClosing = false
    this.engine = this.#open()
    const before = this.members.splice(0)
    for (const { content, options, resume, journal } of before)
      this.add(content, { ...options, resume, journal }).torrent.start()
  }

  assertAllGivenBack(): void {
    const { world } = this.host
    const { available, capacity } = this.engine.memory
    world.check(available === capacity, `${this.name}: ${capacity - available} slabs were not given back`)
    world.check(this.storage.openStores === 0, `${this.name}: a store is still open`)
    world.check(
      this.host.links.size === 0,
      `${this.name}: ${this.host.links.size} connections are still open`,
    )
  }

  #open(): Engine {
    const { host, tracker } = this.#deps
    const ports: Ports = {
      clock: host.world.clockOf(host.name),
      random: host.world.randomFor(`engine ${host.name} ${host.world.elapsedMs}`),
      sha1,
      net: host,
      datagrams: this.#deps.udp.portOf(host),
      storage: this.storage,
      trackers: tracker.portOf(host),
    }
    const options = {
      listen: { host: undefined, port: NODE_PORT },
      maxConnections: 200,
      maxHalfOpen: 20,
      clientName: 'Shoal (simulated)',
      ...this.#deps.engine,
    }
    const engine = new Engine(this.#deps.wrapPorts?.(host, ports) ?? ports, options, {
      onListening: () => {},
      onError: error => {
        if (this.#deps.expects?.(error) !== true) host.world.fail(`${host.name}: ${error.message}`)
      },
      onClosed: () => {
        if (engine !== this.engine) return
        this.isClosed = true
        const { available, capacity } = engine.memory
        host.world.check(available === capacity, `${host.name}: closed without ${capacity - available} slabs`)
      },
    })
    engine.open()
    return engine
  }

  #check(): void {
    if (++this.#unchecked < this.#checkEvery) return
    this.#unchecked = 0
    const { world } = this.host
    this.engine.checkInvariants()
    const { available, capacity } = this.engine.memory
    world.check(available <= capacity, `${this.name}: a slab was given back twice`)
    for (const member of this.members) member.check()
  }
}

/** A torrent of a {@link Node}, and what was heard of it. */
export class Member {
  readonly node: Node
  readonly content: SimTorrent
  readonly options: Partial<TorrentOptions>
  readonly torrent: Torrent
  readonly phases: TorrentPhase['name'][] = []
  readonly errors: ShoalError[] = []
  /** Virtual time of the last of them. */
  errorAtMs: number = Number.NEGATIVE_INFINITY
  readonly warnings: string[] = []
  /** How checks that were asked for ended. */
  readonly checks: string[] = []
  /** How often each piece was said to be had. */
  readonly announced = new Map<number, number>()
  isDone = false
  /** Virtual time at which it became complete. */
  doneAtMs = Number.POSITIVE_INFINITY
  resume: Uint8Array | undefined
  /** Undefined while there is nothing in it: no file. */
  journal: Uint8Array | undefined

  constructor(node: Node, content: SimTorrent, options: Partial<TorrentOptions>) {
    this.node = node
    this.content = content
    this.options = options
    const { world } = node.host
    const { metainfo } = content
    this.torrent = node.engine.add(
      metainfo,
      {
        dir: '/downloads',
        filePriorities: metainfo.files.map(() => 4),
        sequential: false,
        discovery: true,
        check: 'auto',
        allocation: 'sparse',
        readOnly: false,
        recover: false,
        resume: undefined,
        bootId: 'one',
        peers: [],
        trackers: [],
        maxConnections: 50,
        uploadSlots: 4,
        downloadLimit: undefined,
        uploadLimit: undefined,
        ...options,
      },
      {
        onPhase: phase => {
          this.phases.push(phase)
          world.note(node.name, phase)
        },
        onPiece: piece => {
          this.announced.set(piece, (this.announced.get(piece) ?? 0) + 1)
          world.check(this.announced.get(piece) === 1, `${node.name}: piece ${piece} was told of twice`)
        },
        onDone: () => {
          this.isDone = true
          this.doneAtMs = Math.min(this.doneAtMs, world.elapsedMs)
          world.note(node.name, 'done')
        },
        onError: error => {
          this.errors.push(error)
          this.errorAtMs = world.elapsedMs
          world.note(node.name, `error: ${error.code} ${error.message}`)
        },
        onWarning: text => this.warnings.push(text),
        onTracker: (_url, message) => world.note(node.name, `tracker: ${message}`),
        onResume: record => {
          this.resume = record
          this.journal = undefined
        },
        onJournal: entry => {
          this.journal = concatBytes([this.journal ?? new Uint8Array(0), entry])
        },
        onDamaged: what => world.fail(`${node.name}: the ${what} that was kept is damaged`),
        onCheckEnd: outcome => {
          this.checks.push(typeof outcome === 'string' ? outcome : outcome.code)
        },
        onTorn: () => world.fail(`${node.name}: the journal that was kept is torn`),
      },
    )
  }

  get phase(): TorrentPhase['name'] {
    return this.torrent.phase.name
  }

  get hasAll(): boolean {
    return this.torrent.have.isFull
  }

  /** Complete, by its own word and by its disk; and all bytes that came are accounted for. */
  assertComplete(): void {
    const { world } = this.node.host
    const { name } = this.node
    world.check(this.torrent.isComplete && this.torrent.have.isFull, `${name} is complete`)
    world.check(this.node.storage.disk(this.content).stored.isFull, `${name} has everything on disk`)
    const { swarm } = this.torrent
    if (swarm === undefined) return
    const { geometry } = this.content
    let gained = 0
    for (const piece of this.announced.keys()) gained += geometry.pieceSize(piece)
    world.check(swarm.picker.partial().length === 0, `${name}: nothing is active when all is had`)
    const before = this.torrent.totals.downloadedBytes - swarm.download.total
    if (before > 0) return
    const useful = swarm.download.total - swarm.picker.wastedBytes
    world.check(
      useful === gained,
      `${name}: ${swarm.download.total} bytes came, ${gained} are had, some are lost`,
    )
  }

  check(): void {
    const { world } = this.node.host
    const { name } = this.node
    const { stored, damaged } = this.node.storage.disk(this.content)
    const { have, swarm } = this.torrent
    for (let at = 0; at < have.bytes.length; at++) {
      if ((have.bytes[at]! & ~stored.bytes[at]!) === 0 || damaged.size > 0) continue
      world.fail(
        `${name}: has pieces ${[...have].filter(piece => !stored.has(piece))}, which are not on its disk`,
      )
    }
    if (swarm === undefined) return
    let asked = 0
    let open = 0
    for (const peer of swarm.peers.values()) {
      if (peer.phase !== 'open') continue
      open++
      asked += peer.window.size
    }
    let requested = 0
    for (const piece of swarm.picker.partial()) requested += piece.requested
    // A block that is arriving has left its peer's window; each peer has one at most.
    if (requested > asked + open) {
      world.fail(
        `${name}: ${requested} blocks count as requested, but only ${asked} of anybody (${open} peers)`,
      )
    }
  }
}
