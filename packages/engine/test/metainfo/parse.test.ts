import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import { parseInfo } from '../../src/metainfo/info.ts'
import { MAX_TORRENT_BYTES, parseTorrent } from '../../src/metainfo/parse.ts'
import { MAX_SEEDS, MAX_TRACKERS } from '../../src/metainfo/urls.ts'
import { file, hashes, latin1, multi, parse, pathsOf, sha1, single, torrent } from './build.ts'

describe('parseTorrent', () => {
  it.each([
    ['', 'this file is empty'],
    ['<!DOCTYPE html><html>', 'this is a web page (HTML), not a torrent file'],
    ['\xef\xbb\xbf\r\n <HTML>', 'this is a web page (HTML), not a torrent file'],
    ['<?xml version="1.0"?><rss>', 'this is an XML document, not a torrent file'],
    ['\x1f\x8b\x08', 'this is compressed data (gzip), not a torrent file'],
    ['magnet:?xt=urn:btih:00', 'this is a magnet link, not a torrent file'],
    ['{"a":1}', 'this is JSON, not a torrent file'],
    ['PK\x03\x04', 'this is not a torrent file'],
    ['\0\0\0\0', 'this is not a torrent file'],
    ['i1e', 'this is not a torrent file'],
    ['d4:info', 'this torrent file is damaged: the input ends too early at byte 7'],
  ])('says what %j is instead of a torrent', (text, message) => {
    expect(() => parseTorrent(latin1(text), sha1)).toThrow(
      expect.objectContaining({ code: 'TORRENT_INVALID', message: expect.stringContaining(message) }),
    )
  })

  it('refuses a huge file without reading it', () => {
    const huge = new Uint8Array(MAX_TORRENT_BYTES + 1)
    expect(() => parseTorrent(huge, sha1)).toThrow(/larger than 64 MiB/)
  })

  it('reads all of an ordinary torrent', () => {
    const metainfo = parse(
      multi([file(['a.txt'], { attr: 'x' }), file(['b', 'c.txt'], { attr: 'h?' })], {
        private: 1,
        source: 'SRC',
      }),
      {
        announce: 'http://ignored.example/announce',
        'announce-list': [['http://a.example/announce', 'udp://b.example:80'], ['https://c.example/x']],
        comment: 'two\nlines',
        'created by': 'test/1.0',
        'creation date': 1_700_000_000,
        httpseeds: ['http://h.example/seed'],
      },
    )
    expect(metainfo).toMatchObject({
      name: 'temp',
      singleFile: false,
      private: true,
      source: 'SRC',
      trackers: [['http://a.example/announce', 'udp://b.example:80'], ['https://c.example/x']],
      comment: 'two\nlines',
      createdBy: 'test/1.0',
      creationDate: 1_700_000_000,
      httpSeeds: ['http://h.example/seed'],
      warnings: [],
    })
    expect(metainfo.files).toEqual([
      { path: ['temp', 'a.txt'], length: 425, offset: 0, pad: false, executable: true, hidden: false },
      { path: ['temp', 'b', 'c.txt'], length: 425, offset: 425, pad: false, executable: false, hidden: true },
    ])
    expect(metainfo.pieceHashes).toEqual(hashes(1))
    expect(metainfo.infoHashHex).toMatch(/^[0-9a-f]{40}$/)
    expect(metainfo.infoHash).toEqual(new Uint8Array(sha1(metainfo.infoBytes)))
  })

  it('keeps no part of the file it was given', () => {
    const bytes = torrent(single())
    const metainfo = parseTorrent(Buffer.from(bytes), sha1)
    expect(metainfo.infoBytes.buffer.byteLength).toBe(metainfo.infoBytes.length)
    expect(metainfo.pieceHashes.buffer).toBe(metainfo.infoBytes.buffer)
    expect(metainfo.infoHash.buffer.byteLength).toBe(20)
  })

  it.each([
    [0, false],
    [1, true],
    [2, true],
    ['1', false],
    [undefined, false],
  ])('takes private = %j for %s', (value, expected) => {
    expect(parse(single({ private: value })).private).toBe(expected)
  })

  it('prefers names in UTF-8 and repairs the others', () => {
    const broken = latin1('caf\xe9')
    expect(parse(single({ name: broken, 'name.utf-8': 'café' })).name).toBe('café')
    expect(parse(single({ name: broken })).name).toBe('caf_')
    const metainfo = parse(multi([file([broken], { 'path.utf-8': ['é', 'x'] }), file([broken])]))
    expect(pathsOf(metainfo)).toEqual(['temp/é/x', 'temp/caf_'])
  })

  it('takes what could steer a terminal out of texts', () => {
    const metainfo = parse(single({ source: 'a\x1b[31m\u202eb' }), {
      comment: 'x\x07\r\ny\x9b',
      'created by': 'p\nq',
    })
    expect(metainfo.source).toBe('a[31mb')
    expect(metainfo.comment).toBe('x\ny')
    expect(metainfo.createdBy).toBe('p q')
    expect(parse(single({ name: '\x1b]0;x\x07y' })).warnings.join()).not.toMatch(/\p{Cc}/u)
  })

  it('drops a creation date before 1970', () => {
    expect(parse(single(), { 'creation date': -1 }).creationDate).toBeUndefined()
  })

  it('bounds the warnings', () => {
    const bad = Array.from({ length: 1000 }, (_, n) => [`gopher://${n}`])
    expect(parse(single(), { 'announce-list': bad }).warnings.length).toBeLessThanOrEqual(50)
  })

  it('throws nothing but ShoalError, whatever bytes are changed', () => {
    const good = torrent(multi([file(['a', 'b']), file(['c'])]), {
      announce: 'http://a.example/',
      nodes: [['::1', 80]],
      'url-list': ['http://b.example/'],
    })
    const change = fc.tuple(
      fc.nat(good.length - 1),
      fc.oneof(fc.constantFrom(...latin1('dlei:-0129')), fc.nat(255)),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const bytes = good.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        try {
          const { geometry, pieceHashes } = parseTorrent(bytes, sha1)
          return geometry.totalLength > 0 && pieceHashes.length === geometry.pieceCount * 20
        } catch (error) {
          return error instanceof ShoalError
        }
      }),
      { numRuns: 3000, seed: 1 },
    )
  })
})

