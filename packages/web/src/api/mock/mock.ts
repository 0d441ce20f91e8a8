/** A daemon that is not there: thousands of torrents in memory, answers as the real one gives them. */
import type {
  Ban,
  BlocklistStatus,
  Category,
  FileRow,
  PeerRow,
  PiecesView,
  RowDelta,
  SessionInfo,
  Setting,
  TokenInfo,
  TorrentDetail,
  TorrentRow,
} from '@shoal/daemon/contract'
import { type Api, ApiError, type EventsOptions } from '../api.ts'
import { converse } from './conversation.ts'
import { CATEGORIES, CLIENTS } from './names.ts'
import { PAYLOADS } from './payloads.ts'
import { facetsOf, matching } from './query.ts'
import { SETTINGS } from './settings.ts'
import { type MockRow, worldOf } from './world.ts'

const PIECE = 4 * 1024 * 1024
const COUNTRIES = ['DE', 'FR', 'SE', null, 'BR', 'JP', 'GB', 'US', 'CI'] as const
const LATENCY_MS = 25
const TICK_MS = 1000

export interface MockOptions {
  readonly count: number
  readonly hostile: boolean
  /** Ask for a password first; it is `shoal`. */
  readonly locked: boolean
}

export function mockApi(options: MockOptions): Api {
  const world = worldOf(options.count, options.hostile)
  const listeners = new Set<(changed: ReadonlySet<string>) => void>()
  const settings: Setting[] = SETTINGS.map(setting => ({ ...setting }))
  const categories: Category[] = (options.hostile ? PAYLOADS : CATEGORIES).map(name => ({
    name,
    dir: name === 'Films' ? '/data/films' : null,
    goals: {},
    limits: { download: null, upload: null },
  }))
  const tokens: TokenInfo[] = [
    { name: 'sonarr', scope: 'full', createdAt: 1_780_000_000, usedAt: Math.floor(Date.now() / 1000) - 200 },
  ]
  if (options.hostile) {
    for (const name of PAYLOADS) tokens.push({ name, scope: 'read', createdAt: 1_780_000_000, usedAt: null })
  }
  let bans: Ban[] = [{ address: '203.0.113.99', at: 1_764_300_000 }]
  const ban = (addresses: readonly string[]): void => {
    for (const address of addresses) {
      if (!/^[\d.]+$|:/.test(address))
        throw new ApiError(400, 'INVALID', `"${address}" is not an IP address.`, 'body.addresses')
      bans.push({ address, at: Math.floor(Date.now() / 1000) })
    }
  }
  const lists = {
    blocklist: {
      source: 'https://lists.example.org/level1.gz',
      ranges: 231_507,
      loadedAt: 1_764_300_000,
      triedAt: 1_764_390_000,
      error: options.hostile ? PAYLOADS[0]! : 'the server answered 503 Service Unavailable',
      loading: false,
    } as BlocklistStatus,
    countries: {
      source: '/data/dbip-country-lite.mmdb',
      type: 'DBIP-Country-Lite',
      builtAt: 1_764_000_000,
      loadedAt: 1_764_300_000,
      error: null,
    },
  }
  let locked = options.locked
  let alternative: boolean | null = null
  const startedAt = Math.floor(Date.now() / 1000) - 93_000
  const download: number[] = Array.from({ length: 240 }, () => 0)
  const upload: number[] = Array.from({ length: 240 }, () => 0)

  const rates = (): { down: number; up: number } => {
    let down = 0
    let up = 0
    for (const row of world.rows.values()) {
      down += row.downloadRate
      up += row.uploadRate
    }
    return { down, up }
  }
  for (let i = 0; i < 240; i++) {
    const { down, up } = i === 0 ? rates() : { down: download[i - 1]!, up: upload[i - 1]! }
    download[i] = down * (0.95 + world.random() * 0.1)
    upload[i] = up * (0.95 + world.random() * 0.1)
  }

  const touch = (ids: Iterable<string>): void => {
    const changed = new Set(ids)
    for (const listener of listeners) listener(changed)
  }
  setInterval(() => {
    const changed = world.tick()
    const { down, up } = rates()
    download.push(down)
    upload.push(up)
    download.shift()
    upload.shift()
    touch(changed)
  }, TICK_MS)

  async function answer<T>(make: () => T): Promise<T> {
    await new Promise(resolve => setTimeout(resolve, LATENCY_MS))
    if (locked) throw new ApiError(401, 'UNAUTHORIZED', 'A password is needed.')
    // What the page gets is never what the world goes on changing.
    return structuredClone(make())
  }
  const find = (id: string): MockRow => {
    const row = world.rows.get(id)
    if (row === undefined) throw new ApiError(404, 'NOT_FOUND', 'There is no such torrent any more.')
    return row
  }
  const limit = (key: string): number | null =>
    (settings.find(s => s.key === key)?.value ?? null) as number | null

  const info = (): SessionInfo => {
    const { down, up } = rates()
    const count = (state: string): number =>
      [...world.rows.values()].filter(row => row.state === state).length
    return {
      version: '0.1.0',
      startedAt,
      downloadRate: down,
      uploadRate: up,
      session: { downloadedBytes: 412e9, uploadedBytes: 233e9 },
      ever: { downloadedBytes: 31e12, uploadedBytes: 74e12 },
      torrents: {
        all: world.rows.size,
        downloading: count('downloading'),
        seeding: count('seeding'),
        queued: count('queued'),
        stopped: count('stopped'),
        error: count('error'),
      },
      connections: 431,
      port: 6881,
      reachable: 'yes',
      externalIps: ['203.0.113.7'],
      dht: { nodes: 387, searches: 2 },
      limits: { download: limit('limits.download'), upload: limit('limits.upload') },
      alternative: {
        active: alternative === true,
        by: alternative === true ? 'hand' : null,
        download: 1_048_576,
        upload: 262_144,
      },
      folders: [
        { path: '/data', freeBytes: 812e9, totalBytes: 4e12 },
        { path: '/fast', freeBytes: 61e9, totalBytes: 500e9 },
      ],
      blocklist: null,
      why: options.hostile
        ? [{ code: 'X', text: PAYLOADS[Math.floor(Date.now() / 1000) % PAYLOADS.length]! }]
        : [],
    }
  }

  const detail = (id: string): TorrentDetail => {
    const row = find(id)
    const pieceCount = Math.max(1, Math.ceil(row.totalBytes / PIECE))
    return {
      ...row,
      comment: options.hostile
        ? PAYLOADS[row.queue % PAYLOADS.length]!
        : 'Free to share. Thanks to all who seed.',
      createdBy: 'mktorrent 1.1',
      createdAt: row.addedAt - 90_000,
      pieceLength: PIECE,
      pieceCount,
      piecesHave: Math.floor(pieceCount * row.progress),
      fileCount: world.files(id).length,
      magnet: `magnet:?xt=urn:btih:${id}&dn=${encodeURIComponent(row.name.replace(/\p{Surrogate}/gu, ''))}`,
      wastedBytes: 1_310_720,
      incompleteDir: null,
      limits: { download: null, upload: null, connections: null, uploadSlots: null, obeyGlobal: true },
      goals: { ratio: 'default', seedSeconds: 'default', idleSeconds: 'default' },
      goalsInForce: { ratio: 2, seedSeconds: null, idleSeconds: null },
      webSeeds: [],
      trackerCount: 2,
      discovery: !row.private,
    }
  }

  const peers = (id: string): PeerRow[] => {
    const row = find(id)
    const count = options.hostile ? PAYLOADS.length : row.seeds + row.peers
    return Array.from({ length: count }, (_, index) => {
      const number = (Number.parseInt(row.id.slice(0, 6), 16) + index * 7919) % 65_536
      const rate = index < 8 ? row.downloadRate / 8 : 0
      return {
        address:
          index % 9 === 4
            ? `[2001:db8::${number.toString(16)}]:51413`
            : `198.51.${number >> 8}.${number & 255}:${6881 + index}`,
        client: options.hostile ? PAYLOADS[index % PAYLOADS.length]! : CLIENTS[index % CLIENTS.length]!,
        source: ['tracker', 'dht', 'pex', 'lsd'][index % 4]!,
        direction: index % 3 === 0 ? 'in' : 'out',
        downloadRate: rate * (0.5 + world.random()),
        uploadRate: index % 5 === 0 ? row.uploadRate / 3 : 0,
        downloadedBytes: rate * 900,
        uploadedBytes: index * 1_000_000,
        progress: index < row.seeds ? 1 : ((index * 37) % 100) / 100,
        flags: ['DX', 'd', 'uI', 'UX', 'KH'][index % 5]!,
        requests: rate > 0 ? 40 : 0,
        connectedSeconds: 60 + index * 77,
        country: options.hostile ? null : COUNTRIES[index % COUNTRIES.length]!,
      }
    })
  }

  const pieces = (id: string): PiecesView => {
    const row = find(id)
    const count = Math.max(1, Math.ceil(row.totalBytes / PIECE))
    const have = new Uint8Array(Math.ceil(count / 8))
    const availability = new Uint8Array(count)
    let missing: number[] = []
    for (let index = 0; index < count; index++) {
      const wave = (Math.sin(index / 9) + Math.sin(index / 53) + 2) / 4
      if (row.complete || wave < row.progress) have[index >> 3]! |= 0x80 >> (index & 7)
      else missing.push(index)
      availability[index] = Math.floor(((Math.sin(index / 31) + 1) / 2) * 12)
    }
    missing = row.state === 'downloading' ? missing.slice(0, 14) : []
    const running = row.state === 'downloading' || row.state === 'seeding'
    return {
      count,
      pieceLength: PIECE,
      have: base64(have),
      availability: running ? base64(availability) : null,
      active: missing.map((index, place) => ({ index, received: Math.floor((PIECE * (14 - place)) / 15) })),
    }
  }

  const set = (ids: readonly string[], change: (row: MockRow) => void): void => {
    for (const id of ids) {
      const row = world.rows.get(id)
      if (row !== undefined) change(row)
    }
    touch(ids)
  }

  return {
    async login(password) {
      await new Promise(resolve => setTimeout(resolve, LATENCY_MS))
      if (password !== 'shoal')
        throw new ApiError(401, 'UNAUTHORIZED', 'The password is wrong.', 'body.password')
      locked = false
    },
    async logout() {
      locked = true
    },
    changePassword: current =>
      answer(() => {
        if (current !== 'shoal')
          throw new ApiError(403, 'FORBIDDEN', 'That is not the present password.', 'body.current')
      }),
    setup: () => answer(() => undefined),
    info: () => answer(info),
    history: () => answer(() => ({ stepSeconds: 1, download, upload })),
    list: query =>
      answer(() => {
        const all = matching(world.rows.values(), query)
        const offset = query.offset ?? 0
        return {
          total: all.length,
          offset,
          items: all.slice(offset, offset + (query.limit ?? 100)),
          facets: facetsOf(world.rows),
          cursor: '0',
        }
      }),
    pick: query =>
      answer(() => {
        const { offset = 0, limit = world.rows.size } = query
        return matching(world.rows.values(), query).slice(offset, offset + limit)
      }),
    detail: id => answer(() => detail(id)),
    files: id => answer(() => world.files(find(id).id)),
    peers: id => answer(() => peers(id)),
    trackers: id =>
      answer(() => {
        const row = find(id)
        if (options.hostile) {
          return PAYLOADS.map((text, tier) => ({
            url: `http://${text}/announce`,
            tier,
            state: 'failed' as const,
            message: PAYLOADS[(tier + 1) % PAYLOADS.length]!,
            seeds: null,
            peers: null,
            received: null,
            lastAnnounceAt: null,
            nextAnnounceSeconds: null,
          }))
        }
        return [
          {
            url: `https://${row.tracker ?? 'tracker.example.org'}/announce`,
            tier: 0,
            state: row.why?.code === 'TRACKERS_FAIL' ? 'failed' : 'ok',
            message: row.why?.code === 'TRACKERS_FAIL' ? 'torrent not registered' : null,
            seeds: row.swarmSeeds,
            peers: row.swarmPeers,
            received: 50,
            lastAnnounceAt: Math.floor(Date.now() / 1000) - 377,
            nextAnnounceSeconds: 1423,
          },
          {
            url: 'udp://open.tracker.example:1337/announce',
            tier: 1,
            state: 'idle',
            message: null,
            seeds: null,
            peers: null,
            received: null,
            lastAnnounceAt: null,
            nextAnnounceSeconds: null,
          },
        ] as const
      }),
    pieces: id => answer(() => pieces(id)),
    log: id => answer(() => world.log.filter(line => id === undefined || line.id === id || world.hostile)),

    add: request =>
      answer(() =>
        request.sources.map(source => {
          const id = /[0-9a-f]{40}/i.exec(source)?.[0].toLowerCase()
          if (id !== undefined && world.rows.has(id)) {
            const merged = request.options?.mergeTrackers === true ? { newTrackers: 2 } : {}
            return { outcome: 'duplicate' as const, id, name: world.rows.get(id)!.name, ...merged }
          }
          if (!/^(magnet:|https?:|data:|[0-9a-f]{40}$)/i.test(source)) {
            return {
              outcome: 'failed' as const,
              source,
              code: 'INVALID',
              text: 'This is no magnet link, info-hash or address.',
            }
          }
          const row = world.make(nameOf(source))
          Object.assign(row, {
            state: request.options?.start === false ? 'stopped' : 'downloading',
            intent: request.options?.start === false ? 'stop' : 'run',
            complete: false,
            progress: 0,
            haveBytes: 0,
            category: request.options?.category ?? null,
            labels: request.options?.labels ?? [],
            dir: request.options?.dir ?? '/data',
            addedAt: Math.floor(Date.now() / 1000),
            downloadRate: 500_000,
            totalBytes: row.totalBytes || 1e9,
            error: null,
            why: null,
          })
          row.wantedBytes = row.totalBytes
          touch([row.id])
          return { outcome: 'added' as const, id: row.id, name: row.name }
        }),
      ),
    demo: () =>
      answer(() => {
        const row = world.make('shoal demo')
        const progress = { state: 'downloading', intent: 'run', complete: false, progress: 0, haveBytes: 0 }
        const now = Math.floor(Date.now() / 1000)
        Object.assign(row, progress, {
          labels: ['demo'],
          addedAt: now,
          error: null,
          why: null,
          private: true,
        })
        touch([row.id])
        return { id: row.id, name: row.name, isNew: true, endsAt: now + 600 }
      }),
    async inspect(source, signal) {
      await new Promise(resolve => setTimeout(resolve, 400))
      signal?.throwIfAborted()
      const known = /[0-9a-f]{40}/i.exec(source)?.[0].toLowerCase() ?? ''
      const large = /large/.test(source)
      const name = nameOf(source) ?? 'Sintel (2010) 2160p HDR'
      const count = large ? 50_000 : 37
      const files = Array.from({ length: count }, (_, index) => ({
        path: options.hostile
          ? PAYLOADS[index % PAYLOADS.length]!
          : `${name}/${['Film', 'Extras', 'Subtitles'][index % 3]}/${large ? `part ${Math.floor(index / 300)}/` : ''}${String(index + 1).padStart(2, '0')} ${['scene', 'making of', 'english'][index % 3]}.${['mkv', 'mp4', 'srt'][index % 3]}`,
        length: [734_003_200, 52_428_800, 48_211][index % 3]!,
      }))
      return answer(() => ({
        id: known || 'c'.repeat(40),
        name,
        totalBytes: files.reduce((sum, file) => sum + file.length, 0),
        pieceLength: PIECE,
        private: false,
        comment: null,
        trackers: [['https://tracker.example.org/announce']],
        files,
        duplicate: world.rows.has(known),
      }))
    },
    patch: (id, change) =>
      answer(() => {
        const { intent, name, category, labels, sequential } = change
        set([id], row => {
          if (intent !== undefined) run(row, intent)
          if (name !== undefined) {
            row.name = name
            for (const file of world.files(id) as { path: string }[])
              file.path = file.path.replace(/^[^/]*/, name)
          }
          if (category !== undefined) row.category = category
          if (labels !== undefined) row.labels = labels
          if (sequential !== undefined) row.sequential = sequential
        })
      }),
    patchFiles: (id, changes) =>
      answer(() => {
        const files = world.files(id) as { -readonly [K in keyof FileRow]: FileRow[K] }[]
        for (const { index, priority, path } of changes) {
          if (priority !== undefined) files[index]!.priority = priority
          if (path !== undefined) files[index]!.path = files[index]!.path.replace(/(?<=^[^/]*\/).*/, path)
        }
      }),
    act: (action, ids) =>
      answer(() => {
        const all = ids === 'all' ? [...world.rows.keys()] : ids
        set(all, row => {
          if (action === 'start') run(row, 'run')
          if (action === 'force') run(row, 'force')
          if (action === 'stop') run(row, 'stop')
          if (action === 'check')
            Object.assign(row, { state: 'checking', work: 0, downloadRate: 0, uploadRate: 0 })
          if (action === 'queue-top') row.queue = 0
          if (action === 'queue-bottom') row.queue = world.rows.size + 1
        })
      }),
    remove: ids =>
      answer(() => {
        for (const id of ids) world.rows.delete(id)
        touch(ids)
      }),
    move: (ids, dir) =>
      answer(() =>
        set(ids, row => {
          row.dir = dir
        }),
      ),
    addPeers: () => answer(() => undefined),
    async conversation(id, address, { signal, onEvent }) {
      const peer = await answer(() => peers(id).find(each => each.address === address))
      if (peer === undefined) throw new ApiError(404, 'NOT_FOUND', `${address} is not connected any more.`)
      await converse({ address, client: peer.client, hostile: options.hostile }, signal, onEvent)
    },
    banPeer: (_, address) => answer(() => ban([address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')])),
    bans: () => answer(() => bans),
    ban: addresses => answer(() => ban(addresses)),
    unban: address =>
      answer(() => {
        bans = bans.filter(each => each.address !== address)
      }),
    categories: () => answer(() => categories),
    setCategory: category =>
      answer(() => {
        const at = categories.findIndex(each => each.name === category.name)
        if (at < 0) categories.push(category)
        else categories[at] = category
      }),
    removeCategory: name =>
      answer(() => {
        categories.splice(
          categories.findIndex(each => each.name === name),
          1,
        )
        set([...world.rows.keys()], row => {
          if (row.category === name) row.category = null
        })
      }),
    settings: () => answer(() => settings),
    changeSettings: change =>
      answer(() => {
        for (const [key, value] of Object.entries(change)) {
          const at = settings.findIndex(setting => setting.key === key)
          settings[at] = { ...settings[at]!, value, source: 'saved' }
        }
      }),
    setAlternative: on =>
      answer(() => {
        alternative = on
      }),
    tokens: () => answer(() => tokens),
    createToken: (name, scope) =>
      answer(() => {
        tokens.push({ name, scope, createdAt: Math.floor(Date.now() / 1000), usedAt: null })
        return 'shoal_7b0d9b2a41f64c55a5c1f1f0a1b2c3d4'
      }),
    removeToken: name =>
      answer(
        () =>
          void tokens.splice(
            tokens.findIndex(token => token.name === name),
            1,
          ),
      ),
    folder: path =>
      answer(() => ({
        path: path ?? '/data',
        freeBytes: path?.startsWith('/fast') ? 61e9 : 812e9,
        totalBytes: 4e12,
        folders: (options.hostile ? PAYLOADS : ['films', 'music', 'linux', 'data']).map(
          name => `${path ?? '/data'}/${name}`,
        ),
      })),
    lists: () => answer(() => lists),
    reloadLists: () =>
      answer(() => {
        lists.blocklist = { ...lists.blocklist, loadedAt: Math.floor(Date.now() / 1000), error: null }
      }),
    doctor: () =>
      answer(() => [
        ...(options.hostile ? PAYLOADS : []).map(text => ({
          what: text,
          outcome: 'problem' as const,
          text,
          advice: text,
        })),
        {
          what: 'port',
          outcome: 'ok',
          text: 'Port 6881 is open, and somebody came in within the last hour.',
        },
        {
          what: 'clock',
          outcome: 'note',
          text: 'The clock of this machine is 4 s late.',
          advice: 'Let it be set by NTP.',
        },
      ]),
    events: eventOptions => events(eventOptions),
    fileUrl: (id, index) => `#mock-file-${id}-${index}`,
    playlistUrl: id => `#mock-playlist-${id}`,
    torrentFileUrl: id => `#mock-torrent-${id}`,
  }

  function events({ query, signal, onEvent, onState }: EventsOptions): void {
    if (locked) return onState('refused')
    let known = new Map<string, TorrentRow>()
    let order = ''
    let facets = ''
    const tell = (changed: ReadonlySet<string>): void => {
      const all = matching(world.rows.values(), query)
      const offset = query.offset ?? 0
      const items = all.slice(offset, offset + (query.limit ?? 100))
      const rows: RowDelta[] = []
      const now = new Map<string, TorrentRow>()
      for (const row of items) {
        now.set(row.id, row)
        if (changed.has(row.id) || !known.has(row.id)) rows.push({ ...row })
      }
      known = now
      const ids = items.map(row => row.id)
      const counts = facetsOf(world.rows)
      const isNew = ids.join() !== order
      const differ = JSON.stringify(counts) !== facets
      order = ids.join()
      facets = JSON.stringify(counts)
      onEvent({
        type: 'window',
        total: all.length,
        rows,
        ...(isNew && { ids }),
        ...(differ && { facets: counts }),
      })
      onEvent({ type: 'session', changed: info() })
    }
    const begin = setTimeout(() => {
      onState('open')
      tell(new Set())
      listeners.add(tell)
    }, LATENCY_MS)
    // For whoever looks at it: `__mock.cut()` takes the line away, `__mock.mend()` gives it back.
    Object.assign(globalThis, {
      __mock: {
        cut() {
          listeners.clear()
          onState('lost')
        },
        mend() {
          onState('open')
          listeners.add(tell)
        },
      },
    })
    signal.addEventListener('abort', () => {
      clearTimeout(begin)
      listeners.delete(tell)
    })
  }
}

function run(row: MockRow, intent: TorrentRow['intent']): void {
  row.intent = intent
  row.downloadRate = 0
  row.uploadRate = 0
  row.etaSeconds = null
  row.error = null
  row.why = null
  row.state = intent === 'stop' ? 'stopped' : row.complete ? 'seeding' : 'downloading'
  if (row.state === 'downloading') row.downloadRate = 400_000
}

function nameOf(source: string): string | undefined {
  const name = /[?&]dn=([^&]+)/.exec(source)?.[1]
  return name === undefined ? undefined : decodeURIComponent(name.replaceAll('+', ' '))
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
