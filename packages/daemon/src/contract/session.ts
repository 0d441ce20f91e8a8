/** The daemon itself: figures, settings, tokens. */
import type { Why } from './why.ts'

export interface SessionInfo {
  readonly version: string
  readonly startedAt: number
  readonly downloadRate: number
  readonly uploadRate: number
  /** Since the start, and ever. */
  readonly session: Totals
  readonly ever: Totals
  readonly torrents: {
    readonly all: number
    readonly downloading: number
    readonly seeding: number
    readonly queued: number
    readonly stopped: number
    readonly error: number
  }
  readonly connections: number
  readonly port: number
  /** Whether others reach our port: somebody did within the last hour, nobody ever did, or it cannot be told yet. */
  readonly reachable: 'yes' | 'no' | 'unknown'
  readonly externalIps: readonly string[]
  readonly dht: { readonly nodes: number; readonly searches: number } | null
  readonly limits: { readonly download: number | null; readonly upload: number | null }
  /** The alternative limits are in force, by hand or by the timetable. */
  readonly alternative: {
    readonly active: boolean
    readonly by: 'hand' | 'timetable' | null
    readonly download: number | null
    readonly upload: number | null
  }
  readonly folders: readonly {
    readonly path: string
    readonly freeBytes: number | null
    readonly totalBytes: number | null
  }[]
  readonly blocklist: { readonly ranges: number; readonly loadedAt: number | null } | null
  /** What stands in the way of all torrents: no room on the disk, the timetable, … */
  readonly why: readonly Why[]
}

export interface Totals {
  readonly downloadedBytes: number
  readonly uploadedBytes: number
}

/** Rates over time, for a graph: one point every `stepSeconds`, the last one is now. */
export interface RateHistory {
  readonly stepSeconds: number
  readonly download: readonly number[]
  readonly upload: readonly number[]
}

export interface Setting {
  /** As in the configuration file: `limits.download`. */
  readonly key: string
  readonly group: string
  readonly description: string
  readonly type:
    | 'boolean'
    | 'integer'
    | 'number'
    | 'string'
    | 'strings'
    | 'rate'
    | 'size'
    | 'duration'
    | 'choice'
    | 'path'
    | 'paths'
    /** A list of watch folders: `folder`, `dir`, `category`, `labels`, `start`, `after`. */
    | 'watch'
  /** Null, for none, is a value. */
  readonly nullable: boolean
  readonly choices?: readonly string[]
  readonly value: unknown
  readonly default: unknown
  /** What it comes from; what env and flag say cannot be changed while running. */
  readonly source: 'default' | 'file' | 'saved' | 'env' | 'flag'
  /** False: only in the file, the environment or a flag. */
  readonly settable: boolean
  /** Counts from the next start on. */
  readonly restart: boolean
}

/** Banned by hand: over all torrents, until somebody takes it back. */
export interface Ban {
  /** An IP address. */
  readonly address: string
  readonly at: number
}

/** What Shoal was given lists of; null: it was given none. */
export interface Lists {
  readonly blocklist: BlocklistStatus | null
  readonly countries: CountriesStatus | null
}

/** Addresses that are never spoken to. */
export interface BlocklistStatus {
  /** Path or URL, as the settings have it. */
  readonly source: string
  /** In force. */
  readonly ranges: number
  /** When what is in force was read; null: nothing is. */
  readonly loadedAt: number | null
  /** When it was last asked for; null: not yet. */
  readonly triedAt: number | null
  /** Why that was of no use, as the end of a sentence. */
  readonly error: string | null
  readonly loading: boolean
}

/** The database of the countries that peers are in. */
export interface CountriesStatus {
  readonly source: string
  /** As it calls itself; null: there is none of use. */
  readonly type: string | null
  /** When it was made. */
  readonly builtAt: number | null
  readonly loadedAt: number | null
  readonly error: string | null
}

export type Scope = 'read' | 'add' | 'full'

export interface TokenInfo {
  readonly name: string
  readonly scope: Scope
  readonly createdAt: number
  readonly usedAt: number | null
}

/** Answers making one: the only time that the token itself is told. */
export interface NewToken extends TokenInfo {
  readonly token: string
}

export interface SetupInfo {
  /** No password has been set: the link that Shoal printed at its start leads to where it is. */
  readonly needed: boolean
}

/** Answers making a link where a new password is set: the page, with `#setup=` and the key. Good once, and until then. */
export interface SetupLink {
  readonly key: string
  readonly expiresAt: number
}

/** Answers a new password for a lost one. */
export interface SignedOut {
  /** Browsers that have to sign in again. */
  readonly signedOut: number
}

export interface FolderInfo {
  readonly path: string
  readonly freeBytes: number | null
  readonly totalBytes: number | null
  readonly folders: readonly string[]
}

/** A swarm of a few programs on the daemon's own machine, whose content is made up, so that there is something to see. */
export interface Demo {
  /** Of its torrent. Removing it ends the demo, and takes all that the demo wrote along. */
  readonly id: string
  readonly name: string
  /** False: it was there already. */
  readonly isNew: boolean
  /** It ends by itself then; its torrent and its data go. */
  readonly endsAt: number
}

/** One line of `shoal doctor`. */
export interface Finding {
  readonly what: string
  readonly outcome: 'ok' | 'note' | 'problem'
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
}
