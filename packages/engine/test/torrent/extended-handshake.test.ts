import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import { decodeExtendedHandshake, encodeExtendedHandshake } from '../../src/torrent/extended-handshake.ts'
import { latin1 } from '../metainfo/build.ts'
import { NOTHING_TOLD } from './extension-peers.ts'

describe('the extension handshake', () => {
  test('is read as it was written', () => {
    const extensions = new Map([
      ['ut_metadata', 1],
      ['ut_pex', 0],
    ])
    const own = {
      client: 'Shoal 1 µ',
      port: 6881,
      requestQueue: 500,
      extensions,
      metadataSize: 12345,
      uploadOnly: true,
      yourIp: 'fd00::1',
    }
    expect(decodeExtendedHandshake(encodeExtendedHandshake(own))).toEqual({
      ...own,
      ipv4: undefined,
      ipv6: undefined,
    })
    expect(decodeExtendedHandshake(encodeExtendedHandshake({}))).toEqual(NOTHING_TOLD)
  })

  test('matches the bytes of BEP 10', () => {
    const bytes = encodeExtendedHandshake({ client: 'x', port: 6881, extensions: new Map([['ut_pex', 2]]) })
    expect(bytes).toEqual(latin1('d1:md6:ut_pexi2ee1:pi6881e1:v1:xe'))
  })

  test.each<[string, Encodable, object]>([
    [
      'ids out of range',
      { m: { aa: -1, bb: 256, cc: 255, dd: 0 } },
      {
        extensions: new Map([
          ['cc', 255],
          ['dd', 0],
        ]),
      },
    ],
    ['an id that is text', { m: { aa: '1' } }, {}],
    ['m as a list', { m: [1] }, {}],
    ['a name that is too long', { m: { ['x'.repeat(65)]: 1 } }, {}],
    ['no port', { p: 0 }, {}],
    ['a port too large', { p: 65536 }, {}],
    ['a negative queue', { reqq: -1 }, {}],
    ['a size of 0', { metadata_size: 0 }, {}],
    ['a negative size', { metadata_size: -1 }, {}],
    ['a size of 2^31', { metadata_size: 2 ** 31 }, { metadataSize: 2 ** 31 }],
    ['a size that is text', { metadata_size: '1e308' }, {}],
    ['an IPv4 address', { yourip: Uint8Array.of(1, 2, 3, 4) }, { yourIp: '1.2.3.4' }],
    ['an address of 5 bytes', { yourip: Uint8Array.of(1, 2, 3, 4, 5) }, {}],
    ['addresses of the wrong family', { ipv4: new Uint8Array(16), ipv6: new Uint8Array(4) }, {}],
    [
      'their addresses',
      { ipv4: Uint8Array.of(1, 2, 3, 4), ipv6: new Uint8Array(16) },
      { ipv4: '1.2.3.4', ipv6: '::' },
    ],
    ['seeding no more', { upload_only: 0 }, { uploadOnly: false }],
    ['a client that is no UTF-8', { v: Uint8Array.of(0xff) }, {}],
    ['a long client', { v: 'x'.repeat(1000) }, { client: 'x'.repeat(64) }],
    ['a list', [1, 2], {}],
  ])('with %s', (_, told, expected) => {
    expect(decodeExtendedHandshake(encode(told))).toEqual({ ...NOTHING_TOLD, ...expected })
  })

  test.each([
    '',
    'd',
    'de',
    'le',
    'i1e',
    'd1:ai',
    `d1:m${'l'.repeat(50)}`,
    'd13:metadata_sizei9007199254740993ee',
  ])('%s tells nothing', text => {
    expect(decodeExtendedHandshake(latin1(text))).toEqual(NOTHING_TOLD)
  })

  test('holds a bounded number of extensions', () => {
    const m = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x${n}`, 1]))
    expect(decodeExtendedHandshake(encode({ m })).extensions.size).toBe(64)
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), tail => {
        decodeExtendedHandshake(tail)
        decodeExtendedHandshake(Uint8Array.of(...latin1('d1:md6:ut_pex'), ...tail))
      }),
      { numRuns: 300, seed: 3 },
    )
  })
})
