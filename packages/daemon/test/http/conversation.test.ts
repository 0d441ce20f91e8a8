/** What a peer and we say, over HTTP: first of a peer that is none, then between two real engines. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, createTorrent, type Engine, type Overheard } from '@shoal/engine'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../src/client.ts'
import type { ConversationEvent, SaidLine } from '../../src/contract/index.ts'
import { MAX_CONVERSATIONS } from '../../src/http/conversation/conversations.ts'
import { createSession } from '../../src/session/create-session.ts'
import { testFolder, testSession, testSettings, torrentBytes, torrentId } from '../support/test-session.ts'
import { createRig, type Rig } from './rig.ts'
import { idOf } from './stand-in.ts'

const ADDRESS = '10.0.0.1:6881'
const MET: Overheard = {
  kind: 'met',
  client: 'Other 1.0',
  fast: true,
  extended: true,
  dht: false,
  extensions: ['ut_pex'],
  pieceCount: 7,
  pieceLength: 16_384,
}
const UNCHOKE: Overheard = {
  kind: 'message',
  direction: 'in',
  name: 'unchoke',
  text: 'They let us ask (unchoke)',
  says: { kind: 'unchoke' },
  bytes: Uint8Array.of(0, 0, 0, 1, 1),
  totalBytes: 5,
  atMs: 3,
}

async function listening(rig: Rig) {
  const { port } = await rig.http.listen({ host: '127.0.0.1', port: 0 })
  return createClient({ url: `http://127.0.0.1:${port}`, token: rig.token.read })
}

describe('a conversation over HTTP', () => {
  test('tells who is there, what is said, and how it ended', async () => {
    await using rig = await createRig()
    const events = (await listening(rig)).conversation(idOf(0), ADDRESS)
    const first = events.next()
    await expect.poll(() => rig.session.talks.length).toBe(1)
    const [talk] = rig.session.talks
    talk!(MET)
    const { kind, ...met } = MET
    expect((await first).value).toEqual({ type: 'met', address: ADDRESS, ...met })
    talk!(UNCHOKE)
    talk!(UNCHOKE)
    talk!({ kind: 'closed', reason: `enough${'!'.repeat(1000)}` })
    const { value: said } = await events.next()
    const line = { by: 'them', count: 2, bytes: 10, says: { kind: 'unchoke' }, head: '0000000101' }
    expect(said).toMatchObject({ type: 'said', lines: [line], leftOut: 0 })
    expect((await events.next()).value).toEqual({
      type: 'end',
      reason: expect.stringMatching(/^enough!{194}$/),
    })
    expect((await events.next()).done).toBe(true)
    await expect.poll(() => rig.session.talks.length).toBe(0)
  })

  test('is over when nobody listens any more, or the daemon ends', async () => {
    await using rig = await createRig()
    const client = await listening(rig)
    const gone = new AbortController()
    const left = client.conversation(idOf(0), ADDRESS, { signal: gone.signal }).next()
    const cut = client.conversation(idOf(0), ADDRESS).next()
    await expect.poll(() => rig.session.talks.length).toBe(2)
    gone.abort()
    expect((await left).done).toBe(true)
    await expect.poll(() => rig.session.talks.length).toBe(1)
    const refused = expect(cut).rejects.toMatchObject({ status: 0, code: 'UNAVAILABLE' })
    await rig.http.close(0)
    await refused
    await expect.poll(() => rig.session.talks.length).toBe(0)
  })

  test('is refused of peers that are not there, and to more than a few', async () => {
    await using rig = await createRig()
    const client = await listening(rig)
    const listen = (address: string): Promise<unknown> => client.conversation(idOf(0), address).next()
    await expect(listen('10.0.0.2:1')).rejects.toMatchObject({ status: 404, where: 'path.address' })
    await expect(listen('nobody')).rejects.toMatchObject({ status: 400, where: 'path.address' })
    const all = Array.from({ length: MAX_CONVERSATIONS }, () => listen(ADDRESS).catch(() => undefined))
    await expect.poll(() => rig.session.talks.length).toBe(MAX_CONVERSATIONS)
    await expect(listen(ADDRESS)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 10 })
    await rig.http.close(0)
    await Promise.all(all)
  })
})

test('a torrent that does not run has nobody to listen to', async () => {
  const { session } = await testSession()
  await session.add([torrentBytes('film.mp4')], { start: false })
  await session.settled()
  const listen = (): unknown => session.overhear(torrentId('film.mp4'), ADDRESS, () => undefined)
  expect(listen).toThrow('is not connected to 10.0.0.1:6881')
})

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

test('of two real engines is a download: requests, blocks, and the end', async () => {
  const [here, there] = [testFolder(), testFolder()]
  writeFileSync(join(there, 'film.mp4'), Buffer.alloc(3_000_000, 'some film '))
  const { bytes } = await createTorrent(join(there, 'film.mp4'), { pieceLength: 65_536 })
  const seed = await engineIn(join(there, 'state'))
  const theirs = await seed.add(bytes, { dir: there })
  await theirs.done
  mkdirSync(join(here, 'downloads'))
  const engine = await engineIn(join(here, 'engine'))
  const settings = testSettings(join(here, 'downloads'))
  const session = await createSession({ engine, stateDir: join(here, 'state'), settings })
  onTestFinished(() => session.close())
  await using rig = await createRig({ session })
  const client = await listening(rig)

  const peer = `127.0.0.1:${seed.port}`
  // It comes slowly enough to be listened to from near its beginning.
  const [added] = await session.add([bytes], { peers: [peer], limits: { download: 200_000 } })
  const { id } = added as { id: string }
  await expect.poll(() => session.peers(id).length).toBe(1)
  const heard: ConversationEvent[] = []
  for await (const event of client.conversation(id, peer)) {
    heard.push(event)
    const isDone = heard.some(each => each.type === 'said' && each.lines.some(isBlock))
    if (isDone) await theirs.stop()
  }
  expect(heard[0]).toMatchObject({ type: 'met', client: expect.stringMatching(/^Shoal/), pieceCount: 46 })
  expect(heard.at(-1)).toMatchObject({ type: 'end', reason: expect.stringMatching(/by the peer$/) })
  const lines = heard.flatMap(event => (event.type === 'said' ? event.lines : []))
  expect(lines.find(isBlock)).toMatchObject({ by: 'them', text: expect.stringMatching(/^They send/) })
  expect(lines.find(({ says }) => says.kind === 'request')).toMatchObject({ by: 'us' })
  expect(lines.every(({ head }) => head.length <= 512)).toBe(true)
})

function isBlock({ says }: SaidLine): boolean {
  return says.kind === 'block'
}
