import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeAnnounce, MAX_HASHES_PER_ANNOUNCE, parseAnnounce } from '../../src/lsd/message.ts'
import { latin1 } from '../metainfo/build.ts'

const HASH = '0123456789abcdef0123456789abcdef01234567'
const OTHER = 'f'.repeat(40)

function announce(...headers: string[]): Uint8Array {
  return latin1(`BT-SEARCH * HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n\r\n`)
}

describe('an announce', () => {
  test('is written as in BEP 14', () => {
    expect(encodeAnnounce('239.192.152.143:6771', { port: 6881, infoHashes: [HASH], cookie: 'x1' })).toEqual(
      announce('Host: 239.192.152.143:6771', 'Port: 6881', `Infohash: ${HASH}`, 'cookie: x1'),
    )
  })

  test('is read as it was written', () => {
    const hash = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 40, maxLength: 40 })
    const any = fc.record({
      port: fc.integer({ min: 1, max: 65535 }),
      infoHashes: fc.uniqueArray(hash, { minLength: 1, maxLength: MAX_HASHES_PER_ANNOUNCE }),
      cookie: fc.option(fc.stringMatching(/^[0-9a-z]{1,16}$/), { nil: undefined }),
    })
    fc.assert(
      fc.property(any, value => {
        expect(parseAnnounce(encodeAnnounce('[ff15::efc0:988f]:6771', value))).toEqual(value)
      }),
      { numRuns: 100, seed: 5 },
    )
  })

  test('of as many torrents as are allowed fits one datagram', () => {
    const infoHashes = Array.from({ length: MAX_HASHES_PER_ANNOUNCE }, () => HASH)
    const bytes = encodeAnnounce('[ff15::efc0:988f]:6771', {
      port: 65535,
      infoHashes,
      cookie: 'c'.repeat(64),
    })
    expect(bytes.length).toBeLessThanOrEqual(1400)
    expect(() =>
      encodeAnnounce('x', { port: 1, infoHashes: Array(30).fill(HASH), cookie: undefined }),
    ).toThrow(RangeError)
  })

  test.each([
    ['other case and order', announce(`INFOHASH:${HASH.toUpperCase()}`, 'port:6881')],
    ['bare line feeds', latin1(`bt-search * http/1.1\nPort: 6881\nInfohash: ${HASH}\n\n`)],
    ['unknown headers', announce('X: y', 'nonsense', ': z', 'Port: 6881', `Infohash: ${HASH}`)],
    ['a hash that is none', announce('Port: 6881', 'Infohash: zz', `Infohash: ${HASH}`, `Infohash: ${HASH}`)],
    ['a second port', announce('Port: 6881', 'Port: 1', `Infohash: ${HASH}`)],
    ['a long cookie', announce('Port: 6881', `Infohash: ${HASH}`, `cookie: ${'c'.repeat(65)}`)],
  ])('is read with %s', (_, bytes) => {
    expect(parseAnnounce(bytes)).toEqual({ port: 6881, infoHashes: [HASH], cookie: undefined })
  })

  test('of several torrents is read', () => {
    expect(parseAnnounce(announce('Port: 1', `Infohash: ${HASH}`, `Infohash: ${OTHER}`))?.infoHashes).toEqual(
      [HASH, OTHER],
    )
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['another request', latin1(`M-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ${HASH}\r\n\r\n`)],
    ['no port', announce(`Infohash: ${HASH}`)],
    ['port 0', announce('Port: 0', `Infohash: ${HASH}`)],
    ['a port too large', announce('Port: 65536', `Infohash: ${HASH}`)],
    ['a port that is no number', announce('Port: 1e3', `Infohash: ${HASH}`)],
    ['no torrent', announce('Port: 1')],
    ['too much', announce('Port: 1', `Infohash: ${HASH}`, `X: ${'x'.repeat(3000)}`)],
  ])('is none with %s', (_, bytes) => {
    expect(parseAnnounce(bytes)).toBeUndefined()
  })

  test('is looked for in any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), tail => {
        parseAnnounce(tail)
        parseAnnounce(Uint8Array.of(...announce('Port: 1'), ...tail))
      }),
      { numRuns: 200, seed: 6 },
    )
  })
})
