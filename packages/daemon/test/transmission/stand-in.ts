/** A session of plain data, and the protocol over it, asked as a client would. */
import type {
  FilePatch,
  FileRow,
  PeerRow,
  Scope,
  Setting,
  TorrentDetail,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from '../../src/contract/index.ts'
import { HttpProblem } from '../../src/http/problem.ts'
import { type ChangeStep, type Session, SessionError } from '../../src/session/session.ts'
import { type RpcOptions, SESSION_ID_HEADER, TransmissionRpc } from '../../src/transmission/rpc.ts'

export const NOW = 1_800_000_000
export const HASH_A = 'aa'.repeat(20)
export const HASH_B = 'bb'.repeat(20)
export const HASH_C = 'cc'.repeat(20)

export interface Torrent {
  readonly row: TorrentRow
  readonly detail?: Partial<TorrentDetail>
  readonly files?: readonly FileRow[]
  readonly trackers?: readonly TrackerRow[]
  readonly peers?: readonly PeerRow[]
  readonly have?: readonly number[]
  readonly copies?: readonly number[] | null
}

export function row(over: Partial<TorrentRow> = {}): TorrentRow {
  return {
    id: HASH_A,
    name: 'a shoal',
    state: 'downloading',
    intent: 'run',
    complete: false,
    progress: 0.5,
    work: 1,
    totalBytes: 2000,
    wantedBytes: 1000,
    haveBytes: 500,
    leftBytes: 500,
    downloadRate: 100,
    uploadRate: 0,
    etaSeconds: 5,
    downloadedBytes: 500,
    uploadedBytes: 250,
    ratio: 0.5,
    seeds: 1,
    peers: 2,
    sending: 1,
    receiving: 0,
    swarmSeeds: null,
    swarmPeers: null,
    availability: 1.5,
    addedAt: NOW - 1000,
    completedAt: null,
    activeAt: NOW - 10,
    downloadSeconds: 90,
    seedSeconds: 0,
    queue: 1,
    category: null,
    labels: [],
    dir: '/data',
    tracker: 'tracker.example.org',
    private: false,
    sequential: false,
    error: null,
    why: null,
    ...over,
  }
}

const DETAIL = {
  comment: 'a comment',
  createdBy: 'a tool',
  createdAt: NOW - 5000,
  pieceLength: 200,
  pieceCount: 10,
  piecesHave: 3,
  fileCount: 2,
  magnet: 'magnet:?xt=urn:btih:aa',
  wastedBytes: 7,
  incompleteDir: null,
  limits: { download: null, upload: 50_000, connections: null, uploadSlots: null, obeyGlobal: true },
  goals: { ratio: 'default', seedSeconds: 'default', idleSeconds: 'none' },
  goalsInForce: { ratio: 2, seedSeconds: null, idleSeconds: null },
  webSeeds: [],
  trackerCount: 1,
  discovery: true,
} as const

export const FILES: readonly FileRow[] = [
  {
    index: 0,
    path: 'a shoal/one',
    length: 1000,
    haveBytes: 500,
    priority: 'high',
    pieces: { first: 0, last: 4 },
  },
  {
    index: 1,
    path: 'a shoal/sub/two',
    length: 1000,
    haveBytes: 0,
    priority: 'skip',
    pieces: { first: 5, last: 9 },
  },
]

export const TRACKERS: readonly TrackerRow[] = [
  {
    url: 'http://tracker.example.org/announce',
    tier: 0,
    state: 'ok',
    message: null,
    seeds: 3,
    peers: 4,
    received: 5,
    lastAnnounceAt: NOW - 300,
    nextAnnounceSeconds: 60,
  },
]

export const SETTINGS: Record<string, unknown> = {
  'folders.downloads': '/data',
  'folders.incomplete': null,
  'network.port': 6881,
  'network.dht': true,
  'network.lsd': true,
  'network.connections': 300,
  'network.torrent_connections': 80,
  'limits.download': null,
  'limits.upload': 20_000,
  'alternative.download': null,
  'alternative.upload': 10_000,
  'alternative.timetable': [],
  'queue.downloads': 5,
  'queue.seeds': null,
  'queue.slow_after': 60,
  'queue.start_added': true,
  'goals.ratio': null,
  'goals.idle_time': 1800,
  'blocklist.source': null,
}

/** What was asked of the session, in order. */
export type Asked = readonly [name: string, ...given: readonly unknown[]]

interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly scope?: Scope
}

export class StandIn {
  readonly asked: Asked[] = []
  readonly settings: Record<string, unknown> = { ...SETTINGS }
  readonly torrents: Torrent[]
  readonly rpc: TransmissionRpc
  alternative = false
  #sessionId = ''
  #listener: (step: ChangeStep) => void = () => {}

  constructor(torrents: readonly Torrent[] = [], options: Partial<RpcOptions> = {}) {
    this.torrents = [...torrents]
    this.rpc = new TransmissionRpc({
      session: this.#session(),
      settings: {
        list: () =>
          Object.entries(this.settings).map(([key, value]) => ({ key, value }) as unknown as Setting),
        change: async changes => {
          this.asked.push(['settings', changes])
          Object.assign(this.settings, changes)
        },
      },
      roots: {
        admit: async (path, where) => {
          if (path.startsWith('/data') || path === '/tmp') return path
          throw new HttpProblem('FORBIDDEN', 'the folder is not below an allowed one', { where })
        },
      },
      close: () => this.asked.push(['close']),
      now: () => NOW,
      ...options,
    })
  }

