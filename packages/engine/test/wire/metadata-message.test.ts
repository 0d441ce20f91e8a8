import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import { ProtocolError } from '../../src/errors.ts'
import {
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
  parseMetadataMessage,
} from '../../src/wire/metadata-message.ts'
import { latin1 } from '../metainfo/build.ts'

describe('a metadata message', () => {
  test('is written as in BEP 9', () => {
    expect(encodeMetadataRequest(0)).toEqual(latin1('d8:msg_typei0e5:piecei0ee'))
    expect(encodeMetadataReject(3)).toEqual(latin1('d8:msg_typei2e5:piecei3ee'))
    expect(encodeMetadataData(0, 3425, latin1('xx'))).toEqual(
      latin1('d8:msg_typei1e5:piecei0e10:total_sizei3425eexx'),
    )
  })

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 50 }), (piece, totalSize, bytes) => {
        expect(parseMetadataMessage(encodeMetadataRequest(piece))).toEqual({ kind: 'request', piece })
        expect(parseMetadataMessage(encodeMetadataReject(piece))).toEqual({ kind: 'reject', piece })
        const data = parseMetadataMessage(encodeMetadataData(piece, totalSize, bytes))
        expect(data).toEqual({ kind: 'data', piece, totalSize, bytes })
      }),
      { numRuns: 100, seed: 1 },
    )
  })

  test.each([3, 255, -1])('of type %i is of the future', type => {
    expect(parseMetadataMessage(encode({ msg_type: type }))).toEqual({ kind: 'unknown' })
  })

  test('of data may leave its total size out', () => {
    expect(parseMetadataMessage(encode({ msg_type: 1, piece: 0 }))).toMatchObject({ totalSize: undefined })
  })

  test.each<[string, Encodable]>([
    ['no type', { piece: 0 }],
    ['a type that is text', { msg_type: '0', piece: 0 }],
    ['no piece', { msg_type: 0 }],
    ['a negative piece', { msg_type: 0, piece: -1 }],
    ['a list', [0, 0]],
    ['an integer', 0],
  ])('is none: %s', (_, value) => {
    expect(() => parseMetadataMessage(encode(value))).toThrow(ProtocolError)
  })

  test('has at most 16 KiB of data', () => {
    expect(() => parseMetadataMessage(encodeMetadataData(0, 1, new Uint8Array(16385)))).toThrow('16385 bytes')
  })

  test('of any bytes is one or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, led) => {
        try {
          parseMetadataMessage(led ? Uint8Array.of(...latin1('d8:msg_typei'), ...tail) : tail)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 300, seed: 2 },
    )
  })
})
