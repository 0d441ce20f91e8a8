/**
 * The figures of a torrent that lists show, for thousands of torrents once a second: one walk over the connected peers,
 * and otherwise what is counted anyway. What does change with pieces and files is counted again after a change alone.
 */
import type { Torrent } from '../torrent/torrent.ts'
import { countPeers, diagnose, retrySeconds, type Surroundings } from './diagnose.ts'
import type { ConnectionCounts, PieceMap, TorrentSummary } from './types/snapshots.ts'
import type { TorrentState } from './types/torrent.ts'

/** Below this rate an estimate would only jump about. */
const ETA_MIN_RATE = 1

export function torrentState(torrent: Torrent): TorrentState {
  const { phase } = torrent
  switch (phase.name) {
    case 'stopped':
      return 'stopped'
    case 'opening':
    case 'checking':
      return 'checking'
    case 'active':
      return torrent.isComplete ? 'seeding' : 'downloading'
    case 'closing':
      if (torrent.isReopening) return 'checking'
      return phase.error === undefined ? 'stopped' : 'error'
    case 'error':
      return 'error'
  }
}

export function summarizeTorrent(torrent: Torrent, around: Surroundings): TorrentSummary {
  const { now, unixTime } = around
  const { metainfo, phase, swarm, geometry, trackersSummary } = torrent
  const { downloadedBytes, uploadedBytes, activeAt } = torrent.totals
  const { wantedBytes, haveBytes } = torrent.progress
  const leftBytes = swarm?.picker.wantedLeftBytes ?? wantedBytes - haveBytes
  const downloadRate = swarm?.download.rate(now) ?? 0
  const counts = countPeers(swarm?.peers ?? NO_PEERS, now)
  return {
    infoHash: metainfo.infoHashHex,
    name: metainfo.name,
    state: torrentState(torrent),
    error: phase.name === 'error' || phase.name === 'closing' ? phase.error : undefined,
    retrySeconds: retrySeconds(torrent, now),
    totalBytes: geometry.totalLength,
    wantedBytes,
    haveBytes,
    leftBytes,
    checkedFraction:
      phase.name === 'checking' ? 1 - phase.left / phase.total : phase.name === 'opening' ? 0 : 1,
    downloadedBytes,
    uploadedBytes,
    wastedBytes: torrent.totals.wastedBytes,
    downloadRate,
    uploadRate: swarm?.upload.rate(now) ?? 0,
    etaSeconds: downloadRate > ETA_MIN_RATE && leftBytes > 0 ? leftBytes / downloadRate : undefined,
    ratio: uploadedBytes / Math.max(1, downloadedBytes || geometry.totalLength),
    connections: {
      connected: counts.connected,
      connecting: swarm?.connecting ?? 0,
      known: torrent.book.size,
    },
    seeds: counts.seeds,
    peersSending: counts.sending,
    peersReceiving: counts.receiving,
    addedAt: torrent.addedAt,
    completedAt: torrent.completedAt,
    activeAt: Number.isFinite(activeAt) ? Math.round(unixTime - (now - activeAt) / 1000) : undefined,
    availability: swarm?.picker.distributedCopies,
    swarm: { seeders: trackersSummary.seeders, leechers: trackersSummary.leechers },
    trackerMessage: trackersSummary.failure,
    why: diagnose(torrent, counts, around),
  }
}

export function connectionCounts({ swarm, book }: Torrent): ConnectionCounts {
  let connected = 0
  for (const peer of swarm?.peers.values() ?? []) if (peer.phase === 'open') connected++
  return { connected, connecting: swarm?.connecting ?? 0, known: book.size }
}

export function mapPieces(torrent: Torrent): PieceMap {
  const { swarm, have } = torrent
  const active = swarm?.picker.partial() ?? []
  return {
    have: have.bytes.slice(),
    active: active.map(({ index, received, total }) => ({ index, receivedFraction: received / total })),
    availability: swarm?.picker.availabilities(),
  }
}

const NO_PEERS: ReadonlyMap<number, never> = new Map<number, never>()
