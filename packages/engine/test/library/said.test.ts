import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { describeExtension, readSaid } from '../../src/library/said.ts'
import { encodeExtendedHandshake } from '../../src/torrent/extended-handshake.ts'
import * as messages from '../../src/wire/messages.ts'
import { encodeMetadataReject } from '../../src/wire/metadata-message.ts'
import { encodePexMessage } from '../../src/wire/pex-message.ts'

const NAMES = ['', 'ut_pex', 'ut_metadata', 'lt_donthave', 'x_own']
const nameOf = (id: number): string | undefined => NAMES[id]
const contact = { address: { host: '1.2.3.4', port: 258 }, flags: 0 }
const contact6 = { address: { host: '2a00::1', port: 1 }, flags: 0 }
const pex = encodePexMessage([contact, contact6, contact], [contact.address])

describe('what a message says', () => {
  test.each([
    ['a keep-alive', messages.keepAlive, { kind: 'keep-alive' }],
    ['a choke', messages.choke, { kind: 'choke' }],
    ['a have', messages.encodeHave(3), { kind: 'have', piece: 3 }],
    ['a have of the wrong size', Uint8Array.of(0, 0, 0, 2, 4, 0), { kind: 'malformed' }],
    ['a bitfield', messages.encodeBitfield(Uint8Array.of(255, 128)), { kind: 'bitfield', have: 9 }],
    ['a request', messages.encodeRequest(1, 2, 3), { kind: 'request', piece: 1, begin: 2, length: 3 }],
    ['a reject', messages.encodeReject(1, 2, 3), { kind: 'reject', piece: 1, begin: 2, length: 3 }],
    ['a port', messages.encodePort(6881), { kind: 'port', port: 6881 }],
    ['one that nobody knows', Uint8Array.of(0, 0, 0, 1, 99), { kind: 'unknown', id: 99 }],
    ['peer exchange', messages.encodeExtended(1, pex), { kind: 'peers', added: 3, dropped: 1 }],
    [
      'metadata',
      messages.encodeExtended(2, encodeMetadataReject(4)),
      { kind: 'metadata', what: 'reject', piece: 4 },
    ],
    ['damaged metadata', messages.encodeExtended(2, Uint8Array.of(1)), { kind: 'malformed' }],
    [
      'a piece that is gone',
      messages.encodeExtended(3, Uint8Array.of(0, 0, 1, 0)),
      { kind: 'dont-have', piece: 256 },
    ],
    [
      'another extension',
      messages.encodeExtended(4, encode({})),
      { kind: 'extension', id: 4, name: 'x_own' },
    ],
    ['no extension', messages.encodeExtended(9, encode({})), { kind: 'extension', id: 9, name: undefined }],
  ] as const)('is told of %s', (_, bytes, says) => {
    expect(readSaid(bytes, nameOf)).toEqual(says)
  })

  test('is told of a greeting, of extensions that are no more not', () => {
    const extensions = new Map([
      ['ut_pex', 1],
      ['ut_old', 0],
    ])
    const greeting = encodeExtendedHandshake({ client: 'X 1', port: 5, extensions, uploadOnly: true })
    const says = readSaid(messages.encodeExtended(0, greeting), nameOf)
    expect(says).toMatchObject({
      kind: 'extensions',
      client: 'X 1',
      names: ['ut_pex'],
      port: 5,
      uploadOnly: true,
    })
    expect(describeExtension(says, 'in')).toBe('They tell which extensions they speak (extension handshake)')
  })

  test('comes of any bytes', () => {
    fc.assert(
      fc.property(fc.nat({ max: 22 }), fc.uint8Array({ maxLength: 70 }), (id, rest) => {
        for (const bytes of [rest, Uint8Array.of(0, 0, 0, rest.length + 1, id, ...rest)]) {
          expect(describeExtension(readSaid(bytes, nameOf), 'out') ?? 'We').toMatch(/^We/)
        }
      }),
      { seed: 20 },
    )
  })
})
