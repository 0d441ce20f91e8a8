import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/hex.ts'

describe('hex', () => {
  it('is two lower-case digits a byte, and back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, n) => n)
    expect(toHex(Uint8Array.of(0, 10, 171, 255))).toBe('000aabff')
    expect(fromHex(toHex(all))).toEqual(all)
    expect(fromHex('')).toEqual(new Uint8Array(0))
  })

  it('is read in either case', () => {
    expect(fromHex('ABcd')).toEqual(Uint8Array.of(171, 205))
  })

  it.each(['a', 'abc', 'zz', '0x', ' 1', '-1', '1\n', 'é0'])('is not %j', text => {
    expect(fromHex(text)).toBeUndefined()
  })
})
