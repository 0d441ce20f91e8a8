/** Copies of what an engine and its torrents are at, as plain data. */

import { formatAddress } from '../bytes/address.ts'
import type { Bitfield } from '../bytes/bitfield.ts'
import type { Engine } from '../engine.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'
import type { Peer } from '../torrent/peer.ts'
import type { Swarm } from '../torrent/swarm.ts'
import type { Torrent } from '../torrent/torrent.ts'
import { type Why, why } from '../torrent/why.ts'
import type {
  ConnectionCounts,
  FilePriority,
  FileSnapshot,
  PeerSnapshot,
  TorrentSnapshot,
  TorrentState,
  TrackerSnapshot,
} from './types.ts'

const NOTHING: ConnectionCounts = { connected: 0, connecting: 0, known: 0 }
/** Below this rate an estimate would only jump about. */
const ETA_MIN_RATE = 1

export const PRIORITY: Record<FilePriority, number> = { skip: 0, low: 1, normal: 4, high: 7 }

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

export function snapshotTorrent(torrent: Torrent, engine: Engine, now: number): TorrentSnapshot {
  const { metainfo, phase, swarm, have, geometry } = torrent
  const files = snapshotFiles(torrent)
  const wanted = files.filter((file, index) => file.priority !== 'skip' && !geometry.files[index]!.pad)
  const wantedBytes = sum(wanted, file => file.length)
  const haveBytes = sum(wanted, file => file.haveBytes)
  const leftBytes = swarm?.picker.wantedLeftBytes ?? wantedBytes - haveBytes
  const downloadRate = swarm?.download.rate(now) ?? 0
  const { downloadedBytes, uploadedBytes } = torrent
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
    checkedBytes: torrent.checkedBytes,
    downloadedBytes,
    uploadedBytes,
    wastedBytes: torrent.wastedBytes,
    downloadRate,
    uploadRate: swarm?.upload.rate(now) ?? 0,
    etaSeconds: downloadRate > ETA_MIN_RATE && leftBytes > 0 ? leftBytes / downloadRate : undefined,
    ratio: uploadedBytes / Math.max(1, downloadedBytes || geometry.totalLength),
    pieces: { have: have.count, total: geometry.pieceCount },
    peers: swarm === undefined ? [] : openPeers(swarm).map(peer => snapshotPeer(peer, now)),
    connections: connectionCounts(torrent),
    trackers: torrent.trackers.map(tracker => snapshotTracker(tracker, now)),
    files,
    why: swarm === undefined ? whyWaiting(torrent, now) : diagnose(torrent, swarm, engine, now),
  }
}

export function connectionCounts({ swarm, book }: Torrent): ConnectionCounts {
  if (swarm === undefined) return { ...NOTHING, known: book.size }
  return {
    connected: openPeers(swarm).length,
    connecting: swarm.connecting,
    known: book.size,
  }
}

function retrySeconds({ phase }: Torrent, now: number): number | undefined {
  if (phase.name !== 'error' || phase.retryAt === undefined) return undefined
  return phase.retryAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, (phase.retryAt - now) / 1000)
}

function whyWaiting(torrent: Torrent, now: number): Why | undefined {
  const seconds = retrySeconds(torrent, now)
  const { phase } = torrent
  if (seconds === undefined || phase.name !== 'error') return undefined
  return { code: 'DISK_WAIT', text: `${phase.error.message}; looks again in ${Math.ceil(seconds)} s` }
}

function openPeers(swarm: Swarm): Peer[] {
  return [...swarm.peers.values()].filter(peer => peer.phase === 'open')
}

function snapshotPeer(peer: Peer, now: number): PeerSnapshot {
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
  }
}

export function snapshotTracker(tracker: Torrent['trackers'][number], now: number): TrackerSnapshot {
  const { url, tier, state, nextAnnounceAt } = tracker
  return {
    url,
    tier,
    state: state === 'error' ? 'failed' : state,
    message: tracker.lastError?.message ?? tracker.warning,
    seeders: tracker.seeders,
    leechers: tracker.leechers,
    peers: tracker.peersReceived,
    nextAnnounceSeconds:
      nextAnnounceAt === undefined ? undefined : Math.max(0, (nextAnnounceAt - now) / 1000),
  }
}

function snapshotFiles({ geometry, have, filePriorities }: Torrent): FileSnapshot[] {
  return geometry.files.map(file => {
    const priority = filePriorities[file.index] ?? 0
    return {
      path: file.path.join('/'),
      length: file.length,
      haveBytes: have.isFull ? file.length : haveOf(file, geometry, have),
      priority: priorityName(priority),
    }
  })
}

function haveOf(file: FileSpan, geometry: Geometry, have: Bitfield): number {
  const span = geometry.piecesOf(file)
  if (span === undefined) return 0
  const { first, last } = span
  const end = file.offset + file.length
  if (first === last) return have.has(first) ? file.length : 0
  const inFirst = have.has(first) ? geometry.pieceOffset(first + 1) - file.offset : 0
  const inLast = have.has(last) ? end - geometry.pieceOffset(last) : 0
  return inFirst + have.countBetween(first + 1, last) * geometry.pieceLength + inLast
}

function priorityName(priority: number): FilePriority {
  if (priority === 0) return 'skip'
  return priority < PRIORITY.normal ? 'low' : priority > PRIORITY.normal ? 'high' : 'normal'
}

function diagnose(torrent: Torrent, swarm: Swarm, engine: Engine, now: number): Why | undefined {
  const peers = openPeers(swarm)
  const interesting = peers.filter(peer => peer.interesting)
  const { capacity } = engine.memory
  return why({
    complete: swarm.picker.isComplete,
    downloadRate: swarm.download.rate(now),
    peersConnected: peers.length,
    peersConnecting: swarm.connecting,
    peersKnown: torrent.book.size,
    interesting: interesting.length,
    unchoking: interesting.filter(peer => !peer.choking).length,
    missingPieces: () => missingPieces(swarm, torrent.geometry.pieceCount),
    trackers: torrent.trackers.map(({ url, state, lastError }) => ({
      url,
      state,
      message: lastError?.message,
    })),
    limitBytesPerSec: lower(
      torrent.downloadLimit.own.rateBytesPerSec,
      torrent.downloadLimit.shared.rateBytesPerSec,
    ),
    memoryStoring: swarm.flow.runsInFlight / (capacity / 4),
  })
}

function missingPieces({ picker }: Swarm, pieceCount: number): number {
  let missing = 0
  for (let piece = 0; piece < pieceCount; piece++) {
    if (picker.wantsPiece(piece) && picker.availability(piece) === 0) missing++
  }
  return missing
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}
