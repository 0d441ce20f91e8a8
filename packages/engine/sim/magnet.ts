/**
 * A download of which only the info-hash is known at first: the description comes from peers, and a torrent takes over
 * as it does in the library.
 */
import { equalBytes } from '../src/bytes/bytes.ts'
import { parseInfo } from '../src/metainfo/info.ts'
import type { MagnetFetch, MagnetOptions } from '../src/torrent/magnet-fetch.ts'
import type { TorrentOptions } from '../src/torrent/torrent-options.ts'
import type { Member, Node } from './node.ts'
import { type SimTorrent, sha1 } from './torrent.ts'

/** What a fetch may hold of bytes that nobody has verified: its own bound, and the piece that goes beyond it. */
const HELD_MAX_BYTES = (64 * 1024 + 16) * 1024
const PEERS_MAX = 30

export interface MagnetShape {
  /** Tiers of trackers that the link names; default none. */
  readonly trackers?: MagnetOptions['trackers']
  readonly peers?: MagnetOptions['peers']
  /** Of the torrent that takes over. */
  readonly torrent?: Partial<TorrentOptions>
}

export class SimMagnet {
  readonly node: Node
  readonly content: SimTorrent
  readonly fetch: MagnetFetch
  /** From when the description is here. */
  member: Member | undefined
  /** Virtual time at which the description was here. */
  metadataAtMs: number = Number.POSITIVE_INFINITY
  /** The most unverified bytes that were ever in memory. */
  mostHeldBytes = 0
  readonly #shape: MagnetShape

  constructor(node: Node, content: SimTorrent, shape: MagnetShape) {
    this.node = node
    this.content = content
    this.#shape = shape
    const { world } = node.host
    const { infoHash } = content.metainfo
    this.fetch = node.engine.addMagnet(
      { infoHash, trackers: shape.trackers ?? [], peers: shape.peers ?? [], discovery: true },
      {
        onMetadata: infoBytes => {
          world.check(this.metadataAtMs === Number.POSITIVE_INFINITY, `${node.name}: described twice`)
          this.metadataAtMs = world.elapsedMs
          // As in the library, where a promise is in between: not in the midst of a peer's message.
          world.after(0, node.name, 'the torrent takes over', () => this.#takeOver(infoBytes))
        },
        onTracker: (_url, message) => world.note(node.name, `tracker: ${message}`),
        onClosed: () => world.note(node.name, 'the fetch was given up'),
      },
    )
    world.addCheck(node.name, () => this.#check())
  }

  #takeOver(infoBytes: Uint8Array): void {
    const { node, content, fetch } = this
    const { world } = node.host
    world.check(
      equalBytes(infoBytes, content.metainfo.infoBytes),
      `${node.name}: the description is the true one`,
    )
    const metainfo = parseInfo(infoBytes, sha1, { trackers: this.#shape.trackers ?? [] })
    const found = fetch.book.snapshot()
    node.engine.dropMagnet(fetch)
    this.member = node.add({ ...content, metainfo }, this.#shape.torrent)
    const { book } = this.member.torrent
    for (const { address, sources, usefulAt } of found) {
      book.add(address, sources[0]!, world.nowMs)
      const entry = book.entryFor(address)
      if (usefulAt !== undefined && entry !== undefined) book.served(entry, world.nowMs)
    }
    this.member.torrent.start()
  }

  #check(): void {
    const { world, name } = { world: this.node.host.world, name: this.node.name }
    const { heldBytes, connected, connecting } = this.fetch
    this.mostHeldBytes = Math.max(this.mostHeldBytes, heldBytes)
    if (heldBytes > HELD_MAX_BYTES) world.fail(`${name}: ${heldBytes} unverified bytes of a description`)
    if (connected + connecting > PEERS_MAX)
      world.fail(`${name}: ${connected + connecting} peers to describe it`)
  }
}
