import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WindowModel } from '../src/model/window-model.ts'
import { rowOfSlot, visibleRange, windowFor } from '../src/model/window-range.ts'

function modelOf(offset: number, text: string, total = 100): WindowModel {
  const model = new WindowModel()
  model.set(offset, [...text], total)
  return model
}

test('places outside of the window are not known', () => {
  const model = modelOf(10, 'abc')
  expect([9, 10, 11, 12, 13].map(index => model.at(index))).toEqual([undefined, 'a', 'b', 'c', undefined])
  expect(model.placeOf('b')).toBe(11)
})

test('a torrent that moved stands in one place only', () => {
  const model = modelOf(0, 'abc')
  model.set(5, ['a'], 100)
  expect(model.at(0)).toBeUndefined()
  expect(model.placeOf('a')).toBe(5)
})

test('a new order replaces the one before', () => {
  const model = modelOf(0, 'abc')
  model.set(0, [...'cab'], 100)
  expect([0, 1, 2].map(index => model.at(index))).toEqual([...'cab'])
  expect(model.placeOf('c')).toBe(0)
})

test('what stands beyond the end of the list is forgotten', () => {
  const model = modelOf(0, 'abcd')
  model.set(0, [...'ab'], 2)
  expect(model.at(2)).toBeUndefined()
  expect(model.placeOf('d')).toBeUndefined()
})

test('a range is known when all of it is', () => {
  const model = modelOf(10, 'abc')
  expect(model.range(10, 13)).toEqual([...'abc'])
  expect(model.range(9, 12)).toBeUndefined()
})

test('what is far away is let go', () => {
  const model = modelOf(0, 'abcd')
  model.retain(1, 3)
  expect([0, 1, 2, 3].map(index => model.at(index))).toEqual([undefined, 'b', 'c', undefined])
  expect(model.placeOf('a')).toBeUndefined()
})

test('place and torrent always agree, whatever is told', () => {
  const window = fc.record({
    offset: fc.nat(20),
    ids: fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 8 }),
  })
  fc.assert(
    fc.property(fc.array(window, { maxLength: 12 }), windows => {
      const model = new WindowModel()
      for (const { offset, ids } of windows) model.set(offset, ids, 40)
      for (const id of 'abcdefghij') {
        const place = model.placeOf(id)
        if (place !== undefined) expect(model.at(place)).toBe(id)
      }
      const { offset, ids } = windows.at(-1) ?? { offset: 0, ids: [] }
      expect(ids.map((_, index) => model.at(offset + index))).toEqual(ids)
    }),
  )
})

test('what is on the screen', () => {
  expect(visibleRange(95, 100, 30, 1000)).toEqual({ from: 3, to: 7 })
  expect(visibleRange(0, 100, 30, 2)).toEqual({ from: 0, to: 2 })
})

test('small steps do not ask for another window, large ones do', () => {
  const first = windowFor({ from: 0, to: 30 }, undefined)
  expect(first).toEqual({ from: 0, to: 130 })
  expect(windowFor({ from: 10, to: 40 }, first)).toBe(first)
  expect(windowFor({ from: 500, to: 530 }, first)).toEqual({ from: 400, to: 630 })
})

test('a step of scrolling changes the row of one slot', () => {
  const rows = (first: number): number[] => [0, 1, 2, 3].map(slot => rowOfSlot(slot, 4, first))
  expect(rows(0)).toEqual([0, 1, 2, 3])
  expect(rows(1)).toEqual([4, 1, 2, 3])
  expect(rows(6)).toEqual([8, 9, 6, 7])
})
