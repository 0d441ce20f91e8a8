import { describe, expect, it } from 'vitest'
import { ShoalError } from '../../src/errors.ts'
import { Geometry } from '../../src/metainfo/geometry.ts'
import { ReadCache, type ReadSource } from '../../src/node/read-cache.ts'

const KIB = 1024
const MIB = 1024 * 1024
const BLOCK = 16 * KIB

/** A torrent that fills what is asked for with the piece's number and counts. */
class FakeTorrent implements ReadSource {
  readonly id: number
  readonly geometry: Geometry
  readonly fills: { piece: number; begin: number; length: number }[] = []
  readonly bad = new Map<number, ShoalError>()
  readonly events: string[] = []
  version = 0

  constructor(pieceLength: number, length: number, id = 0) {
    this.id = id
    this.geometry = new Geometry(pieceLength, [{ path: ['a'], length, pad: false }])
  }

  async fill(piece: number, begin: number, into: Uint8Array): Promise<ReadonlyMap<number, ShoalError>> {
    this.fills.push({ piece, begin, length: into.length })
    for (let at = 0; at < into.length; at++) {
      into[at] = Math.floor((begin + at) / this.geometry.pieceLength) + piece + this.version
    }
    return new Map(this.bad)
  }
  onReadable(): void {
    this.events.push('readable')
  }
  onReadError(piece: number): void {
    this.events.push(`error ${piece}`)
  }
}

