/** Takes over what the real programs wrote: see fixtures/make-states.mjs. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine } from '@shoal/engine'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bencoded, readBencode } from '../src/import/bencode.ts'
import { type Client, planImport } from '../src/import/import.ts'
import { importInto } from '../src/serve/import-state.ts'
import { createSession } from '../src/session/create-session.ts'
import type { Session, SessionSettings } from '../src/session/session.ts'

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))
const FIXTURE_BASE = '/tmp/shoal-fixture'
const TORRENTS: Record<string, { files: Record<string, number>; half?: string[]; missing?: string[] }> =
  JSON.parse(readFileSync(join(FIXTURES, 'torrents.json'), 'utf8'))
/** Before the programs looked at the data. */
const OLD = new Date('2026-01-01')
const RENAMED: Readonly<Record<string, string>> = {
  'choice/one.bin': 'choice/eins.bin',
  'whole.bin': 'ganz.bin',
}

let base: string
let data: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'shoal-import-'))
  data = join(base, 'data')
  for (const { files, half = [], missing = [] } of Object.values(TORRENTS)) {
    for (const [path, length] of Object.entries(files)) {
      if (missing.includes(path)) continue
      const bytes = Buffer.alloc(length, `${path}\n`)
      if (half.includes(path)) bytes.fill(0, length / 2)
      const file = join(data, RENAMED[path] ?? path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, bytes)
      utimesSync(file, OLD, OLD)
    }
  }
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** The folder that a client left, as if its data had always been in `base`. */
function stateOf(client: Client): string {
  const folder = join(base, client)
  cpSync(join(FIXTURES, client), folder, { recursive: true })
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/resume$/.test(name) || !/\.\w+$/.test(name)) continue
    const path = join(folder, name)
    writeFileSync(path, bencode(moved(readBencode(readFileSync(path)))))
  }
  return folder
}

function moved(value: Bencoded): Bencoded {
  if (Buffer.isBuffer(value)) {
    const text = value.toString('latin1')
    return text.startsWith(FIXTURE_BASE) ? Buffer.from(base + text.slice(FIXTURE_BASE.length)) : value
  }
  if (Array.isArray(value)) return value.map(moved)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, moved(each)]))
  return value
}

function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (value instanceof Map) {
    const entries = [...value].flatMap(([key, each]) => [bencode(Buffer.from(key)), bencode(each)])
    return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')])
  }
  return Buffer.concat([Buffer.from('l'), ...(value as readonly Bencoded[]).map(bencode), Buffer.from('e')])
}

function planned(client: Client, trust: 'records' | 'sizes' | 'nothing' = 'records'): Record<string, string> {
  const { torrents, problems } = planImport(client, stateOf(client), trust)
  expect(problems).toEqual([])
  return Object.fromEntries(torrents.map(each => [each.name, each.data]))
}

const SETTINGS: SessionSettings = {
  dir: '/nowhere',
  incompleteDir: null,
  startAdded: true,
  limits: { download: null, upload: null, connections: 10, torrentConnections: 10, uploadSlots: 4 },
  alternative: { download: null, upload: null, timetable: [] },
  queue: { downloads: null, seeds: null, slowBytesPerSec: 0, slowSeconds: 60 },
  goals: { ratio: null, seedSeconds: null, idleSeconds: null },
  keepFreeBytes: 0,
}

/** A daemon's session on the state that was written, without any network. */
async function withSession(use: (session: Session) => Promise<void>): Promise<void> {
  const state = join(base, 'state')
  const options = { port: 0, bind: '127.0.0.1', dht: false, lsd: false, stateDir: join(state, 'engine') }
  const session = await createSession({
    engine: await createEngine(options),
    stateDir: join(state, 'session'),
    settings: SETTINGS,
  })
  try {
    await use(session)
  } finally {
    await session.close()
  }
}

async function until(session: Session, isSo: () => boolean): Promise<void> {
  await new Promise<void>(resolve => {
    if (isSo()) return resolve()
    const end = session.changes.subscribe(() => {
      if (!isSo()) return
      end()
      resolve()
    })
  })
}

