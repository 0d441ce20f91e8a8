import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeRecord, makeRecord, type TorrentRecord } from '../../src/session/record.ts'
import { decodeLines, encodeLine } from '../../src/session/store/lines.ts'
import { type Meta, NO_META, readState } from '../../src/session/store/state.ts'
import { type Opened, openStore } from '../../src/session/store/store.ts'
import { testFolder } from '../support/test-session.ts'

const id = (number: number): string => number.toString(16).padStart(40, '0')
const record = (number: number, fields: Partial<TorrentRecord> = {}): TorrentRecord =>
  makeRecord({ id: id(number), dir: '/data', name: `torrent ${number}`, ...fields })

/** A store whose owner remembers what it puts. */
class Owner {
  readonly folder: string
  readonly records = new Map<string, TorrentRecord>()
  meta: Meta = NO_META

  constructor(folder = testFolder()) {
    this.folder = folder
  }

  async open(): Promise<Opened> {
    const opened = await openStore(this.folder, {
      records: () => this.records.values(),
      meta: () => this.meta,
    })
    for (const [key, value] of opened.state.records) this.records.set(key, value)
    this.meta = opened.state.meta
    return opened
  }

  file(name: 'session.ndjson' | 'session.log'): string {
    return join(this.folder, name)
  }

  put({ store }: Opened, ...records: TorrentRecord[]): Promise<void> {
    for (const each of records) {
      this.records.set(each.id, each)
      store.put(each)
    }
    return store.commit()
  }
}

/** The names of what another owner finds there. */
async function namesIn(folder: string): Promise<{ names: string[]; warnings: readonly string[] }> {
  const owner = new Owner(folder)
  const { store, warnings } = await owner.open()
  await store.close()
  return { names: [...owner.records.values()].map(({ name }) => name).sort(), warnings }
}

test('what was committed is there again, as it was', async () => {
  const owner = new Owner()
  const opened = await owner.open()
  const one = record(1, {
    labels: ['a'],
    priorities: [[1, 3, 'skip']],
    goals: { ratio: 'none' },
    completedAt: 7,
  })
  await owner.put(opened, one, record(2))
  await owner.put(opened, record(3))
  opened.store.delete(id(2))
  opened.store.putMeta({ ...NO_META, ever: { downloadedBytes: 5, uploadedBytes: 6 } })
  await opened.store.commit()
  await opened.store.close()
  const again = new Owner(owner.folder)
  await again.open()
  expect([...again.records.values()]).toEqual([one, record(3)])
  expect(again.meta.ever).toEqual({ downloadedBytes: 5, uploadedBytes: 6 })
})

test('a folder that holds nothing yet is no damage', async () => {
  expect(await namesIn(testFolder())).toEqual({ names: [], warnings: [] })
})

test('many commits share few syncs, and each is kept', async () => {
  const owner = new Owner()
  const opened = await owner.open()
  await Promise.all(Array.from({ length: 100 }, (_, number) => owner.put(opened, record(number))))
  await opened.store.close()
  expect((await namesIn(owner.folder)).names).toHaveLength(100)
})

test('what is put while other lines are being written is kept', async () => {
  const owner = new Owner()
  const opened = await owner.open()
  await owner.put(opened, record(0))
  const commits: Promise<void>[] = []
  // Some turns of the loop while the disk is at work, and some while it is not.
  for (let number = 1; number <= 200; number++) {
    commits.push(owner.put(opened, record(number)))
    await new Promise(resolve => setImmediate(resolve))
  }
  await Promise.all(commits)
  await opened.store.close()
  expect((await namesIn(owner.folder)).names).toHaveLength(201)
})

test('a journal that has grown becomes a snapshot; nothing is lost on the way', async () => {
  const owner = new Owner()
  const opened = await owner.open()
  const magnet = 'x'.repeat(50_000)
  for (let round = 0; round < 60; round++)
    await owner.put(opened, record(round % 3, { magnet, order: round }))
  await opened.store.close()
  expect(readFileSync(owner.file('session.log')).length).toBeLessThan(1_100_000)
  const again = new Owner(owner.folder)
  await again.open()
  expect([...again.records.values()].map(({ order }) => order).sort()).toEqual([57, 58, 59])
})

