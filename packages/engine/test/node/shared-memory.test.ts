import { describe, expect, test } from 'vitest'
import { copyTo, SharedMemory } from '../../src/node/shared-memory.ts'

describe('SharedMemory', () => {
  test('takes bytes wherever they lie, and touches nothing beside them', () => {
    const source = Uint8Array.from({ length: 300 }, (_, n) => (n * 31) & 255)
    for (const length of [0, 1, 7, 48, 49, 200]) {
      for (let shift = 0; shift < 9; shift++) {
        const memory = new SharedMemory(new SharedArrayBuffer(400)).fill(0x55)
        memory.set(source.subarray(shift, shift + length), 100 - shift)
        const expected = new Uint8Array(400).fill(0x55)
        expected.set(source.subarray(shift, shift + length), 100 - shift)
        expect(Buffer.compare(memory, expected)).toBe(0)
      }
    }
  })

  test('takes nothing that does not fit, and stays as it was', () => {
    const memory = new SharedMemory(new SharedArrayBuffer(8))
    expect(() => memory.set(new Uint8Array(5).fill(1), 4)).toThrow(RangeError)
    expect(() => memory.set(new Uint8Array(5).fill(1), -1)).toThrow(RangeError)
    expect([...memory]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  test('takes plain numbers, and its views are plain arrays of the same memory', () => {
    const memory = new SharedMemory(new SharedArrayBuffer(4))
    memory.set([1, 2], 1)
    const view = memory.subarray(1, 3)
    expect([...view]).toEqual([1, 2])
    expect(view).not.toBeInstanceOf(SharedMemory)
    view[0] = 9
    expect([...memory]).toEqual([0, 9, 2, 0])
  })
})

test('bytes are copied out of shared memory', () => {
  const memory = new SharedMemory(new SharedArrayBuffer(64)).fill(7)
  const near = new Uint8Array(70)
  copyTo(near, memory.subarray(3, 63), 5)
  expect([...near]).toEqual([...Array(5).fill(0), ...Array(60).fill(7), ...Array(5).fill(0)])
})
