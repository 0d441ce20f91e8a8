import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode } from '../../src/bencode/decode.ts'
import { type Encodable, encode } from '../../src/bencode/encode.ts'

function written(value: Encodable): string {
  return String.fromCharCode(...encode(value))
}

describe('encode', () => {
  it.each<[Encodable, string]>([
    [0, 'i0e'],
    [-0, 'i0e'],
    [-42, 'i-42e'],
    [Number.MAX_SAFE_INTEGER, 'i9007199254740991e'],
    ['', '0:'],
    ['é', '2:\xc3\xa9'],
    [Uint8Array.of(255, 0), '2:\xff\x00'],
    [[], 'le'],
    [[1, ['a']], 'li1el1:aee'],
    [{ b: 1, a: 2 }, 'd1:ai2e1:bi1ee'],
    [{ a: undefined }, 'de'],
    [{ '10': 1, '9': 2 }, 'd2:10i1e1:9i2ee'],
    [
      new Map<Uint8Array | string, Encodable>([
        [Uint8Array.of(255), 1],
        ['é', 2],
        ['z', 3],
      ]),
      'd1:zi3e2:\xc3\xa9i2e1:\xffi1ee',
    ],
  ])('writes %j canonically', (value, expected) => {
    expect(written(value)).toBe(expected)
  })

  it('sorts keys by their bytes, a beginning before the whole', () => {
    expect(written({ ab: 1, a: 2, B: 3, 'a b': 4 })).toBe('d1:Bi3e1:ai2e3:a bi4e2:abi1ee')
  })

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the number %d', value => {
    expect(() => encode([value])).toThrow(RangeError)
  })

  it('refuses a key that occurs twice', () => {
    const map = new Map<Uint8Array | string, Encodable>([
      ['a', 1],
      [Uint8Array.of(97), 2],
    ])
    expect(() => encode(map)).toThrow(/occurs twice/)
  })

  it('writes a decoded dictionary back as it was, in the right order', () => {
    const input = Buffer.from('d1:bi1e1:al2:xyd1:z0:eee', 'latin1')
    expect(written(decode(input).value as Encodable)).toBe('d1:al2:xyd1:z0:ee1:bi1ee')
  })

  it('is undone by decoding', () => {
    const { value } = fc.letrec<{ value: Encodable }>(tie => ({
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.maxSafeInteger(),
        fc.uint8Array({ maxLength: 20 }),
        fc.string({ unit: 'binary', maxLength: 10 }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 20 }),
      ),
    }))
    fc.assert(
      fc.property(value, input => {
        const bytes = encode(input)
        const { value: output, end } = decode(bytes, { strict: true })
        expect(end).toBe(bytes.length)
        expect(encode(output)).toEqual(bytes)
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})
