import { expect, test } from 'vitest'
import { magnetLink, testSession, torrentBytes, torrentId } from '../support/test-session.ts'

test('a torrent that is added is in the list, is started, and is told of', async () => {
  const { session, engine, tick } = await testSession()
  const { cursor } = session.changes
  expect(await session.add([torrentBytes('one')])).toEqual([
    { outcome: 'added', id: torrentId('one'), name: 'one' },
  ])
  await session.settled()
  expect(engine.torrent(torrentId('one')).state).toBe('downloading')
  expect(session.list({}).items.map(({ name, state }) => [name, state])).toEqual([['one', 'downloading']])
  await tick()
  expect(session.changes.since(cursor)?.added.map(({ name }) => name)).toEqual(['one'])
})

test('a stopped torrent is not in the engine, and goes on with what it had', async () => {
  const { session, engine } = await testSession()
  const id = torrentId('one')
  await session.add([torrentBytes('one')])
  await session.settled()
  engine.torrent(id).receive(20_000)
  await session.act('stop', [id])
  await session.settled()
  expect(engine.torrents.size).toBe(0)
  expect(session.row(id)).toMatchObject({ state: 'stopped', haveBytes: 20_000, downloadedBytes: 20_000 })
  await session.act('start', [id])
  await session.settled()
  engine.torrent(id).receive(20_000)
  await session.settled()
  expect(session.row(id)).toMatchObject({ state: 'seeding', complete: true, downloadedBytes: 40_000 })
})

test('what was added is there after a restart, and what was stopped is still stopped', async () => {
  const first = await testSession()
  await first.session.add([torrentBytes('one'), torrentBytes('two')])
  await first.session.act('stop', [torrentId('two')])
  const { session } = await first.restart()
  await session.settled()
  expect(session.rows().map(({ name, state }) => [name, state])).toEqual([
    ['one', 'downloading'],
    ['two', 'stopped'],
  ])
})

test('a magnet link is fetched, then goes on as a torrent of its own file', async () => {
  const { session, engine } = await testSession()
  await session.add([magnetLink('one')])
  await session.settled()
  expect(session.rows()[0]).toMatchObject({ state: 'fetching', why: { code: 'FETCHING' } })
  engine.tell(torrentBytes('one'))
  await session.settled()
  expect(session.rows()[0]).toMatchObject({ state: 'downloading', totalBytes: 40_000 })
  expect(await session.torrentFile(torrentId('one'))).toEqual(Buffer.from(torrentBytes('one')))
})

test('of all torrents, more than a page holds, a few fields are told', async () => {
  const { session } = await testSession()
  const ids = Array.from({ length: 1001 }, (_, number) => number.toString(16).padStart(40, '0'))
  await session.add(ids, { start: false })
  const [first, second] = ids
  await session.patch(second!, { labels: ['chosen'] })
  expect(session.pick({ state: [], label: [] }, [])).toEqual(ids.map(id => ({ id })))
  expect(session.pick({ label: ['chosen'] }, ['intent', 'labels'])).toEqual([
    { id: second, intent: 'stop', labels: ['chosen'] },
  ])
  expect(session.pick({ ids: [second!, first!], offset: 1, limit: 5 }, [])).toEqual([{ id: second }])
})

test('a torrent that is removed is gone, also after a restart', async () => {
  const first = await testSession()
  await first.session.add([torrentBytes('one'), torrentBytes('two')])
  await first.session.settled()
  expect(await first.session.remove([torrentId('one'), 'unknown'], { data: true })).toBe(1)
  expect(first.engine.torrents.has(torrentId('one'))).toBe(false)
  expect(first.session.rows().map(({ name }) => name)).toEqual(['two'])
  const { session } = await first.restart()
  expect(session.rows().map(({ name }) => name)).toEqual(['two'])
})

test('a torrent that is removed while it starts is taken apart once, without a word of an error', async () => {
  const { session, engine } = await testSession()
  await session.add([torrentBytes('one')])
  await session.remove([torrentId('one')], { data: true })
  await session.settled()
  expect(engine.torrents.size).toBe(0)
  expect(session.log().filter(({ level }) => level === 'error')).toEqual([])
})
