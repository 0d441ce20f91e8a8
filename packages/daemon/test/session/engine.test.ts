/** The session over a real engine, on the loopback address. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, createTorrent, type Engine } from '@shoal/engine'
import { expect, onTestFinished, test } from 'vitest'
import { createSession } from '../../src/session/create-session.ts'
import type { SessionEngine } from '../../src/session/engine-port.ts'
import type { Session } from '../../src/session/session.ts'
import { testFolder, testSettings } from '../support/test-session.ts'

async function engineIn(stateDir: string): Promise<Engine> {
  const engine = await createEngine({
    port: 0,
    bind: '127.0.0.1',
    dht: false,
    lsd: false,
    workers: 1,
    stateDir,
  })
  onTestFinished(() => engine.close())
  return engine
}

async function sessionIn(folder: string): Promise<Session> {
  const engine: SessionEngine = await engineIn(join(folder, 'engine'))
  const settings = { ...testSettings(join(folder, 'downloads')), incompleteDir: join(folder, 'incomplete') }
  const session = await createSession({ engine, stateDir: join(folder, 'state'), settings })
  onTestFinished(() => session.close())
  return session
}

/** A seed of a folder with two files. */
async function seeded(): Promise<{ bytes: Uint8Array; peer: string; content: Uint8Array }> {
  const folder = testFolder()
  const content = new Uint8Array(300_000).map((_, at) => (at * 31 + (at >> 8) * 7) & 255)
  mkdirSync(join(folder, 'set/sub'), { recursive: true })
  writeFileSync(join(folder, 'set/a.bin'), content)
  writeFileSync(join(folder, 'set/sub/b.bin'), content.subarray(1000))
  const { bytes } = await createTorrent(join(folder, 'set'), { pieceLength: 32_768 })
  const engine = await engineIn(join(folder, 'state'))
  await (await engine.add(bytes, { dir: folder })).done
  return { bytes, peer: `127.0.0.1:${engine.port}`, content }
}

test('a torrent comes, moves where it belongs, outlives a restart, and goes with its data', async () => {
  const { bytes, peer, content } = await seeded()
  const folder = testFolder()
  const first = await sessionIn(folder)
  const [added] = await first.add([bytes], { peers: [peer], labels: ['real'] })
  const id = (added as { id: string }).id
  await expect.poll(() => first.row(id)).toMatchObject({ state: 'seeding', complete: true })
  // From the folder for incomplete data.
  const done = join(folder, 'downloads/set')
  await expect.poll(() => existsSync(join(done, 'sub/b.bin'))).toBe(true)
  await expect.poll(() => first.row(id).state).toBe('seeding')
  expect(readFileSync(join(done, 'a.bin')).equals(content)).toBe(true)
  expect(await first.detail(id)).toMatchObject({
    incompleteDir: null,
    piecesHave: 19,
    downloadedBytes: 599_000,
  })

  expect(first.log().map(({ text }) => text)).toContain('set is complete')

  await first.patch(id, { name: 'other' })
  await expect.poll(() => existsSync(join(folder, 'downloads/other/a.bin'))).toBe(true)
  await first.settled()
  await first.act('stop', [id])
  await first.settled()
  expect(await first.files(id)).toMatchObject([
    { path: 'other/a.bin', haveBytes: 300_000 },
    { path: 'other/sub/b.bin', haveBytes: 299_000 },
  ])
  await first.close()

  const second = await sessionIn(folder)
  expect(second.row(id)).toMatchObject({
    state: 'stopped',
    name: 'other',
    labels: ['real'],
    downloadedBytes: 599_000,
  })
  await second.act('start', [id])
  await expect.poll(() => second.row(id).state).toBe('seeding')
  await second.act('check', [id])
  await second.settled()
  await expect.poll(() => second.row(id).state).toBe('seeding')
  // It was before this start, too.
  expect(second.log().map(({ text }) => text)).not.toContain('other is complete')
  const chunks: Uint8Array[] = []
  const { signal } = new AbortController()
  for await (const chunk of second.stream(id, 1, { start: 5, end: 50_000, signal })) chunks.push(chunk)
  expect(Buffer.concat(chunks).equals(content.subarray(1005, 51_000))).toBe(true)
  expect(await second.remove([id], { data: true })).toBe(1)
  expect(readdirSync(join(folder, 'downloads'))).toEqual([])
  expect(second.rows()).toEqual([])
})

test('what is in a magnet link is fetched from peers, and kept', async () => {
  const { bytes, peer } = await seeded()
  const folder = testFolder()
  const session = await sessionIn(folder)
  const inspected = await session.inspect(bytes)
  await session.add([`magnet:?xt=urn:btih:${inspected.id}&x.pe=${peer}`])
  await expect.poll(() => session.row(inspected.id)).toMatchObject({ state: 'seeding', error: null })
  expect(session.row(inspected.id).name).toBe('set')
  expect(readdirSync(join(folder, 'state/torrents'))).toEqual([`${inspected.id}.torrent`])
})
