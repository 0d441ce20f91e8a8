import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/bencode/encode.ts'
import { toHex } from '../../src/bytes/hex.ts'
import { ShoalError } from '../../src/errors.ts'
import {
  announceUrl,
  failureReason,
  parseAnnounceReply,
  parseScrapeReply,
  percentEncode,
  scrapeUrl,
} from '../../src/tracker/http.ts'
import { cleanText } from '../../src/tracker/limits.ts'
import { redactUrl } from '../../src/tracker/redact.ts'
import { latin, REQUEST } from './request.ts'

describe('the announce URL', () => {
  it('holds every field, raw bytes escaped', () => {
    expect(announceUrl('http://t.example/announce', REQUEST)).toBe(
      'http://t.example/announce?info_hash=%00%0D%1A%274AN%5Bhu%82%8F%9C%A9%B6%C3%D0%DD%EA%F7' +
        '&peer_id=-SH0100-abcdefghijkl&port=6881&uploaded=1&downloaded=2&left=3&compact=1&no_peer_id=1' +
        '&numwant=50&key=000000ab',
    )
  })

  it.each([
    ['http://t/a?passkey=x', 'http://t/a?passkey=x&info_hash='],
    ['http://t/a?', 'http://t/a?info_hash='],
    ['http://t/a?x&', 'http://t/a?x&info_hash='],
    ['http://t/a#there', 'http://t/a?info_hash='],
  ])('keeps the query of %s', (url, start) => {
    expect(announceUrl(url, REQUEST).startsWith(start)).toBe(true)
  })

  it('tells events and gives the tracker id back', () => {
    const url = announceUrl('http://t/a', { ...REQUEST, event: 'started', trackerId: 'a&b=ü' })
    expect(url).toMatch(/&event=started&trackerid=a%26b%3D%C3%BC$/)
  })

  it('escapes so that a decoder gets the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), bytes => {
        const text = percentEncode(bytes)
        const back = text.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
        expect(latin(back)).toEqual(bytes)
        // Nothing that a URL parser would change.
        expect(new URL(`http://t/?${text}`).search.slice(1)).toBe(text)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the scrape URL (BEP 48)', () => {
  it.each([
    ['http://t/announce', 'http://t/scrape?info_hash=%01'],
    ['http://t/x/announce', 'http://t/x/scrape?info_hash=%01'],
    ['http://t/announce.php?x=1', 'http://t/scrape.php?x=1&info_hash=%01'],
    ['http://t/announce?x=2%0644', 'http://t/scrape?x=2%0644&info_hash=%01'],
    ['http://t/a', undefined],
    ['http://t/announce/x', undefined],
    ['http://t/x?announce/announce', undefined],
    ['http://announce', undefined],
  ])('of %s is %s', (url, scrape) => {
    expect(scrapeUrl(url, [Uint8Array.of(1)])).toBe(scrape)
  })
})

describe('an announce reply', () => {
  it('is read with all its fields', () => {
    const reply = parseAnnounceReply(
      encode({
        interval: 1800,
        'min interval': 900,
        complete: 7,
        incomplete: 8,
        downloaded: 9,
        'tracker id': 'tid',
        'warning message': 'careful\n now',
        'external ip': Uint8Array.of(192, 0, 2, 1),
        peers: Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1),
        peers6: Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80),
      }),
    )
    expect(reply).toEqual({
      intervalMs: 1_800_000,
      minIntervalMs: 900_000,
      seeders: 7,
      leechers: 8,
      downloads: 9,
      trackerId: 'tid',
      warning: 'careful now',
      externalIp: '192.0.2.1',
      peers: [
        { host: '10.0.0.1', port: 6881, peerId: undefined },
        { host: 'fd00::1', port: 80, peerId: undefined },
      ],
    })
  })

  it('gives peers of the dictionary form that are IP literals, with their ids', () => {
    const id = new Uint8Array(20).fill(65)
    const peers = [
      { ip: '10.0.0.1', port: 1, 'peer id': id },
      { ip: 'FD00:0::1', port: 2 },
      { ip: 'peer.example', port: 3 },
      { ip: '10.0.0.2', port: 0 },
      { ip: '10.0.0.3', port: 70000 },
      { ip: '10.0.0.4', port: 4, 'peer id': 'short' },
      { ip: '10.0.0.5' },
      'nonsense',
    ]
    expect(parseAnnounceReply(encode({ interval: 60, peers })).peers).toEqual([
      { host: '10.0.0.1', port: 1, peerId: id },
      { host: 'fd00::1', port: 2, peerId: undefined },
      { host: '10.0.0.4', port: 4, peerId: undefined },
    ])
  })

  const hour = 3_600_000
  it.each([
    [{ interval: 0 }, 60_000, undefined],
    [{ interval: -5 }, 60_000, undefined],
    [{ interval: Number.MAX_SAFE_INTEGER }, 6 * hour, undefined],
    [{ peers: '' }, hour / 2, undefined],
    [{ interval: 'x', peers: '' }, hour / 2, undefined],
    [{ interval: 5, 'min interval': 1 }, 60_000, 5_000],
    [{ interval: 60, 'min interval': 300 }, 300_000, 300_000],
    [{ interval: 60, 'min interval': -1 }, 60_000, undefined],
    [{ interval: 60, 'min interval': 2 ** 40 }, 6 * hour, 6 * hour],
  ])('%j makes the intervals %d and %s', (fields, intervalMs, minIntervalMs) => {
    expect(parseAnnounceReply(encode(fields))).toMatchObject({ intervalMs, minIntervalMs })
  })

  it('never gives more than 2,000 peers, in any form', () => {
    const many = new Uint8Array(18 * 5000).fill(0x21)
    const dicts = Array.from({ length: 5000 }, () => ({ ip: '1.2.3.4', port: 1 }))
    for (const fields of [
      { peers: many },
      { peers6: many },
      { peers: many, peers6: many },
      { peers: dicts },
    ]) {
      expect(parseAnnounceReply(encode(fields)).peers).toHaveLength(2000)
    }
  })

  it('drops wrong counts, a tracker id that is too long, an external address of a wrong length', () => {
    const fields = { interval: 60, complete: -1, 'tracker id': 'x'.repeat(300), 'external ip': 'abc' }
    expect(parseAnnounceReply(encode(fields))).toMatchObject({
      seeders: undefined,
      trackerId: undefined,
      externalIp: undefined,
    })
  })

  it.each([
    ['', 'TRACKER_INVALID', 'empty'],
    ['<html><body>Hello', 'TRACKER_INVALID', 'web page'],
    ['i5e', 'TRACKER_INVALID', 'no answer of a tracker'],
    ['le', 'TRACKER_INVALID', 'no answer of a tracker'],
    ['de', 'TRACKER_INVALID', 'neither'],
    ['d8:intervali60e', 'TRACKER_INVALID', 'no answer of a tracker'],
    ['d8:interval-3:e', 'TRACKER_INVALID', 'no answer of a tracker'],
    ['d5:peers4294967296:e', 'TRACKER_INVALID', 'no answer of a tracker'],
    ['l'.repeat(100), 'TRACKER_INVALID', 'no answer of a tracker'],
    ['d14:failure reason7:go away8:intervali60ee', 'TRACKER_REFUSED', 'go away'],
    ['d14:failure reason0:e', 'TRACKER_REFUSED', 'without a reason'],
    ['d14:failure reasoni5ee', 'TRACKER_REFUSED', 'without a reason'],
    ['d14:failure reason9:\x1b[31mredse', 'TRACKER_REFUSED', '[31mreds'],
    ['d14:failure reason3:\xff\xfe!e', 'TRACKER_REFUSED', '!'],
  ])('%j is refused', (text, code, words) => {
    const error = failureOf(() => parseAnnounceReply(latin(text)))
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  it('shows a failure reason of bounded length', () => {
    const bytes = encode({ 'failure reason': 'x'.repeat(100_000) })
    expect(failureOf(() => parseAnnounceReply(bytes)).message).toHaveLength(300)
  })

  it('of any bytes is a reply or an error of the tracker', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .dictionary(
          fc.constantFrom(
            'interval',
            'peers',
            'peers6',
            'complete',
            'failure reason',
            'external ip',
            'tracker id',
          ),
          fc.oneof(
            fc.maxSafeInteger(),
            fc.uint8Array({ maxLength: 60 }),
            fc.constant([{ ip: '1.1.1.1', port: 5 }]),
          ),
        )
        .map(fields => encode(fields)),
    )
    fc.assert(
      fc.property(anything, bytes => {
        try {
          const reply = parseAnnounceReply(bytes)
          expect(reply.intervalMs).toBeGreaterThanOrEqual(60_000)
          for (const peer of reply.peers) expect(peer.port).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(ShoalError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('a scrape reply', () => {
  const hash = new Uint8Array(20).fill(200)
  it('gives the counts of what was asked for', () => {
    const files = new Map([
      [hash, { complete: 1, incomplete: 2, downloaded: 3 }],
      [new Uint8Array(20), { complete: 9 }],
    ])
    const counts = parseScrapeReply(encode(new Map([['files', files]])), [hash])
    expect([...counts]).toEqual([[toHex(hash), { seeders: 1, leechers: 2, downloads: 3 }]])
  })

  it('without files is invalid', () => {
    expect(failureOf(() => parseScrapeReply(latin('de'), [hash])).code).toBe('TRACKER_INVALID')
  })
})

describe('text and URLs for people', () => {
  it('have no control characters and nothing that turns the direction', () => {
    expect(cleanText('a\u0000b\r\n\u009b31m\u202ec\u2028d\ud800')).toBe('a b 31mc d')
  })

  it.each([
    ['http://t.example/announce', 'http://t.example/announce'],
    ['https://u:p@t.example:8443/0123abcd/announce.php?pk=1', 'https://t.example:8443/…/announce.php?…'],
    ['http://t.example/0123456789abcdef', 'http://t.example/…'],
    ['udp://t.example:80', 'udp://t.example:80'],
    ['udp://[fd00::1]:80/?auth=x', 'udp://[fd00::1]:80?…'],
    ['nonsense', 'an invalid URL'],
  ])('%s is shown as %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown)
  })

  it('a failure reason is found in a body of any kind', () => {
    expect(failureReason(latin('d14:failure reason4:gonee'))).toBe('gone')
    expect(failureReason(latin('<html>'))).toBeUndefined()
    expect(failureReason(latin('d8:intervali60ee'))).toBeUndefined()
  })
})

function failureOf(run: () => unknown): ShoalError {
  try {
    run()
  } catch (error) {
    if (error instanceof ShoalError) return error
    throw error
  }
  throw new Error('did not fail')
}
