/** Peers as Transmission shows them. */
import type { PeerRow } from '../contract/index.ts'

/** Where we heard of a peer, by Transmission's names; what is not here came from a tracker. */
const FROM: Readonly<Record<string, string>> = {
  tracker: 'fromTracker',
  pex: 'fromPex',
  dht: 'fromDht',
  lsd: 'fromLpd',
  incoming: 'fromIncoming',
  resume: 'fromCache',
  manual: 'fromCache',
}

export function peersOf(peers: readonly PeerRow[]): readonly object[] {
  return peers.map(peer => {
    const { host, port } = splitAddress(peer.address)
    const flags = new Set(peer.flags)
    return {
      address: host,
      bytesToClient: peer.downloadedBytes,
      bytesToPeer: peer.uploadedBytes,
      clientIsChoked: !(flags.has('D') || flags.has('K')),
      clientIsInterested: flags.has('D') || flags.has('d'),
      clientName: peer.client,
      flagStr: peer.flags,
      isDownloadingFrom: flags.has('D'),
      isEncrypted: flags.has('E'),
      isIncoming: peer.direction === 'in',
      isUploadingTo: flags.has('U'),
      isUTP: flags.has('T'),
      peer_id: '',
      peerIsChoked: !(flags.has('U') || flags.has('?')),
      peerIsInterested: flags.has('U') || flags.has('u'),
      port,
      progress: peer.progress,
      rateToClient: Math.round(peer.downloadRate),
      rateToPeer: Math.round(peer.uploadRate),
    }
  })
}

export function peersFrom(peers: readonly PeerRow[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {
    fromCache: 0,
    fromDht: 0,
    fromIncoming: 0,
    fromLpd: 0,
    fromLtep: 0,
    fromPex: 0,
    fromTracker: 0,
  }
  for (const { direction, source } of peers) {
    const from = direction === 'in' ? 'fromIncoming' : (FROM[source] ?? 'fromTracker')
    counts[from] = (counts[from] ?? 0) + 1
  }
  return counts
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
