import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import { createEngine } from '../../src/library/engine.ts'
import { parseTorrent } from '../../src/library/parse.ts'
import type { AddOptions } from '../../src/library/types/add.ts'
import type { Engine } from '../../src/library/types/engine.ts'
import type { Torrent } from '../../src/library/types/torrent.ts'
import { atEnd, content, folder } from './sandbox.ts'

let bytes: Uint8Array

beforeAll(async () => {
  const dir = folder({ 'a.bin': content(50_000) })
  bytes = (await createTorrent(`${dir}/a.bin`, { trackers: [['http://127.0.0.1:1/announce']] })).bytes
})

async function added(options: AddOptions = {}): Promise<{ engine: Engine; torrent: Torrent }> {
  const engine = await createEngine({ port: 0, bind: '127.0.0.1', dht: false, lsd: false, workers: 1 })
  atEnd(() => engine.close())
  const torrent = await engine.add(bytes, { dir: folder(), paused: true, ...options })
  return { engine, torrent }
}

test('a torrent is found by its info-hash, in either case, until it is removed', async () => {
  const { engine, torrent } = await added()
  expect(engine.get(torrent.infoHash)).toBe(torrent)
  expect(engine.get(torrent.infoHash.toUpperCase())).toBe(torrent)
  expect(engine.get('0'.repeat(40))).toBeUndefined()
  await torrent.remove()
  expect(engine.get(torrent.infoHash)).toBeUndefined()
})

test('a torrent that is detached is out of the engine, and goes on by its record when it is added again', async () => {
  const options = { port: 0, bind: '127.0.0.1', dht: false, lsd: false, workers: 1, stateDir: folder() }
  const engine = await createEngine(options)
  atEnd(() => engine.close())
  const dir = folder({ 'a.bin': content(50_000) })
  const first = await engine.add(bytes, { dir })
  await first.done
  await first.detach()
  expect(engine.torrents).toEqual([])
  const second = await engine.add(bytes, { dir })
  await second.done
  expect(second.snapshot()).toMatchObject({ state: 'seeding', checkedBytes: 0 })
})

test('a file that somebody changed while nobody read it is looked at after a restart', async () => {
  const state = folder()
  const options = { port: 0, bind: '127.0.0.1', dht: false, lsd: false, workers: 1, stateDir: state }
  const dir = folder({ 'a.bin': content(50_000) })
  const first = await createEngine(options)
  atEnd(() => first.close())
  const seed = await first.add(bytes, { dir, discovery: false })
  await seed.done
  const other = await added({ dir: folder(), discovery: false, peers: [`127.0.0.1:${first.port}`] })
  other.torrent.start()
  await other.torrent.done
  const file = openSync(join(dir, 'a.bin'), 'r+')
  writeSync(file, 'somebody was here', 20_000)
  closeSync(file)
  // What it was shared with is in its record, and by then the change is old.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 })
  atEnd(() => void vi.useRealTimers())
  await first.close()
  const second = await createEngine(options)
  atEnd(() => second.close())
  const again = await second.add(bytes, { dir, discovery: false, seedOnly: true })
  await expect.poll(() => again.snapshot().state).toBe('seeding')
  const { have, total } = again.snapshot().pieces
  expect(have).toBe(total - 1)
})

test('the summary of an engine is its snapshot without torrents', async () => {
  const { engine } = await added()
  const { torrents, ...rest } = engine.snapshot()
  expect(torrents.length).toBe(1)
  expect(engine.summary()).toEqual(rest)
  expect(rest).toMatchObject({ incomingSeconds: undefined, externalIps: [], downloadRate: 0 })
})

describe('trackers', () => {
  const urls = (torrent: Torrent): string[] =>
    torrent.snapshot().trackers.map(({ url, tier }) => `${tier} ${url}`)

  test('can be others than those of the torrent from the beginning', async () => {
    const { torrent } = await added({ trackerTiers: [['udp://10.0.0.1:1'], [], [' http://10.0.0.2/a ']] })
    expect(urls(torrent)).toEqual(['0 udp://10.0.0.1:1', '1 http://10.0.0.2/a'])
  })

  test('can be none', async () => {
    const { torrent } = await added({ trackerTiers: [] })
    expect(urls(torrent)).toEqual([])
  })

  test('can be exchanged; one that is no URL of a tracker changes nothing', async () => {
    const { torrent } = await added()
    torrent.setTrackers([['udp://10.0.0.3:1']])
    for (const bad of ['ftp://10.0.0.4/a', 'nonsense', '', 'http://x/\u0001']) {
      expect(() => torrent.setTrackers([['udp://10.0.0.5:1', bad]])).toThrow(JSON.stringify(bad))
    }
    expect(urls(torrent)).toEqual(['0 udp://10.0.0.3:1'])
  })
})

