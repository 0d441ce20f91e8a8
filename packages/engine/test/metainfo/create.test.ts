import { describe, expect, it } from 'vitest'
import { decode } from '../../src/bencode/decode.ts'
import { choosePieceLength, encodeTorrent, type TorrentContent } from '../../src/metainfo/create.ts'
import { parseTorrent } from '../../src/metainfo/parse.ts'
import { hashes, pathsOf, sha1 } from './build.ts'

const content: TorrentContent = { name: 'a.txt', files: 5, pieceLength: 16384, pieceHashes: hashes(1) }

describe('encodeTorrent', () => {
  it('writes a single file', () => {
    const metainfo = parseTorrent(encodeTorrent(content), sha1)
    expect(metainfo).toMatchObject({
      name: 'a.txt',
      singleFile: true,
      private: false,
      trackers: [],
      warnings: [],
    })
    expect(metainfo.geometry.totalLength).toBe(5)
    expect(metainfo.pieceHashes).toEqual(hashes(1))
  })

  it('writes files with all there is to say, canonically', () => {
    const bytes = encodeTorrent({
      name: 'folder',
      files: [
        { path: ['b', 'é'], length: 20000 },
        { path: ['a'], length: 0 },
      ],
      pieceLength: 16384,
      pieceHashes: hashes(2),
      trackers: [['http://a.example/', 'udp://b.example:1'], [], ['https://c.example/']],
      webSeeds: ['http://s.example/', 'http://t.example/'],
      private: true,
      source: 'SRC',
      comment: 'hello',
      createdBy: 'test',
      creationDate: 1_700_000_000,
    })
    expect(decode(bytes, { strict: true }).warnings).toEqual([])
    const metainfo = parseTorrent(bytes, sha1)
    expect(pathsOf(metainfo)).toEqual(['folder/b/é', 'folder/a'])
    expect(metainfo).toMatchObject({
      singleFile: false,
      trackers: [['http://a.example/', 'udp://b.example:1'], ['https://c.example/']],
      webSeeds: ['http://s.example/', 'http://t.example/'],
      private: true,
      source: 'SRC',
      comment: 'hello',
      createdBy: 'test',
      creationDate: 1_700_000_000,
      warnings: [],
    })
  })

  it('leaves out what is not given', () => {
    const text = String.fromCharCode(
      ...encodeTorrent({ ...content, comment: '', webSeeds: [], private: false }),
    )
    expect(text).toMatch(/^d4:infod6:lengthi5e4:name5:a\.txt12:piece lengthi16384e6:pieces20:/)
    expect(text).not.toMatch(/announce|comment|url-list|private/)
  })

  it('writes a single tracker and a single web seed plainly', () => {
    const text = String.fromCharCode(
      ...encodeTorrent({ ...content, trackers: [['udp://a:1']], webSeeds: ['http://s/'] }),
    )
    expect(text).toMatch(/^d8:announce9:udp:\/\/a:14:info/)
    expect(text).toMatch(/8:url-list9:http:\/\/s\/e$/)
  })

  it('gives the same info-hash whatever stands outside of the info dictionary', () => {
    const one = parseTorrent(encodeTorrent(content), sha1)
    const other = parseTorrent(encodeTorrent({ ...content, comment: 'x', trackers: [['udp://a:1']] }), sha1)
    expect(other.infoHashHex).toBe(one.infoHashHex)
  })

  it.each<[string, Partial<TorrentContent>]>([
    ['an empty name', { name: '' }],
    ['no data', { files: 0, pieceHashes: hashes(0) }],
    ['no files', { files: [], pieceHashes: hashes(0) }],
    ['a negative length', { files: -1 }],
    ['a length that is no integer', { files: 1.5 }],
    ['a file without path', { files: [{ path: [], length: 5 }] }],
    ['a piece length of zero', { pieceLength: 0 }],
    ['a piece length that is no integer', { pieceLength: 16384.5 }],
    ['too few hashes', { files: 16385 }],
    ['too many hashes', { pieceHashes: hashes(2) }],
    ['too many pieces', { files: 2 ** 40 }],
  ])('refuses %s', (_what, change) => {
    expect(() => encodeTorrent({ ...content, ...change })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('choosePieceLength', () => {
  const KiB = 1024
  const MiB = 1024 * KiB
  const GiB = 1024 * MiB
  it.each([
    [0, 16 * KiB],
    [1, 16 * KiB],
    [40 * MiB, 16 * KiB],
    [700 * MiB, 256 * KiB],
    [1 * GiB, 512 * KiB],
    [4 * GiB, 2 * MiB],
    [25 * GiB, 16 * MiB],
    [5000 * GiB, 16 * MiB],
  ])('chooses for %d bytes pieces of %d', (total, expected) => {
    expect(choosePieceLength(total)).toBe(expected)
  })

  it('stays near 2,000 pieces where it is free to', () => {
    for (let total = 50 * MiB; total < 30 * GiB; total *= 1.07) {
      const pieces = total / choosePieceLength(total)
      expect(pieces).toBeGreaterThan(1400)
      expect(pieces).toBeLessThan(2850)
    }
  })
})
