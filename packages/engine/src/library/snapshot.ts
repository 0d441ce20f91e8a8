/** Copies of all that is known of a torrent, as plain data: for one that somebody looks at. */

import { formatAddress } from '../bytes/address.ts'
import { bytesHad } from '../torrent/file-progress.ts'
import type { Peer } from '../torrent/peer.ts'
import type { Swarm } from '../torrent/swarm.ts'
import type { Torrent } from '../torrent/torrent.ts'
import type { Surroundings } from './diagnose.ts'
import { summarizeTorrent } from './summary.ts'
import type { FilePriority } from './types/add.ts'
import type { FileSnapshot, PeerSnapshot, TorrentSnapshot, TrackerSnapshot } from './types/snapshots.ts'

export const PRIORITY: Record<FilePriority, number> = { skip: 0, low: 1, normal: 4, high: 7 }

export function snapshotTorrent(torrent: Torrent, around: Surroundings): TorrentSnapshot {
  const { now } = around
  const { swarm, have, geometry } = torrent
  return {
    ...summarizeTorrent(torrent, around),
    checkedBytes: torrent.totals.checkedBytes,
    pieces: { have: have.count, total: geometry.pieceCount },
    peers: swarm === undefined ? [] : snapshotPeers(swarm, now),
    trackers: torrent.trackers.map(tracker => snapshotTracker(tracker, now)),
    files: snapshotFiles(torrent),
  }
}

export function snapshotTracker(tracker: Torrent['trackers'][number], now: number): TrackerSnapshot {
  const { url, tier, state, lastAnnounceAt, nextAnnounceAt } = tracker
  return {
    url,
    tier,
    state: state === 'error' ? 'failed' : state,
    message: tracker.lastError?.message ?? tracker.warning,
    seeders: tracker.seeders,
    leechers: tracker.leechers,
    peers: tracker.peersReceived,
    lastAnnounceSeconds:
      lastAnnounceAt === undefined ? undefined : Math.max(0, (now - lastAnnounceAt) / 1000),
    nextAnnounceSeconds:
      nextAnnounceAt === undefined ? undefined : Math.max(0, (nextAnnounceAt - now) / 1000),
  }
}

function snapshotPeers(swarm: Swarm, now: number): PeerSnapshot[] {
  const open: PeerSnapshot[] = []
  for (const peer of swarm.peers.values()) {
    if (peer.phase === 'open') open.push(snapshotPeer(peer, swarm.isOptimistic(peer), now))
  }
  return open
}

function snapshotPeer(peer: Peer, optimistic: boolean, now: number): PeerSnapshot {
  return {
    address: formatAddress(peer.address),
    client: peer.client,
    source: peer.entry.sources[0] ?? 'incoming',
    direction: peer.direction,
    downloadRate: peer.download.rate(now),
    uploadRate: peer.upload.rate(now),
    downloadedBytes: peer.download.total,
    uploadedBytes: peer.upload.total,
    progress: peer.pieces.length === 0 ? 1 : peer.pieces.count / peer.pieces.length,
    chokingUs: peer.choking,
    interestedInUs: peer.interested,
    choked: peer.choked,
    interesting: peer.interesting,
    requests: peer.window.size,
    snubbed: peer.snubbed,
    optimistic,
    encrypted: false,
    utp: false,
    seed: peer.isSeed,
    connectedSeconds: Math.max(0, now - peer.connectedAt) / 1000,
    flags: flagsOf(peer, optimistic),
  }
}

/** The letters that other clients show, see `PeerSnapshot.flags`. */
function flagsOf(peer: Peer, optimistic: boolean): string {
  const source = peer.entry.sources[0]
  return [
    peer.interesting ? (peer.choking ? 'd' : 'D') : peer.choking ? '' : 'K',
    peer.interested ? (peer.choked ? 'u' : 'U') : peer.choked ? '' : '?',
    optimistic ? 'O' : '',
    peer.snubbed ? 'S' : '',
    peer.direction === 'in' ? 'I' : '',
    source === 'dht' ? 'H' : source === 'pex' ? 'X' : source === 'lsd' ? 'L' : '',
  ].join('')
}

function snapshotFiles({ geometry, have, filePriorities }: Torrent): FileSnapshot[] {
  return geometry.files.map(file => {
    const priority = filePriorities[file.index] ?? 0
    return {
      path: file.path.join('/'),
      length: file.length,
      haveBytes: bytesHad(file, geometry, have),
      priority: priorityName(priority),
    }
  })
}

function priorityName(priority: number): FilePriority {
  if (priority === 0) return 'skip'
  return priority < PRIORITY.normal ? 'low' : priority > PRIORITY.normal ? 'high' : 'normal'
}
