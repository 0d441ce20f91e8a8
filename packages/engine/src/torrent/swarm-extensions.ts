/** The extensions (BEP 10) that a swarm speaks with its peers, and what peers are told of each other. */
import type { PeerAddress } from '../bytes/address.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Sha1 } from '../ports.ts'
import { PexFlag } from '../wire/pex-message.ts'
import { adaptExtension, type CustomExtension } from './custom-extension.ts'
import { DontHaveExtension } from './donthave.ts'
import type { Extension } from './extensions.ts'
import { MetadataExtension } from './metadata.ts'
import type { Peer } from './peer.ts'
import { type ConnectedContact, PexExtension } from './pex.ts'
import type { RecentPeers } from './recent-peers.ts'

export interface SwarmExtensionsDeps {
  readonly metainfo: Metainfo
  readonly sha1: Sha1
  readonly peers: ReadonlyMap<number, Peer>
  /** Who left, for peers to hear of. */
  readonly recent: RecentPeers
  /** Whether peers may be exchanged with peers (BEP 11): never of private torrents. */
  readonly peerExchange: boolean
  /** The embedding program's own. */
  readonly custom: readonly CustomExtension[]
  /** A peer knows of another one. */
  readonly onAddress: (address: PeerAddress) => void
  readonly onWarning: (text: string) => void
}

export function createExtensions(deps: SwarmExtensionsDeps): Extension[] {
  const { metainfo, sha1, peers, recent, onAddress, onWarning } = deps
  const { infoHash, infoBytes, geometry } = metainfo
  const extensions: Extension[] = [
    new MetadataExtension({ infoHash, infoBytes, sha1, onMetadata: () => {} }),
    new DontHaveExtension(
      () => geometry.pieceCount,
      ({ id }, piece) => peers.get(id)?.loses(piece),
    ),
  ]
  if (deps.peerExchange) {
    extensions.push(
      new PexExtension({
        contacts: () => contacts(peers),
        recent,
        onPeers: found => {
          for (const { address } of found) onAddress(address)
        },
      }),
    )
  }
  for (const custom of deps.custom) {
    const onError = (error: unknown): void =>
      onWarning(`the extension ${custom.name} failed: ${error instanceof Error ? error.message : error}`)
    extensions.push(adaptExtension(custom, metainfo.infoHashHex, onError))
  }
  return extensions
}

/** A peer that others could connect to, with what is known of it; undefined: nobody knows where it listens. */
export function contactOf(peer: Peer): ConnectedContact | undefined {
  const port = peer.direction === 'out' ? peer.address.port : peer.listens
  if (port === undefined) return undefined
  const reachable = peer.direction === 'out' ? PexFlag.reachable : 0
  const seed = peer.isSeed || peer.uploadOnly ? PexFlag.uploadOnly : 0
  return { id: peer.id, address: { host: peer.address.host, port }, flags: reachable | seed }
}

/** Connected peers that others could connect to. */
function* contacts(peers: ReadonlyMap<number, Peer>): Iterable<ConnectedContact> {
  for (const peer of peers.values()) {
    const contact = peer.phase === 'open' ? contactOf(peer) : undefined
    if (contact !== undefined) yield contact
  }
}