describe('ReadCache', () => {
  it('fetches up to 1 MiB of a piece at once and the rest ahead', async () => {
    const torrent = new FakeTorrent(2 * MIB, 4 * MIB)
    const cache = new ReadCache()
    let misses = 0
    for (let begin = 0; begin < 2 * MIB; begin += BLOCK) {
      if (cache.read(torrent, 0, begin, BLOCK) === undefined) {
        misses++
        await settle()
      }
      expect(cache.read(torrent, 0, begin, BLOCK)?.length).toBe(BLOCK)
      await settle()
    }
    expect(misses).toBe(1)
    expect(torrent.fills).toEqual([
      { piece: 0, begin: 0, length: MIB },
      { piece: 0, begin: MIB, length: MIB },
    ])
  })

  it('never reads beyond the piece, which may be short', async () => {
    const torrent = new FakeTorrent(1.5 * MIB, 1.5 * MIB + 5)
    const cache = new ReadCache()
    cache.read(torrent, 1, 0, 5)
    await settle()
    expect(cache.read(torrent, 1, 0, 5)).toEqual(new Uint8Array(5).fill(1))
    expect(torrent.fills).toEqual([{ piece: 1, begin: 0, length: 5 }])
  })

  it('fetches small pieces together and answers each by itself', async () => {
    const torrent = new FakeTorrent(16 * KIB, 100 * 16 * KIB)
    torrent.bad.set(2, new ShoalError('DISK_READ', 'short'))
    const cache = new ReadCache()
    for (const piece of [1, 2]) expect(cache.read(torrent, piece, 0, 10)).toBeUndefined()
    await settle()
    expect(torrent.events).toEqual(['error 2', 'readable'])
    expect(cache.read(torrent, 1, 0, 10)).toEqual(new Uint8Array(10).fill(1))
    expect(cache.read(torrent, 7, 16_000, 10)).toEqual(new Uint8Array(10).fill(7))
    expect(torrent.fills.length).toBe(1)
    torrent.bad.clear()
    expect(cache.read(torrent, 2, 0, 10)).toBeUndefined()
    await settle()
    expect(cache.read(torrent, 2, 0, 10)).toEqual(new Uint8Array(10).fill(2))
  })

  it('fetches a piece again that was written after it was fetched, or meanwhile', async () => {
    const torrent = new FakeTorrent(1 * MIB, 1 * MIB)
    const cache = new ReadCache()
    cache.read(torrent, 0, 0, 1)
    cache.forgetPiece(torrent, 0)
    torrent.version = 1
    await settle()
    expect(cache.read(torrent, 0, 0, 1)).toBeUndefined()
    await settle()
    expect(cache.read(torrent, 0, 0, 1)).toEqual(new Uint8Array([1]))
    torrent.version = 2
    cache.forgetPiece(torrent, 0)
    expect(cache.read(torrent, 0, 0, 1)).toBeUndefined()
    await settle()
    expect(cache.read(torrent, 0, 0, 1)).toEqual(new Uint8Array([2]))
  })

  it('asks again, without an error, what is forgotten while it is fetched', async () => {
    const torrent = new FakeTorrent(1 * MIB, 1 * MIB)
    torrent.bad.set(0, new ShoalError('DISK_READ', 'the parts file is gone'))
    const cache = new ReadCache()
    cache.read(torrent, 0, 0, 1)
    cache.forget(torrent)
    await settle()
    expect(torrent.events).toEqual(['readable'])
    torrent.bad.clear()
    expect(cache.read(torrent, 0, 0, 1)).toBeUndefined()
    await settle()
    expect(cache.read(torrent, 0, 0, 1)).toEqual(new Uint8Array([0]))
  })

  it('holds no more than its limit, whoever it belongs to', async () => {
    const cache = new ReadCache(4 * MIB)
    const torrents = [new FakeTorrent(MIB, 8 * MIB, 1), new FakeTorrent(MIB, 8 * MIB, 2)]
    for (const torrent of torrents) {
      for (let piece = 0; piece < 8; piece++) {
        for (let begin = 0; begin < MIB; begin += BLOCK) {
          if (cache.read(torrent, piece, begin, BLOCK) === undefined) await settle()
        }
      }
    }
    const hits = torrents.flatMap(torrent => [0, 3, 4, 7].map(piece => cache.read(torrent, piece, 0, 1)?.[0]))
    expect(hits).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, 4, 7])
  })

  it('uses memory again, of pieces of whatever size', async () => {
    const torrent = new FakeTorrent(256 * KIB, 64 * 256 * KIB)
    const cache = new ReadCache(2 * MIB)
    const memory = new Set<ArrayBufferLike>()
    for (let piece = 0; piece < 64; piece++) {
      for (let begin = 0; begin < 256 * KIB; begin += BLOCK) {
        if (cache.read(torrent, piece, begin, BLOCK) === undefined) await settle()
        memory.add(cache.read(torrent, piece, begin, 0)!.buffer)
      }
    }
    expect(torrent.fills.length).toBe(64)
    expect(memory.size).toBeLessThan(12)
  })

  it('keeps little of what was read to its end, until others come for it again', async () => {
    const torrent = new FakeTorrent(MIB, 200 * MIB)
    const cache = new ReadCache(16 * MIB)
    const readAll = async (piece: number): Promise<void> => {
      for (let begin = 0; begin < MIB; begin += BLOCK) {
        if (cache.read(torrent, piece, begin, BLOCK) !== undefined) continue
        await settle()
        expect(cache.read(torrent, piece, begin, BLOCK)).toBeDefined()
      }
    }
    const pieces = (from: number, to: number): number[] =>
      Array.from({ length: to - from }, (_, n) => from + n)
    for (const piece of pieces(0, 8)) await readAll(piece)
    const fetches = (): number => torrent.fills.length
    expect(fetches()).toBe(8)
    // One comes after the first, some pieces behind: fetched again once, then all that it comes to is there.
    await readAll(4)
    expect(fetches()).toBe(9)
    for (const piece of pieces(8, 40)) {
      await readAll(piece)
      await readAll(piece - 3)
    }
    expect(fetches()).toBe(9 + 32)
  })

  it('reads little more than is asked for when more peers read than fit', async () => {
    const torrent = new FakeTorrent(4 * MIB, 256 * MIB)
    const cache = new ReadCache(4 * MIB)
    const rounds = 128
    const peers = 24
    for (let round = 0; round < rounds; round++) {
      for (let peer = 0; peer < peers; peer++) {
        for (let tries = 0; cache.read(torrent, peer, round * BLOCK, BLOCK) === undefined; tries++) {
          expect(tries).toBeLessThan(3)
          await settle()
        }
      }
    }
    const asked = rounds * peers * BLOCK
    const fetched = torrent.fills.reduce((sum, fill) => sum + fill.length, 0)
    expect(fetched / asked).toBeLessThan(6)
  })
})

async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}