describe('damage', () => {
  /** A snapshot with torrents 1 to 3 and a journal with 4 to 6. */
  async function written(): Promise<Owner> {
    const owner = new Owner()
    for (const number of [1, 2, 3]) owner.records.set(id(number), record(number))
    const opened = await owner.open()
    await owner.put(opened, record(3))
    for (const number of [4, 5, 6]) await owner.put(opened, record(number))
    await opened.store.close()
    return owner
  }

  const ALL = [1, 2, 3, 4, 5, 6]
  const flip = (path: string, find: string): void => {
    const text = readFileSync(path, 'latin1')
    writeFileSync(path, text.replace(find, `${find.slice(0, -1)}#`), 'latin1')
  }
  const cut = (path: string, bytes: number): void =>
    writeFileSync(path, readFileSync(path).subarray(0, -bytes))

  test.each<[string, (owner: Owner) => void, number[], RegExp | undefined]>([
    ['none', () => {}, ALL, undefined],
    [
      'half a line at the end of the journal',
      owner => cut(owner.file('session.log'), 10),
      [1, 2, 3, 4, 5],
      undefined,
    ],
    [
      'zeroes after the journal',
      owner => appendFileSync(owner.file('session.log'), Buffer.alloc(100)),
      ALL,
      undefined,
    ],
    [
      'a line of the journal',
      owner => flip(owner.file('session.log'), 'torrent 5'),
      [1, 2, 3, 4, 6],
      /session\.log: one of its lines is damaged/,
    ],
    [
      'a line of the snapshot',
      owner => flip(owner.file('session.ndjson'), 'torrent 2'),
      [1, 3, 4, 5, 6],
      /session\.ndjson: one of its lines is damaged/,
    ],
    [
      'the first line of the snapshot',
      owner => flip(owner.file('session.ndjson'), 'session'),
      ALL,
      /session\.ndjson: one of its lines/,
    ],
    [
      'the end of the snapshot',
      owner => cut(owner.file('session.ndjson'), 12),
      ALL,
      /session\.ndjson: its end is missing/,
    ],
    [
      'the snapshot is gone',
      owner => rmSync(owner.file('session.ndjson')),
      [3, 4, 5, 6],
      /session\.ndjson: it is missing; the rest is used$/,
    ],
    ['the journal is gone', owner => rmSync(owner.file('session.log')), [1, 2, 3], undefined],
    [
      'a line that is whole and says nonsense',
      owner => appendFileSync(owner.file('session.log'), encodeLine({ put: { id: 7 } })),
      ALL,
      /session\.log: one of its lines/,
    ],
  ])('%s: the rest is used, what was found is kept and told of', async (_, damage, left, warning) => {
    const owner = await written()
    damage(owner)
    const damaged = new Owner(owner.folder)
    const opened = await damaged.open()
    expect([...damaged.records.values()].map(({ name }) => name).sort()).toEqual(
      left.map(number => `torrent ${number}`),
    )
    if (warning === undefined) expect(opened.warnings).toEqual([])
    else expect(opened.warnings).toEqual([expect.stringMatching(warning)])
    const isMissing = !existsSync(owner.file('session.ndjson'))
    const bad = ['session.ndjson.bad', 'session.log.bad'].filter(name => existsSync(join(owner.folder, name)))
    expect(bad).toHaveLength(warning === undefined || isMissing ? 0 : 1)
    // And it goes on.
    await damaged.put(opened, record(9))
    await opened.store.close()
    expect((await namesIn(owner.folder)).names).toEqual([...left, 9].map(number => `torrent ${number}`))
    expect((await namesIn(owner.folder)).warnings).toEqual([])
  })

  test('a journal that was overtaken by a snapshot is not read', async () => {
    const owner = await written()
    const journal = readFileSync(owner.file('session.log'))
    const damaged = new Owner(owner.folder)
    cut(owner.file('session.log'), 10)
    const opened = await damaged.open()
    damaged.records.delete(id(4))
    // The power goes between the new snapshot and the new journal.
    await damaged.put(opened, record(9))
    await opened.store.close()
    writeFileSync(owner.file('session.log'), journal)
    expect(await namesIn(owner.folder)).toEqual({
      names: ['torrent 1', 'torrent 2', 'torrent 3', 'torrent 5', 'torrent 9'],
      warnings: [],
    })
  })

  test('what a newer version wrote is refused, and left as it is', async () => {
    const owner = await written()
    const later = encodeLine({ shoal: 'session', version: 2, generation: 9 })
    writeFileSync(owner.file('session.ndjson'), later)
    await expect(new Owner(owner.folder).open()).rejects.toMatchObject({ code: 'RESUME_INVALID' })
    expect(readFileSync(owner.file('session.ndjson'), 'utf8')).toBe(later)
  })
})

test('a journal that ends anywhere holds all that was whole before', () => {
  const lines = [1, 2, 3, 4].map(number => encodeLine({ put: encodeRecord(record(number)) }))
  const snapshot = [
    encodeLine({ shoal: 'session', version: 1, generation: 1 }),
    encodeLine({ meta: NO_META }),
    encodeLine({ end: 0 }),
  ]
  const head = encodeLine({ shoal: 'journal', version: 1, generation: 1 })
  const bytes = Buffer.from(head + lines.join(''))
  let whole = 0
  let border = head.length + lines[0]!.length
  for (let end = head.length; end <= bytes.length; end++) {
    if (end === border) border += lines[++whole]?.length ?? 0
    const state = readState(decodeLines(Buffer.from(snapshot.join(''))), decodeLines(bytes.subarray(0, end)))
    expect(state.records.size).toBe(whole)
    expect(state.snapshotDamage ?? state.journalDamage).toBeUndefined()
  }
})

test('a write that fails is told, and what it was about is written with the next one', async () => {
  const owner = new Owner()
  const opened = await owner.open()
  await owner.put(opened, record(1))
  await opened.store.close()
  rmSync(owner.folder, { recursive: true })
  const second = await owner.open()
  rmSync(owner.folder, { recursive: true })
  await expect(owner.put(second, record(2))).rejects.toMatchObject({ code: 'DISK_WRITE' })
  mkdirSync(owner.folder)
  await owner.put(second, record(3))
  await second.store.close()
  expect((await namesIn(owner.folder)).names).toEqual(['torrent 1', 'torrent 2', 'torrent 3'])
})
