/** The commands that steer a daemon, against the real API over a session whose engine is a fake. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Access, NOBODY } from '../../daemon/src/http/access/access.ts'
import { createHttp } from '../../daemon/src/http/create-http.ts'
import {
  magnetLink,
  type TestSession,
  testSession,
  torrentBytes,
} from '../../daemon/test/support/test-session.ts'
import { defineAdd } from '../src/commands/add.ts'
import { defineCheck } from '../src/commands/check.ts'
import { defineFiles } from '../src/commands/files.ts'
import { defineLabels } from '../src/commands/labels.ts'
import { defineLimit } from '../src/commands/limit.ts'
import { defineList } from '../src/commands/list.ts'
import { defineMove } from '../src/commands/move.ts'
import { definePeers } from '../src/commands/peers.ts'
import { defineQueue } from '../src/commands/queue.ts'
import { defineRemove } from '../src/commands/remove.ts'
import { defineShow } from '../src/commands/show.ts'
import { defineStart } from '../src/commands/start.ts'
import { defineStats } from '../src/commands/stats.ts'
import { defineStop } from '../src/commands/stop.ts'
import { defineTokens } from '../src/commands/tokens.ts'
import { defineTrackers } from '../src/commands/trackers.ts'
import { explain } from '../src/failure.ts'

const COMMANDS: Readonly<Record<string, () => Command>> = {
  add: defineAdd,
  check: defineCheck,
  files: defineFiles,
  labels: defineLabels,
  limit: defineLimit,
  list: defineList,
  move: defineMove,
  peers: definePeers,
  queue: defineQueue,
  remove: defineRemove,
  show: defineShow,
  start: defineStart,
  stats: defineStats,
  stop: defineStop,
  tokens: defineTokens,
  trackers: defineTrackers,
}

interface Said {
  readonly lines: readonly string[]
  readonly exitCode: number
}

interface Place extends TestSession {
  shoal(...words: string[]): Promise<Said>
}

async function place(): Promise<Place> {
  const world = await testSession()
  const access = new Access(NOBODY, async () => undefined, { passwordCost: 2 })
  const changed: Record<string, unknown>[] = []
  const http = createHttp({
    session: world.session,
    access,
    settings: { list: () => [], change: async changes => void changed.push(changes) },
    roots: () => [world.folder],
    doctor: async () => [],
    demo: async () => ({ id: '', name: '', isNew: true, endsAt: 0 }),
  })
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => http.close(0))
  const where = ['--url', `http://127.0.0.1:${port}`, '--token', access.createLocalToken()]
  return { ...world, shoal: (name, ...words) => run(name!, [...words, ...where]) }
}

/** What it prints, and how it ends, as the real entry would have it. */
async function run(name: string, words: readonly string[]): Promise<Said> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += text
    return true
  })
  const before = process.exitCode
  try {
    const command = COMMANDS[name]!()
      .exitOverride()
      .configureOutput({ outputError: () => {} })
    await command.parseAsync([...words], { from: 'user' })
    return { lines: linesOf(out), exitCode: Number(process.exitCode) }
  } catch (error) {
    const { line, exitCode } = explain(error)
    return { lines: [...linesOf(out), line], exitCode }
  } finally {
    write.mockRestore()
    process.exitCode = before
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

async function withTorrents(...names: string[]): Promise<Place> {
  const world = await place()
  await world.session.add(names.map(name => torrentBytes(name)))
  await world.tick()
  return world
}

test('torrents are added from files and links, and told which are there already', async () => {
  const { shoal, folder, session } = await place()
  const file = join(folder, 'a.torrent')
  writeFileSync(file, torrentBytes('alpha'))
  const first = await shoal('add', file, magnetLink('beta'), '--label', 'x', '--stopped')
  expect(first.exitCode).toBe(0)
  expect(first.lines).toEqual([
    expect.stringMatching(/^added {2}\w{8} {2}alpha/),
    expect.stringMatching(/^added {2}\w{8} {2}beta/),
  ])
  expect(session.rows().map(row => [row.state, row.labels])).toEqual([
    ['stopped', ['x']],
    ['stopped', ['x']],
  ])
  expect((await shoal('add', file)).lines).toEqual([expect.stringMatching(/^there already/)])
})

test('what cannot be added is told, with exit code 4, and the rest is added', async () => {
  const { shoal, folder, session } = await place()
  const [good, bad] = ['good', 'bad'].map(name => join(folder, `${name}.torrent`)) as [string, string]
  writeFileSync(good, torrentBytes('good'))
  writeFileSync(bad, '<html>')
  const { lines, exitCode } = await shoal('add', bad, good)
  expect(exitCode).toBe(4)
  expect(lines).toEqual([expect.stringContaining(`failed  ${bad}: `), expect.stringMatching(/^added/)])
  expect(session.rows()).toHaveLength(1)
})

test('the list shows each torrent and why it does not move; words narrow it', async () => {
  const { shoal } = await withTorrents('alpha one', 'alpha two', 'beta')
  const all = await shoal('list')
  expect(all.lines[0]).toMatch(/^Id +Name +State +Done +Size/)
  expect(all.lines.at(-1)).toMatch(/^3 torrents, 0 B\/s down/)
  expect((await shoal('list', 'alpha', 'two', '--ids')).lines).toHaveLength(1)
  expect(JSON.parse((await shoal('list', '--json')).lines.join('\n'))).toMatchObject({ total: 3 })
  expect((await shoal('list', 'nothing')).lines).toEqual(['no torrents'])
})

test('torrents are stopped, started and forced by part of their names', async () => {
  const { shoal, session, tick } = await withTorrents('alpha', 'beta')
  expect(await shoal('stop', 'alp')).toEqual({ lines: ['Stopped alpha'], exitCode: 0 })
  await tick()
  expect(session.rows().map(row => row.intent)).toEqual(['stop', 'run'])
  await shoal('start', 'alpha', '--force')
  await tick()
  expect(session.rows().map(row => row.intent)).toEqual(['force', 'run'])
  expect((await shoal('check', 'all')).lines).toEqual(['Checking alpha', 'Checking beta'])
})

test('a name that no torrent has, or several, is refused with exit code 4', async () => {
  const { shoal } = await withTorrents('alpha one', 'alpha two')
  expect(await shoal('stop', 'gamma')).toEqual({
    lines: ["there is no torrent 'gamma'; see shoal list"],
    exitCode: 4,
  })
  const { lines, exitCode } = await shoal('show', 'alpha')
  expect(exitCode).toBe(4)
  expect(lines[0]).toContain('alpha one')
  expect(lines[0]).toContain('alpha two')
})

test('one torrent is shown, with its files, peers and trackers', async () => {
  const { shoal } = await withTorrents('alpha')
  const shown = await shoal('show', 'alpha')
  expect(shown.lines[0]).toMatch(/^Name +alpha/)
  expect(shown.lines.some(line => /^Magnet +magnet:\?/.test(line))).toBe(true)
  expect((await shoal('files', 'alpha')).lines[0]).toMatch(/# +Done +Priority +Size +File/)
  expect((await shoal('peers', 'alpha')).exitCode).toBe(0)
  expect((await shoal('trackers', 'alpha')).exitCode).toBe(0)
})

test('files are chosen by number and pattern', async () => {
  const { shoal, session } = await withTorrents('alpha')
  const [row] = session.rows()
  await shoal('files', 'alpha', '--skip', '1')
  expect((await session.files(row!.id))[0]!.priority).toBe('skip')
  await shoal('files', 'alpha', '--high', '*')
  expect((await session.files(row!.id))[0]!.priority).toBe('high')
  const wrong = await shoal('files', 'alpha', '--low', '99')
  expect(wrong).toEqual({ lines: [expect.stringContaining('--low: there is no file 99')], exitCode: 2 })
})

test('trackers are added and taken away', async () => {
  const { shoal, session, tick } = await withTorrents('alpha')
  const { id } = session.rows()[0]!
  await shoal('stop', 'alpha')
  await tick()
  await shoal(
    'trackers',
    'alpha',
    '--add',
    'http://one.example/announce',
    '--add',
    'udp://two.example:1/announce',
  )
  const urls = async (): Promise<string[]> => (await session.trackers(id)).map(tracker => tracker.url)
  expect(await urls()).toEqual(
    expect.arrayContaining(['http://one.example/announce', 'udp://two.example:1/announce']),
  )
  await shoal('trackers', 'alpha', '--remove', 'http://one.example/announce')
  expect(await urls()).not.toContain('http://one.example/announce')
})

test('limits, labels, categories and places in the queue change', async () => {
  const { shoal, session } = await withTorrents('alpha', 'beta')
  const { id } = session.rows()[0]!
  await shoal('limit', 'alpha', '--up', '200K', '--ratio', '2', '--idle', 'none')
  expect(await session.detail(id)).toMatchObject({
    limits: { upload: 200_000 },
    goals: { ratio: 2, idleSeconds: 'none' },
  })
  await shoal('labels', 'alpha', '--add', 'linux', '--add', 'iso')
  await shoal('labels', 'alpha', '--remove', 'iso')
  expect(session.row(id).labels).toEqual(['linux'])
  expect((await shoal('labels')).lines).toEqual([
    expect.stringMatching(/^Kind +Name/),
    expect.stringMatching(/^label +linux +1/),
  ])
  expect((await shoal('queue', 'bottom', 'alpha')).exitCode).toBe(0)
  expect(session.row(id).queue).toBe(2)
  await shoal('queue', '1', 'alpha')
  expect(session.row(id).queue).toBe(1)
  expect((await shoal('queue', 'middle', 'alpha')).exitCode).toBe(2)
})

test('the limits over all are shown, and the alternative ones turned on', async () => {
  const { shoal } = await place()
  const { lines } = await shoal('limit', '--alternative', 'on')
  expect(lines[0]).toMatch(/^In force: .*alternative/)
  expect((await shoal('limit', '--slots', '3')).exitCode).toBe(2)
})

test('data is deleted only when that is confirmed', async () => {
  const { shoal, session } = await withTorrents('alpha', 'beta')
  const asked = await shoal('remove', 'alpha', '--data')
  expect(asked).toEqual({ lines: [expect.stringContaining('give --yes')], exitCode: 2 })
  expect(session.rows()).toHaveLength(2)
  expect((await shoal('remove', 'alpha', '--data', '--yes')).exitCode).toBe(0)
  expect((await shoal('remove', 'beta')).lines).toEqual(['Removed beta'])
  expect(session.rows()).toHaveLength(0)
})

test('a folder outside of those allowed is refused, and named', async () => {
  const { shoal } = await withTorrents('alpha')
  const { lines, exitCode } = await shoal('move', 'alpha', '--to', '/etc')
  expect(exitCode).toBe(11)
  expect(lines[0]).toContain('not below one of those that are allowed')
})

test('tokens are made, listed and taken back', async () => {
  const { shoal } = await place()
  const made = await shoal('tokens', '--add', 'phone', '--scope', 'add')
  expect(made.lines).toEqual([expect.stringMatching(/^shoal_\S{40,}$/)])
  expect((await shoal('tokens')).lines[1]).toMatch(/^phone +add/)
  await shoal('tokens', '--remove', 'phone')
  expect((await shoal('tokens')).lines).toEqual(['no tokens'])
})

test('the daemon as a whole is summed up', async () => {
  const { shoal } = await withTorrents('alpha')
  const { lines } = await shoal('stats')
  expect(lines.find(line => line.startsWith('Torrents'))).toMatch(/1: 1 \w+/)
})

test('a daemon that does not answer ends with 10, a wrong token with 11, a wrong URL with 2', async () => {
  const { shoal } = await place()
  expect((await shoal('list', '--token', 'x')).exitCode).toBe(0)
  expect((await run('list', ['--url', 'http://127.0.0.1:1', '--token', 'x'])).exitCode).toBe(10)
  expect((await run('list', ['--url', 'ftp://x'])).exitCode).toBe(2)
})
