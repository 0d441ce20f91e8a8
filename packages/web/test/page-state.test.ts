/** What is kept in the address and in the browser comes back from anybody. */
import { describe, expect, test } from 'vitest'
import {
  columnsFrom,
  DEFAULT_COLUMNS,
  movedColumn,
  resizedColumn,
  shown,
  toggledColumn,
  tracksOf,
} from '../src/model/columns.ts'
import { countOf } from '../src/model/facets.ts'
import { DEFAULT_VIEW, hashOf, placeFrom, sortedBy } from '../src/model/location.ts'

describe('the address', () => {
  test('a view comes back as it was', () => {
    const place = {
      ...placeFrom(''),
      view: {
        ...DEFAULT_VIEW,
        sort: 'ratio' as const,
        state: ['error' as const],
        label: ['a&b', ''],
        text: 'x y',
      },
      torrent: 'a'.repeat(40),
      tab: 'pieces' as const,
    }
    expect(placeFrom(hashOf(place))).toEqual(place)
  })

  test('the plain list has none', () => {
    expect(hashOf(placeFrom(''))).toBe('')
  })

  test('what is not known is left out', () => {
    const place = placeFrom('#sort=evil&order=up&state=error&state=toString&page=x&torrent=../..&tab=y')
    expect(place.view).toEqual({ ...DEFAULT_VIEW, state: ['error'] })
    expect([place.page, place.torrent, place.tab]).toEqual([null, null, 'general'])
  })

  test('sorting again turns round; sizes begin with the largest, names with A', () => {
    const byName = sortedBy(DEFAULT_VIEW, 'name')
    expect([byName.sort, byName.order]).toEqual(['name', 'asc'])
    expect(sortedBy(byName, 'name').order).toBe('desc')
    expect(sortedBy(byName, 'totalBytes').order).toBe('desc')
  })
})

describe('the columns', () => {
  test.each([null, 7, {}, { order: 'name' }])('%j is not a choice of columns', kept => {
    expect(columnsFrom(kept)).toEqual(DEFAULT_COLUMNS)
  })

  test('unknown ones are left out, the name is always there, widths are bounded', () => {
    expect(columnsFrom({ order: ['ratio', 'ratio', 'gone'], widths: { ratio: 9e9, gone: 1 } })).toEqual({
      order: ['name', 'ratio'],
      widths: { ratio: 1200 },
    })
  })

  test('are moved, sized, shown and hidden', () => {
    let choice = columnsFrom({ order: ['name', 'size', 'ratio'] })
    choice = movedColumn(choice, 'ratio', 'size')
    expect(choice.order).toEqual(['name', 'ratio', 'size'])
    choice = toggledColumn(toggledColumn(choice, 'size'), 'eta')
    expect(choice.order).toEqual(['name', 'ratio', 'eta'])
    expect(toggledColumn(choice, 'name')).toBe(choice)
    expect(shown(resizedColumn(choice, 'eta', 3)).map(column => column.width)[2]).toBe(40)
  })

  test('name and status take what is left, until somebody has chosen how wide they are', () => {
    const choice = { order: ['name', 'size', 'status'] as const, widths: {} }
    expect(tracksOf(shown(choice))).toBe('minmax(190px, 1fr) 76px minmax(200px, 0.6fr)')
    expect(tracksOf(shown(resizedColumn(choice, 'name', 300)))).toBe('300px 76px minmax(200px, 0.6fr)')
  })
})

test('a category called `constructor` has as many torrents as there are of it', () => {
  const counts = JSON.parse('{"__proto__": 3, "Films": 2}')
  expect(['Films', '__proto__', 'constructor', 'toString'].map(name => countOf(counts, name))).toEqual([
    2, 3, 0, 0,
  ])
  expect(countOf(undefined, 'Films')).toBe(0)
})
