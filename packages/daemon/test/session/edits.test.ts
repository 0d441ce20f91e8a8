import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ShoalError } from '@shoal/engine'
import { describe, expect, test } from 'vitest'
import type { SessionSettings } from '../../src/session/session.ts'
import { openStore } from '../../src/session/store/store.ts'
import {
  magnetLink,
  type TestSession,
  type TestSessionOptions,
  testSession,
  testSettings,
  torrentBytes,
  torrentId,
} from '../support/test-session.ts'

const ONE = torrentId('one')
const FOLDER = {
  files: [
    { path: 'a.txt', length: 20_000 },
    { path: 'sub/b.txt', length: 20_000 },
    { path: 'c.txt', length: 0 },
  ],
}

/** With these torrents, of 40,000 bytes each, that have been started. */
async function withTorrents(
  names: readonly string[],
  options: TestSessionOptions = {},
): Promise<TestSession> {
  const made = await testSession(options)
  await made.session.add(names.map(name => torrentBytes(name)))
  await made.session.settled()
  return made
}

function settings(change: Partial<SessionSettings>): SessionSettings {
  return { ...testSettings('/nowhere'), ...change }
}

describe('adding', () => {
  test('a duplicate is told, and nothing changes', async () => {
    const { session } = await withTorrents(['one'])
    const results = await session.add([
      torrentBytes('one'),
      magnetLink('one'),
      ONE,
      magnetLink('two'),
      magnetLink('two'),
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
      'added',
      'duplicate',
    ])
    expect(session.rows()).toHaveLength(2)
  })

  test('two calls at once add it once', async () => {
    const { session } = await testSession()
    const outcomes = await Promise.all([1, 2, 3].map(() => session.add([torrentBytes('one')])))
    expect(outcomes.map(([result]) => result!.outcome).sort()).toEqual(['added', 'duplicate', 'duplicate'])
  })

  test('what is none is told in its place, and the others are added', async () => {
    const { session } = await testSession()
    const results = await session.add([
      '/etc/passwd',
      torrentBytes('one'),
      'magnet:?xt=urn:btih:12',
      new Uint8Array(9),
    ])
    expect(results).toMatchObject([
      { outcome: 'failed', source: '/etc/passwd', code: 'INVALID' },
      { outcome: 'added', id: ONE },
      { outcome: 'failed', code: 'TORRENT_INVALID' },
      { outcome: 'failed', source: '9 bytes', code: 'TORRENT_INVALID' },
    ])
  })

  test('a link that knows version 2 only is refused in words', async () => {
    const { session } = await testSession()
    const [result] = await session.add([`magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}`])
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'TORRENT_UNSUPPORTED',
      text: expect.stringMatching(/version 2/),
    })
  })

  test('a torrent file can come as a data URL, or by the URL of a file', async () => {
    const { session, folder } = await testSession()
    const path = join(folder, 'two.torrent')
    writeFileSync(path, torrentBytes('two'))
    const base64 = Buffer.from(torrentBytes('one')).toString('base64')
    const results = await session.add([
      `data:application/x-bittorrent;base64,${base64}`,
      new URL(`file://${path}`),
    ])
    expect(results.map(result => 'name' in result && result.name)).toEqual(['one', 'two'])
  })

  test('options count: folder, category, labels, limits, priorities, trackers, the place in the queue', async () => {
    const { session, engine } = await withTorrents(['one'])
    await session.setCategory({
      name: 'tv',
      dir: '/data/tv',
      goals: {},
      limits: { download: 5_000, upload: null },
    })
    await session.add([torrentBytes('two', FOLDER)], {
      category: 'tv',
      labels: ['x', 'x'],
      priorities: { 0: 'skip' },
      trackers: [['udp://tracker.two:80']],
      limits: { upload: 7_000 },
      queue: 'top',
      sequential: true,
    })
    await session.settled()
    const id = torrentId('two', FOLDER)
    expect(session.row(id)).toMatchObject({
      dir: '/data/tv',
      labels: ['x'],
      queue: 1,
      wantedBytes: 20_000,
      tracker: 'tracker.two',
      sequential: true,
    })
    expect(session.row(ONE).queue).toBe(2)
    expect(engine.torrent(id).options).toMatchObject({
      dir: '/data/tv',
      downloadLimitBytesPerSec: 5_000,
      uploadLimitBytesPerSec: 7_000,
      trackerTiers: [['udp://tracker.two:80']],
      sequential: true,
    })
  })

  test.each([
    [{ dir: 'here' }, 'options.dir'],
    [{ category: 'none' }, 'options.category'],
    [{ peers: ['10.0.0.1'] }, 'options.peers[0]'],
    [{ trackers: [[], ['ftp://x']] }, 'options.trackers[1][0]'],
  ])('an option that makes no sense is refused: %j', async (options, where) => {
    const { session } = await testSession()
    await expect(session.add([torrentBytes('one')], options)).rejects.toMatchObject({
      code: 'INVALID',
      where,
    })
    expect(session.rows()).toEqual([])
  })

  test('added, but not started', async () => {
    const { session, engine } = await testSession()
    await session.add([torrentBytes('one'), magnetLink('two')], { start: false })
    await session.settled()
    expect(session.rows().map(({ state }) => state)).toEqual(['stopped', 'stopped'])
    expect(engine.torrents.size + engine.links.size).toBe(0)
  })

  test('where the disk takes nothing, nothing is added', async () => {
    const { session, folder } = await testSession()
    mkdirSync(join(folder, 'state/torrents', `${ONE}.torrent.tmp`))
    const [result] = await session.add([torrentBytes('one')])
    expect(result).toMatchObject({ outcome: 'failed', code: expect.stringMatching(/^DISK_/) })
    expect(session.rows()).toEqual([])
  })

  test('only the files that a link selects are wanted', async () => {
    const { session, engine } = await testSession()
    const id = torrentId('two', FOLDER)
    await session.add([`${magnetLink('two', FOLDER)}&so=1-2`])
    await session.settled()
    engine.tell(torrentBytes('two', FOLDER))
    await session.settled()
    expect((await session.files(id)).map(({ priority }) => priority)).toEqual(['skip', 'normal', 'normal'])
    expect(session.row(id).wantedBytes).toBe(20_000)
  })
})

