/** Diagnoses: a stable code, one English sentence, and what it is made of, for whoever says it in another language. */

export interface Why {
  readonly code: string
  readonly text: string
  /** By the code, as `Reasons` or `Errors` have it; missing in what was written down by a version before. */
  readonly facts?: Readonly<Record<string, string | number | null>>
}

/** Why something is slow, waiting or not moving. Codes are stable; new ones may be added. */
export interface Reasons {
  // Of a download.
  readonly NO_PEERS: { readonly trackers: number; readonly dhtNodes: number | null }
  readonly NO_TRACKERS: Record<never, never>
  /** `message` is what the first one said, or what became of asking it. */
  readonly TRACKERS_FAIL: {
    readonly trackers: number
    readonly message: string | null
    readonly dhtNodes: number | null
  }
  readonly ASKING_TRACKERS: { readonly trackers: number; readonly dhtNodes: number | null }
  readonly NO_CONNECTION: { readonly known: number; readonly dhtNodes: number | null }
  readonly CONNECTING: { readonly peers: number }
  readonly NOTHING_NEW: { readonly peers: number }
  readonly ALL_CHOKED: { readonly peers: number }
  /** Strangers from addresses whose ports were banned: they are tried one at a time. */
  readonly WAITING_TURNS: { readonly peers: number }
  /** `first` is one of the `pieces` that nobody connected has. */
  readonly MISSING_PIECES: { readonly pieces: number; readonly first: number }
  readonly DISK: { readonly waitingBytes: number; readonly bytesPerSec: number }
  readonly LIMIT: { readonly of: 'torrent' | 'all'; readonly bytesPerSec: number }
  readonly LIMIT_ALTERNATIVE: Record<never, never>
  readonly MEMORY: { readonly totalBytes: number }
  // Of a seed.
  readonly NOBODY_INTERESTED: { readonly peers: number }
  readonly UPLOAD_LIMIT: { readonly of: 'torrent' | 'all'; readonly bytesPerSec: number }
  readonly PORT_UNREACHABLE: Record<never, never>
  // Of one that waits, or that is being worked on.
  readonly FETCHING: {
    readonly bytes: number
    /** 0: nobody told how long the description is. */
    readonly totalBytes: number
    /** Connected. */
    readonly peers: number
    /** Addresses. */
    readonly known?: number
  }
  readonly FETCH_QUEUED: { readonly place: number; readonly of: number; readonly limit: number }
  readonly QUEUED: {
    readonly place: number
    readonly of: number
    readonly limit: number
    readonly kind: 'download' | 'seed'
  }
  readonly START_QUEUED: Record<never, never>
  readonly CHECKING: { readonly fraction: number; readonly totalBytes: number }
  readonly CHECK_QUEUED: Record<never, never>
  readonly MOVING: { readonly to: string; readonly fraction: number }
  readonly MOVE_QUEUED: { readonly to: string }
  readonly DISK_SPACE: {
    readonly freeBytes: number
    readonly keepBytes: number
    /** It goes on when so much is free. */
    readonly neededBytes: number
  }
  /** An error that may pass: it looks again. `error` is its code. */
  readonly DISK_WAIT: {
    readonly error: string
    readonly subject: string | null
    readonly message: string
    readonly seconds: number
  }
  // Of one that has stopped by itself.
  readonly GOAL_REACHED: { readonly goal: 'ratio' | 'seedSeconds' | 'idleSeconds'; readonly value: number }
}

export type Reason<Code extends keyof Reasons = keyof Reasons> = {
  readonly [Each in Code]: { readonly code: Each; readonly text: string; readonly facts: Reasons[Each] }
}[Code]

/** What is told beside the code of an error. */
export interface ErrorFacts {
  /** A path, URL or address. */
  readonly subject: string | null
  /** What could not be done because of it. */
  readonly task?: 'move' | 'rename'
}
