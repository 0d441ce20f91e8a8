/**
 * What the daemon can do, as plain calls over plain data: the HTTP API, Transmission's protocol and the tests are thin
 * layers above it. All of it is {@link SessionError} or ShoalError when it fails; nothing else is thrown for what a user
 * or the world does.
 */
import type { Overheard } from '@shoal/engine'
import type {
  Action,
  AddOptions,
  AddResult,
  Ban,
  Category,
  Facets,
  FilePatch,
  FileRow,
  Inspection,
  ListQuery,
  LogLine,
  PeerRow,
  PiecesView,
  ProblemCode,
  RateHistory,
  RowDelta,
  RowField,
  RowPart,
  SessionInfo,
  TorrentDetail,
  TorrentPage,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from '../contract/index.ts'

export interface Session {
  info(): SessionInfo
  history(): RateHistory

  list(query: ListQuery): TorrentPage
  /** Some fields of all that match. */
  pick(query: ListQuery, fields: readonly RowField[]): RowPart[]
  facets(): Facets
  /** In the order of the queue. */
  rows(): readonly TorrentRow[]
  /** @throws SessionError `NOT_FOUND`, as all that take an id */
  row(id: string): TorrentRow
  detail(id: string): Promise<TorrentDetail>
  /** What of its detail is in memory, however many torrents are asked for and whether they run or not. */
  terms(id: string): Terms
  files(id: string): Promise<readonly FileRow[]>
  peers(id: string): readonly PeerRow[]
  trackers(id: string): Promise<readonly TrackerRow[]>
  pieces(id: string): Promise<PiecesView>
  log(id?: string): readonly LogLine[]
  /** The torrent file; `CONFLICT` while it is not known. */
  torrentFile(id: string): Promise<Uint8Array>

  /**
   * Resolves when what was added would survive a power cut.
   *
   * A string is a magnet link, an info-hash, an http(s) URL or a data URL of a torrent file; never a path, as it may come
   * from elsewhere. Who may name a file of this machine gives its `file:` URL.
   */
  add(sources: readonly (string | URL | Uint8Array)[], options?: AddOptions): Promise<readonly AddResult[]>
  inspect(source: string | URL | Uint8Array, signal?: AbortSignal): Promise<Inspection>
  patch(id: string, change: TorrentPatch): Promise<void>
  patchFiles(id: string, changes: readonly FilePatch[]): Promise<void>
  /** Unknown ids are left out; answers how many there were. */
  act(action: Action, ids: readonly string[] | 'all'): Promise<number>
  remove(ids: readonly string[], options: { readonly data: boolean }): Promise<number>
  /** Resolves when the moves are recorded; they go on, and show as state `moving`. */
  move(ids: readonly string[], dir: string, options?: { readonly move?: boolean }): Promise<number>
  /** It remembers them. */
  addPeers(id: string, addresses: readonly string[]): Promise<void>
  /** As {@link ban}. */
  banPeer(id: string, address: string): Promise<void>
  bans(): readonly Ban[]
  /** `host:port`, or hosts: IP literals. For all torrents, and remembered. */
  ban(addresses: readonly string[]): Promise<void>
  /** @throws SessionError `NOT_FOUND` */
  unban(address: string): Promise<void>
  /**
   * Every message to and from one connected peer from now on.
   *
   * @returns a function that ends it
   * @throws SessionError `NOT_FOUND`: no such peer is connected
   */
  overhear(id: string, address: string, listener: (heard: Overheard) => void): () => void
  /** Bytes of a file as they become available; those pieces come first meanwhile. `end` exclusive. */
  stream(
    id: string,
    file: number,
    options: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>

  categories(): readonly Category[]
  /** Makes it, or changes it. */
  setCategory(category: Category): Promise<void>
  /** Its torrents have none afterwards. */
  removeCategory(name: string): Promise<void>
  labels(): Readonly<Record<string, number>>

  /** True: the alternative limits, whatever the timetable says; undefined: as the timetable says. */
  setAlternative(on: boolean | undefined): Promise<void>
  /** Settings changed (see `config/`): limits, queue, goals and folders count from now on. */
  applySettings(settings: SessionSettings): void

  readonly changes: Changes
  /**
   * Resolves when all that was asked for has been carried out, but for what takes its time: fetching, checking and moving
   * have begun then.
   */
  settled(): Promise<void>
  /** Saves everything, and closes the engine. */
  close(): Promise<void>
}

export interface Terms extends Pick<TorrentDetail, 'limits' | 'goals' | 'goalsInForce' | 'wastedBytes'> {
  /** Undefined: it was added by an earlier version, and its `detail` has not been asked for since then. */
  readonly layout: Layout | undefined
}

/** Zeros while only a link is known. */
export type Layout = Pick<TorrentDetail, 'fileCount' | 'pieceCount' | 'pieceLength'>

/** What happened, in steps of at most one a second. */
export interface Changes {
  /** Of the last step. */
  readonly cursor: string
  /** Steps after a cursor, as one; undefined: it is too old, or of another run. */
  since(cursor: string): ChangeStep | undefined
  /** Told after each step in which anything changed. @returns a function that ends it */
  subscribe(listener: (step: ChangeStep) => void): () => void
}

export interface ChangeStep {
  readonly cursor: string
  readonly added: readonly TorrentRow[]
  readonly changed: readonly RowDelta[]
  readonly removed: readonly string[]
  readonly session: Partial<SessionInfo> | undefined
  readonly log: readonly LogLine[]
}

/** The settings that the session obeys. Bytes a second, seconds, bytes; null is none. */
export interface SessionSettings {
  readonly dir: string
  /** Null: incomplete data is kept where it will stay. */
  readonly incompleteDir: string | null
  readonly startAdded: boolean
  readonly limits: {
    readonly download: number | null
    readonly upload: number | null
    readonly connections: number
    readonly torrentConnections: number
    readonly uploadSlots: number
  }
  readonly alternative: {
    readonly download: number | null
    readonly upload: number | null
    readonly timetable: readonly TimetableSpan[]
  }
  readonly queue: {
    readonly downloads: number | null
    readonly seeds: number | null
    readonly slowBytesPerSec: number
    readonly slowSeconds: number
  }
  readonly goals: {
    readonly ratio: number | null
    readonly seedSeconds: number | null
    readonly idleSeconds: number | null
  }
  /** Torrents are held before less than this is free on the disk they write to. */
  readonly keepFreeBytes: number
}

/** Local time. `days`: 0 is Sunday. A span whose end is not after its beginning goes on into the next day. */
export interface TimetableSpan {
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
}

export class SessionError extends Error {
  readonly code: ProblemCode
  readonly where: string | undefined

  constructor(code: ProblemCode, text: string, where?: string) {
    super(text)
    this.name = 'SessionError'
    this.code = code
    this.where = where
  }
}