  request(
    body: string,
    { method = 'POST', headers = {}, scope = 'full' }: RequestOptions = {},
  ): Promise<Response> {
    return this.rpc.handle({
      method,
      headers: new Headers({ [SESSION_ID_HEADER]: this.#sessionId, ...headers }),
      body: new TextEncoder().encode(body),
      caller: { scope },
    })
  }

  /** What comes back, as JSON, for somebody who knows the session id. */
  async send(body: unknown, scope: Scope = 'full'): Promise<unknown> {
    if (this.#sessionId === '')
      this.#sessionId = (await this.request('')).headers.get(SESSION_ID_HEADER) ?? ''
    const response = await this.request(typeof body === 'string' ? body : JSON.stringify(body), { scope })
    const text = await response.text()
    return text === '' ? response.status : JSON.parse(text)
  }

  /** The arguments of an answer in the old form, or what went wrong. */
  async old(method: string, args: object = {}): Promise<unknown> {
    const { result, arguments: given } = (await this.send({ method, arguments: args })) as {
      result: string
      arguments: unknown
    }
    return result === 'success' ? given : result
  }

  async fresh(method: string, params: object = {}): Promise<unknown> {
    const { result, error } = (await this.send({ jsonrpc: '2.0', id: 1, method, params })) as {
      result?: unknown
      error?: unknown
    }
    return result ?? error
  }

  change(step: Partial<ChangeStep>): void {
    this.#listener({ cursor: '1', added: [], changed: [], removed: [], session: undefined, log: [], ...step })
  }

  #session(): Session {
    const of = (id: string): Torrent => {
      const torrent = this.torrents.find(each => each.row.id === id)
      if (torrent === undefined) throw new SessionError('NOT_FOUND', 'there is no such torrent')
      return torrent
    }
    const note =
      <Result>(name: string, result: Result) =>
      async (...given: readonly unknown[]): Promise<Result> => {
        this.asked.push([name, ...given])
        return result
      }
    const session: Partial<Session> = {
      info: () => ({
        version: '0.1.0',
        startedAt: NOW - 500,
        downloadRate: 100,
        uploadRate: 10,
        session: { downloadedBytes: 1, uploadedBytes: 2 },
        ever: { downloadedBytes: 3, uploadedBytes: 4 },
        torrents: { all: 4, downloading: 1, seeding: 1, queued: 1, stopped: 1, error: 0 },
        connections: 3,
        port: 6881,
        reachable: 'yes',
        externalIps: [],
        dht: null,
        limits: { download: null, upload: null },
        alternative: { active: this.alternative, by: null, download: null, upload: null },
        folders: [],
        blocklist: null,
        why: [],
      }),
      rows: () => this.torrents.map(torrent => torrent.row),
      row: id => of(id).row,
      detail: async id => ({ ...of(id).row, ...DETAIL, ...of(id).detail }),
      terms: id => {
        const { fileCount, pieceCount, pieceLength, ...terms } = { ...DETAIL, ...of(id).detail }
        return { ...terms, layout: { fileCount, pieceCount, pieceLength } }
      },
      files: async id => of(id).files ?? FILES,
      trackers: async id => of(id).trackers ?? TRACKERS,
      peers: id => of(id).peers ?? [],
      pieces: async id => {
        const { have = [0, 1, 2], copies = null } = of(id)
        const bits = Buffer.alloc(2)
        for (const piece of have) bits[piece >> 3]! |= 0x80 >> (piece & 7)
        return {
          count: 10,
          pieceLength: 200,
          have: bits.toString('base64'),
          availability: copies === null ? null : Buffer.from(copies).toString('base64'),
          active: [{ index: 4, received: 0.25 }],
        }
      },
      add: async (sources, options) => {
        this.asked.push(['add', sources[0], options])
        if (sources[0] === 'magnet:?broken') {
          return [
            { outcome: 'failed', source: '', code: 'MAGNET_INVALID', text: 'this link has no info-hash' },
          ]
        }
        const known = this.torrents.some(each => each.row.id === HASH_C)
        if (!known) this.torrents.push({ row: row({ id: HASH_C, name: 'new' }) })
        return [{ outcome: known ? 'duplicate' : 'added', id: HASH_C, name: 'new' }]
      },
      patch: (id: string, change: TorrentPatch) => note('patch', undefined)(id, change),
      patchFiles: (id: string, changes: readonly FilePatch[]) => note('patchFiles', undefined)(id, changes),
      act: note('act', 1),
      remove: async (ids, options) => {
        this.asked.push(['remove', ids, options])
        return ids.length
      },
      move: note('move', 1),
      setAlternative: async on => {
        this.asked.push(['setAlternative', on])
        this.alternative = on ?? false
      },
      changes: {
        cursor: '0',
        since: () => undefined,
        subscribe: listener => {
          this.#listener = listener
          return () => {}
        },
      },
    }
    return session as Session
  }
}
