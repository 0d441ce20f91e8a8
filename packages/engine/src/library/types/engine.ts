/** The engine, and what is said of all torrents together. */

import type { IpRange, PackedRanges } from '../../bytes/ip-ranges.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import type { CustomExtension } from '../../torrent/custom-extension.ts'
import type { AddOptions } from './add.ts'
import type { DhtSnapshot } from './dht.ts'
import type { ConnectionCounts, TorrentSnapshot } from './snapshots.ts'
import type { Torrent } from './torrent.ts'
import type { LoadedTorrent } from './torrent-file.ts'

export interface EngineOptions {
  /** TCP port to listen on; 0 is any. Not given: 6881, or one of the next nine if that is taken. */
  readonly port?: number | undefined
  /** The address of this machine to listen on and to connect from. Not given: all of them, IPv4 and IPv6. */
  readonly bind?: string | undefined
  /** Where resume records and the DHT's table are kept. Not given: nothing is remembered beyond the data itself. */
  readonly stateDir?: string | undefined
  /**
   * Whether the state folder is for whoever comes: where another process has it, a numbered folder inside of it is
   * used, and one that cannot be used is a warning. Otherwise both are errors.
   */
  readonly shareState?: boolean | undefined
  /** Find peers by the DHT, at the UDP port of the same number or at any; true unless told. */
  readonly dht?: boolean | undefined
  /**
   * Nodes to enter the DHT by, as `host:port`, in place of the well-known ones. Those are not asked by an engine that is
   * bound to the loopback address.
   */
  readonly dhtBootstrap?: readonly string[] | undefined
  /** Peers connected at once, over all torrents. */
  readonly maxConnections?: number | undefined
  /** Over all torrents; not given or 0 is no limit. */
  readonly downloadLimitBytesPerSec?: number | undefined
  /** Over all torrents; not given or 0 is no limit. */
  readonly uploadLimitBytesPerSec?: number | undefined
  /** Whether peers on the local network are looked for, of torrents that are not private. True unless told (BEP 14). */
  readonly lsd?: boolean | undefined
  /** Of your own, to the protocol that peers speak (BEP 10), for every torrent. */
  readonly extensions?: readonly CustomExtension[] | undefined
  /** Memory for pieces on their way to and from the disk. */
  readonly memoryBytes?: number | undefined
  /** Threads that hash and write. */
  readonly workers?: number | undefined
  /** Closes the engine. */
  readonly signal?: AbortSignal | undefined
}

/** Bytes a second; undefined leaves a limit as it is, 0 lifts it. */
export interface Limits {
  readonly download?: number | undefined
  readonly upload?: number | undefined
}

export interface TorrentLimits extends Limits {
  /** Whether the engine's limits of rates count for this torrent, too; true unless told. */
  readonly obeyShared?: boolean | undefined
}

export interface EngineLimits extends Limits {
  /** Peers connected at once, over all torrents; those beyond are let go. */
  readonly connections?: number | undefined
}

export interface Engine extends AsyncDisposable {
  /** The TCP port that is listened on. */
  readonly port: number
  readonly torrents: readonly Torrent[]
  /** @param infoHash 40 hex digits */
  get(infoHash: string): Torrent | undefined
  /**
   * Adds a torrent and starts it.
   *
   * @param source path or http(s) URL of a torrent file, its bytes, what {@link Metainfo} it holds, a magnet link, or an
   *   info-hash; of the last two, resolves when peers have told what is in the torrent
   * @throws ShoalError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `TORRENT_INVALID`, `TORRENT_UNSUPPORTED`,
   *   `TORRENT_DUPLICATE`, `OPTION_INVALID`, `CLOSED`, `ABORTED`
   */
  add(source: string | URL | Uint8Array | Metainfo, options?: AddOptions): Promise<Torrent>
  /**
   * What is in a torrent, without adding it; of a magnet link or info-hash, fetched from peers.
   *
   * @throws ShoalError as {@link add}
   */
  describe(source: string | URL, options?: DescribeOptions): Promise<LoadedTorrent>
  /** Over all torrents. @throws ShoalError `OPTION_INVALID` */
  setLimits(limits: EngineLimits): void
  /**
   * Addresses that are never dialled, accepted or believed, in place of those set before: in any order, overlapping or not,
   * at most two million ranges; `[]` lifts it. Whoever is connected from there is left. Trackers are not concerned.
   *
   * @throws ShoalError `OPTION_INVALID`
   */
  setBlocklist(ranges: readonly IpRange[] | PackedRanges): void
  snapshot(): EngineSnapshot
  /** The snapshot without what there is of each torrent. */
  summary(): EngineSummary
  /** Saves what is needed to resume, tells the trackers (for at most 4 s), closes. Never rejects. */
  close(): Promise<void>
}

export type DescribeOptions = Pick<
  AddOptions,
  'peers' | 'trackers' | 'trackerTiers' | 'discovery' | 'signal' | 'onFetching'
>

/** All torrents together. */
export interface EngineSummary {
  readonly port: number
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly connections: ConnectionCounts
  /** How long ago somebody from the internet last came to our port; undefined: nobody did yet. */
  readonly incomingSeconds: number | undefined
  /** Our addresses as peers, trackers and the DHT see them, as far as they agree; one of a family at most. */
  readonly externalIps: readonly string[]
  /** Of the blocklist, after those that overlap became one. */
  readonly blockedRanges: number
  /** Undefined without DHT. */
  readonly dht: DhtSnapshot | undefined
}

export interface EngineSnapshot extends EngineSummary {
  readonly torrents: readonly TorrentSnapshot[]
}

export type CreateEngine = (options?: EngineOptions) => Promise<Engine>
