import { expect, test } from 'vitest'
import { bytesOf, cellAt, layoutFor } from '../src/model/piece-map.ts'

test('few pieces have large squares, many have small ones, and more share them', () => {
  expect(layoutFor(20, 400, 100)).toMatchObject({ step: 18, cells: 20, piecesPerCell: 1 })
  const many = layoutFor(100_000, 800, 200)
  expect(many.step).toBe(6)
  expect(many.piecesPerCell).toBeGreaterThan(1)
  expect(many.rows * many.step).toBeLessThanOrEqual(200)
  expect(many.cells * many.piecesPerCell).toBeGreaterThanOrEqual(100_000)
})

test('a field of no size is no reason to fail', () => {
  expect(layoutFor(10, 0, 0)).toMatchObject({ columns: 1, cells: 1, piecesPerCell: 10 })
})

test('a square tells of all of its pieces', () => {
  const pieces = {
    count: 10,
    // 1010 0000 00
    have: bytesOf(btoa('\xa0\x00')),
    availability: Uint8Array.from([9, 1, 3, 0, 5, 5, 5, 5, 5, 2]),
    active: new Map([[1, 16_384]]),
  }
  const layout = { columns: 9, rows: 1, step: 9, gap: 2, cells: 3, piecesPerCell: 4 }
  expect(cellAt(pieces, layout, 0)).toEqual({ from: 0, to: 3, have: 2, active: 1, rarest: 0, commonest: 9 })
  expect(cellAt(pieces, layout, 2)).toEqual({ from: 8, to: 9, have: 0, active: 0, rarest: 2, commonest: 5 })
})