describe('starting and stopping', () => {
  test('ids that are not there are left out', async () => {
    const { session } = await withTorrents(['one'])
    expect(await session.act('stop', [ONE, ONE, 'x'])).toBe(1)
    expect(await session.act('start', 'all')).toBe(1)
    expect(() => session.row('x')).toThrow('There is no torrent x.')
  })

  test('a stop in the middle of a start, and a start in the middle of a stop, end as was asked last', async () => {
    const { session, engine } = await testSession()
    await session.add([torrentBytes('one')])
    void session.act('stop', [ONE])
    await session.settled()
    expect(engine.torrents.size).toBe(0)
    void session.act('start', [ONE])
    void session.act('stop', [ONE])
    void session.act('start', [ONE])
    await session.settled()
    expect(engine.torrent(ONE).state).toBe('downloading')
  })

  test('one that is missing its torrent file is in error, and says what is missing', async () => {
    const first = await withTorrents(['one'])
    await first.session.close()
    rmSync(join(first.folder, 'state/torrents', `${ONE}.torrent`))
    const { session } = await first.restart()
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'error', error: { code: 'SOURCE_NOT_FOUND' } })
    expect(session.log(ONE).at(-1)).toMatchObject({ level: 'error', id: ONE })
  })

  test('an error of the engine is shown, and starting it again is tried', async () => {
    const { session, engine } = await withTorrents(['one'])
    engine.torrent(ONE).fail(new ShoalError('DISK_FULL', 'no room'))
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'error', error: { code: 'DISK_FULL', text: 'no room' } })
    await session.act('start', [ONE])
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'downloading', error: null })
  })
})

describe('the queue', () => {
  const queue = { downloads: 1, seeds: null, slowBytesPerSec: 1000, slowSeconds: 3 }

  test('one at a time, in order; who waits says for what', async () => {
    const { session, engine, tick } = await withTorrents(['one', 'two', 'three'], { settings: { queue } })
    expect(session.rows().map(({ state, why }) => [state, why?.text])).toEqual([
      ['downloading', undefined],
      ['queued', 'Place 1 of 2 in the queue: 1 download runs at a time.'],
      ['queued', 'Place 2 of 2 in the queue: 1 download runs at a time.'],
    ])
    engine.torrent(ONE).downloadRate = 5000
    engine.torrent(ONE).finish()
    await tick()
    expect(session.rows().map(({ state }) => state)).toEqual(['seeding', 'downloading', 'queued'])
  })

  test('forced ones run at once; the first in the queue has the turn of the last', async () => {
    const { session } = await withTorrents(['one', 'two', 'three'], { settings: { queue } })
    await session.act('force', [torrentId('three')])
    await session.settled()
    expect(session.rows().map(({ state }) => state)).toEqual(['downloading', 'queued', 'downloading'])
    await session.act('queue-top', [torrentId('two')])
    await session.settled()
    expect(session.rows().map(({ name, state }) => `${name} ${state}`)).toEqual([
      'two downloading',
      'one queued',
      'three downloading',
    ])
  })

  test('a slow one lets the next one run beside it', async () => {
    const { session, tick } = await withTorrents(['one', 'two'], { settings: { queue } })
    await tick(2)
    expect(session.rows().map(({ state }) => state)).toEqual(['downloading', 'queued'])
    await tick(3)
    expect(session.rows().map(({ state }) => state)).toEqual(['downloading', 'downloading'])
  })

  test.each([
    ['queue-top', ['c', 'd'], 'cdabe'],
    ['queue-bottom', ['a', 'c'], 'bdeac'],
    ['queue-up', ['b', 'c'], 'bcade'],
    ['queue-up', ['a', 'c'], 'acbde'],
    ['queue-down', ['a', 'e'], 'bacde'],
    ['queue-down', ['c', 'd'], 'abecd'],
  ] as const)('%s %j', async (action, names, expected) => {
    const first = await testSession()
    await first.session.add(
      [...'abcde'].map(name => torrentBytes(name)),
      { start: false },
    )
    await first.session.act(
      action,
      names.map(name => torrentId(name)),
    )
    const order = (rows: readonly { name: string }[]): string => rows.map(({ name }) => name).join('')
    expect(order(first.session.rows())).toBe(expected)
    expect(first.session.rows().map(each => each.queue)).toEqual([1, 2, 3, 4, 5])
    expect(order((await first.restart()).session.rows())).toBe(expected)
  })

  test('a place can be given by its number', async () => {
    const { session } = await testSession()
    await session.add(
      [...'abcde'].map(name => torrentBytes(name)),
      { start: false },
    )
    await session.patch(torrentId('e'), { queue: 2 })
    await session.patch(torrentId('a'), { queue: 99 })
    expect(
      session
        .rows()
        .map(({ name }) => name)
        .join(''),
    ).toBe('ebcda')
  })
})

