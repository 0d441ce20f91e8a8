import { describe, expect, test } from 'vitest'
import { Geometry } from '../../src/metainfo/geometry.ts'
import { type Reader, Readers } from '../../src/torrent/readers.ts'
import { bits } from './picker-board.ts'

const MiB = 1024 * 1024
const NOTHING = '.'.repeat(100)

function hundred(): Readers {
  return new Readers(new Geometry(MiB, [{ path: ['a'], length: 100 * MiB, pad: false }]))
}

/** Reads at a rate until now. */
function play(readers: Readers, reader: Reader, bytesPerSec: number, seconds: number): number {
  let now = 0
  for (let second = 0; second < seconds; second++) {
    now = 1_000 * (second + 1)
    readers.read(reader, bytesPerSec, now)
  }
  return now
}

function urgent(readers: Readers, have = NOTHING, memoryBytes = 64 * MiB, now = 0): string {
  const { pieces, critical } = readers.urgent(bits(have), memoryBytes, now)
  return `${pieces.slice(0, critical).join(' ')} | ${pieces.slice(critical).join(' ')}`.trim()
}

describe('what readers need next', () => {
  test('is nothing without readers, or at their end', () => {
    const readers = hundred()
    expect(urgent(readers)).toBe('|')
    const reader = readers.open(0, 100, () => {})
    readers.read(reader, 100, 0)
    expect(reader.isDone).toBe(true)
    expect(urgent(readers)).toBe('|')
  })

  test('is a few pieces for one that has only begun, never beyond its end', () => {
    const readers = hundred()
    readers.open(10 * MiB + 5, 90 * MiB, () => {})
    expect(urgent(readers)).toBe('10 | 11 12 13 14')
    readers.open(98 * MiB, 99 * MiB + 1, () => {})
    expect(urgent(readers)).toBe('10 98 | 11 99 12 13 14')
  })

  test('grows with the rate at which it reads', () => {
    const readers = hundred()
    const reader = readers.open(0, 100 * MiB, () => {})
    const now = play(readers, reader, MiB, 5)
    const { pieces, critical } = readers.urgent(bits(NOTHING), 64 * MiB, now)
    expect([pieces[0], critical]).toEqual([5, expect.any(Number)])
    expect(critical).toBeGreaterThanOrEqual(3)
    expect(critical).toBeLessThanOrEqual(5)
    expect(pieces.length).toBeGreaterThanOrEqual(30)
    expect(pieces.length).toBeLessThanOrEqual(40)
  })

  test('is no more than fits into memory, but one piece in any case', () => {
    const readers = hundred()
    const reader = readers.open(0, 100 * MiB, () => {})
    const now = play(readers, reader, MiB, 5)
    expect(readers.urgent(bits(NOTHING), 4 * MiB, now).pieces).toEqual([5, 6, 7, 8])
    expect(readers.urgent(bits(NOTHING), 1, now).pieces).toEqual([5])
  })

  test('leaves out what is had, and counts no memory for it', () => {
    const readers = hundred()
    readers.open(0, 100 * MiB, () => {})
    expect(urgent(readers, `##.#${'.'.repeat(96)}`, 2 * MiB)).toBe('| 2')
    expect(urgent(readers, '#'.repeat(100))).toBe('|')
  })

  test('of several is mixed: the next piece of each, then the one after', () => {
    const readers = hundred()
    for (const start of [0, 50, 51]) readers.open(start * MiB, 100 * MiB, () => {})
    expect(urgent(readers)).toBe('0 50 51 | 1 52 2 53 3 54')
  })

  test('one that has left needs nothing', () => {
    const readers = hundred()
    const reader = readers.open(0, 100 * MiB, () => {})
    readers.close(reader)
    expect(urgent(readers)).toBe('|')
  })
})

test('is read in what the cache looks up as one, and never across pieces', () => {
  const readers = new Readers(new Geometry(200_000, [{ path: ['a'], length: 500_000, pad: false }]))
  const reader = readers.open(100_000, 450_000, () => {})
  const ranges: string[] = []
  while (!reader.isDone) {
    const { piece, begin, length } = readers.nextRange(reader)
    ranges.push(`${piece}:${begin}+${length}`)
    readers.read(reader, length, 0)
  }
  expect(ranges).toEqual(['0:100000+31072', '0:131072+68928', '1:0+131072', '1:131072+68928', '2:0+50000'])
})

test('who waits for a piece hears of it', () => {
  const readers = hundred()
  const heard: number[] = []
  readers.open(3 * MiB, 4 * MiB, () => heard.push(3))
  readers.open(5 * MiB, 6 * MiB, () => heard.push(5))
  readers.onPiece(4)
  readers.onPiece(5)
  expect(heard).toEqual([5])
})
