/** Fetching what is in a torrent from its peers, where a magnet link or an info-hash is all there is (BEP 9). */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { mayBeNamed } from '../bytes/ip-scope.ts'
import type { Engine as CoreEngine } from '../engine.ts'
import { ShoalError } from '../errors.ts'
import { parseInfo } from '../metainfo/info.ts'
import { type Magnet, parseMagnet } from '../metainfo/magnet.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { resolvePeer } from '../node/resolve-peer.ts'
import { sha1, systemClock } from '../node/system.ts'
import type { MagnetFetch } from '../torrent/magnet-fetch.ts'
import type { PeerBookEntry } from '../torrent/peer-book.ts'
import { whyFetching } from '../torrent/why.ts'
import { abortedError } from './abort.ts'
import { trackerFacts } from './diagnose.ts'
import { loadTorrent } from './load.ts'
import type { LocalPeers } from './local-peers.ts'
import { checkTiers } from './options.ts'
import { snapshotTracker } from './snapshot.ts'
import type { AddOptions, FetchProgress } from './types/add.ts'

const PROGRESS_EVERY_MS = 250

export interface Fetched {
  readonly metainfo: Metainfo
  /** Addresses that were found on the way; of private torrents only those the tracker or the user named. */
  readonly found: readonly PeerBookEntry[]
}

/**
 * What a source names: the torrent itself, or a {@link Magnet} to be fetched. A bare info-hash that is also the name of
 * a file is the file.
 */
export async function openSource(
  source: string | URL,
  signal: AbortSignal | undefined,
): Promise<Metainfo | Magnet> {
  const text = String(source)
  if (/^magnet:/i.test(text)) return parseMagnet(text)
  try {
    return (await loadTorrent(source, { signal })).metainfo
  } catch (error) {
    // Not a file, and of the form of an info-hash.
    if (error instanceof ShoalError && error.code === 'TORRENT_UNSUPPORTED' && error.operation === 'load') {
      return parseMagnet(text)
    }
    throw error
  }
}

export function isMagnet(opened: Metainfo | Magnet): opened is Magnet {
  return !('infoBytes' in opened)
}

/** @throws ShoalError `ABORTED`, `TORRENT_DUPLICATE`, `CLOSED`, `TORRENT_INVALID` (what the peers have is no torrent) */
export async function fetchMetadata(
  core: CoreEngine,
  local: LocalPeers | undefined,
  magnet: Magnet,
  options: Pick<AddOptions, 'peers' | 'trackers' | 'trackerTiers' | 'discovery' | 'signal' | 'onFetching'> & {
    /** The address of this machine that the engine is bound to. */
    readonly bind?: string | undefined
    /** Of the DHT that we know; undefined where there is none. */
    readonly dhtNodes?: () => number | undefined
  },
): Promise<Fetched> {
  const { signal, onFetching } = options
  const given = await resolveKnown(options.peers ?? [])
  // A link is opened by a click on somebody's page, and the info-hash that it chose is sent to whom it names.
  const linked = await resolveKnown(magnet.peers.map(formatAddress))
  const peers = [...given, ...linked.filter(({ host }) => mayBeNamed(host, options.bind))]
  if (signal?.aborted) throw abortedError('fetching', signal)
  const progress = (of: MagnetFetch): FetchProgress =>
    progressOf(of, magnet, options.discovery === false ? undefined : options.dhtNodes?.())
  let fetch: MagnetFetch | undefined
  const stops: (() => void)[] = []
  try {
    const infoBytes = await new Promise<Uint8Array>((resolve, reject) => {
      const known = [...magnet.trackers, ...(options.trackers ?? []).map(url => [url])]
      const trackers = options.trackerTiers === undefined ? known : checkTiers(options.trackerTiers)
      fetch = core.addMagnet(
        { infoHash: magnet.infoHash, trackers, peers, discovery: options.discovery ?? true },
        { onMetadata: resolve, onTracker: () => {}, onClosed: () => reject(closed()) },
      )
      const { book } = fetch
      if (local !== undefined && options.discovery !== false) {
        const onPeer = (address: PeerAddress): void => void book.add(address, 'lsd', systemClock.now())
        stops.push(local.seek(magnet.infoHashHex, onPeer))
      }
      if (signal !== undefined) {
        const onAbort = (): void => reject(abortedError('fetching', signal))
        signal.addEventListener('abort', onAbort, { once: true })
        stops.push(() => signal.removeEventListener('abort', onAbort))
      }
      if (onFetching !== undefined) {
        stops.push(systemClock.every(PROGRESS_EVERY_MS, () => onFetching(progress(fetch!))))
        onFetching(progress(fetch))
      }
    })
    const metainfo = parseInfo(infoBytes, sha1, { trackers: magnet.trackers, webSeeds: magnet.webSeeds })
    const found = fetch!.book.snapshot().filter(entry => !metainfo.private || isOwnSource(entry))
    return { metainfo, found }
  } finally {
    for (const stop of stops) stop()
    if (fetch !== undefined) core.dropMagnet(fetch)
  }
}

/** A host that nobody knows is no reason to give up. */
async function resolveKnown(names: readonly string[]): Promise<PeerAddress[]> {
  const resolved = await Promise.allSettled(names.map(resolvePeer))
  return resolved.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
}

function progressOf(fetch: MagnetFetch, magnet: Magnet, dhtNodes: number | undefined): FetchProgress {
  const now = systemClock.now()
  const { connected, connecting, trackers, progress } = fetch
  const known = fetch.book.size
  return {
    infoHash: magnet.infoHashHex,
    name: magnet.name,
    connections: { connected, connecting, known },
    bytes: progress?.bytes,
    totalBytes: progress?.size,
    trackers: trackers.map(tracker => snapshotTracker(tracker, now)),
    why: whyFetching({
      connected,
      connecting,
      known,
      bytes: progress?.bytes ?? 0,
      totalBytes: progress?.size ?? 0,
      trackers: trackers.map(trackerFacts),
      dhtNodes,
    }),
  }
}

/** BEP 27: a private torrent has no peers but its tracker's, and those the user names. */
function isOwnSource({ sources }: PeerBookEntry): boolean {
  return sources.includes('tracker') || sources.includes('given')
}

function closed(): ShoalError {
  return new ShoalError('CLOSED', 'the engine was closed')
}
