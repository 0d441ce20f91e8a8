import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BencodeError, decode, MAX_KEY_BYTES } from '../../src/bencode/decode.ts'
import { encode } from '../../src/bencode/encode.ts'
import { BencodeDict, type BencodeValue } from '../../src/bencode/value.ts'

/** One byte a character. */
function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}

function dictOf(text: string): BencodeDict {
  const { value } = decode(ascii(text))
  if (!(value instanceof BencodeDict)) throw new Error('not a dictionary')
  return value
}

/** The value as plain text, for comparing: dictionaries in the order of their keys. */
function shown(value: BencodeValue): string {
  if (typeof value === 'number') return `${value}`
  if (value instanceof Uint8Array) return JSON.stringify(String.fromCharCode(...value))
  if (value instanceof BencodeDict)
    return `{${value.keys.map(key => `${key}=${shown(value.get(key)!)}`).join(' ')}}`
  return `[${value.map(shown).join(' ')}]`
}

describe('decode', () => {
  it.each([
    ['i0e', '0'],
    ['i-1e', '-1'],
    ['i9007199254740991e', '9007199254740991'],
    ['i-9007199254740991e', '-9007199254740991'],
    ['0:', '""'],
    ['3:a:b', '"a:b"'],
    ['le', '[]'],
    ['de', '{}'],
    ['lli1eel2:abdeee', '[[1] ["ab" {}]]'],
    ['d1:ai1e1:bl1:cee', '{a=1 b=["c"]}'],
    ['d0:i1ee', '{=1}'],
  ])('reads %s', (input, expected) => {
    for (const strict of [true, false]) {
      const { value, warnings, end } = decode(ascii(input), { strict })
      expect(shown(value)).toBe(expected)
      expect(warnings).toEqual([])
      expect(end).toBe(input.length)
    }
  })

  it.each([
    ['', 0, 'ends too early'],
    ['i', 1, 'ends too early'],
    ['i1', 2, 'ends too early'],
    ['ie', 0, 'no digits'],
    ['i-e', 0, 'no digits'],
    ['i-0e', 0, 'minus zero'],
    ['i007e', 0, 'leading zero'],
    ['i-07e', 0, 'leading zero'],
    ['i00e', 0, 'leading zero'],
    ['i+1e', 1, "contains '+'"],
    ['i--1e', 2, "contains '-'"],
    ['i1.5e', 2, "contains '.'"],
    ['i1e9e', 3, 'data after'],
    ['i 1e', 1, 'contains byte 32'],
    ['i9007199254740992e', 0, 'too large'],
    ['i-9007199254740992e', 0, 'too large'],
    ['i99999999999999999999999999e', 0, 'too large'],
    ['-3:abc', 0, "found '-'"],
    ['l-3:', 1, "found '-'"],
    ['d-3:i1ee', 1, "found '-'"],
    ['03:abc', 0, 'leading zero'],
    ['3', 1, 'ends too early'],
    ['3:ab', 0, 'beyond the end'],
    ['4294967299:abc', 0, 'beyond the end'],
    ['99999999999999999999:abc', 0, 'too large'],
    ['3;abc', 1, "contains ';'"],
    ['l', 1, 'ends too early'],
    ['li1e', 4, 'ends too early'],
    ['d', 1, 'ends too early'],
    ['d1:a', 4, 'ends too early'],
    ['d1:ae', 4, 'no value'],
    ['di1ei1ee', 1, 'key must be a string'],
    ['dlee', 1, 'key must be a string'],
    ['e', 0, "found 'e'"],
    ['x', 0, "found 'x'"],
    ['\xff', 0, 'byte 255'],
    [':', 0, "found ':'"],
  ])('refuses %j, at byte %i', (input, offset, problem) => {
    let caught: unknown
    try {
      decode(ascii(input), { strict: true })
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(BencodeError)
    expect((caught as BencodeError).message).toContain(problem)
    expect((caught as BencodeError).offset).toBe(offset)
  })

  it.each([
    ['unsorted keys', 'd1:bi1e1:ai2ee', '{b=1 a=2}', 'not sorted (byte 7)'],
    ['a repeated key, whose first value counts', 'd1:ai1e1:ai2ee', '{a=1}', 'repeated (byte 7)'],
    [
      'a key repeated among unsorted ones',
      'd1:bi1e1:ai2e1:bi3e1:ci4ee',
      '{b=1 a=2 c=4}',
      'repeated (byte 13)',
    ],
    ['a key repeated where the order breaks', 'd1:ai1e1:bi2e1:ai3ee', '{a=1 b=2}', 'repeated (byte 13)'],
    ['data after the value', 'i1ei2e', '1', 'after the value (byte 3)'],
  ])('tolerates %s, with a warning, unless strict', (_what, input, expected, warning) => {
    const { value, warnings } = decode(ascii(input))
    expect(shown(value)).toBe(expected)
    expect(warnings.some(text => text.includes(warning))).toBe(true)
    expect(() => decode(ascii(input), { strict: true })).toThrow(BencodeError)
  })

  it('warns once of each kind, however often it happens', () => {
    const { warnings } = decode(ascii(`l${'d1:bi1e1:ai1e1:ai1ee'.repeat(50)}e`))
    expect(warnings).toHaveLength(2)
  })

  it('tells where the value ends when data follows', () => {
    expect(decode(ascii('d8:msg_typei1eeDATA')).end).toBe(15)
  })

  it('bounds depth without recursion', () => {
    expect(() => decode(ascii('l'.repeat(1_000_000)))).toThrow(/nested more than 100 deep at byte 100/)
    expect(() => decode(ascii('d1:a'.repeat(101)))).toThrow(/nested more than 100 deep/)
    expect(shown(decode(ascii(`${'l'.repeat(100)}${'e'.repeat(100)}`)).value)).toHaveLength(200)
    expect(() => decode(ascii('llee'), { maxDepth: 1 })).toThrow(/nested more than 1 deep/)
  })

  it('takes next to nothing for what is empty', () => {
    const [first, second] = decode(ascii('llelee')).value as readonly BencodeValue[]
    expect(first).toEqual([])
    expect(first).toBe(second)
  })

  it('bounds values and keys together', () => {
    expect(decode(ascii('d1:ai1e1:bi2ee'), { maxTokens: 5 }).warnings).toEqual([])
    expect(() => decode(ascii('d1:ai1e1:bi2ee'), { maxTokens: 4 })).toThrow(/more than 4 values at byte 10/)
  })

  it('bounds the input and the length of keys', () => {
    expect(() => decode(ascii('5:hello'), { maxBytes: 6 })).toThrow(/7 bytes are more than the 6 allowed/)
    const key = 'k'.repeat(MAX_KEY_BYTES + 1)
    expect(() => decode(ascii(`d${key.length}:${key}i1ee`))).toThrow(/key is longer/)
  })

  it('gives plain views of the input, also of a Buffer', () => {
    const input = Buffer.from('xx3:abc').subarray(2)
    const { value } = decode(input)
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
    expect((value as Uint8Array).buffer).toBe(input.buffer)
  })

  it('throws nothing but BencodeError, whatever it is fed', () => {
    const limits = { maxTokens: 500, maxDepth: 20 }
    const likely = fc.string({ unit: fc.constantFrom(...'ildie0123:-ae'), maxLength: 60 }).map(ascii)
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 60 })), fc.boolean(), (bytes, strict) => {
        try {
          const { end } = decode(bytes, { ...limits, strict })
          return end > 0 && end <= bytes.length
        } catch (error) {
          return error instanceof BencodeError && error.offset >= 0 && error.offset <= bytes.length
        }
      }),
      { numRuns: 5000, seed: 1 },
    )
  })

  it('accepts strictly only what the encoder writes', () => {
    const likely = fc.string({ unit: fc.constantFrom(...'ild:e', 'i1e', '1:a', '1:b', '0:'), maxLength: 12 })
    fc.assert(
      fc.property(likely.map(ascii), bytes => {
        let value: BencodeValue
        try {
          value = decode(bytes, { strict: true }).value
        } catch {
          return
        }
        expect(encode(value)).toEqual(bytes)
      }),
      { numRuns: 5000, seed: 1 },
    )
  })
})

