/** What is asked of the daemon. */
import {
  type FilePriority,
  type Goals,
  type Intent,
  TORRENT_STATES,
  type TorrentLimits,
  type TorrentRow,
  type TorrentState,
} from './torrent.ts'

export const SORT_KEYS = [
  'queue',
  'name',
  'state',
  'progress',
  'totalBytes',
  'leftBytes',
  'downloadRate',
  'uploadRate',
  'etaSeconds',
  'ratio',
  'seeds',
  'peers',
  'downloadedBytes',
  'uploadedBytes',
  'addedAt',
  'completedAt',
  'activeAt',
  'category',
  'tracker',
  'availability',
] as const
export type SortKey = (typeof SORT_KEYS)[number]

/** `active`: payload goes either way. `running`: at work, or with something to do. */
export type StateFilter = TorrentState | 'active' | 'inactive' | 'complete' | 'incomplete' | 'running'
export const STATE_FILTERS: readonly StateFilter[] = [
  ...TORRENT_STATES,
  'active',
  'inactive',
  'complete',
  'incomplete',
  'running',
]

export interface ListQuery {
  readonly sort?: SortKey
  readonly order?: 'asc' | 'desc'
  readonly offset?: number
  /** At most 1,000; 100 unless told. */
  readonly limit?: number
  readonly state?: readonly StateFilter[]
  /** '' is those without. */
  readonly category?: readonly string[]
  readonly label?: readonly string[]
  /** Hosts. */
  readonly tracker?: readonly string[]
  /** All of its words are in the name. */
  readonly text?: string
  readonly ids?: readonly string[]
}

/** Some fields of many torrents at once, in the order of the list. */
export interface PickRequest {
  /** All that match, unless told otherwise; at most 100,000 `ids`. */
  readonly query: ListQuery
  readonly fields: readonly RowField[]
}

export type RowField = Exclude<keyof TorrentRow, 'id'>
export type RowPart = Pick<TorrentRow, 'id'> & Partial<TorrentRow>

export interface TorrentPage {
  /** Matching, of which `items` is a window. */
  readonly total: number
  readonly offset: number
  readonly items: readonly TorrentRow[]
  /** How many there are of each, over all torrents. */
  readonly facets: Facets
  /** Events after this one are not in the page yet. */
  readonly cursor: string
}

export interface Facets {
  readonly all: number
  readonly states: Readonly<Record<StateFilter, number>>
  readonly categories: Readonly<Record<string, number>>
  readonly labels: Readonly<Record<string, number>>
  readonly trackers: Readonly<Record<string, number>>
}

export interface AddOptions {
  /** Below one of the allowed roots; the category's folder, then the setting, unless told. */
  readonly dir?: string
  readonly category?: string
  readonly labels?: readonly string[]
  /** False: added, not started. */
  readonly start?: boolean
  readonly sequential?: boolean
  /** One a file, by number; others are normal. */
  readonly priorities?: Readonly<Record<number, FilePriority>>
  readonly trackers?: readonly (readonly string[])[]
  readonly peers?: readonly string[]
  readonly limits?: Partial<TorrentLimits>
  readonly goals?: Partial<Goals>
  /** The data is there and is believed to be whole: sizes are looked at, nothing is hashed. */
  readonly trust?: boolean
  readonly queue?: 'top' | 'bottom'
  /** Torrents that are here already get its trackers besides those that they have; private ones do not. */
  readonly mergeTrackers?: boolean
}

export interface AddRequest {
  /** Magnet links, info-hashes, http(s) URLs, torrent files in base64 after `data:application/x-bittorrent;base64,`. At most 10,000. */
  readonly sources: readonly string[]
  readonly options?: AddOptions
}

/** One a source, in order. Acknowledged: what is `added` survives a power cut. */
export type AddResult =
  | {
      readonly outcome: 'added' | 'duplicate'
      readonly id: string
      readonly name: string
      /** Of a duplicate, with `mergeTrackers`: so many of its trackers were new. */
      readonly newTrackers?: number
    }
  | { readonly outcome: 'failed'; readonly source: string; readonly code: string; readonly text: string }

/** What is in a source, before it is added. */
export interface Inspection {
  readonly id: string
  readonly name: string
  readonly totalBytes: number
  readonly pieceLength: number
  readonly private: boolean
  readonly comment: string | null
  readonly trackers: readonly (readonly string[])[]
  readonly files: readonly { readonly path: string; readonly length: number }[]
  /** It is here already. */
  readonly duplicate: boolean
}

export interface TorrentPatch {
  readonly intent?: Intent
  readonly name?: string
  readonly category?: string | null
  readonly labels?: readonly string[]
  readonly sequential?: boolean
  readonly limits?: Partial<TorrentLimits>
  readonly goals?: Partial<Goals>
  /** From 1; others make room. */
  readonly queue?: number
  /** Tiers, in place of those that there are. */
  readonly trackers?: readonly (readonly string[])[]
}

export interface FilePatch {
  readonly index: number
  readonly priority?: FilePriority
  /** New path below the torrent's folder, elements joined by `/`. */
  readonly path?: string
}

export const ACTIONS = [
  'start',
  'force',
  'stop',
  'check',
  'reannounce',
  'queue-top',
  'queue-up',
  'queue-down',
  'queue-bottom',
] as const
export type Action = (typeof ACTIONS)[number]

export interface ActionRequest {
  readonly action: Action
  /** `all`, or those that match. */
  readonly ids: readonly string[] | 'all'
}

export interface RemoveRequest {
  readonly ids: readonly string[]
  readonly data: boolean
}

export interface MoveRequest {
  readonly ids: readonly string[]
  readonly dir: string
  /** False: the data is there already, only the torrent is told. True unless told. */
  readonly move?: boolean
}

export interface Category {
  readonly name: string
  /** Null: the folder of the settings. */
  readonly dir: string | null
  readonly goals: Partial<Goals>
  readonly limits: { readonly download: number | null; readonly upload: number | null }
}
