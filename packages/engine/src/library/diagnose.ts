/** The facts by which a torrent tells why it is slow, as they are now; torrent/why.ts makes a sentence of them. */
import { SLAB_BYTES } from '../bytes/slabs.ts'
import type { Engine } from '../engine.ts'
import type { RateLimit } from '../torrent/limits.ts'
import type { Peer } from '../torrent/peer.ts'
import type { Swarm } from '../torrent/swarm.ts'
import type { Torrent } from '../torrent/torrent.ts'
import { type LimitFacts, type TrackerFacts, type Why, why, whyChecking, whySeeding } from '../torrent/why.ts'
import type { TrackerStatus } from '../tracker/announcer.ts'

/** Payload of so long ago counts as going on, as in rates. */
const RECENT_MS = 5_000

/** What a diagnosis needs to know beside the torrent. */
export interface Surroundings {
  readonly engine: Engine
  readonly now: number
  /** Now, in seconds. */
  readonly unixTime: number
  /** Of the DHT; undefined where there is none. */
  readonly dhtNodes: () => number | undefined
}

/** What one walk over the connected peers of a torrent counts. */
export interface PeerCounts {
  readonly connected: number
  readonly seeds: number
  /** Have something we lack; of those, how many let us ask. */
  readonly interesting: number
  readonly unchoking: number
  /** Of these, how many wait until it is their turn to be tried. */
  readonly waitingTurns: number
  /** Want something of us. */
  readonly interested: number
  /** Payload came from, or went to, within the last seconds. */
  readonly sending: number
  readonly receiving: number
}

const NOBODY: PeerCounts = {
  connected: 0,
  seeds: 0,
  interesting: 0,
  unchoking: 0,
  waitingTurns: 0,
  interested: 0,
  sending: 0,
  receiving: 0,
}

export function countPeers(peers: ReadonlyMap<number, Peer>, now: number): PeerCounts {
  if (peers.size === 0) return NOBODY
  const counts = { ...NOBODY }
  for (const peer of peers.values()) {
    if (peer.phase !== 'open') continue
    counts.connected++
    if (peer.isSeed) counts.seeds++
    if (peer.interested) counts.interested++
    if (peer.interesting) {
      counts.interesting++
      if (!peer.choking) counts.unchoking++
      if (!peer.choking && peer.waitsForTurn && peer.window.size === 0) counts.waitingTurns++
    }
    if (now - peer.download.lastAt < RECENT_MS) counts.sending++
    if (now - peer.upload.lastAt < RECENT_MS) counts.receiving++
  }
  return counts
}

export function diagnose(torrent: Torrent, counts: PeerCounts, around: Surroundings): Why | undefined {
  const { phase } = torrent
  switch (phase.name) {
    case 'opening':
      return whyChecking(0, torrent.geometry.totalLength)
    case 'checking':
      return whyChecking(1 - phase.left / phase.total, torrent.geometry.totalLength)
    case 'error':
      return whyWaiting(torrent, around.now)
    case 'active':
      return phase.swarm.picker.isComplete
        ? seeding(torrent, counts, around)
        : downloading(torrent, phase.swarm, counts, around)
    default:
      return undefined
  }
}

/** Only in phase error: until it looks whether it can go on, 0 while it does; undefined: it waits for `start`. */
export function retrySeconds({ phase }: Torrent, now: number): number | undefined {
  if (phase.name !== 'error' || phase.retryAt === undefined) return undefined
  return phase.retryAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, (phase.retryAt - now) / 1000)
}

export function trackerFacts({ state, lastError }: TrackerStatus): TrackerFacts {
  return { state, message: lastError?.message }
}

function whyWaiting(torrent: Torrent, now: number): Why | undefined {
  const seconds = retrySeconds(torrent, now)
  const { phase } = torrent
  if (seconds === undefined || phase.name !== 'error') return undefined
  const { code, message, subject = null } = phase.error
  const text = `${message}; looks again in ${Math.ceil(seconds)} s`
  return { code: 'DISK_WAIT', text, facts: { error: code, subject, message, seconds: Math.ceil(seconds) } }
}

function seeding(torrent: Torrent, counts: PeerCounts, { now }: Surroundings): Why | undefined {
  return whySeeding({ ...counts, ...limitsOf(torrent.uploadLimit, now) })
}

function downloading(
  torrent: Torrent,
  swarm: Swarm,
  counts: PeerCounts,
  { engine, now, dhtNodes }: Surroundings,
): Why | undefined {
  const { available, capacity } = engine.memory
  return why({
    ...counts,
    downloadRate: swarm.download.rate(now),
    unavailable: () => swarm.picker.unavailable(),
    search: () => ({
      connecting: swarm.connecting,
      known: torrent.book.size,
      trackers: torrent.trackers.map(trackerFacts),
      dhtNodes: torrent.usesDht ? dhtNodes() : undefined,
    }),
    ...limitsOf(torrent.downloadLimit, now),
    disk: { waitingBytes: swarm.flow.waitingBytes, writtenBytesPerSec: swarm.flow.written.rate(now) },
    memory: { totalBytes: capacity * SLAB_BYTES, freeBytes: available * SLAB_BYTES },
  })
}

function limitsOf(
  { own, shared, obeysShared }: RateLimit,
  now: number,
): { readonly torrentLimit: LimitFacts; readonly engineLimit: LimitFacts } {
  const none: LimitFacts = { bytesPerSec: undefined, isShort: false }
  return { torrentLimit: limitFacts(own, now), engineLimit: obeysShared ? limitFacts(shared, now) : none }
}

function limitFacts(bucket: RateLimit['own'], now: number): LimitFacts {
  return { bytesPerSec: bucket.rateBytesPerSec, isShort: bucket.isShort(now) }
}
