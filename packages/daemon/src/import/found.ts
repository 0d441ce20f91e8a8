/** A torrent as another client had it. */
import type { FilePriority, Goals, TorrentLimits } from '../contract/index.ts'

export interface FoundTorrent {
  /** 40 lower-case hex digits. */
  readonly id: string
  /** The torrent file, or a magnet link. */
  readonly source: Uint8Array | string
  /** Where its data belongs, and where it is. */
  readonly dir: string
  readonly place: string
  /** Path of each file below {@link place} as it is on disk; undefined: as in the torrent. */
  readonly paths: readonly (string | undefined)[]
  readonly running: boolean
  readonly progress: Progress
  readonly priorities: ReadonlyMap<number, FilePriority>
  readonly category: string | undefined
  readonly labels: readonly string[]
  /** In place of the torrent's own. */
  readonly trackers: readonly (readonly string[])[] | undefined
  readonly sequential: boolean
  readonly limits: Partial<TorrentLimits>
  readonly goals: Partial<Goals>
  /** Unix seconds. */
  readonly addedAt: number | undefined
  readonly completedAt: number | undefined
  readonly activeAt: number | undefined
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly downloadSeconds: number
  readonly seedSeconds: number
}

export interface Progress {
  /** All of the torrent was there, part of it, or it does not say. */
  readonly state: 'whole' | 'part' | 'unknown'
  /** Unix seconds at which each file was last known to be right; undefined: it does not say. */
  readonly checkedAt: readonly number[] | undefined
}

export interface Findings {
  readonly torrents: readonly FoundTorrent[]
  /** What could not be read: a sentence each. */
  readonly problems: readonly string[]
}
