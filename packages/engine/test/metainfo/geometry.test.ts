import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCK_BYTES, Geometry } from '../../src/metainfo/geometry.ts'

const B = BLOCK_BYTES

/** Files of these lengths, named by their number. */
function geometry(pieceLength: number, ...lengths: number[]): Geometry {
  return new Geometry(
    pieceLength,
    lengths.map((length, at) => ({ path: [`${at}`], length, pad: false })),
  )
}

/** As `file:from+length`. */
function slices(of: Geometry, offset: number, length: number): string {
  return of
    .slices(offset, length)
    .map(slice => `${slice.file.index}:${slice.fileOffset}+${slice.length}`)
    .join(' ')
}

describe('Geometry', () => {
  it('counts pieces and blocks, the last of each perhaps short', () => {
    // Pieces of two and a half blocks; the last is one block and a byte.
    const g = geometry(2.5 * B, 6 * B + 1)
    expect(g.totalLength).toBe(6 * B + 1)
    expect(g.pieceCount).toBe(3)
    expect([0, 1, 2].map(index => g.pieceSize(index))).toEqual([2.5 * B, 2.5 * B, B + 1])
    expect([0, 1, 2].map(index => g.blockCount(index))).toEqual([3, 3, 2])
    expect([0, 1, 2].map(block => g.blockSize(0, block))).toEqual([B, B, B / 2])
    expect([0, 1].map(block => g.blockSize(2, block))).toEqual([B, 1])
    expect(g.pieceOffset(2)).toBe(5 * B)
  })

  it('has a full last piece where the length is a multiple', () => {
    const g = geometry(B, 3 * B)
    expect(g.pieceCount).toBe(3)
    expect(g.pieceSize(2)).toBe(B)
  })

  it('handles pieces smaller than a block', () => {
    const g = geometry(1000, 2500)
    expect(g.pieceCount).toBe(3)
    expect([0, 2].map(index => g.blockSize(index, 0))).toEqual([1000, 500])
    expect(g.blockAt(0, 0, 1000)).toBe(0)
    expect(g.blockAt(0, 0, B)).toBe(-1)
  })

  it('is exact beyond 32 bits', () => {
    const pieceLength = 2 ** 29
    const g = geometry(pieceLength, 2 ** 50 + 3)
    expect(g.pieceCount).toBe(2 ** 21 + 1)
    expect(g.pieceOffset(2 ** 21)).toBe(2 ** 50)
    expect(g.pieceSize(2 ** 21)).toBe(3)
    expect(slices(g, 2 ** 50, 3)).toBe(`0:${2 ** 50}+3`)
  })

  const g = geometry(4 * B, 9 * B + 5)
  const most = 2 ** 32 - 1
  it.each([
    // index, begin, length, in range, block
    [0, 0, B, true, 0],
    [0, 3 * B, B, true, 3],
    [2, B, 5, true, 1],
    [2, 0, B + 5, true, -1],
    [0, 1, B, true, -1],
    [0, B, 2 * B, true, -1],
    [0, 0, 4 * B, true, -1],
    [0, 0, 0, false, -1],
    [0, 4 * B, B, false, -1],
    [0, 4 * B, 0, false, -1],
    [0, 3 * B, B + 1, false, -1],
    [2, B, 6, false, -1],
    [2, B, B, false, -1],
    [2, B + 5, 1, false, -1],
    [3, 0, 1, false, -1],
    [most, 0, B, false, -1],
    [0, most, B, false, -1],
    [0, 0, most, false, -1],
    [most, most, most, false, -1],
    // These would come out right modulo 2^32 or 2^31.
    [0, 2 ** 32 - B, 2 * B, false, -1],
    [0, 2 ** 31, B, false, -1],
    [0, B, 2 ** 32 - B, false, -1],
    [2 ** 31, 0, B, false, -1],
    [-1, 0, B, false, -1],
    [0, -B, B, false, -1],
    [0, -B, 2 * B, false, -1],
    [0, B, -B, false, -1],
    [0.5, 0, B, false, -1],
    [Number.NaN, 0, B, false, -1],
    [0, Number.NaN, B, false, -1],
    [0, 0, Number.NaN, false, -1],
    [Number.POSITIVE_INFINITY, 0, B, false, -1],
  ])('judges what a peer names: index %d, begin %d, length %d', (index, begin, length, inRange, block) => {
    expect(g.isRange(index, begin, length)).toBe(inRange)
    expect(g.blockAt(index, begin, length)).toBe(block)
  })

  it.each([
    [-1, false],
    [0, true],
    [2, true],
    [3, false],
    [0.5, false],
    [Number.NaN, false],
    [most, false],
  ])('says of piece %d: %s', (index, expected) => {
    expect(g.isPiece(index)).toBe(expected)
  })

  it('cuts a stretch along file borders, passing over empty files', () => {
    //        0     1  2   3  4  5
    const f = geometry(16, 0, 10, 0, 0, 5, 20, 0)
    expect(f.files.map(file => file.offset)).toEqual([0, 0, 10, 10, 10, 15, 35])
    expect(slices(f, 0, 35)).toBe('1:0+10 4:0+5 5:0+20')
    expect(slices(f, 0, 10)).toBe('1:0+10')
    expect(slices(f, 9, 2)).toBe('1:9+1 4:0+1')
    expect(slices(f, 10, 1)).toBe('4:0+1')
    expect(slices(f, 14, 3)).toBe('4:4+1 5:0+2')
    expect(slices(f, 34, 1)).toBe('5:19+1')
    expect(slices(f, 10, 0)).toBe('')
    expect(slices(f, 35, 0)).toBe('')
  })

  it('knows the pieces of a file', () => {
    const f = geometry(16, 10, 0, 6, 16, 33)
    const pieces = f.files.map(file => f.piecesOf(file))
    expect(pieces).toEqual([
      { first: 0, last: 0 },
      undefined,
      { first: 0, last: 0 },
      { first: 1, last: 1 },
      { first: 2, last: 4 },
    ])
  })

  it('covers every byte once, whatever the lengths', () => {
    const lengths = fc.array(fc.oneof(fc.constant(0), fc.nat(100)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), lengths, (pieceLength, list) => {
        const f = geometry(pieceLength, ...list)
        let at = 0
        for (let index = 0; index < f.pieceCount; index++) {
          expect(f.pieceSize(index)).toBeGreaterThan(0)
          expect(f.isRange(index, 0, f.pieceSize(index))).toBe(true)
          expect(f.isRange(index, 0, f.pieceSize(index) + 1)).toBe(false)
          for (const { file, fileOffset, length } of f.slices(f.pieceOffset(index), f.pieceSize(index))) {
            expect(file.offset + fileOffset).toBe(at)
            expect(fileOffset + length).toBeLessThanOrEqual(file.length)
            const pieces = f.piecesOf(file)!
            expect(index >= pieces.first && index <= pieces.last).toBe(true)
            at += length
          }
        }
        expect(at).toBe(f.totalLength)
      }),
      { numRuns: 300, seed: 1 },
    )
  })
})
