import { describe, expect, test } from 'vitest'
import type { ListQuery, TorrentRow } from '../../src/contract/index.ts'
import { Item } from '../../src/session/item.ts'
import { ChangeLog } from '../../src/session/list/changes.ts'
import { facetsOf } from '../../src/session/list/facets.ts'
import { Lists } from '../../src/session/list/list.ts'
import { makeRecord } from '../../src/session/record.ts'
import { rowDelta, rowOf } from '../../src/session/row.ts'

const BLANK = rowOf(new Item(makeRecord({ id: '0'.repeat(40), dir: '/data', leftBytes: 1 })), {
  alternative: false,
  unreachable: false,
})

function row(queue: number, fields: Partial<TorrentRow> = {}): TorrentRow {
  return { ...BLANK, id: String(queue), name: `torrent ${queue}`, queue, ...fields }
}

function ids(rows: readonly TorrentRow[], query: ListQuery): string {
  const { items } = new Lists().window(
    rows.map(each => ({ row: each, foundName: undefined, sortName: undefined })),
    query,
  )
  return items.map(item => item.row!.id).join('')
}

describe('sorting', () => {
  const rows = [
    row(1, { name: 'b 10', etaSeconds: null, downloadRate: 5 }),
    row(2, { name: 'B 9', etaSeconds: 30, downloadRate: 5 }),
    row(3, { name: 'a', etaSeconds: 10, downloadRate: 7 }),
    row(4, { name: 'c', etaSeconds: null, downloadRate: 0 }),
  ]

  test.each<[ListQuery, string]>([
    [{}, '1234'],
    [{ order: 'desc' }, '4321'],
    [{ sort: 'name' }, '3214'],
    [{ sort: 'name', order: 'desc' }, '4123'],
    [{ sort: 'downloadRate' }, '4123'],
    [{ sort: 'downloadRate', order: 'desc' }, '3124'],
    [{ sort: 'etaSeconds' }, '3214'],
    [{ sort: 'etaSeconds', order: 'desc' }, '2314'],
    [{ sort: 'name', offset: 1, limit: 2 }, '21'],
    [{ sort: 'name', order: 'desc', offset: 1, limit: 2 }, '12'],
    [{ order: 'desc', offset: 1, limit: 2 }, '32'],
    [{ offset: 3, limit: 5 }, '4'],
    [{ offset: 9 }, ''],
    [{ limit: 0 }, ''],
  ])('%j', (query, expected) => {
    expect(ids(rows, query)).toBe(expected)
  })

  test('an order that is kept follows what changes, comes and goes', () => {
    const lists = new Lists<{
      row: TorrentRow
      foundName: string | undefined
      sortName: string | undefined
    }>()
    const items = [row(1, { ratio: 1 }), row(2, { ratio: 2 })].map(each => ({
      row: each,
      foundName: undefined,
      sortName: undefined,
    }))
    const names = (): string =>
      lists
        .window(items, { sort: 'ratio' })
        .items.map(item => item.row.id)
        .join('')
    expect(names()).toBe('12')
    items[0]!.row = row(1, { ratio: 3 })
    expect(names()).toBe('21')
    items.push({ row: row(3, { ratio: 0 }), foundName: undefined, sortName: undefined })
    lists.onMembers()
    expect(names()).toBe('321')
  })
})

describe('filters', () => {
  const rows = [
    row(1, {
      state: 'downloading',
      intent: 'run',
      downloadRate: 9,
      labels: ['a', 'b'],
      category: 'tv',
      tracker: 'x.org',
    }),
    row(2, { state: 'seeding', intent: 'run', complete: true, labels: ['b'], tracker: 'y.org' }),
    row(3, { state: 'stopped', name: 'Some OTHER name', complete: true }),
    row(4, { state: 'error', intent: 'force', category: 'film' }),
  ]

  test.each<[ListQuery, string]>([
    [{ state: ['downloading', 'error'] }, '14'],
    [{ state: ['active'] }, '1'],
    [{ state: ['inactive'] }, '234'],
    [{ state: ['complete'] }, '23'],
    [{ state: ['incomplete'] }, '14'],
    [{ state: ['running'] }, '124'],
    [{ category: ['tv', ''] }, '123'],
    [{ label: ['a'] }, '1'],
    [{ label: ['a', ''] }, '134'],
    [{ tracker: ['y.org'] }, '2'],
    [{ text: 'other  SOME' }, '3'],
    [{ text: 'other thing' }, ''],
    [{ text: ' ' }, '1234'],
    [{ ids: ['4', '2', 'unknown'] }, '24'],
    [{ state: ['complete'], label: ['b'] }, '2'],
  ])('%j', (query, expected) => {
    expect(ids(rows, query)).toBe(expected)
  })

  test('how many there are of each', () => {
    const { states, ...facets } = facetsOf([...rows, row(5, { labels: ['__proto__'] })])
    expect(states).toMatchObject({
      downloading: 1,
      seeding: 1,
      stopped: 2,
      error: 1,
      active: 1,
      running: 3,
      complete: 2,
    })
    expect(facets).toMatchObject({
      all: 5,
      categories: { tv: 1, film: 1, '': 3 },
      trackers: { 'x.org': 1, 'y.org': 1, '': 3 },
    })
    expect(Object.entries(facets.labels).sort()).toEqual([
      ['', 2],
      ['__proto__', 1],
      ['a', 1],
      ['b', 2],
    ])
  })
})

