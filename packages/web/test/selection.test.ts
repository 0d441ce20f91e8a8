import { expect, test } from 'vitest'
import { moved, NOTHING, only, ranged, rangeTo, toggled, without } from '../src/model/selection.ts'

test('a click selects one, ctrl and click adds and takes away', () => {
  const one = only('a', 3)
  const two = toggled(one, 'b', 5)
  expect([...two.ids]).toEqual(['a', 'b'])
  expect([...toggled(two, 'a', 3).ids]).toEqual(['b'])
})

test('a range goes from the anchor, in both directions, and the anchor stays', () => {
  const start = only('d', 3)
  expect(rangeTo(start, 6)).toEqual({ from: 3, to: 7 })
  expect(rangeTo(start, 1)).toEqual({ from: 1, to: 4 })
  const more = ranged(start, ['d', 'e', 'f'], 5)
  expect(more.anchor).toBe(3)
  expect(more.focus).toBe(5)
})

test('what is gone is selected no more', () => {
  const selection = ranged(only('a', 0), ['a', 'b'], 1)
  expect([...without(selection, ['b', 'x']).ids]).toEqual(['a'])
  expect(without(selection, ['x'])).toBe(selection)
})

test.each([
  ['ArrowDown', undefined, 0],
  ['ArrowDown', 4, 5],
  ['ArrowDown', 9, 9],
  ['ArrowUp', 0, 0],
  ['PageDown', 2, 7],
  ['Home', 7, 0],
  ['End', undefined, 9],
  ['x', 3, undefined],
])('%s at %s goes to %s', (key, focus, to) => {
  expect(moved(key, focus, 5, 10)).toBe(to)
})

test('nothing moves in an empty list', () => {
  expect(moved('ArrowDown', NOTHING.focus, 5, 0)).toBeUndefined()
})
