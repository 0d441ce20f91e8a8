import type { AddOptions, Metainfo, Torrent, TorrentEvents, TorrentSnapshot } from '@shoal/engine'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runSession, type SessionPlan } from '../src/session.ts'

/** A torrent that a test plays. */
class PlayedTorrent {
  readonly metainfo: Metainfo
  readonly #listeners = new Map<string, (detail: never) => void>()
  resolve: () => void = () => {}
  reject: (error: Error) => void = () => {}
  readonly done = new Promise<void>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
  figures: Partial<TorrentSnapshot> = {}

  constructor(metainfo: Metainfo) {
    this.metainfo = metainfo
  }

  on<Name extends keyof TorrentEvents>(
    event: Name,
    listener: (detail: TorrentEvents[Name]) => void,
  ): () => void {
    this.#listeners.set(event, listener)
    return () => this.#listeners.delete(event)
  }

  emit<Name extends keyof TorrentEvents>(event: Name, detail: TorrentEvents[Name]): void {
    this.#listeners.get(event)?.(detail as never)
  }

  snapshot(): TorrentSnapshot {
    const base = {
      infoHash: this.metainfo.infoHashHex,
      name: this.metainfo.name,
      state: 'checking' as const,
      totalBytes: 1000,
      wantedBytes: 1000,
      haveBytes: 0,
      leftBytes: 1000,
      checkedFraction: 1,
      checkedBytes: 0,
      downloadedBytes: 0,
      uploadedBytes: 0,
      wastedBytes: 0,
      downloadRate: 0,
      uploadRate: 0,
      ratio: 0,
      pieces: { have: 0, total: 1 },
      peers: [],
      connections: { connected: 0, connecting: 0, known: 0 },
      seeds: 0,
      peersSending: 0,
      peersReceiving: 0,
      addedAt: 0,
      completedAt: undefined,
      activeAt: undefined,
      availability: undefined,
      swarm: { seeders: undefined, leechers: undefined },
      trackerMessage: undefined,
      trackers: [],
      files: [],
    }
    return { ...base, ...this.figures }
  }
}

const added: PlayedTorrent[] = []
const closed = vi.fn(async () => {})
const createEngine = vi.fn(async () => ({
  port: 6881,
  async add(metainfo: Metainfo, _options: AddOptions) {
    const torrent = new PlayedTorrent(metainfo)
    added.push(torrent)
    return torrent as unknown as Torrent
  },
  close: closed,
}))

vi.mock('@shoal/engine', () => ({
  createEngine: () => createEngine(),
  loadTorrent: async (source: string) => {
    if (source.includes('missing')) throw shoalError('SOURCE_NOT_FOUND', `${source}: not found`)
    return { metainfo: { name: source, infoHashHex: source.replace(/torrent\d$/, ''), warnings: [] } }
  },
}))

function shoalError(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'ShoalError', code })
}

let out = ''

beforeEach(() => {
  out = ''
  added.length = 0
  closed.mockClear()
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
})

afterEach(() => {
  vi.restoreAllMocks()
})

function plan(sources: string[], changes: Partial<SessionPlan> = {}): SessionPlan {
  return {
    sources,
    dir: '.',
    options: {
      color: 'never',
      discovery: true,
      lsd: false,
      dht: false,
      state: '/nowhere',
      json: true,
      progressEvery: 0.05,
    },
    add: {},
    share: undefined,
    giveUpSeconds: undefined,
    seedOnly: false,
    resume: 'shoal get',
    ...changes,
  }
}

async function torrents(count: number): Promise<PlayedTorrent[]> {
  await expect.poll(() => added.length, { interval: 1 }).toBe(count)
  return added
}

function events(name: string): Record<string, unknown>[] {
  return out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(event => event.event === name)
}

describe('a session', () => {
  it('ends with 0 when every torrent is complete, and not before', async () => {
    const ended = vi.fn()
    const run = runSession(plan(['a.torrent', 'b.torrent'])).finally(ended)
    const [a, b] = await torrents(2)
    a!.resolve()
    await expect.poll(() => events('done').length, { interval: 1 }).toBe(1)
    expect(ended).not.toHaveBeenCalled()
    b!.resolve()
    expect(await run).toBe(0)
    expect(closed).toHaveBeenCalledOnce()
    expect(events('finished')).toEqual([{ event: 'finished', exitCode: 0 }])
  })

  it('finishes the others when one fails, and ends with the code of that one', async () => {
    const run = runSession(plan(['missing.torrent', 'b.torrent', 'c.torrent']))
    const [b, c] = await torrents(2)
    b!.reject(shoalError('DISK_FULL', 'no space'))
    c!.resolve()
    expect(await run).toBe(4)
    expect(events('error').map(event => event.code)).toEqual(['SOURCE_NOT_FOUND', 'DISK_FULL'])
    expect(events('done')).toHaveLength(1)
  })

  it('takes a torrent that is given twice once', async () => {
    const run = runSession(plan(['same.torrent1', 'same.torrent2']))
    const [only] = await torrents(1)
    only!.resolve()
    expect(await run).toBe(0)
    expect(events('warning')[0]).toMatchObject({ message: expect.stringContaining('given twice') })
  })

  it('tells when the engine cannot be created', async () => {
    createEngine.mockRejectedValueOnce(shoalError('PORT_IN_USE', 'port 6881 is taken'))
    expect(await runSession(plan(['a.torrent']))).toBe(8)
    expect(events('error')[0]).toMatchObject({ code: 'PORT_IN_USE' })
  })

  it('shares until the ratio is reached', async () => {
    const run = runSession(plan(['a.torrent'], { share: { ratio: 1.5, seconds: undefined } }))
    const [a] = await torrents(1)
    a!.figures = { ratio: 1.4, state: 'seeding' }
    a!.resolve()
    await expect.poll(() => events('progress').length).toBeGreaterThan(1)
    a!.figures = { ratio: 1.5, state: 'seeding' }
    expect(await run).toBe(0)
  })

  it('gives up when nothing arrives', async () => {
    expect(await runSession(plan(['a.torrent'], { giveUpSeconds: 0.1 }))).toBe(7)
  })

  it('shares a part, but not nothing', async () => {
    const part = runSession(plan(['a.torrent'], { seedOnly: true, share: { ratio: undefined, seconds: 0 } }))
    const [a] = await torrents(1)
    a!.figures = { haveBytes: 400, state: 'seeding' }
    a!.emit('state', 'seeding')
    expect(await part).toBe(0)
    expect(events('warning')[0]).toMatchObject({ message: 'only 400 B of 1.00 kB is here: sharing that' })

    const nothing = runSession(
      plan(['b.torrent'], { seedOnly: true, share: { ratio: undefined, seconds: 0 } }),
    )
    const [, b] = await torrents(2)
    b!.figures = { state: 'downloading' }
    b!.emit('state', 'downloading')
    expect(await nothing).toBe(6)
  })

  it('ends in good order at the first signal, with 130', async () => {
    const run = runSession(plan(['a.torrent']))
    await torrents(1)
    process.emit('SIGINT')
    // Wrappers pass on a signal that has come already.
    process.emit('SIGINT')
    expect(await run).toBe(130)
    expect(closed).toHaveBeenCalledOnce()
  })
})