describe('changes', () => {
  test('only what is different is told', () => {
    const before = row(1, { labels: ['a'], why: { code: 'QUEUED', text: 'x' } })
    expect(rowDelta(before, { ...before })).toBeUndefined()
    expect(rowDelta(before, { ...before, labels: ['a'], why: { code: 'QUEUED', text: 'x' } })).toBeUndefined()
    expect(rowDelta(before, { ...before, labels: [], why: null, seeds: 2 })).toEqual({
      id: '1',
      labels: [],
      why: null,
      seeds: 2,
    })
  })

  test('a cursor gives what came after it, put together', () => {
    const log = new ChangeLog()
    const start = log.cursor
    log.onAdded(row(1))
    log.onAdded(row(2))
    log.step()
    const middle = log.cursor
    log.onChanged({ id: '1', seeds: 3 }, row(1, { seeds: 3 }))
    log.onChanged({ id: '1', peers: 4 }, row(1, { seeds: 3, peers: 4 }))
    log.step()
    log.onChanged({ id: '1', seeds: 5 }, row(1, { seeds: 5, peers: 4 }))
    log.onRemoved('2')
    log.onSession({ downloadRate: 7 })
    log.step()
    expect(log.since(middle)).toMatchObject({
      cursor: log.cursor,
      added: [],
      changed: [{ id: '1', seeds: 5, peers: 4 }],
      removed: ['2'],
      session: { downloadRate: 7 },
    })
    expect(log.since(start)).toMatchObject({
      added: [{ id: '1', seeds: 5, peers: 4 }],
      changed: [],
      removed: [],
    })
    expect(log.since(log.cursor)).toMatchObject({ added: [], changed: [], removed: [], session: undefined })
  })

  test('one that goes and comes back is both', () => {
    const log = new ChangeLog()
    log.onAdded(row(1))
    log.step()
    const { cursor } = log
    log.onRemoved('1')
    log.onAdded(row(1, { seeds: 1 }))
    log.step()
    expect(log.since(cursor)).toMatchObject({ removed: ['1'], added: [{ id: '1', seeds: 1 }] })
    log.onRemoved('1')
    log.step()
    expect(log.since(cursor)).toMatchObject({ removed: ['1'], added: [] })
  })

  test('where nothing changed there is no step', () => {
    const log = new ChangeLog()
    let steps = 0
    const end = log.subscribe(() => steps++)
    log.step()
    log.onRemoved('1')
    log.step()
    end()
    log.onRemoved('2')
    log.step()
    expect(steps).toBe(1)
  })

  test.each(['', 'x', 'other-1', '-1', '99999999999999999999'])(
    'a cursor that is none (%j) is not known',
    cursor => {
      expect(new ChangeLog().since(cursor)).toBeUndefined()
    },
  )

  test('of a later step, or of one that is not kept any more, neither', () => {
    const log = new ChangeLog()
    const first = log.cursor
    for (let step = 0; step < 400; step++) {
      log.onRemoved(String(step))
      log.step()
    }
    expect(log.since(first)).toBeUndefined()
    expect(log.since(log.cursor.replace(/\d+$/, '401'))).toBeUndefined()
    expect(log.since(log.cursor.replace(/\d+$/, '100'))?.removed).toHaveLength(300)
  })

  test('few steps are kept when they are large', () => {
    const log = new ChangeLog()
    const first = log.cursor
    for (let step = 0; step < 3; step++) {
      for (let each = 0; each < 40_000; each++) log.onRemoved(`${step} ${each}`)
      log.step()
    }
    expect(log.since(first)).toBeUndefined()
    expect(log.since(log.cursor.replace(/\d+$/, '1'))?.removed).toHaveLength(80_000)
  })
})
