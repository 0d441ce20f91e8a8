/** A session in memory: what HTTP makes of it is the same, whatever torrents do. */
import type { Overheard } from '@shoal/engine'
import type {
  AddOptions,
  AddResult,
  Category,
  Facets,
  FileRow,
  ListQuery,
  RowField,
  RowPart,
  SessionInfo,
  StateFilter,
  TorrentDetail,
  TorrentPage,
  TorrentPatch,
  TorrentRow,
} from '../../src/contract/index.ts'
import { partOf } from '../../src/session/row.ts'
import { type ChangeStep, type Session, SessionError } from '../../src/session/session.ts'

export function idOf(n: number): string {
  return n.toString(16).padStart(40, '0')
}

export function rowOf(n: number, change: Partial<TorrentRow> = {}): TorrentRow {
  return {
    id: idOf(n),
    name: `torrent ${n}`,
    state: 'stopped',
    intent: 'stop',
    complete: false,
    progress: 0.5,
    work: 1,
    totalBytes: 1000,
    wantedBytes: 1000,
    haveBytes: 500,
    leftBytes: 500,
    downloadRate: 0,
    uploadRate: 0,
    etaSeconds: null,
    downloadedBytes: 500,
    uploadedBytes: 0,
    ratio: 0,
    seeds: 0,
    peers: 0,
    sending: 0,
    receiving: 0,
    swarmSeeds: null,
    swarmPeers: null,
    availability: null,
    addedAt: 1_764_000_000 + n,
    completedAt: null,
    activeAt: null,
    downloadSeconds: 0,
    seedSeconds: 0,
    queue: n + 1,
    category: null,
    labels: [],
    dir: '/data',
    tracker: 'tracker.example',
    private: false,
    sequential: false,
    error: null,
    why: null,
    ...change,
  }
}

const INFO: SessionInfo = {
  version: '0.1.0',
  startedAt: 1_764_000_000,
  downloadRate: 1000,
  uploadRate: 0,
  session: { downloadedBytes: 1, uploadedBytes: 2 },
  ever: { downloadedBytes: 3, uploadedBytes: 4 },
  torrents: { all: 0, downloading: 0, seeding: 0, queued: 0, stopped: 0, error: 0 },
  connections: 0,
  port: 6881,
  reachable: 'unknown',
  externalIps: [],
  dht: { nodes: 3, searches: 0 },
  limits: { download: null, upload: null },
  alternative: { active: false, by: null, download: null, upload: null },
  folders: [{ path: '/data "1"', freeBytes: 10, totalBytes: 20 }],
  blocklist: null,
  why: [],
}

/** What a file holds at an offset. */
export function byteAt(offset: number): number {
  return (offset * 7 + (offset >> 8)) & 255
}

export const FILE_BYTES = 100_000

export class StandIn implements Session {
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[] = []
  readonly categoryList: Category[] = []
  /** Told by what is thrown next. */
  failure: unknown
  #rows = new Map<string, TorrentRow>()
  #step = 0
  readonly #steps: ChangeStep[] = []
  readonly #listeners = new Set<(step: ChangeStep) => void>()

  constructor(count = 0) {
    for (let n = 0; n < count; n++) this.#rows.set(idOf(n), rowOf(n))
  }

