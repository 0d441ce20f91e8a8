import type { PeerAddress } from '../bytes/address.ts'

/** What torrents use of the engine's DHT node (BEP 5). */
export interface TorrentDht {
  /** Where the node listens, as far as that is known. */
  readonly port: number | undefined
  /** Looks for peers, and announces us where we listen. Returns how to end it; nothing comes in the same turn. */
  findPeers(infoHash: Uint8Array, seed: boolean, onPeers: (peers: readonly PeerAddress[]) => void): () => void
  /** A peer has a node there. */
  addNode(address: PeerAddress): void
}
