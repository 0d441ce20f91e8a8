import { describe, expect, it } from 'vitest'
import { compareBytes, concatBytes, equalBytes, readUint32, writeUint32 } from '../../src/bytes/bytes.ts'

describe('bytes', () => {
  it('are equal only where length and content are', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  })

  it('are ordered as numbers from 0 to 255, a beginning before the whole', () => {
    const sorted = [[], [0], [0, 255], [1], [127], [128], [255]].map(list => Uint8Array.from(list))
    expect([...sorted].reverse().sort(compareBytes)).toEqual(sorted)
  })

  it('are joined in order', () => {
    expect(concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])).toEqual(
      Uint8Array.of(1, 2, 3),
    )
    expect(concatBytes([])).toEqual(new Uint8Array(0))
  })

  it.each([0, 1, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])(
    'hold %d as 32 bits, high byte first',
    value => {
      const bytes = new Uint8Array(6)
      writeUint32(bytes, 1, value)
      expect(readUint32(bytes, 1)).toBe(value)
      expect(new DataView(bytes.buffer).getUint32(1)).toBe(value)
      expect([bytes[0], bytes[5]]).toEqual([0, 0])
    },
  )
})
