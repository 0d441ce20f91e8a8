/** The demo of a daemon: over a fake swarm what becomes of it, and a real one once. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '@shoal/engine'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { demoFiles } from '../src/demo/content.ts'
import { type DemoSwarm, startDemoSwarm } from '../src/demo/swarm.ts'
import { DEMO_MS, Demo } from '../src/serve/demo.ts'
import { testSession, torrentBytes, torrentId } from './support/test-session.ts'

const ID = torrentId('demo')

const SMALL = { bytes: 10_000_000, lieEveryMs: 20 }

let folder: string
let swarms: number
let running: number
let lines: string[]

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'shoal-demo-')), 'demo')
  // Whatever finishes a test runs in reverse order: this comes last, when nobody writes there any more.
  onTestFinished(() => {
    vi.useRealTimers()
    rmSync(join(folder, '..'), { recursive: true, force: true })
  })
  swarms = 0
  running = 0
  lines = []
})

async function makeSwarm(dir: string): Promise<DemoSwarm> {
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'data'), 'what seeds have')
  swarms++
  running++
  return { name: 'demo', infoHash: ID, torrent: torrentBytes('demo'), close: async () => void running-- }
}

async function place(make = makeSwarm) {
  const world = await testSession()
  const note = (text: string): void => void lines.push(text)
  const log = { info: note, warn: note }
  const demo = new Demo({ session: world.session, folder, log, makeSwarm: make })
  onTestFinished(() => demo.close())
  return { ...world, demo }
}

test('there is one at a time, and whoever asks again is told of it', async () => {
  const { demo, session } = await place()
  const [first, second] = await Promise.all([demo.start(), demo.start()])
  expect([first, second]).toMatchObject([{ id: ID, name: 'demo' }, { id: ID }])
  expect((await demo.start()).isNew).toBe(false)
  expect(swarms).toBe(1)
  expect(session.row(ID)).toMatchObject({ labels: ['demo'], intent: 'run', dir: join(folder, 'download') })
  expect((await session.detail(ID)).limits.obeyGlobal).toBe(false)
})

test('it ends with its torrent, and leaves nothing; then another one can be made', async () => {
  const { demo, session, tick } = await place()
  await demo.start()
  await tick()
  await session.remove([ID], { data: false })
  await tick()
  await expect.poll(() => lines.at(-1)).toContain('is over')
  expect([running, existsSync(folder)]).toEqual([0, false])
  expect((await demo.start()).isNew).toBe(true)
  // Before anybody was told that it is there.
  await session.remove([ID], { data: true })
  expect([(await demo.start()).isNew, swarms, running]).toEqual([true, 3, 1])
})

test('it ends by itself after a while, and takes its torrent along', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  const { demo, session } = await place()
  const { endsAt } = await demo.start()
  expect(endsAt).toBe(Math.floor((Date.now() + DEMO_MS) / 1000))
  vi.advanceTimersByTime(DEMO_MS)
  vi.useRealTimers()
  await expect.poll(() => running).toBe(0)
  await expect.poll(() => existsSync(folder)).toBe(false)
  expect(session.rows()).toEqual([])
})

test('it ends with the daemon', async () => {
  const { demo, session } = await place()
  await demo.start()
  await demo.close()
  expect([running, existsSync(folder), session.rows()]).toEqual([0, false, []])
  await expect(demo.start()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('what a daemon that was killed left goes at the next start: its torrent, and all of its files', async () => {
  const first = await place()
  await first.demo.start()
  await first.session.settled()
  const { session } = await first.restart()
  expect(session.rows()).toHaveLength(1)
  await new Demo({ session, folder, log: { info: () => {}, warn: () => {} }, makeSwarm }).sweep()
  expect([session.rows(), existsSync(folder)]).toEqual([[], false])
})

test('one that cannot be made says why, and leaves nothing', async () => {
  let isBroken = true
  const { demo, session } = await place(async dir => {
    if (isBroken) throw new Error('no such luck')
    return await makeSwarm(dir)
  })
  await expect(demo.start()).rejects.toThrow('no such luck')
  expect([existsSync(folder), session.rows()]).toEqual([false, []])
  isBroken = false
  expect((await demo.start()).isNew).toBe(true)
})

test('its content has the size that was asked for, and always the same', () => {
  for (const bytes of [10_000_000, 64_000_000, 200_000_000]) {
    const sizes = demoFiles(bytes).map(file => file.bytes)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes)
    expect(Math.min(...sizes)).toBe(0)
  }
})

test('a real swarm is private, is found by its tracker, and sends what is right although somebody lies', async () => {
  const swarm = await startDemoSwarm(folder, new AbortController().signal, SMALL)
  onTestFinished(() => swarm.close())
  const engine = await createEngine({ bind: '127.0.0.1', port: 0, dht: false, lsd: false, workers: 1 })
  onTestFinished(() => engine.close())
  const torrent = await engine.add(swarm.torrent, { dir: join(folder, 'mine') })
  expect([torrent.metainfo.private, torrent.infoHash]).toEqual([true, swarm.infoHash])
  // What the liar sends is of no use, and what the others send is.
  const figures = (): number[] => [torrent.summary().wastedBytes, torrent.summary().haveBytes]
  await expect.poll(() => Math.min(...figures())).toBeGreaterThan(0)
  expect(torrent.snapshot().peers.every(({ address }) => address.startsWith('127.0.0.1:'))).toBe(true)
})