describe('changing', () => {
  test('one that runs is told at once, and it is kept', async () => {
    const first = await withTorrents(['one'])
    await first.session.patch(ONE, {
      labels: ['b', 'a', 'b'],
      sequential: true,
      trackers: [['udp://new.example:80']],
      limits: { download: 1_000, connections: 5 },
      goals: { ratio: 3 },
    })
    expect(first.engine.torrent(ONE).told.slice(1)).toEqual([
      'sequential true',
      'trackers [["udp://new.example:80"]]',
      'limits 1000 0',
      'connections 5',
      'slots 8',
    ])
    const { session } = await first.restart()
    await session.settled()
    expect(await session.detail(ONE)).toMatchObject({
      labels: ['b', 'a'],
      tracker: 'new.example',
      sequential: true,
      limits: { download: 1_000, upload: null, connections: 5, obeyGlobal: true },
      goals: { ratio: 3, seedSeconds: 'default' },
      goalsInForce: { ratio: 3, seedSeconds: null },
    })
  })

  test('priorities of a stopped one are kept, and count when it starts', async () => {
    const first = await testSession()
    const id = torrentId('two', FOLDER)
    await first.session.add([torrentBytes('two', FOLDER)], { start: false })
    await first.session.patchFiles(id, [
      { index: 0, priority: 'skip' },
      { index: 1, priority: 'high' },
    ])
    const { session, engine } = await first.restart()
    expect(session.row(id)).toMatchObject({ wantedBytes: 20_000, leftBytes: 20_000 })
    expect((await session.files(id)).map(({ path, priority }) => `${path} ${priority}`)).toEqual([
      'two/a.txt skip',
      'two/sub/b.txt high',
      'two/c.txt normal',
    ])
    await session.act('start', [id])
    await session.settled()
    expect(engine.torrent(id).wantedBytes).toBe(20_000)
    await session.patchFiles(id, [{ index: 0, priority: 'normal' }])
    expect(engine.torrent(id).told.at(-1)).toBe('priority 0 normal')
  })

  test('files that there are not, and names that are none, are refused; nothing changes', async () => {
    const { session } = await withTorrents(['one'])
    const refused = async (work: Promise<void>, where: string): Promise<void> => {
      await expect(work).rejects.toMatchObject({ code: 'INVALID', where })
    }
    await refused(session.patchFiles(ONE, [{ index: 0 }, { index: 1, priority: 'low' }]), '[1].index')
    await refused(session.patchFiles(ONE, [{ index: 0, path: '../x' }]), '[0].path')
    await refused(session.patchFiles(ONE, [{ index: 0, path: 'a/b' }]), '[0].path')
    await refused(session.patch(ONE, { name: 'a/b' }), 'name')
    await refused(session.patch(ONE, { name: '' }), 'name')
    await refused(session.patch(ONE, { category: 'none' }), 'category')
    expect(session.row(ONE)).toMatchObject({ name: 'one', category: null })
  })

  test('names are changed on disk, one after another, and kept', async () => {
    const first = await testSession()
    const id = torrentId('two', FOLDER)
    await first.session.add([torrentBytes('two', FOLDER)])
    await first.session.settled()
    const { engine } = first
    await first.session.patch(id, { name: 'new' })
    await first.session.patchFiles(id, [{ index: 1, path: 'other/x.txt' }])
    await first.session.settled()
    expect(engine.torrent(id).told.filter(told => told.startsWith('rename'))).toEqual([
      'rename [{"root":"new"}]',
      'rename [{"file":1,"path":["other","x.txt"]}]',
    ])
    const { session, engine: next } = await first.restart()
    await session.settled()
    expect((await session.files(id)).map(({ path }) => path)).toEqual([
      'new/a.txt',
      'new/other/x.txt',
      'new/c.txt',
    ])
    expect(next.torrent(id).options.names).toEqual({ root: 'new', files: { 1: ['other', 'x.txt'] } })
  })

  test('names of several files are changed together, and those that are asked for meanwhile come next', async () => {
    const { session, engine } = await testSession()
    const id = torrentId('two', FOLDER)
    await session.add([torrentBytes('two', FOLDER)])
    await session.settled()
    const torrent = engine.torrent(id)
    torrent.holding = true
    await session.patchFiles(id, [
      { index: 0, path: 'new/a.txt' },
      { index: 2, path: 'new/c.txt' },
    ])
    await session.patch(id, { name: 'root' })
    torrent.holding = false
    for (const go of torrent.held.splice(0)) go()
    await session.settled()
    expect(torrent.told.filter(told => told.startsWith('rename'))).toEqual([
      'rename [{"file":0,"path":["new","a.txt"]},{"file":2,"path":["new","c.txt"]}]',
      'rename [{"root":"root"}]',
    ])
    expect((await session.files(id)).map(({ path }) => path)).toEqual([
      'root/new/a.txt',
      'root/sub/b.txt',
      'root/new/c.txt',
    ])
  })

  test('categories are kept; the torrents of one that is removed have none', async () => {
    const first = await withTorrents(['one'])
    await first.session.setCategory({
      name: 'tv',
      dir: null,
      goals: {},
      limits: { download: 9, upload: null },
    })
    await first.session.patch(ONE, { category: 'tv' })
    expect(first.engine.torrent(ONE).told).toContain('limits 9 0')
    const { session } = await first.restart()
    expect(session.categories()).toMatchObject([{ name: 'tv' }])
    expect(session.facets().categories).toEqual({ tv: 1 })
    await session.removeCategory('tv')
    expect(session.row(ONE).category).toBeNull()
    await expect(session.removeCategory('tv')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('checking', () => {
  test('one after another, and each goes on as it was', async () => {
    const { session, engine, tick } = await withTorrents(['one', 'two'])
    for (const torrent of engine.torrents.values()) torrent.holding = true
    await session.act('check', 'all')
    await session.settled()
    expect(session.rows().map(({ state, why }) => [state, why?.code])).toEqual([
      ['checking', undefined],
      ['downloading', 'CHECK_QUEUED'],
    ])
    engine.torrent(ONE).held.pop()!()
    await tick()
    expect(session.rows().map(({ state, why }) => [state, why?.code])).toEqual([
      ['downloading', undefined],
      ['checking', undefined],
    ])
  })

  test('of a stopped one, it is in the engine meanwhile', async () => {
    const { session, engine } = await testSession()
    await session.add([torrentBytes('one')], { start: false })
    await session.act('check', [ONE])
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'stopped', work: 1 })
    expect(engine.torrents.size).toBe(0)
  })

  test('of a stopped one tells what is there', async () => {
    const { session, engine } = await withTorrents(['one'])
    await session.act('stop', [ONE])
    await session.settled()
    await session.patch(ONE, { name: 'new' })
    await session.settled()
    expect(session.row(ONE).haveBytes).toBe(0)
    const add = engine.add.bind(engine)
    engine.add = async (source, options) => {
      const torrent = await add(source, options)
      torrent.haveBytes = 20_000
      return torrent
    }
    await session.act('check', [ONE])
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'stopped', haveBytes: 20_000, leftBytes: 20_000 })
    expect(await session.detail(ONE)).toMatchObject({ piecesHave: 1 })
  })

  test('that was asked for is done after a crash', async () => {
    const first = await withTorrents(['one'])
    first.engine.torrent(ONE).holding = true
    await first.session.act('check', [ONE])
    await first.session.settled()
    const { engine, session } = await first.restart()
    await session.settled()
    expect(engine.torrent(ONE).told).toContain('check')
  })

  test('ends when it is stopped', async () => {
    const { session, engine } = await withTorrents(['one'])
    engine.torrent(ONE).holding = true
    await session.act('check', [ONE])
    await session.settled()
    await session.act('stop', [ONE])
    await session.settled()
    expect(session.row(ONE)).toMatchObject({ state: 'stopped', why: null })
    expect(engine.torrents.size).toBe(0)
  })
})

describe('moving', () => {
  test('is recorded, goes on, and ends in the new folder', async () => {
    const first = await withTorrents(['one'])
    first.engine.torrent(ONE).holding = true
    expect(await first.session.move([ONE], '/data/new')).toBe(1)
    await first.session.settled()
    expect(first.session.row(ONE)).toMatchObject({
      state: 'moving',
      work: 0,
      dir: '/data/new',
      why: { code: 'MOVING' },
    })
    // And then the power goes.
    const { session, engine } = await first.restart()
    await session.settled()
    expect(engine.torrent(ONE).told).toContain('move /data/new')
    expect(session.row(ONE)).toMatchObject({ state: 'downloading', dir: '/data/new' })
  })

  test('that fails leaves it where it was, and says why', async () => {
    const { session, engine, folder } = await withTorrents(['one'])
    engine.torrent(ONE).moveError = new ShoalError('DISK_FULL', 'no room there')
    await session.move([ONE], '/data/new')
    await session.settled()
    expect(session.row(ONE)).toMatchObject({
      state: 'downloading',
      dir: join(folder, 'downloads'),
      error: {
        code: 'DISK_FULL',
        text: expect.stringMatching(/could not be moved to \/data\/new.*no room there/),
      },
    })
    await session.act('start', [ONE])
    expect(session.row(ONE).error).toBeNull()
  })

  test('when the data is there already, only the torrent is told', async () => {
    const { session, engine } = await withTorrents(['one'])
    const before = engine.torrent(ONE)
    await session.move([ONE], '/data/new', { move: false })
    await session.settled()
    expect(before.told.at(-1)).toBe('detach')
    expect(engine.torrent(ONE).options.dir).toBe('/data/new')
  })

  test('incomplete data is kept apart until it is whole', async () => {
    const incompleteDir = '/data/incomplete'
    const { session, engine, tick, folder } = await withTorrents(['one'], { settings: { incompleteDir } })
    expect(engine.torrent(ONE).options.dir).toBe(incompleteDir)
    expect(await session.detail(ONE)).toMatchObject({ dir: join(folder, 'downloads'), incompleteDir })
    engine.torrent(ONE).finish()
    await tick(2)
    expect(engine.torrent(ONE).told).toContain(`move ${join(folder, 'downloads')}`)
    expect(await session.detail(ONE)).toMatchObject({ incompleteDir: null, state: 'seeding' })
  })

  test('what is already where it belongs is not moved to the folder for incomplete data', async () => {
    const first = await testSession({ settings: { incompleteDir: '/data/incomplete' } })
    mkdirSync(join(first.folder, 'downloads'))
    writeFileSync(join(first.folder, 'downloads/one'), 'x')
    await first.session.add([torrentBytes('one')])
    await first.session.settled()
    expect(first.engine.torrent(ONE).options.dir).toBe(join(first.folder, 'downloads'))
  })
})

describe('removing', () => {
  test('a torrent that is on its way out can be added again once it is gone', async () => {
    const { session, engine } = await withTorrents(['one'])
    const torrent = engine.torrent(ONE)
    torrent.holding = true
    const removed = session.remove([ONE], { data: true })
    const added = session.add([torrentBytes('one')])
    await session.settled()
    expect(session.rows()).toEqual([])
    torrent.held.pop()!()
    expect(await removed).toBe(1)
    expect(await added).toMatchObject([{ outcome: 'added' }])
  })

  test('goes on after a crash', async () => {
    const first = await withTorrents(['one'])
    first.engine.torrent(ONE).holding = true
    void first.session.remove([ONE], { data: true })
    await first.session.settled()
    const { session, engine } = await first.restart()
    expect(session.rows()).toEqual([])
    await session.settled()
    expect(engine.torrents.size).toBe(0)
    expect(await session.add([torrentBytes('one')])).toMatchObject([{ outcome: 'added' }])
  })

  test('one that was never started, and a link', async () => {
    const { session } = await testSession()
    await session.add([torrentBytes('one'), magnetLink('two')], { start: false })
    expect(await session.remove([ONE, torrentId('two')], { data: false })).toBe(2)
    expect(session.rows()).toEqual([])
  })
})

describe('magnet links', () => {
  test('thirty at a time are asked about', async () => {
    const { session, engine } = await testSession()
    const names = Array.from({ length: 32 }, (_, number) => `m${number}`)
    await session.add(names.map(name => magnetLink(name)))
    await session.settled()
    expect(engine.links.size).toBe(30)
    expect(session.row(torrentId('m31'))).toMatchObject({
      state: 'queued',
      why: { code: 'FETCH_QUEUED', text: expect.stringMatching(/place 2 of 2: 30 magnet links/) },
    })
    engine.tell(torrentBytes('m0'))
    await session.settled()
    expect(session.row(torrentId('m30')).state).toBe('fetching')
  })

  test('one that nobody answers gives its turn to others', async () => {
    const { session, engine, tick } = await testSession()
    const names = Array.from({ length: 31 }, (_, number) => `m${number}`)
    await session.add(names.map(name => magnetLink(name)))
    await tick(125)
    expect(engine.links.has(torrentId('m30'))).toBe(true)
    expect(engine.links.size).toBe(30)
  })

  test('one that belongs where its data is already is added there', async () => {
    const { session, engine, folder } = await testSession({ settings: { incompleteDir: '/data/incomplete' } })
    mkdirSync(join(folder, 'downloads'))
    writeFileSync(join(folder, 'downloads/one'), 'x')
    await session.add([magnetLink('one')])
    await session.settled()
    engine.tell(torrentBytes('one'))
    await session.settled()
    expect(engine.torrent(ONE).options.dir).toBe(join(folder, 'downloads'))
    expect(session.row(ONE).state).toBe('downloading')
  })

  test('rows say how far it is', async () => {
    const { session, engine, tick } = await testSession()
    await session.add([magnetLink('one')])
    await session.settled()
    const { onFetching } = engine.links.get(ONE)!.options
    onFetching({ bytes: 16_384, totalBytes: 32_768, connections: { connected: 3, connecting: 0, known: 9 } })
    await tick()
    expect(session.row(ONE)).toMatchObject({
      progress: 0.5,
      peers: 3,
      why: { text: 'Peers are telling what is in it: 16 KiB of 32 KiB so far.' },
    })
  })
})

describe('peers', () => {
  test('that were given by hand are known after a restart', async () => {
    const first = await withTorrents(['one'])
    await first.session.addPeers(ONE, ['10.0.0.7:6881'])
    await first.session.addPeers(ONE, ['10.0.0.7:6881', '[2001:db8::7]:6881'])
    expect(first.engine.torrent(ONE).told).toContain('peer 10.0.0.7:6881')
    const { session, engine } = await first.restart()
    await session.settled()
    expect(engine.torrent(ONE).options.peers).toEqual(['10.0.0.7:6881', '[2001:db8::7]:6881'])
  })

  test('that are named while the torrent is on its way into the engine are not lost', async () => {
    const { session, engine } = await testSession()
    const add = engine.add.bind(engine)
    engine.add = async (source, options) => {
      await session.addPeers(ONE, ['10.0.0.7:6881'])
      return await add(source, options)
    }
    await session.add([torrentBytes('one')])
    await session.settled()
    expect(engine.torrent(ONE).told).toContain('peer 10.0.0.7:6881')
  })

  test('that are banned stay so, for all torrents and after a restart, until it is taken back', async () => {
    const told: (readonly string[])[] = []
    const first = await withTorrents(['one'], { onBans: addresses => told.push(addresses) })
    await first.session.banPeer(ONE, '10.0.0.7:6881')
    await first.session.ban(['[2001:DB8::0:7]:1', '::ffff:10.0.0.7', '10.0.0.8'])
    const all = ['10.0.0.7', '2001:db8::7', '10.0.0.8']
    expect(told).toEqual([[], ['10.0.0.7'], all])
    const { session } = await first.restart()
    expect(told.at(-1)).toEqual(all)
    await expect(session.addPeers(ONE, ['10.0.0.8:6881'])).rejects.toMatchObject({ code: 'CONFLICT' })
    await session.unban('2001:db8:0::7')
    expect(session.bans().map(({ address }) => address)).toEqual(['10.0.0.7', '10.0.0.8'])
    expect(told.at(-1)).toEqual(['10.0.0.7', '10.0.0.8'])
    await expect(session.unban('10.0.0.9')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(session.ban(['10.0.0.1', 'a.name:1'])).rejects.toMatchObject({
      code: 'INVALID',
      where: 'addresses[1]',
    })
    expect(session.bans()).toHaveLength(2)
  })
})

describe('trackers of what is added once more', () => {
  const others = {
    trackers: ['http://tracker.example/announce', 'udp://other.example:1/announce', 'wss://x.example'],
  }

  test('come to those that there are, where told; nothing else changes', async () => {
    const { session, engine } = await withTorrents(['one'])
    const [told] = await session.add([torrentBytes('one', others)], { labels: ['x'] })
    expect(told).toEqual({ outcome: 'duplicate', id: ONE, name: 'one' })
    const [merged] = await session.add([torrentBytes('one', others)], { mergeTrackers: true, labels: ['x'] })
    expect(merged).toMatchObject({ outcome: 'duplicate', newTrackers: 1 })
    const tiers = [['http://tracker.example/announce'], ['udp://other.example:1/announce']]
    expect(engine.torrent(ONE).told).toContain(`trackers ${JSON.stringify(tiers)}`)
    expect(session.row(ONE).labels).toEqual([])
    const [again] = await session.add([`${magnetLink('one')}&tr=udp://other.example:1/announce`], {
      mergeTrackers: true,
    })
    expect(again).toMatchObject({ newTrackers: 0 })
  })

  test('also while only a link is known, and not of private torrents', async () => {
    const { session } = await testSession()
    await session.add([`${magnetLink('one')}&tr=http://a.example/announce`])
    await session.add([`${magnetLink('one')}&tr=http://b.example/announce`], { mergeTrackers: true })
    expect((await session.trackers(ONE)).map(({ url }) => url)).toEqual([
      'http://a.example/announce',
      'http://b.example/announce',
    ])
    const secret = torrentBytes('secret', { private: true })
    await session.add([secret])
    const link = `${magnetLink('secret', { private: true })}&tr=http://b.example/announce`
    const [result] = await session.add([link], { mergeTrackers: true })
    expect(result).toMatchObject({ outcome: 'duplicate', newTrackers: 0 })
  })

  test('what is here already is looked into without asking peers', async () => {
    const { session, engine } = await withTorrents(['one'])
    expect(await session.inspect(magnetLink('one'))).toMatchObject({ duplicate: true, totalBytes: 40_000 })
    expect(engine.links.size).toBe(0)
  })
})

test('peers are told with their countries, where somebody knows them', async () => {
  const countryOf = (address: string): string | null => (address.startsWith('10.0.0.1:') ? 'DE' : null)
  const { session, engine } = await withTorrents(['one'], { countryOf })
  engine.torrent(ONE).connect(2)
  expect(session.peers(ONE).map(({ country }) => country)).toEqual(['DE', null])
})

describe('seeding', () => {
  test('ends when a goal is reached, and says so; started again, it goes on', async () => {
    const first = await withTorrents(['one'], {
      settings: { goals: { ratio: 2, seedSeconds: null, idleSeconds: null } },
    })
    first.engine.torrent(ONE).finish()
    first.engine.torrent(ONE).send(80_000)
    await first.tick(2)
    const { session, engine, tick } = await first.restart()
    expect(session.row(ONE)).toMatchObject({
      state: 'stopped',
      intent: 'stop',
      ratio: 2,
      why: { code: 'GOAL_REACHED', text: 'Stopped: its ratio has reached 2.' },
    })
    await session.act('start', [ONE])
    await tick(3)
    expect(engine.torrents.size).toBe(1)
  })

  test('that nobody fetches from ends after a while', async () => {
    const goals = { ratio: null, seedSeconds: null, idleSeconds: 5 }
    const { session, engine, tick } = await withTorrents(['one'], { settings: { goals } })
    engine.torrent(ONE).finish()
    await tick(4)
    engine.torrent(ONE).send(1)
    await tick(4)
    expect(session.row(ONE).state).toBe('seeding')
    await tick(3)
    expect(session.row(ONE)).toMatchObject({ state: 'stopped', seedSeconds: expect.any(Number) })
  })
})

describe('limits', () => {
  test('the alternative ones by hand, and back', async () => {
    const { session, engine } = await testSession()
    expect(engine.limits).toMatchObject({ download: 0, upload: 0, connections: 300 })
    await session.setAlternative(true)
    expect(engine.limits).toMatchObject({ download: 100_000, upload: 50_000 })
    expect(session.info()).toMatchObject({
      alternative: { active: true, by: 'hand' },
      limits: { download: 100_000 },
    })
    await session.setAlternative(undefined)
    expect(engine.limits).toMatchObject({ download: 0 })
  })

  test('by the timetable; a hand counts until it changes', async () => {
    const timetable = [{ days: [0], fromMinute: 12 * 60 + 1, toMinute: 12 * 60 + 2 }]
    const alternative = { download: 5, upload: 5, timetable }
    const first = await testSession({ settings: { alternative } })
    await first.session.setAlternative(true)
    const { session, engine, tick, clock } = await first.restart()
    expect(session.info().alternative).toMatchObject({ active: true, by: 'hand' })
    clock.advance(60_000)
    await tick()
    expect(session.info().alternative).toMatchObject({ active: true, by: 'timetable' })
    await session.setAlternative(false)
    expect(engine.limits.download).toBe(0)
    clock.advance(60_000)
    await tick()
    expect(session.info().alternative).toMatchObject({ active: false, by: null })
  })

  test('where they are what is reached, it says so', async () => {
    const { session, engine, tick } = await withTorrents(['one'])
    const facts = { of: 'all', bytesPerSec: 1000 } as const
    engine.torrent(ONE).why = { code: 'LIMIT', text: 'the download limit is reached', facts }
    await tick()
    // A whole sentence, though the engine says it for the middle of a line.
    expect(session.row(ONE).why).toEqual({ code: 'LIMIT', text: 'The download limit is reached.', facts })
    await session.setAlternative(true)
    expect(session.row(ONE).why?.code).toBe('LIMIT_ALTERNATIVE')
  })

  test('settings count at once', async () => {
    const { session, engine } = await withTorrents(['one', 'two'])
    const queue = { downloads: 1, seeds: 1, slowBytesPerSec: 0, slowSeconds: 60 }
    const limits = { download: 9, upload: null, connections: 7, torrentConnections: 3, uploadSlots: 2 }
    session.applySettings(settings({ queue, limits }))
    await session.settled()
    expect(engine.limits).toMatchObject({ download: 9, connections: 7 })
    expect(engine.torrent(ONE).told.slice(-3)).toEqual(['limits 0 0', 'connections 3', 'slots 2'])
    await session.patch(ONE, { limits: { obeyGlobal: false } })
    expect(engine.torrent(ONE).told.slice(-3)[0]).toBe('limits 0 0 alone')
    expect(session.rows().map(({ state }) => state)).toEqual(['downloading', 'queued'])
  })
})

test('downloads are held before the disk is full, and say so; seeds go on', async () => {
  const made = await withTorrents(['one', 'two'])
  const { session, engine, folder } = made
  engine.torrent(ONE).finish()
  const dir = join(folder, 'downloads')
  session.applySettings({ ...testSettings(dir), keepFreeBytes: Number.MAX_SAFE_INTEGER })
  await session.settled()
  expect(session.rows().map(({ state, why }) => [state, why?.code])).toEqual([
    ['seeding', undefined],
    ['queued', 'DISK_SPACE'],
  ])
  expect(session.info().why[0]?.text).toMatch(/^Held: .* are free on the disk and 8 PiB are to stay free/)
  session.applySettings(testSettings(dir))
  await session.settled()
  expect(session.rows().map(({ state }) => state)).toEqual(['seeding', 'downloading'])
})

test('figures are kept over a kill, as of the last minute', async () => {
  const first = await withTorrents(['one'])
  first.engine.torrent(ONE).receive(1_000)
  await first.tick(61)
  // Another one reads what is on disk now: this one was never closed.
  const { session } = await testSession({ folder: first.folder, clock: first.clock })
  expect(session.row(ONE)).toMatchObject({ downloadedBytes: 1_000, downloadSeconds: expect.any(Number) })
  expect(session.info().ever).toMatchObject({ downloadedBytes: 1_000 })
})

test('steps tell of what runs, once a second, and of nothing else', async () => {
  const { session, engine, tick } = await withTorrents(['one', 'two'])
  await session.act('stop', [torrentId('two')])
  await tick(2)
  const steps: number[] = []
  const { cursor } = session.changes
  session.changes.subscribe(({ changed }) => steps.push(changed.length))
  engine.torrent(ONE).receive(500)
  await tick()
  expect(steps).toEqual([1])
  expect(session.changes.since(cursor)?.changed).toEqual([
    expect.objectContaining({ id: ONE, haveBytes: 500, downloadedBytes: 500 }),
  ])
  expect(session.list({}).cursor).toBe(session.changes.cursor)
})

test('a stream of one that runs, of a stopped one that is whole, and of one that is not', async () => {
  const { session, engine, folder } = await withTorrents(['one'])
  const read = async (start: number, end: number): Promise<Buffer> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of session.stream(ONE, 0, { start, end, signal: new AbortController().signal }))
      chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  expect(await read(10, 13)).toEqual(Buffer.from([10, 11, 12]))
  await session.act('stop', [ONE])
  await session.settled()
  await expect(read(0, 5)).rejects.toMatchObject({ code: 'CONFLICT' })
  await session.act('start', [ONE])
  await session.settled()
  engine.torrent(ONE).finish()
  await session.act('stop', [ONE])
  await session.settled()
  mkdirSync(join(folder, 'downloads'))
  writeFileSync(join(folder, 'downloads/one'), 'hello world')
  expect(String(await read(6, 11))).toBe('world')
  await expect(async () => {
    for await (const _ of session.stream(ONE, 3, { start: 0, end: 1, signal: new AbortController().signal }))
      break
  }).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('what is in it can be seen without adding it', async () => {
  const { session } = await withTorrents(['one'])
  expect(await session.inspect(torrentBytes('one'))).toMatchObject({ id: ONE, name: 'one', duplicate: true })
  expect(await session.inspect(torrentBytes('two', FOLDER))).toMatchObject({
    totalBytes: 40_000,
    duplicate: false,
    files: [{ path: 'two/a.txt' }, { path: 'two/sub/b.txt' }, { path: 'two/c.txt' }],
  })
})

test('what is added while somebody looks into it is fetched at once; who looks twice waits', async () => {
  const { session, engine } = await withTorrents([])
  const gone = new AbortController()
  const first = session.inspect(magnetLink('one'), gone.signal)
  const second = session.inspect(magnetLink('one'))
  const left = expect(first).rejects.toMatchObject({ code: 'ABORTED' })
  await expect.poll(() => engine.links.size).toBe(1)
  gone.abort()
  await left
  const ended = expect(second).rejects.toMatchObject({ code: 'ABORTED' })
  await expect.poll(() => engine.links.size).toBe(1)
  await session.add([magnetLink('one')])
  await ended
  await expect.poll(() => engine.links.size).toBe(1)
  expect(session.row(ONE)).toMatchObject({ state: 'fetching', error: null })
  engine.tell(torrentBytes('one'))
  await session.settled()
  expect(session.row(ONE).state).toBe('downloading')
})

test('pieces and files of a stopped one are known', async () => {
  const { session, engine } = await withTorrents(['one'])
  engine.torrent(ONE).receive(16_384)
  await session.act('stop', [ONE])
  await session.settled()
  expect(await session.pieces(ONE)).toEqual({
    count: 3,
    pieceLength: 16_384,
    have: 'gA==',
    availability: null,
    active: [],
  })
  expect(await session.files(ONE)).toMatchObject([{ haveBytes: 16_384, pieces: { first: 0, last: 2 } }])
  expect(await session.detail(ONE)).toMatchObject({ piecesHave: 1, pieceCount: 3, fileCount: 1 })
  expect(await session.trackers(ONE)).toMatchObject([
    { url: 'http://tracker.example/announce', state: 'idle' },
  ])
})

test('when a tracker was announced to is a time of day', async () => {
  const { session, clock } = await withTorrents(['one'])
  expect(await session.trackers(ONE)).toMatchObject([{ lastAnnounceAt: clock.now() / 1000 - 300 }])
  await session.act('stop', [ONE])
  await session.settled()
  expect(await session.trackers(ONE)).toMatchObject([{ lastAnnounceAt: null }])
})

describe('terms', () => {
  const layout = { fileCount: 1, pieceCount: 3, pieceLength: 16_384 }

  test('are told without the torrent file, as details tell them', async () => {
    const first = await testSession({ settings: { goals: { ratio: 2, seedSeconds: 60, idleSeconds: null } } })
    const own = { goals: { ratio: 1.5, seedSeconds: 'none' }, limits: { upload: 7 } } as const
    await first.session.add([torrentBytes('one')], { start: false, ...own })
    await first.session.add([magnetLink('two')], { start: false })
    const { session, folder } = await first.restart()
    const { fileCount, pieceCount, pieceLength, ...detail } = await session.detail(ONE)
    rmSync(join(folder, 'state/torrents'), { recursive: true })
    const { layout: told, ...terms } = session.terms(ONE)
    expect(told).toEqual({ fileCount, pieceCount, pieceLength })
    expect(told).toEqual(layout)
    expect(detail).toMatchObject(terms)
    expect(terms).toMatchObject({
      goals: { ratio: 1.5, seedSeconds: 'none', idleSeconds: 'default' },
      goalsInForce: { ratio: 1.5, seedSeconds: null, idleSeconds: null },
      limits: { upload: 7, download: null },
    })
    expect(session.terms(torrentId('two')).layout).toEqual({ fileCount: 0, pieceCount: 0, pieceLength: 0 })
    expect(() => session.terms('00'.repeat(20))).toThrow('There is no torrent')
  })

  test('of a torrent that an earlier version added have its layout once details were asked for', async () => {
    const first = await testSession()
    await first.session.add([torrentBytes('one')], { start: false })
    await first.session.close()
    const { store, state } = await openStore(join(first.folder, 'state'), {
      records: () => state.records.values(),
      meta: () => state.meta,
    })
    const record = state.records.get(ONE)!
    store.put({ ...record, fileCount: undefined, pieceLength: undefined })
    await store.commit()
    await store.close()

    const { session } = await first.restart()
    expect(session.terms(ONE).layout).toBeUndefined()
    expect(await session.detail(ONE)).toMatchObject(layout)
    expect(session.terms(ONE).layout).toEqual(layout)
  })
})

test('the session says what it is at', async () => {
  const { session, engine, tick } = await withTorrents(['one', 'two'])
  await session.act('stop', [torrentId('two')])
  engine.torrent(ONE).downloadRate = 600
  engine.torrent(ONE).receive(600)
  await tick(5)
  expect(session.info()).toMatchObject({
    downloadRate: 600,
    session: { downloadedBytes: 600, uploadedBytes: 0 },
    torrents: { all: 2, downloading: 1, stopped: 1 },
    reachable: 'unknown',
    folders: [{ freeBytes: expect.any(Number) }],
  })
  expect(session.history()).toEqual({ stepSeconds: 5, download: [600], upload: [0] })
  engine.incomingSeconds = 5
  expect(session.info().reachable).toBe('yes')
})

test('a port that nobody ever reached is told where a seed is alone', async () => {
  const { session, engine, clock, tick } = await withTorrents(['one'])
  engine.torrent(ONE).finish()
  await tick()
  expect(session.row(ONE).why).toBeNull()
  clock.advance(31 * 60_000)
  await tick()
  expect(session.info().reachable).toBe('no')
  expect(session.row(ONE).why?.code).toBe('PORT_UNREACHABLE')
})

test('a removal that is not over does not hold up the end', async () => {
  const { session, engine } = await withTorrents(['one'])
  engine.torrent(ONE).holding = true
  const removed = session.remove([ONE], { data: true })
  await session.settled()
  await session.close()
  expect(await removed).toBe(1)
})

test('a closed session says so', async () => {
  const { session, engine } = await withTorrents(['one'])
  await session.close()
  expect(engine.closed).toBe(true)
  await expect(session.add([torrentBytes('two')])).rejects.toMatchObject({ code: 'CLOSED' })
})
