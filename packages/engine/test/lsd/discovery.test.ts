import { describe, expect, test } from 'vitest'
import { LocalDiscovery } from '../../src/lsd/discovery.ts'
import { encodeAnnounce } from '../../src/lsd/message.ts'

const MINUTE = 60_000

function hash(n: number): string {
  return n.toString(16).padStart(40, '0')
}

function heard(infoHashes: string[], cookie: string | undefined = 'theirs'): Uint8Array {
  return encodeAnnounce('239.192.152.143:6771', { port: 7000, infoHashes, cookie })
}

/** Which torrents are announced in each minute. */
function minutes(discovery: LocalDiscovery, count: number): number[][] {
  return Array.from({ length: count }, (_, minute) => {
    const sent: number[] = []
    let datagrams = 0
    for (let at = 0; at < MINUTE; at += 500) {
      const announce = discovery.poll(minute * MINUTE + at + 1_000)
      if (announce === undefined) continue
      datagrams++
      sent.push(...announce.infoHashes.map(text => Number.parseInt(text, 16)))
    }
    expect(datagrams).toBeLessThanOrEqual(1)
    return sent
  })
}

describe('announcing', () => {
  test('is every five minutes for a torrent', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    expect(discovery.poll(500)).toBeUndefined()
    expect(discovery.poll(1_000)).toEqual({ port: 6881, infoHashes: [hash(1)], cookie: 'c' })
    expect(discovery.poll(299_999)).toBeUndefined()
    expect(discovery.poll(301_000)).toBeDefined()
  })

  test('is once a minute at most, whatever is added', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    discovery.poll(1_000)
    discovery.add(hash(2), 2_000)
    discovery.add(hash(1), 2_000)
    expect(discovery.poll(60_999)).toBeUndefined()
    expect(discovery.poll(61_000)?.infoHashes).toEqual([hash(2)])
  })

  test('goes round where there are more torrents than fit', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    for (let n = 1; n <= 150; n++) discovery.add(hash(n), 0)
    const sent = minutes(discovery, 16)
    expect(Math.max(...sent.map(each => each.length))).toBe(20)
    expect(new Set(sent.slice(0, 8).flat()).size).toBe(150)
    expect(sent.flat().filter(n => n === 1)).toHaveLength(3)
  })

  test('ends when a torrent is removed', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    discovery.remove(hash(1))
    expect(discovery.poll(MINUTE)).toBeUndefined()
  })
})

describe('hearing', () => {
  test('finds those that have our torrents', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    discovery.add(hash(2), 0)
    expect(discovery.handle(heard([hash(3), hash(2), hash(1)]), 0)).toEqual({
      port: 7000,
      infoHashes: [hash(2), hash(1)],
    })
    expect(discovery.handle(heard([hash(1)], undefined), 0)?.infoHashes).toEqual([hash(1)])
  })

  test('passes over our own, those of other torrents, and what is none', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    expect(discovery.handle(heard([hash(1)], 'c'), 0)).toBeUndefined()
    expect(discovery.handle(heard([hash(2)]), 0)).toBeUndefined()
    expect(discovery.handle(Uint8Array.of(1, 2, 3), 0)).toBeUndefined()
    discovery.remove(hash(1))
    expect(discovery.handle(heard([hash(1)]), 0)).toBeUndefined()
  })

  test('reads so many a second', () => {
    const discovery = new LocalDiscovery({ port: 6881, cookie: 'c' })
    discovery.add(hash(1), 0)
    const read = (now: number): number =>
      Array.from({ length: 200 }, () => discovery.handle(heard([hash(1)]), now)).filter(Boolean).length
    expect([read(0), read(999), read(1_000)]).toEqual([50, 0, 50])
  })
})
