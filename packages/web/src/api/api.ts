/** What the page asks of a daemon. Two things answer: the daemon (`remote.ts`) and, without any, `mock/`. */
import type {
  Action,
  AddRequest,
  AddResult,
  Ban,
  Category,
  ConversationEvent,
  Demo,
  FilePatch,
  FileRow,
  Finding,
  FolderInfo,
  Inspection,
  ListQuery,
  Lists,
  LogLine,
  PeerRow,
  PiecesView,
  RateHistory,
  RowField,
  Scope,
  SessionInfo,
  Setting,
  ShoalEvent,
  TokenInfo,
  TorrentDetail,
  TorrentPage,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from '@shoal/daemon/contract'

export interface Api {
  login(password: string): Promise<void>
  logout(): Promise<void>
  changePassword(current: string, password: string): Promise<void>
  /** `ticket` is of the one-time link that the daemon prints at its first start. */
  setup(ticket: string, password: string): Promise<void>

  info(): Promise<SessionInfo>
  history(): Promise<RateHistory>
  list(query: ListQuery): Promise<TorrentPage>
  /** Some fields of all that match, or of those with `query.ids`; as many as there are. */
  pick<F extends RowField>(query: ListQuery, fields: readonly F[]): Promise<readonly Picked<F>[]>
  detail(id: string): Promise<TorrentDetail>
  files(id: string): Promise<readonly FileRow[]>
  peers(id: string): Promise<readonly PeerRow[]>
  trackers(id: string): Promise<readonly TrackerRow[]>
  pieces(id: string): Promise<PiecesView>
  /** Of one torrent, or of the daemon and all. */
  log(id?: string): Promise<readonly LogLine[]>

  add(request: AddRequest): Promise<readonly AddResult[]>
  inspect(source: string, signal?: AbortSignal): Promise<Inspection>
  patch(id: string, change: TorrentPatch): Promise<void>
  patchFiles(id: string, changes: readonly FilePatch[]): Promise<void>
  act(action: Action, ids: readonly string[] | 'all'): Promise<void>
  remove(ids: readonly string[], data: boolean): Promise<void>
  move(ids: readonly string[], dir: string, move: boolean): Promise<void>
  addPeers(id: string, addresses: readonly string[]): Promise<void>
  banPeer(id: string, address: string): Promise<void>
  /** What that peer and we say to each other. Resolves when that is over, or `signal` is aborted. */
  conversation(id: string, address: string, options: ConversationOptions): Promise<void>

  categories(): Promise<readonly Category[]>
  setCategory(category: Category): Promise<void>
  removeCategory(name: string): Promise<void>
  settings(): Promise<readonly Setting[]>
  changeSettings(change: Readonly<Record<string, unknown>>): Promise<void>
  /** Null: as the timetable says. */
  setAlternative(on: boolean | null): Promise<void>
  tokens(): Promise<readonly TokenInfo[]>
  /** The token itself, which is told only now. */
  createToken(name: string, scope: Scope): Promise<string>
  removeToken(name: string): Promise<void>
  folder(path?: string): Promise<FolderInfo>
  bans(): Promise<readonly Ban[]>
  ban(addresses: readonly string[]): Promise<void>
  unban(address: string): Promise<void>
  /** Blocklist and countries: what is in force, and what went wrong. */
  lists(): Promise<Lists>
  reloadLists(): Promise<void>
  doctor(): Promise<readonly Finding[]>
  /** A small swarm on the daemon's machine, to have something to see. */
  demo(): Promise<Demo>

  /** Until `signal` is aborted; comes back by itself after a lost connection. */
  events(options: EventsOptions): void

  /** Addresses that a browser or a player opens by itself. */
  fileUrl(id: string, index: number): string
  playlistUrl(id: string): string
  torrentFileUrl(id: string): string
}

export type Picked<F extends RowField> = Pick<TorrentRow, 'id' | F>

export interface ConversationOptions {
  readonly signal: AbortSignal
  readonly onEvent: (event: ConversationEvent) => void
}

export interface EventsOptions {
  /** What is on the screen; only that is told. */
  readonly query: ListQuery
  readonly signal: AbortSignal
  readonly onEvent: (event: ShoalEvent) => void
  readonly onState: (state: ConnectionState) => void
}

/** `refused`: the daemon is there, and wants a password. */
export type ConnectionState = 'open' | 'lost' | 'refused'

/** An answer of the daemon that is not what was asked for; `status` 0: there was no answer. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly where: string | undefined

  constructor(status: number, code: string, text: string, where?: string) {
    super(text)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.where = where
  }
}
