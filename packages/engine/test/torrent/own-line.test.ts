import { describe, expect, test } from 'vitest'
import { OwnLine } from '../../src/torrent/own-line.ts'

const BLOCK = 16_384

/** So many ticks in each of which so much comes. */
function pass(line: OwnLine, ticks: number, bytes: number): void {
  for (let n = 0; n < ticks; n++) {
    line.heard(bytes)
    line.tick()
  }
}

describe('a line is full', () => {
  test('not before anything comes, nor when nothing does', () => {
    const line = new OwnLine()
    expect(line.isFull).toBe(false)
    pass(line, 5, 0)
    expect(line.isFull).toBe(false)
    pass(line, 10, BLOCK)
    expect(line.isFull).toBe(true)
    pass(line, 10, 0)
    expect(line.isFull).toBe(false)
  })

  test('while it brings half as much as at its best', () => {
    const line = new OwnLine()
    pass(line, 20, 100_000)
    pass(line, 20, 60_000)
    expect(line.isFull).toBe(true)
    pass(line, 20, 10_000)
    expect(line.isFull).toBe(false)
  })

  test('again when it has not brought more for long', () => {
    const line = new OwnLine()
    pass(line, 20, 100_000)
    pass(line, 150, 10_000)
    expect(line.isFull).toBe(false)
    pass(line, 150, 10_000)
    expect(line.isFull).toBe(true)
  })

  test('only after a second, and no more three tenths after the last came', () => {
    const line = new OwnLine()
    pass(line, 9, BLOCK)
    expect(line.isFull).toBe(false)
    pass(line, 11, BLOCK)
    expect(line.isFull).toBe(true)
    pass(line, 2, 0)
    expect(line.isFull).toBe(true)
    pass(line, 1, 0)
    expect(line.isFull).toBe(false)
  })

  test('not by what came at once, nor by what drips', () => {
    const line = new OwnLine()
    pass(line, 100, 200)
    expect(line.isFull).toBe(false)
    pass(line, 1, 50 * BLOCK)
    for (let n = 0; n < 20; n++) {
      expect(line.isFull).toBe(false)
      pass(line, 1, 0)
    }
  })
})