  readonly changes = {
    session: this,
    get cursor(): string {
      return `run.${this.session.#step}`
    },
    since: (cursor: string): ChangeStep | undefined => this.#since(cursor),
    subscribe: (listener: (step: ChangeStep) => void): (() => void) => {
      this.#listeners.add(listener)
      return () => this.#listeners.delete(listener)
    },
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  /** Changes rows, as a second of real life would. */
  step(change: Partial<Omit<ChangeStep, 'cursor'>>): void {
    this.#step++
    const step: ChangeStep = {
      cursor: this.changes.cursor,
      added: [],
      changed: [],
      removed: [],
      session: undefined,
      log: [],
      ...change,
    }
    for (const row of step.added) this.#rows.set(row.id, row)
    for (const delta of step.changed) this.#rows.set(delta.id, { ...this.row(delta.id), ...delta })
    for (const id of step.removed) this.#rows.delete(id)
    this.#steps.push(step)
    for (const listener of [...this.#listeners]) listener(step)
  }

  info(): SessionInfo {
    return INFO
  }

  history() {
    return { stepSeconds: 1, download: [1, 2], upload: [0, 0] }
  }

  list(query: ListQuery): TorrentPage {
    const matching = [...this.#rows.values()].filter(
      row => query.state === undefined || query.state.includes(row.state),
    )
    const key = query.sort ?? 'queue'
    const sign = query.order === 'desc' ? -1 : 1
    if (key !== 'queue') {
      matching.sort((a, b) => {
        const [left, right] = [a[key] ?? 0, b[key] ?? 0]
        return left < right ? -sign : left > right ? sign : 0
      })
    }
    const offset = query.offset ?? 0
    const items = matching.slice(offset, offset + (query.limit ?? 100))
    return { total: matching.length, offset, items, facets: this.facets(), cursor: this.changes.cursor }
  }

  pick(query: ListQuery, fields: readonly RowField[]): RowPart[] {
    return this.list({ ...query, limit: query.limit ?? this.#rows.size }).items.map(row =>
      partOf(row, fields),
    )
  }

  facets(): Facets {
    const names: readonly StateFilter[] = [
      'fetching',
      'checking',
      'moving',
      'downloading',
      'seeding',
      'queued',
      'stopped',
      'error',
      'active',
      'inactive',
      'complete',
      'incomplete',
      'running',
    ]
    const states = Object.fromEntries(names.map(name => [name, 0])) as Record<StateFilter, number>
    for (const row of this.#rows.values()) states[row.state]++
    return {
      all: this.#rows.size,
      states,
      categories: {},
      labels: {},
      trackers: { 'tracker.example': this.#rows.size },
    }
  }

  rows(): readonly TorrentRow[] {
    return [...this.#rows.values()]
  }

  row(id: string): TorrentRow {
    const row = this.#rows.get(id)
    if (row === undefined) throw new SessionError('NOT_FOUND', 'There is no such torrent.', 'path.id')
    return row
  }

  async detail(id: string): Promise<TorrentDetail> {
    return {
      ...this.row(id),
      comment: null,
      createdBy: 'a test',
      createdAt: null,
      pieceLength: 16_384,
      pieceCount: 7,
      piecesHave: 3,
      fileCount: 1,
      magnet: `magnet:?xt=urn:btih:${id}`,
      wastedBytes: 0,
      incompleteDir: null,
      limits: { download: null, upload: null, connections: null, uploadSlots: null, obeyGlobal: true },
      goals: { ratio: 'default', seedSeconds: 'none', idleSeconds: 60 },
      goalsInForce: { ratio: 2, seedSeconds: null, idleSeconds: 60 },
      webSeeds: [],
      trackerCount: 1,
      discovery: true,
    }
  }

  terms(): never {
    throw new Error('the HTTP API tells details as a whole')
  }

  async files(id: string): Promise<readonly FileRow[]> {
    this.row(id)
    const file = { haveBytes: 500, priority: 'normal', pieces: { first: 0, last: 6 } } as const
    return [
      { index: 0, path: 'film.mp4', length: FILE_BYTES, ...file },
      { index: 1, path: 'notes/”read“ me.html', length: FILE_BYTES, ...file },
      { index: 2, path: 'empty', length: 0, haveBytes: 0, priority: 'normal', pieces: null },
    ]
  }

  peers(id: string) {
    this.row(id)
    return [
      {
        address: '10.0.0.1:6881',
        client: 'Other 1.0',
        source: 'tracker',
        direction: 'out',
        downloadRate: 1,
        uploadRate: 2,
        downloadedBytes: 3,
        uploadedBytes: 4,
        progress: 0.5,
        flags: 'dU',
        requests: 5,
        connectedSeconds: 6,
        country: null,
      },
    ] as const
  }

  async trackers(id: string) {
    this.row(id)
    const said = { message: null, seeds: 1, peers: 2, received: 3, lastAnnounceAt: 5, nextAnnounceSeconds: 4 }
    return [{ url: 'http://tracker.example/announce', tier: 0, state: 'ok', ...said }] as const
  }

  async pieces(id: string) {
    this.row(id)
    return {
      count: 7,
      pieceLength: 16_384,
      have: '4A==',
      availability: null,
      active: [{ index: 3, received: 0.5 }],
    }
  }

  log(id?: string) {
    return [{ at: 1_764_000_000, level: 'info', id: id ?? null, text: 'It was added.' }] as const
  }

  async torrentFile(id: string): Promise<Uint8Array> {
    this.row(id)
    return new TextEncoder().encode('d4:infod0:ee')
  }

  async add(sources: readonly (string | Uint8Array)[], options?: AddOptions): Promise<readonly AddResult[]> {
    this.#called('add', sources, options)
    return sources.map((_, n) => ({ outcome: 'added', id: idOf(1000 + n), name: `added ${n}` }))
  }

  async inspect(source: string | Uint8Array) {
    this.#called('inspect', source)
    return {
      id: idOf(5),
      name: 'inspected',
      totalBytes: 1,
      pieceLength: 16_384,
      private: false,
      comment: null,
      trackers: [['http://tracker.example/announce']],
      files: [{ path: 'a', length: 1 }],
      duplicate: false,
    }
  }

  async patch(id: string, change: TorrentPatch): Promise<void> {
    this.row(id)
    this.#called('patch', id, change)
  }

  async patchFiles(id: string, ...args: readonly unknown[]): Promise<void> {
    this.row(id)
    this.#called('patchFiles', id, ...args)
  }

  async act(...args: readonly unknown[]): Promise<number> {
    this.#called('act', ...args)
    return 1
  }

  async remove(ids: readonly string[], options: { readonly data: boolean }): Promise<number> {
    this.#called('remove', ids, options)
    return ids.filter(id => this.#rows.has(id)).length
  }

  async move(...args: readonly unknown[]): Promise<number> {
    this.#called('move', ...args)
    return 1
  }

  async addPeers(id: string, ...args: readonly unknown[]): Promise<void> {
    this.row(id)
    this.#called('addPeers', id, ...args)
  }

  async banPeer(id: string, ...args: readonly unknown[]): Promise<void> {
    this.row(id)
    this.#called('banPeer', id, ...args)
  }

  readonly talks: ((heard: Overheard) => void)[] = []

  overhear(id: string, address: string, listener: (heard: Overheard) => void): () => void {
    if (this.peers(id)[0].address !== address) {
      throw new SessionError('NOT_FOUND', 'It is not connected to that peer any more.', 'path.address')
    }
    this.talks.push(listener)
    return () => {
      this.talks.splice(this.talks.indexOf(listener), 1)
    }
  }

  bans() {
    return [{ address: '192.0.2.7', at: 1_764_000_000 }]
  }

  async ban(...args: readonly unknown[]): Promise<void> {
    this.#called('ban', ...args)
  }

  async unban(...args: readonly unknown[]): Promise<void> {
    this.#called('unban', ...args)
  }

  async *stream(
    id: string,
    file: number,
    { start, end, signal }: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    this.#called('stream', id, file, start, end)
    for (let at = start; at < end && !signal.aborted; at += 16_384) {
      yield Uint8Array.from({ length: Math.min(16_384, end - at) }, (_, n) => byteAt(at + n))
    }
  }

  categories(): readonly Category[] {
    return this.categoryList
  }

  async setCategory(category: Category): Promise<void> {
    this.#called('setCategory', category)
    this.categoryList.push(category)
  }

  async removeCategory(name: string): Promise<void> {
    this.#called('removeCategory', name)
  }

  labels() {
    return { linux: 2 }
  }

  async setAlternative(on: boolean | undefined): Promise<void> {
    this.#called('setAlternative', on)
  }

  applySettings(): void {}

  async settled(): Promise<void> {}

  async close(): Promise<void> {}

  #called(method: string, ...args: readonly unknown[]): void {
    this.calls.push({ method, args })
    if (this.failure !== undefined) throw this.failure
  }

  #since(cursor: string): ChangeStep | undefined {
    const [run, step] = cursor.split('.')
    if (run !== 'run' || !/^\d+$/.test(step ?? '') || Number(step) > this.#step) return undefined
    const missed = this.#steps.slice(Number(step))
    return {
      cursor: this.changes.cursor,
      added: missed.flatMap(({ added }) => added),
      changed: missed.flatMap(({ changed }) => changed),
      removed: missed.flatMap(({ removed }) => removed),
      session: undefined,
      log: missed.flatMap(({ log }) => log),
    }
  }
}