describe('BencodeDict', () => {
  it('reads values of the type asked for, else undefined', () => {
    const dict = dictOf('d1:bd1:xi1ee1:ii7e1:lli1ee1:s3:abc1:u2:\xff\xfee')
    expect(dict.int('i')).toBe(7)
    expect(dict.text('s')).toBe('abc')
    expect(dict.bytes('s')).toEqual(ascii('abc'))
    expect(dict.list('l')).toEqual([1])
    expect(dict.dict('b')?.int('x')).toBe(1)
    expect(dict.text('u')).toBeUndefined()
    expect(dict.bytes('u')).toEqual(Uint8Array.of(255, 254))
    for (const key of ['b', 'l', 's', 'absent']) expect(dict.int(key)).toBeUndefined()
    for (const key of ['b', 'l', 'i', 'absent']) expect(dict.text(key)).toBeUndefined()
    for (const key of ['b', 's', 'i', 'absent']) expect(dict.list(key)).toBeUndefined()
    for (const key of ['l', 's', 'i', 'absent']) expect(dict.dict(key)).toBeUndefined()
  })

  it('knows the bytes of each value', () => {
    const input = 'd4:infod1:bi1e1:ai2ee1:zi3ee'
    const span = dictOf(input).span('info')!
    expect(input.slice(span.start, span.end)).toBe('d1:bi1e1:ai2ee')
    expect(dictOf(input).span('absent')).toBeUndefined()
  })

  it('has no special keys', () => {
    const dict = dictOf('d9:__proto__d8:pollutedi1ee11:constructori2e8:toStringi3ee')
    expect(dict.dict('__proto__')?.int('polluted')).toBe(1)
    expect(dict.int('constructor')).toBe(2)
    expect(dict.int('toString')).toBe(3)
    expect(dict.get('hasOwnProperty')).toBeUndefined()
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('keeps binary keys distinct', () => {
    const dict = dictOf('d2:\xfe\xffi1e2:\xff\xfei2e4:fffei3ee')
    expect(dict.size).toBe(3)
    expect([dict.int('\xfe\xff'), dict.int('\xff\xfe'), dict.int('fffe')]).toEqual([1, 2, 3])
  })

  it('finds keys among many', () => {
    const many = Array.from({ length: 400 }, (_, n) => `3:${100 + n}i${n}e`).join('')
    const dict = dictOf(`d${many}e`)
    for (let n = 0; n < 400; n++) expect(dict.int(`${100 + n}`)).toBe(n)
    expect(dict.has('500')).toBe(false)
  })
})
