/** Torrents, as the API shows them. Times are seconds since 1970, rates bytes a second, shares 0 to 1; null: not known. */
import type { Why } from './why.ts'

export const TORRENT_STATES = [
  /** Peers are asked what is in it: all there is so far is a magnet link. */
  'fetching',
  'checking',
  'moving',
  'downloading',
  'seeding',
  /** It is to run, and waits for its turn. */
  'queued',
  'stopped',
  'error',
] as const
export type TorrentState = (typeof TORRENT_STATES)[number]

/** What its owner wants of it: `force` runs it whatever the queue, the timetable and its goals say. */
export type Intent = 'run' | 'force' | 'stop'

/** One line of a list. */
export interface TorrentRow {
  /** The info-hash: 40 lower-case hex digits. */
  readonly id: string
  /** Comes from others: text, never markup. */
  readonly name: string
  readonly state: TorrentState
  readonly intent: Intent
  /** All wanted files are there. */
  readonly complete: boolean
  /** Of the wanted bytes; of the description while it is fetched. */
  readonly progress: number
  /** How far checking or moving is; 1 when neither goes on. */
  readonly work: number
  readonly totalBytes: number
  readonly wantedBytes: number
  readonly haveBytes: number
  readonly leftBytes: number
  readonly downloadRate: number
  readonly uploadRate: number
  readonly etaSeconds: number | null
  /** Ever, over all sessions. */
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly ratio: number
  /** Connected: those that have all, and the others. */
  readonly seeds: number
  readonly peers: number
  /** Connected, and sending to us, or receiving from us. */
  readonly sending: number
  readonly receiving: number
  /** What trackers say there are. */
  readonly swarmSeeds: number | null
  readonly swarmPeers: number | null
  /** Copies of the rarest piece, and the share of pieces that have one more; null while it is not running. */
  readonly availability: number | null
  readonly addedAt: number
  readonly completedAt: number | null
  /** When payload last went either way. */
  readonly activeAt: number | null
  readonly downloadSeconds: number
  readonly seedSeconds: number
  /** Place in the queue, from 1. */
  readonly queue: number
  readonly category: string | null
  readonly labels: readonly string[]
  /** The folder that holds its file or folder. */
  readonly dir: string
  /** Host of its first tracker. */
  readonly tracker: string | null
  readonly private: boolean
  readonly sequential: boolean
  readonly error: Why | null
  /** Why it is slow, waiting or not moving; null when all is well. */
  readonly why: Why | null
}

/** A number ends seeding, `none` never does, `default` is what the category, then the settings say. */
export type GoalValue = number | 'none' | 'default'

export interface Goals {
  readonly ratio: GoalValue
  /** Since it was complete. */
  readonly seedSeconds: GoalValue
  /** Without anybody fetching from us. */
  readonly idleSeconds: GoalValue
}

/** Bytes a second; null is no limit. */
export interface TorrentLimits {
  readonly download: number | null
  readonly upload: number | null
  readonly connections: number | null
  readonly uploadSlots: number | null
  /** False: the limits over all torrents do not count for this one. */
  readonly obeyGlobal: boolean
}

export interface TorrentDetail extends TorrentRow {
  readonly comment: string | null
  readonly createdBy: string | null
  readonly createdAt: number | null
  readonly pieceLength: number
  readonly pieceCount: number
  readonly piecesHave: number
  readonly fileCount: number
  readonly magnet: string
  readonly wastedBytes: number
  /** Incomplete data is kept here until it is whole, then moved to `dir`; null: in `dir` at once. */
  readonly incompleteDir: string | null
  readonly limits: TorrentLimits
  readonly goals: Goals
  /** The goals as they come out after category and settings; null: none. */
  readonly goalsInForce: {
    readonly ratio: number | null
    readonly seedSeconds: number | null
    readonly idleSeconds: number | null
  }
  readonly webSeeds: readonly string[]
  /** Lists that are asked for by themselves: files, peers, trackers, pieces, log. */
  readonly trackerCount: number
  readonly discovery: boolean
}

export type FilePriority = 'skip' | 'low' | 'normal' | 'high'

export interface FileRow {
  readonly index: number
  /** Elements joined by `/`, as on disk. */
  readonly path: string
  readonly length: number
  readonly haveBytes: number
  readonly priority: FilePriority
  /** First and last piece it touches; null for empty files. */
  readonly pieces: { readonly first: number; readonly last: number } | null
}

export interface PeerRow {
  /** `host:port` or `[v6]:port`. */
  readonly address: string
  readonly client: string
  readonly source: string
  readonly direction: 'in' | 'out'
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly progress: number
  /** A letter for each thing that is so; `flagMeanings` explains them. */
  readonly flags: string
  readonly requests: number
  readonly connectedSeconds: number
  /** ISO 3166 code where a database was given. */
  readonly country: string | null
}

export interface TrackerRow {
  readonly url: string
  readonly tier: number
  readonly state: 'idle' | 'announcing' | 'ok' | 'failed'
  readonly message: string | null
  readonly seeds: number | null
  readonly peers: number | null
  readonly received: number | null
  /** When it answered last, or was given up; null: not yet, or the torrent does not run. */
  readonly lastAnnounceAt: number | null
  readonly nextAnnounceSeconds: number | null
}

/** For a map of pieces. Base64 of bytes. */
export interface PiecesView {
  readonly count: number
  readonly pieceLength: number
  /** A bit a piece, the first piece in the highest bit of the first byte. */
  readonly have: string
  /** A byte a piece: peers that have it, at most 255; null while it is not running. */
  readonly availability: string | null
  /** Being fetched now. */
  readonly active: readonly { readonly index: number; readonly received: number }[]
}

export interface LogLine {
  readonly at: number
  readonly level: 'info' | 'warn' | 'error'
  /** Of this torrent; null: of the daemon. */
  readonly id: string | null
  readonly text: string
}
