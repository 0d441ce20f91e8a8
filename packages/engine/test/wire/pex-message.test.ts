import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/bencode/decode.ts'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import type { BencodeDict } from '../../src/bencode/value.ts'
import { ProtocolError } from '../../src/errors.ts'
import { encodePexMessage, PexFlag, parsePexMessage } from '../../src/wire/pex-message.ts'
import { latin1 } from '../metainfo/build.ts'

const four = { host: '1.2.3.4', port: 258 }
const six = { host: '2a00::1', port: 1 }

describe('a peer exchange message', () => {
  test('is written as in BEP 11', () => {
    const bytes = encodePexMessage(
      [
        { address: four, flags: PexFlag.reachable },
        { address: six, flags: 3 },
      ],
      [four],
    )
    const dict = decode(bytes, { strict: true }).value as BencodeDict
    expect(dict.keys).toEqual(['added', 'added.f', 'added6', 'added6.f', 'dropped', 'dropped6'])
    expect(dict.bytes('added')).toEqual(Uint8Array.of(1, 2, 3, 4, 1, 2))
    expect(dict.bytes('added.f')).toEqual(Uint8Array.of(0x10))
    expect(dict.bytes('added6')).toHaveLength(18)
    expect(dict.bytes('added6.f')).toEqual(Uint8Array.of(3))
    expect(dict.bytes('dropped')).toEqual(Uint8Array.of(1, 2, 3, 4, 1, 2))
    expect(dict.bytes('dropped6')).toHaveLength(0)
  })

  test('is read as it was written', () => {
    const added = [
      { address: four, flags: 2 },
      { address: six, flags: 16 },
    ]
    expect(parsePexMessage(encodePexMessage(added, []), 100)).toEqual(added)
  })

  test('keeps flags with their addresses where one has no port', () => {
    const added = Uint8Array.of(1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 0, 9, 3, 3)
    expect(parsePexMessage(encode({ added, 'added.f': Uint8Array.of(1, 2, 4) }), 100)).toEqual([
      { address: { host: '2.2.2.2', port: 9 }, flags: 2 },
    ])
  })

  test.each([
    [300, 300, 50, 50],
    [300, 10, 90, 10],
    [10, 300, 10, 90],
    [300, 0, 100, 0],
    [0, 300, 0, 100],
  ])('of %i and %i is cut to %i and %i', (count4, count6, taken4, taken6) => {
    const bytes = encode({
      added: new Uint8Array(6 * count4).fill(1),
      added6: new Uint8Array(18 * count6).fill(1),
    })
    const found = parsePexMessage(bytes, 100)
    expect(found.filter(({ address }) => !address.host.includes(':'))).toHaveLength(taken4)
    expect(found.filter(({ address }) => address.host.includes(':'))).toHaveLength(taken6)
  })

  test.each<[string, Encodable]>([
    ['nothing', {}],
    ['numbers', { added: 1, added6: 2 }],
    ['lists', { added: [four.host], 'added.f': [] }],
    ['short entries', { added: latin1('12345'), added6: latin1('1234567890') }],
  ])('with %s is empty', (_, value) => {
    expect(parsePexMessage(encode(value), 100)).toEqual([])
  })

  test('of any bytes is one or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, led) => {
        try {
          parsePexMessage(led ? Uint8Array.of(...latin1('d5:added'), ...tail) : tail, 10)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 300, seed: 4 },
    )
  })
})
