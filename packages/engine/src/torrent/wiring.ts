/** Of what a torrent consists: each of its parts knows no more of it than it is given here. */
import type { Bitfield } from '../bytes/bitfield.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { Announces } from './announces.ts'
import { leftBytes } from './file-progress.ts'
import { Keeper } from './keeper.ts'
import type { RateLimit } from './limits.ts'
import { Lookups } from './lookups.ts'
import type { PeerBook } from './peer-book.ts'
import { Swarm, type SwarmDeps, type SwarmOptions } from './swarm.ts'
import type { TorrentDeps } from './torrent-deps.ts'
import type { TorrentDht } from './torrent-dht.ts'
import type { TorrentOptions } from './torrent-options.ts'
import type { Totals } from './totals.ts'

/** Of those that were of use, so many are remembered for the next start. */
const KEPT_PEERS = 200

/** What the parts see of the torrent. */
export interface Whole {
  readonly metainfo: Metainfo
  readonly book: PeerBook
  readonly totals: Totals
  readonly downloadLimit: RateLimit
  readonly uploadLimit: RateLimit
  readonly have: Bitfield
  readonly isComplete: boolean
  readonly filePriorities: readonly number[]
  readonly addedAt: number
  readonly completedAt: number | undefined
}

export function makeAnnounces(torrent: Whole, deps: TorrentDeps, options: TorrentOptions): Announces {
  const { metainfo } = torrent
  const tiers = options.trackerTiers ?? [...metainfo.trackers, ...options.trackers]
  return new Announces(tiers, {
    trackers: deps.ports.trackers,
    random: deps.ports.random,
    infoHash: metainfo.infoHash,
    peerId: deps.peerId,
    key: deps.announceKey,
    listenPort: deps.listenPort,
    now: () => deps.ports.clock.now(),
    stats: () => ({
      uploadedBytes: torrent.totals.uploadedBytes,
      downloadedBytes: torrent.totals.downloadedBytes,
      leftBytes: leftBytes(metainfo.geometry, torrent.have),
    }),
    onPeers: (peers, now) => {
      for (const { host, port, peerId } of peers) torrent.book.add({ host, port }, 'tracker', now, { peerId })
    },
    onExternalIp: (url, ip) => deps.ownAddress.onTracker(url, ip),
    onMessage: (url, message) => deps.observer.onTracker(url, message),
    onEnd: () => deps.onNews(),
  })
}

export function makeLookups(torrent: Whole, deps: TorrentDeps, dht: TorrentDht | undefined): Lookups {
  return new Lookups({
    dht,
    infoHash: torrent.metainfo.infoHash,
    isComplete: () => torrent.isComplete,
    onPeers: peers => {
      for (const address of peers) torrent.book.add(address, 'dht', deps.ports.clock.now())
      deps.onNews()
    },
  })
}

export function makeKeeper(torrent: Whole, deps: TorrentDeps, options: TorrentOptions): Keeper {
  const { metainfo, totals, book } = torrent
  return new Keeper({
    infoHash: metainfo.infoHash,
    geometry: metainfo.geometry,
    clock: deps.ports.clock,
    bootId: options.bootId ?? '',
    facts: () => ({
      have: torrent.have,
      priorities: torrent.filePriorities,
      uploadedBytes: totals.everUploadedBytes,
      downloadedBytes: totals.everDownloadedBytes,
      corruptBytes: totals.everCorruptBytes,
      addedAt: torrent.addedAt,
      completedAt: torrent.completedAt,
      peers: book.useful(KEPT_PEERS),
    }),
    onRecord: bytes => deps.observer.onResume(bytes),
    onJournal: (entry, durable) => deps.observer.onJournal(entry, durable),
  })
}

export function makeSwarm(
  torrent: Whole,
  deps: TorrentDeps,
  own: Pick<SwarmDeps, 'store' | 'dht' | 'peerExchange' | 'readers' | 'events'>,
  options: SwarmOptions,
): Swarm {
  const { metainfo, book, downloadLimit, uploadLimit } = torrent
  const { ports, pool, sendBuffers, peerId, clientName, listenPort, ownAddress, extensions } = deps
  return new Swarm(
    {
      ...own,
      ports,
      metainfo,
      pool,
      sendBuffers,
      book,
      downloadLimit,
      uploadLimit,
      peerId,
      clientName,
      listenPort,
      ownAddress,
      extensions,
    },
    options,
  )
}
