/** A torrent in memory: its record, its row in the list, and, while anything is going on with it, what that is. */
import type { Reason, TorrentRow } from '../contract/index.ts'
import type { EngineTorrent, EngineTorrentSummary } from './engine-port.ts'
import type { TorrentRecord } from './record.ts'
import { FAST, type Pace, type Waiting } from './rules/queue.ts'

export class Item {
  readonly record: TorrentRecord
  /** As of the last look; replaced, never changed. */
  row: TorrentRow | undefined
  /** Place in the queue, from 1. */
  position = 0
  foundName: string | undefined
  sortName: string | undefined
  /** Undefined: it is stopped, and nothing is to be done with it. */
  live: Live | undefined

  constructor(record: TorrentRecord) {
    this.record = record
  }

  onRenamed(): void {
    this.foundName = undefined
    this.sortName = undefined
  }

  get id(): string {
    return this.record.id
  }

  /** To run, as far as its owner is asked. */
  get isWanted(): boolean {
    return this.record.intent !== 'stop'
  }

  get hasWork(): boolean {
    const { pending } = this.record
    return (
      pending.check === true ||
      pending.moveTo !== undefined ||
      pending.relocate !== undefined ||
      pending.rename !== undefined ||
      pending.remove !== undefined
    )
  }
}

/** What is known of a torrent only while it is to run, or something is done with it. */
export class Live {
  /** In the engine. */
  torrent: EngineTorrent | undefined
  summary: EngineTorrentSummary | undefined
  /** Of the summary's figures, what is in the record already. */
  counted: Counted = NOTHING
  /** What is being done, one at a time. */
  doing: Doing | undefined
  /** It may run: the queue, the disk and whatever else say so. */
  mayRun = false
  /** Its turn to be checked, or moved: one torrent at a time. */
  mayCheck = false
  mayMove = false
  waiting: Waiting | undefined
  /** Held by something else than the queue. */
  held: Reason | undefined
  pace: Pace = FAST
  /** Bytes sent when the last look was, and when it was last more, ms. */
  fedAt: number | undefined
  fetch: FetchTurn | undefined
  /** Turns that ended without an answer. */
  fetchTurns = 0
  /** Nothing can be done before peers or the disk have answered, which may take hours. */
  isAwaiting = false

  async awaiting<T>(promise: Promise<T>): Promise<T> {
    this.isAwaiting = true
    try {
      return await promise
    } finally {
      this.isAwaiting = false
    }
  }
}

export interface Counted {
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly wastedBytes: number
}

export const NOTHING: Counted = { downloadedBytes: 0, uploadedBytes: 0, wastedBytes: 0 }

export type Doing =
  | { readonly kind: 'starting' | 'stopping' | 'renaming' | 'removing' }
  | { readonly kind: 'checking'; readonly abort: AbortController }
  | { readonly kind: 'moving'; readonly abort: AbortController; fraction: number }
  | { readonly kind: 'fetching'; readonly abort: AbortController }

/** How far the description of a magnet link is. */
export interface FetchTurn {
  readonly since: number
  bytes: number | undefined
  totalBytes: number | undefined
  connected: number
  connecting: number
  known: number
}