describe('trackers', () => {
  const trackers = (fields: Parameters<typeof parse>[1]): unknown => parse(single(), fields).trackers

  it('are those of announce only where announce-list names none', () => {
    const announce = 'http://a.example/'
    expect(trackers({ announce })).toEqual([[announce]])
    expect(trackers({ announce, 'announce-list': [] })).toEqual([[announce]])
    expect(trackers({ announce, 'announce-list': [[], [' ']] })).toEqual([[announce]])
    expect(trackers({ announce, 'announce-list': 'x' })).toEqual([[announce]])
    expect(trackers({ announce, 'announce-list': [['udp://b.example:1']] })).toEqual([['udp://b.example:1']])
  })

  it('are trimmed, named once, and kept in tiers without empty ones', () => {
    const list = [
      ['http://a.example/', ' http://a.example/\n', ''],
      [5],
      ['http://a.example/'],
      ['udp://b.example:1'],
    ]
    expect(trackers({ 'announce-list': list })).toEqual([['http://a.example/'], ['udp://b.example:1']])
  })

  it('accept a plain string for a tier', () => {
    expect(trackers({ 'announce-list': ['http://a.example/'] })).toEqual([['http://a.example/']])
  })

  it('keep a passkey as it is written', () => {
    const url = 'http://A.example:80/x/../announce?passkey=%7eAbC'
    expect(trackers({ announce: url })).toEqual([[url]])
  })

  it.each([
    'wss://a.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'a.example:80/announce',
    'http://',
    'http://a.example/\x01x',
    `http://a.example/${'x'.repeat(3000)}`,
  ])('leave %j out, with a warning', url => {
    const metainfo = parse(single(), { announce: url })
    expect(metainfo.trackers).toEqual([])
    expect(metainfo.warnings).toEqual([expect.stringContaining('tracker left out')])
  })

  it('are bounded in number, as web seeds are', () => {
    const many = Array.from({ length: 5000 }, (_, n) => `http://${n}.example/`)
    expect(parse(single(), { 'announce-list': [many] }).trackers[0]).toHaveLength(MAX_TRACKERS)
    expect(parse(single(), { 'announce-list': many.map(url => [url]) }).trackers).toHaveLength(MAX_TRACKERS)
    expect(parse(single(), { 'url-list': many }).webSeeds).toHaveLength(MAX_SEEDS)
  })
})

describe('DHT nodes', () => {
  it('are left out where they are not a host and a port', () => {
    const nodes = [
      ['::1', 1],
      ['a.example', 65535],
      ['x y', 1],
      ['', 1],
      ['a', 0],
      ['a', 65536],
      ['a', -1],
      [1, 'a'],
      7,
    ]
    expect(parse(single(), { nodes }).nodes).toEqual([
      { host: '::1', port: 1 },
      { host: 'a.example', port: 65535 },
    ])
  })
})

describe('parseInfo', () => {
  it('checks what a magnet link says like what a file says', () => {
    const { infoBytes } = parse(multi([file(['a']), file(['b'])]))
    const metainfo = parseInfo(infoBytes, sha1, {
      trackers: [['file:///x', 'udp://a.example:1 ']],
      webSeeds: ['http://b.example'],
    })
    expect(metainfo.trackers).toEqual([['udp://a.example:1']])
    expect(metainfo.webSeeds).toEqual(['http://b.example/'])
  })

  it('refuses data after the dictionary', () => {
    const { infoBytes } = parse(single())
    expect(() => parseInfo(Uint8Array.of(...infoBytes, 0), sha1)).toThrow(/info: has data after its end/)
  })
})
