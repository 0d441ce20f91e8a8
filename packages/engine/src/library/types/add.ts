/** How a torrent is added, and what is told while peers are asked what is in it. */

import type { Metainfo, TorrentFile } from '../../metainfo/metainfo.ts'
import type { TorrentNames } from '../../metainfo/other-names.ts'
import type { Why } from '../../torrent/why.ts'
import type { TorrentLimits } from './engine.ts'
import type { ConnectionCounts, TrackerSnapshot } from './snapshots.ts'
import type { Torrent } from './torrent.ts'

export type FilePriority = 'skip' | 'low' | 'normal' | 'high'

export interface AddOptions {
  /** The folder that holds, or will hold, the torrent's file or folder; '.' unless told. */
  readonly dir?: string | undefined
  /** Other names on disk than the torrent has, as {@link Torrent.names} was. Made safe like those of torrents. */
  readonly names?: TorrentNames | undefined
  /**
   * Asked once per file; not given, all are `normal`, or those that a magnet link selects. What it throws comes out of
   * adding.
   */
  readonly files?: ((file: TorrentFile, index: number, metainfo: Metainfo) => FilePriority) | undefined
  /** Pieces in order rather than the rarest first. */
  readonly sequential?: boolean | undefined
  /** Peers to connect to, as `host:port` (`[v6]:port`). */
  readonly peers?: readonly string[] | undefined
  /** False: only the torrent's own trackers and {@link peers}. True unless told. */
  readonly discovery?: boolean | undefined
  /** Trackers besides the torrent's own. */
  readonly trackers?: readonly string[] | undefined
  /** Tiers (BEP 12) in place of the torrent's own trackers and of {@link trackers}. */
  readonly trackerTiers?: readonly (readonly string[])[] | undefined
  /** `full` reserves the disk space beforehand; `sparse` unless told. */
  readonly allocation?: 'sparse' | 'full' | undefined
  /** Never create or write anything; what is not there is not shared. */
  readonly seedOnly?: boolean | undefined
  /**
   * `auto` hashes what no resume record vouches for, `always` everything, `trust` nothing: what has the right size
   * counts as there.
   */
  readonly check?: 'auto' | 'always' | 'trust' | undefined
  /**
   * After an error of the disk that may pass (it is full, a file was changed or removed, a folder is not mounted) the
   * torrent looks now and then, at most every 30 s, whether it can go on, and does; see `retrySeconds` of its snapshot.
   * True unless told; false: it stays in state `error` until it is started.
   */
  readonly recover?: boolean | undefined
  readonly downloadLimitBytesPerSec?: number | undefined
  readonly uploadLimitBytesPerSec?: number | undefined
  /** As of {@link TorrentLimits.obeyShared}. */
  readonly obeySharedLimits?: boolean | undefined
  readonly maxConnections?: number | undefined
  /** Peers that it uploads to at a time; 8 unless told. */
  readonly uploadSlots?: number | undefined
  /** Of a magnet link: how far the description is, at once and then some times a second until it is there. */
  readonly onFetching?: ((progress: FetchProgress) => void) | undefined
  /**
   * Of a magnet link: what peers have told is in the torrent, as a torrent file, before it is added; adding waits for it,
   * so that whoever keeps the file has it whatever happens next, and fails if it rejects.
   */
  readonly onDescribed?: ((bytes: Uint8Array) => void | Promise<void>) | undefined
  /** Added, but not started. */
  readonly paused?: boolean | undefined
  /** Gives up adding; once added, stops the torrent, whose `done` rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** A torrent of which peers are still to tell what is in it. */
export interface FetchProgress {
  /** 40 lower-case hex digits. */
  readonly infoHash: string
  /** What the link calls it; not safe as the name of a file. */
  readonly name: string | undefined
  readonly connections: ConnectionCounts
  /** Of the description, once a peer claims to know its size. */
  readonly bytes: number | undefined
  readonly totalBytes: number | undefined
  readonly trackers: readonly TrackerSnapshot[]
  /** How far it is, as a code and in one sentence. */
  readonly why: Why
}
