import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import {
  formatMagnet,
  MAX_MAGNET_CHARS,
  MAX_MAGNET_PEERS,
  MAX_MAGNET_RANGES,
  MAX_MAGNET_TRACKERS,
  type Magnet,
  parseMagnet,
} from '../../src/metainfo/magnet.ts'

const HEX = '0123456789abcdef0123456789abcdef01234567'
const BASE32 = 'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH'
const V2 = 'ab'.repeat(32)
const LINK = `magnet:?xt=urn:btih:${HEX}`

function refusal(text: string): ShoalError {
  try {
    parseMagnet(text)
  } catch (error) {
    if (error instanceof ShoalError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('the info-hash', () => {
  test.each([
    ['a link with hex digits', LINK],
    ['upper case', LINK.toUpperCase()],
    ['base32', `magnet:?xt=urn:btih:${BASE32}`],
    ['base32 in lower case', `magnet:?xt=urn:btih:${BASE32.toLowerCase()}`],
    ['escaped colons', `magnet:?xt=urn%3Abtih%3A${HEX}`],
    ['spaces around', `  ${LINK}\n`],
    ['slashes after the scheme', `magnet://?xt=urn:btih:${HEX}`],
    ['numbered parameters', `magnet:?xt.1=urn:btih:${HEX}`],
    ['not first', `magnet:?dn=x&amp;xt=urn:btih:${HEX}`],
    ['both versions', `magnet:?xt=urn:btmh:1220${V2}&xt=urn:btih:${HEX}`],
    ['other topics', `magnet:?xt=urn:sha1:ABC&xt=urn:btih:${HEX}&xt=junk`],
    ['hex digits alone', HEX],
    ['base32 alone', ` ${BASE32} `],
  ])('is found in: %s', (_, text) => {
    const magnet = parseMagnet(text)
    expect(magnet.infoHashHex).toBe(HEX)
    expect(magnet.infoHash).toHaveLength(20)
  })

  test.each([
    ['nothing', '', 'neither a magnet link'],
    ['another scheme', `http://a/?xt=urn:btih:${HEX}`, 'neither a magnet link'],
    ['no topic', 'magnet:?dn=x', 'is missing'],
    ['only the scheme', 'magnet:?', 'is missing'],
    ['39 digits', LINK.slice(0, -1), '40 hex digits'],
    ['40 that are not digits', LINK.replace('0', 'g'), '40 hex digits'],
    ['base32 with a 1', `magnet:?xt=urn:btih:${BASE32.replace('A', '1')}`, '40 hex digits'],
    ['a control character', `magnet:?xt=urn:btih:%00${HEX}`, '40 hex digits'],
    ['a topic of another kind', 'magnet:?xt=urn:ed2k:31D6CFE0D16AE931B73C59D7E0C089C0', 'is missing'],
    ['too long', `${LINK}&dn=${'x'.repeat(MAX_MAGNET_CHARS)}`, 'more than the 65536'],
  ])('is refused with a reason: %s', (_, text, reason) => {
    const error = refusal(text)
    expect(error.code).toBe('TORRENT_INVALID')
    expect(error.message).toContain(reason)
  })

  test('of version 2 alone is not supported', () => {
    expect(refusal(`magnet:?xt=urn:btmh:1220${V2}`).code).toBe('TORRENT_UNSUPPORTED')
  })

  test('of version 2 is kept beside that of version 1', () => {
    expect(parseMagnet(`${LINK}&xt=urn:btmh:1220${V2.toUpperCase()}`).v2Hash).toBe(V2)
    expect(parseMagnet(`${LINK}&xt=urn:btmh:1114${V2}`)).toMatchObject({
      v2Hash: undefined,
      warnings: [expect.stringContaining('not a version 2')],
    })
  })

  test('is the first of several, with a warning', () => {
    const other = 'f'.repeat(40)
    const magnet = parseMagnet(`${LINK}&xt=urn:btih:${other}&xt=urn:btih:${HEX}`)
    expect(magnet).toMatchObject({ infoHashHex: HEX, warnings: [expect.stringContaining(other)] })
  })
})

describe('the name', () => {
  test.each([
    ['two+words', 'two words'],
    ['a%2Bb', 'a+b'],
    ['caf%C3%A9', 'café'],
    ['line%0D%0Abreak%1B%5B31m', 'line break[31m'],
    ['x%E2%80%AEgpj.exe', 'xgpj.exe'],
    ['100%', '100%'],
    ['%zz%41', '%zzA'],
    ['%ff', '\ufffd'],
    ['x'.repeat(300), 'x'.repeat(255)],
    ['%20%0A', undefined],
  ])('%s is %s', (raw, name) => {
    expect(parseMagnet(`${LINK}&dn=${raw}`).name).toBe(name)
  })

  test('with a damaged escape is told', () => {
    expect(parseMagnet(`${LINK}&dn=100%`).warnings).toEqual([expect.stringContaining('dn has a damaged')])
  })
})

describe('where to get it from', () => {
  test('trackers are a tier each, cleaned and each once', () => {
    const magnet = parseMagnet(
      `${LINK}&tr=udp%3A%2F%2Fa%3A1&tr=http://b/announce&tr=udp://a:1&tr=file:///etc/passwd&tr=http://x%0d%0ay/`,
    )
    expect(magnet.trackers).toEqual([['udp://a:1'], ['http://b/announce']])
    expect(magnet.warnings).toHaveLength(2)
  })

  test('lists are bounded', () => {
    const many = Array.from({ length: 400 }, (_, n) => `&tr=http://t${n}/&x.pe=10.0.${n >> 8}.${n & 255}:1`)
    const magnet = parseMagnet(LINK + many.join(''))
    expect(magnet.trackers).toHaveLength(MAX_MAGNET_TRACKERS)
    expect(magnet.peers).toHaveLength(MAX_MAGNET_PEERS)
    expect(magnet.warnings.length).toBeLessThan(10)
  })

  test('web seeds are over http', () => {
    const magnet = parseMagnet(`${LINK}&ws=http%3A%2F%2Fa%2Ff&ws=ftp://b/&as=http://c/&xs=http://d/`)
    expect(magnet.webSeeds).toEqual(['http://a/f'])
    expect(magnet.warnings).toHaveLength(3)
  })

  test.each([
    ['10.0.0.1:6881', { host: '10.0.0.1', port: 6881 }],
    ['%5BFD00::1%5D:1', { host: 'fd00::1', port: 1 }],
    ['[fd00::1]:1', { host: 'fd00::1', port: 1 }],
    ['Peer.Example-1.org:65535', { host: 'peer.example-1.org', port: 65535 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('x.pe=%s is a peer', (raw, peer) => {
    expect(parseMagnet(`${LINK}&x.pe=${raw}`).peers).toEqual([peer])
  })

  test.each([
    '127.1:80',
    '0x7f.1:80',
    '2130706433:80',
    'a.0x7f:80',
    'a:0',
    'a:65536',
    'a',
    ':1',
    'a b:1',
    'a..b:1',
    '-a:1',
    'a/b:1',
    'user@a:1',
    'fd00::1:1',
    'a%00:1',
  ])('x.pe=%s is left out', raw => {
    const magnet = parseMagnet(`${LINK}&x.pe=${raw}`)
    expect(magnet.peers).toEqual([])
    expect(magnet.warnings).toHaveLength(1)
  })
})

describe('the selection', () => {
  test.each([
    ['0', [[0, 0]]],
    [
      '0,2,4,6-8',
      [
        [0, 0],
        [2, 2],
        [4, 4],
        [6, 8],
      ],
    ],
    [
      '6-8,0,7-9,10',
      [
        [0, 0],
        [6, 10],
      ],
    ],
    ['5-5', [[5, 5]]],
    ['3,x,9-4,-1,1e9,99999999999', [[3, 3]]],
    ['0-4294967295', undefined],
    ['', undefined],
  ])('so=%s', (raw, ranges) => {
    expect(parseMagnet(`${LINK}&so=${raw}`).selectOnly).toEqual(
      ranges?.map(([first, last]) => ({ first, last })),
    )
  })

  test('is bounded', () => {
    const numbers = Array.from({ length: 5000 }, (_, n) => 2 * n)
    const magnet = parseMagnet(`${LINK}&so=${numbers.join(',')}`)
    expect(magnet.selectOnly).toHaveLength(MAX_MAGNET_RANGES)
    expect(magnet.warnings).toHaveLength(1)
  })
})

describe('any input', () => {
  const host = fc.oneof(fc.ipV4(), fc.constantFrom('fd00::1', 'peer.example', 'a-b'))
  const fields = fc.record({
    infoHash: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    name: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { nil: undefined }),
    trackers: fc.uniqueArray(fc.webUrl({ withQueryParameters: true }), { maxLength: 5 }),
    webSeeds: fc.uniqueArray(fc.webUrl(), { maxLength: 5 }),
    peers: fc.uniqueArray(fc.record({ host, port: fc.integer({ min: 1, max: 65535 }) }), {
      maxLength: 5,
      selector: peer => `${peer.host} ${peer.port}`,
    }),
    gaps: fc.array(fc.integer({ min: 2, max: 50 }), { maxLength: 8 }),
    v2Hash: fc.option(fc.constant(V2), { nil: undefined }),
  })

  test('what was formatted is read as it was', () => {
    fc.assert(
      fc.property(fields, ({ infoHash, gaps, trackers, ...rest }) => {
        let at = 0
        const ranges = gaps.map(gap => {
          const first = at + gap
          at = first + (gap % 3)
          return { first, last: at }
        })
        const hex = [...infoHash].map(byte => byte.toString(16).padStart(2, '0')).join('')
        const first: Magnet = parseMagnet(
          formatMagnet({
            ...rest,
            infoHashHex: hex,
            trackers: [trackers],
            selectOnly: ranges.length === 0 ? undefined : ranges,
          }),
        )
        expect(first.infoHash).toEqual(infoHash)
        expect(first.trackers.flat()).toEqual(trackers)
        expect(first.peers).toEqual(rest.peers)
        expect(first.selectOnly ?? []).toEqual(ranges)
        expect(first.warnings).toEqual([])
        expect(parseMagnet(formatMagnet(first))).toEqual(first)
      }),
      { numRuns: 200, seed: 9 },
    )
  })

  test('either is a magnet or throws a ShoalError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '&',
        '=',
        '%',
        '+',
        '%0',
        '.1',
        'xt=urn:btih:',
        HEX,
        'dn=',
        'tr=',
        'x.pe=',
        'so=',
        '-',
        ',',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ maxLength: 8 }),
    )
    const text = fc.array(piece, { maxLength: 20 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(text, fc.boolean(), (tail, linked) => {
        try {
          const magnet = parseMagnet(linked ? `${LINK}&${tail}` : `magnet:?${tail}`)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
          expect(magnet.name ?? '').not.toMatch(/[\u0000-\u001f\u007f-\u009f]/u)
        } catch (error) {
          expect(error).toBeInstanceOf(ShoalError)
        }
      }),
      { numRuns: 500, seed: 10 },
    )
  })
})