describe('of Transmission', () => {
  test('what was whole and is untouched is believed, the rest is checked', () => {
    expect(planned('transmission')).toEqual({
      album: 'trusted',
      choice: 'checked',
      'ganz.bin': 'trusted',
      'half.bin': 'checked',
      Later: 'none yet',
    })
  })

  test('a file that was written to since, or has another size, is checked', () => {
    const now = new Date('2026-12-31')
    utimesSync(join(data, 'album/b.bin'), now, now)
    writeFileSync(join(data, 'ganz.bin'), 'short')
    expect(planned('transmission')).toMatchObject({ album: 'checked', 'ganz.bin': 'checked' })
  })

  test('everything that it knows arrives, and goes on from where it was', async () => {
    renameSync(join(data, 'half.bin'), join(data, 'half.bin.part'))
    const { torrents } = planImport('transmission', stateOf('transmission'), 'records')
    const written = await importInto(join(base, 'state'), torrents)
    expect(written).toEqual({ added: 5, duplicates: [], problems: [] })
    expect(existsSync(join(data, 'half.bin'))).toBe(true)
    await withSession(async session => {
      const row = (name: string) => session.rows().find(each => each.name === name)!
      expect(session.rows().map(each => each.name)).toHaveLength(5)
      expect(row('album')).toMatchObject({
        intent: 'run',
        labels: ['music', 'new'],
        dir: data,
        complete: true,
      })
      expect(row('album').addedAt).toBeGreaterThan(1_790_000_000)
      expect(row('choice')).toMatchObject({ intent: 'stop', wantedBytes: 100_000 })
      expect(row('Later')).toMatchObject({ intent: 'run', totalBytes: 0, dir: data })
      expect((await session.detail(row('album').id)).goals.ratio).toBe(1.5)
      expect((await session.detail(row('album').id)).limits.upload).toBe(50_000)
      const files = await session.files(row('choice').id)
      expect(files.map(({ path, priority }) => [path, priority])).toEqual([
        ['choice/eins.bin', 'normal'],
        ['choice/three.bin', 'high'],
        ['choice/two.bin', 'skip'],
      ])
      await session.act('start', [row('ganz.bin').id, row('choice').id])
      await until(session, () => ['album', 'ganz.bin'].every(name => row(name).state === 'seeding'))
      // The last piece of `three` reaches into `two`, which is not there.
      await until(session, () => row('choice').haveBytes === 6 * 16_384)
      await until(session, () => row('half.bin').state === 'downloading' && row('half.bin').haveBytes > 0)
      expect(row('half.bin').haveBytes).toBe(3 * 16_384)
    })
  })
})

describe('of qBittorrent', () => {
  test('what it says nothing of is checked, unless sizes are to be enough', () => {
    const expected = { album: 'trusted', choice: 'checked', 'ganz.bin': 'checked', 'half.bin': 'checked' }
    expect(planned('qbittorrent')).toEqual({ ...expected, Later: 'none yet' })
    expect(planned('qbittorrent', 'sizes')).toMatchObject({ choice: 'trusted', 'half.bin': 'checked' })
    expect(planned('qbittorrent', 'nothing')).toMatchObject({ album: 'checked' })
  })

  test('everything that it knows arrives, once', async () => {
    const { torrents } = planImport('qbittorrent', stateOf('qbittorrent'), 'records')
    expect((await importInto(join(base, 'state'), torrents)).added).toBe(5)
    const again = await importInto(join(base, 'state'), torrents)
    expect([again.added, again.duplicates.length]).toEqual([0, 5])
    await withSession(async session => {
      const row = (name: string) => session.rows().find(each => each.name === name)!
      expect(row('album')).toMatchObject({ intent: 'run', category: 'music', labels: ['loud', 'new'] })
      expect(row('half.bin')).toMatchObject({ intent: 'run', sequential: true })
      expect(row('ganz.bin')).toMatchObject({ intent: 'stop', tracker: '127.0.0.1' })
      expect(session.categories().map(({ name }) => name)).toEqual(['music'])
      const { goals, limits } = await session.detail(row('album').id)
      expect([goals.ratio, goals.seedSeconds, limits.upload]).toEqual([1.5, 36_000, 51_200])
    })
  })
})

test('a folder of another kind is told, and a broken file does not keep the others away', () => {
  expect(() => planImport('qbittorrent', base, 'records')).toThrow('there is no BT_backup')
  expect(() => planImport('transmission', base, 'records')).toThrow('ENOENT')
  const folder = stateOf('transmission')
  const [first] = readdirSync(join(folder, 'resume'))
  writeFileSync(join(folder, 'resume', first!), 'd3:foo')
  const { torrents, problems } = planImport('transmission', folder, 'records')
  expect([torrents.length, problems.length]).toEqual([4, 1])
  expect(problems[0]).toContain('it is not bencoded at byte')
})

test('any bytes are a value or a sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'dlei0123:ab') }), text => {
      try {
        readBencode(Buffer.from(text))
      } catch (error) {
        expect((error as Error).message).toMatch(/^it is /)
      }
    }),
  )
})