test.each<[string, (torrent: Torrent, engine: Engine) => void]>([
  ['"here" is not an address', torrent => torrent.banPeer('here')],
  ['-1 is no number of seconds', torrent => torrent.banPeer('10.0.0.1', -1)],
  ['connections must be a whole number of at least 1', torrent => torrent.setMaxConnections(0)],
  ['uploadSlots must be a whole number of at least 0', torrent => torrent.setUploadSlots(1.5)],
  ['connections must be a whole number of at least 1', (_, engine) => engine.setLimits({ connections: 0 })],
  ['-5 is not a rate', (_, engine) => engine.setLimits({ download: -5, connections: 7 })],
])('what makes no sense is refused: %s', async (message, command) => {
  const { torrent, engine } = await added()
  expect(() => command(torrent, engine)).toThrow(message)
})

test('what a torrent is told while it is stopped holds when it runs', async () => {
  const { torrent, engine } = await added()
  torrent.setSequential(true)
  torrent.setMaxConnections(3)
  torrent.setUploadSlots(0)
  torrent.banPeer('10.0.0.1:6881')
  torrent.reannounce()
  engine.setLimits({ connections: 5, download: 1_000 })
  torrent.start()
  torrent.reannounce()
  torrent.setSequential(false)
  await expect.poll(() => torrent.snapshot().state).toBe('downloading')
})

test('a check of a stopped torrent finds what is there, and leaves it stopped', async () => {
  const { torrent } = await added({ dir: folder({ 'a.bin': content(50_000) }) })
  await torrent.check()
  expect(torrent.snapshot()).toMatchObject({ state: 'stopped', haveBytes: 50_000, checkedBytes: 50_000 })
  const again = expect(torrent.check()).rejects.toMatchObject({ code: 'ABORTED' })
  await torrent.stop()
  await again
})

test('a torrent is removed with its data, or without', async () => {
  const dir = folder({ 'a.bin': content(50_000), mine: 'm' })
  const { engine, torrent } = await added({ dir, paused: false })
  await torrent.done
  await torrent.remove()
  expect(readdirSync(dir).sort()).toEqual(['a.bin', 'mine'])
  const again = await engine.add(bytes, { dir })
  await again.done
  await again.remove({ data: true })
  expect(readdirSync(dir)).toEqual(['mine'])
  expect(engine.torrents).toEqual([])
})

test('a blocklist is told of, and a peer in it is not taken', async () => {
  const { engine, torrent } = await added()
  const range = { first: '10.0.0.0', last: '10.0.0.255' }
  engine.setBlocklist([range, { ...range, first: '10.0.0.9' }])
  torrent.addPeer('10.0.0.1:6881')
  expect(engine.summary()).toMatchObject({ blockedRanges: 1, connections: { known: 0 } })
  expect(() => engine.setBlocklist([{ first: 'a', last: 'b' }])).toThrow('a to b is not a range')
  engine.setBlocklist({ v4: new Uint32Array(0), v6: new Uint8Array(0) })
  torrent.addPeer('10.0.0.1:6881')
  expect(engine.summary()).toMatchObject({ blockedRanges: 0, connections: { known: 1 } })
})

describe('what is in a magnet link', () => {
  async function link(): Promise<{ engine: Engine; source: string; options: AddOptions }> {
    const { engine: seeder, torrent } = await added({
      dir: folder({ 'a.bin': content(50_000) }),
      paused: false,
    })
    await torrent.done
    const { engine, torrent: other } = await added()
    await other.remove()
    const options = { dir: folder(), peers: [`127.0.0.1:${seeder.port}`] }
    return { engine, source: `magnet:?xt=urn:btih:${torrent.infoHash}&tr=udp%3A%2F%2F10.0.0.1%3A1`, options }
  }

  test('is given to be kept before the torrent is there', async () => {
    const { engine, source, options } = await link()
    let kept: Uint8Array | undefined
    const torrent = await engine.add(source, {
      ...options,
      onDescribed: async file => {
        await Promise.resolve()
        expect(engine.torrents).toEqual([])
        kept = file
      },
    })
    const { infoHashHex, trackers } = parseTorrent(kept!)
    expect([infoHashHex, trackers]).toEqual([torrent.infoHash, [['udp://10.0.0.1:1']]])
    await torrent.done
  })

  test('is not added when it could not be kept', async () => {
    const { engine, source, options } = await link()
    const onDescribed = (): Promise<void> => Promise.reject(new Error('no room'))
    await expect(engine.add(source, { ...options, onDescribed })).rejects.toThrow('no room')
    expect(engine.torrents).toEqual([])
  })
})
