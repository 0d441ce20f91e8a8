/**
 * Whole engines in one world: `swarm({ scenario, seed, seeds: 1, leechers: 10 })`, then `run`, then look.
 *
 * After every event the invariants of the engine at which it happened are checked, see {@link Node}.
 */
import type { PeerAddress } from '../src/bytes/address.ts'
import { formatAddress } from '../src/bytes/address.ts'
import { SLAB_BYTES } from '../src/bytes/slabs.ts'
import type { EngineOptions } from '../src/engine.ts'
import type { TorrentOptions } from '../src/torrent/torrent-options.ts'
import { type MagnetShape, SimMagnet } from './magnet.ts'
import { FAST, type LinkShape, SimNet } from './net.ts'
import { Node, type NodeDeps } from './node.ts'
import { type Script, ScriptedPeer } from './peer.ts'
import { makeTorrent, type SimTorrent, type TorrentShape } from './torrent.ts'
import { SimTracker } from './trackers.ts'
import { SimUdp } from './udp.ts'
import { World } from './world.ts'

export interface SwarmShape {
  readonly scenario: string
  readonly seed: number
  readonly trace?: ((line: string) => void) | undefined
  /** More arguments of the command that repeats it. */
  readonly replay?: string | undefined
  readonly seeds?: number
  readonly leechers?: number
  /** Default 20 pieces of 64 KiB. */
  readonly torrent?: Partial<TorrentShape>
  /** Torrents that all of them share; default 1. */
  readonly torrents?: number
  readonly link?: LinkShape
  /** Piece memory of every engine; default 32. */
  readonly slabs?: number
  readonly engine?: Partial<EngineOptions>
  /** Of every engine, see {@link NodeDeps}. */
  readonly ports?: Pick<NodeDeps, 'wrapPorts' | 'expects'> | undefined
}

export interface NodeShape {
  readonly link?: LinkShape
  readonly slabs?: number
  readonly engine?: Partial<EngineOptions>
  /** Of each torrent. */
  readonly torrent?: Partial<TorrentOptions>
}

export function swarm(shape: SwarmShape): SimSwarm {
  return new SimSwarm(shape)
}

export class SimSwarm {
  readonly world: World
  readonly net: SimNet
  readonly udp: SimUdp = new SimUdp()
  readonly tracker: SimTracker
  readonly torrents: readonly SimTorrent[]
  readonly seeds: Node[] = []
  readonly leechers: Node[] = []
  /** Of leechers that began with an info-hash alone. */
  readonly magnets: SimMagnet[] = []
  /** Engines without a torrent. */
  readonly bystanders: Node[] = []
  readonly scripted: ScriptedPeer[] = []
  readonly #shape: SwarmShape

  constructor(shape: SwarmShape) {
    this.#shape = shape
    this.world = new World(shape)
    this.net = new SimNet(this.world)
    this.tracker = new SimTracker(this.world)
    this.torrents = Array.from({ length: shape.torrents ?? 1 }, (_, at) =>
      makeTorrent({ pieces: 20, ...shape.torrent, name: `content ${at}`, seed: shape.seed * 31 + at }),
    )
    for (let n = 0; n < (shape.seeds ?? 0); n++) this.addSeed()
    for (let n = 0; n < (shape.leechers ?? 0); n++) this.addLeecher()
  }

  /** The only torrent, or the first. */
  get torrent(): SimTorrent {
    return this.torrents[0]!
  }

  /** Of the first torrent. */
  get totalBytes(): number {
    return this.torrent.geometry.totalLength
  }

  get nodes(): Node[] {
    return [...this.seeds, ...this.leechers, ...this.bystanders]
  }

  /** An engine that has everything and shares it. */
  addSeed(shape: NodeShape = {}): Node {
    const node = this.#node(`seed${this.seeds.length}`, shape)
    this.seeds.push(node)
    for (const torrent of this.torrents) {
      node.storage.disk(torrent).fill()
      node.add(torrent, { check: 'trust', ...shape.torrent }).torrent.start()
    }
    return node
  }

  /** An engine that has nothing yet. */
  addLeecher(shape: NodeShape = {}): Node {
    const node = this.#node(`leech${this.leechers.length}`, shape)
    this.leechers.push(node)
    for (const torrent of this.torrents) node.add(torrent, shape.torrent).torrent.start()
    return node
  }

  /** An engine that knows the info-hash of the first torrent. */
  addMagnetLeecher(magnet: MagnetShape = {}, shape: NodeShape = {}): SimMagnet {
    const node = this.#node(`leech${this.leechers.length}`, shape)
    this.leechers.push(node)
    const added = new SimMagnet(node, this.torrent, { torrent: shape.torrent ?? {}, ...magnet })
    this.magnets.push(added)
    return added
  }

  /** An engine that knows of no torrent. */
  addBystander(shape: NodeShape = {}): Node {
    const node = this.#node(`by${this.bystanders.length}`, shape)
    this.bystanders.push(node)
    return node
  }

  /** A peer of the first torrent that follows a script, and that the tracker names; `beside`: another of that one's host. */
  addScripted(
    script: Script,
    shape: { readonly link?: LinkShape; readonly beside?: ScriptedPeer } = {},
  ): ScriptedPeer {
    const link = shape.link ?? this.#shape.link ?? FAST
    const host = shape.beside?.host ?? this.net.addHost(`script${this.scripted.length}`, link)
    const port = shape.beside === undefined ? undefined : shape.beside.port + this.scripted.length
    const peer = new ScriptedPeer(host, this.torrent, script, port)
    this.tracker.add(this.torrent.metainfo.infoHashHex, peer.address)
    this.scripted.push(peer)
    return peer
  }

  /** Runs until all leechers have everything; returns the virtual time that took, in ms. */
  runUntilComplete(limitMs: number = 10 * 60_000): number {
    const isComplete = (): boolean =>
      this.magnets.every(({ member }) => member !== undefined) &&
      this.leechers.every(({ members }) => members.every(member => member.hasAll))
    this.world.run('all leechers complete', isComplete, { limitMs })
    for (const { members } of this.leechers) for (const member of members) member.assertComplete()
    return this.world.elapsedMs
  }

  /** Closes all engines and checks that nothing is left over. */
  finish(): void {
    for (const node of this.nodes) if (!node.isClosed) node.close()
    this.world.run('all engines closed', () => this.nodes.every(node => node.isClosed), { limitMs: 120_000 })
    for (const node of this.nodes) node.assertAllGivenBack()
  }

  /** No engine of these has banned any of those. */
  assertNotBanned(by: readonly Node[], whom: readonly PeerAddress[]): void {
    for (const node of by) {
      for (const member of node.members) {
        for (const address of whom) {
          const key = formatAddress(address)
          const banned = member.torrent.book.isBanned(key, this.world.nowMs)
          this.world.check(!banned, `${node.name} banned ${key}, which did nothing wrong`)
        }
      }
    }
  }

  #node(name: string, shape: NodeShape): Node {
    const host = this.net.addHost(name, shape.link ?? this.#shape.link ?? FAST)
    return new Node({
      host,
      udp: this.udp,
      tracker: this.tracker,
      torrents: this.torrents,
      memoryBytes: (shape.slabs ?? this.#shape.slabs ?? 32) * SLAB_BYTES,
      engine: { ...this.#shape.engine, ...shape.engine },
      ...this.#shape.ports,
    })
  }
}
