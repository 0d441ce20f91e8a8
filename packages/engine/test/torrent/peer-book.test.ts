import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PeerBookEntry, PeerSource } from '../../src/torrent/peer-book.ts'
import { PeerBook } from '../../src/torrent/peer-book.ts'
import { seeded } from './seeded.ts'

const HOUR_MS = 3_600_000
const at = (n: number, port = 6_881): { host: string; port: number } => ({ host: `10.0.0.${n}`, port })

function bookOf(max?: number): PeerBook {
  return new PeerBook({ random: seeded(42), ...(max === undefined ? {} : { max }) })
}

/** Lets every attempt fail; the times of the attempts. */
function attempts(book: PeerBook, fromMs: number, toMs: number): number[] {
  const times: number[] = []
  for (let now = fromMs; now < toMs; now += 1_000) {
    const entry = book.next(now)
    if (entry === undefined) continue
    times.push(now)
    book.failed(entry, now)
  }
  return times
}

test('an address is dialled once until it fails or its connection ends', () => {
  const book = bookOf()
  expect(book.add(at(1), 'tracker', 0)).toBe(true)
  expect(book.add(at(1), 'pex', 0)).toBe(false)
  const entry = book.next(0)!
  expect(entry.sources).toEqual(['tracker', 'pex'])
  expect(entry.state).toBe('dialling')
  expect(book.next(HOUR_MS)).toBeUndefined()
  book.connected(entry, 100)
  expect(book.next(HOUR_MS)).toBeUndefined()
  book.disconnected(entry, HOUR_MS, { useful: true })
  expect(book.next(HOUR_MS + 15_000)).toBe(entry)
})

test('impossible and own addresses are never taken', () => {
  const book = bookOf()
  book.add(at(9), 'tracker', 0)
  book.addOwn(at(9))
  const bad = [
    at(1, 0),
    at(1, 65_536),
    at(1, -1),
    at(1, 1.5),
    at(9),
    { host: '', port: 1 },
    { host: '0.0.0.0', port: 1 },
  ]
  for (const address of bad) expect(book.add(address, 'tracker', 0)).toBe(false)
  expect(book.size).toBe(0)
})

test('given comes before useful, useful before unknown, a tracker before the DHT, failures last', () => {
  const book = bookOf()
  book.add(at(1), 'pex', 0)
  const failing = book.next(0)!
  book.failed(failing, 0)
  book.add(at(2), 'dht', 0)
  const useful = book.next(0)!
  book.disconnected(useful, 0, { useful: true })
  book.add(at(3), 'dht', 0)
  book.add(at(4), 'tracker', 0)
  book.add(at(5), 'given', 0)
  const hosts = Array.from({ length: 5 }, () => book.next(60_000)!.address.host)
  expect(hosts).toEqual(['10.0.0.5', '10.0.0.2', '10.0.0.4', '10.0.0.3', '10.0.0.1'])
})

test('failures are retried at doubling distances and then forgotten', () => {
  const book = bookOf()
  book.add(at(1), 'pex', 0)
  const times = attempts(book, 0, 4 * HOUR_MS)
  expect(times).toHaveLength(6)
  for (let n = 1; n < times.length; n++) {
    const fullMs = 30_000 * 2 ** (n - 1)
    expect(times[n]! - times[n - 1]!).toBeGreaterThanOrEqual(fullMs * 0.75)
    expect(times[n]! - times[n - 1]!).toBeLessThanOrEqual(fullMs + 1_000)
  }
  expect(book.size).toBe(0)
})

test('what a tracker named within the hour is not forgotten, and never waits more than half an hour', () => {
  const book = bookOf()
  for (let now = 0; now < 6 * HOUR_MS; now += HOUR_MS / 2) {
    book.add(at(1), 'tracker', now)
    const times = attempts(book, now, now + HOUR_MS / 2)
    expect(times.length).toBeGreaterThanOrEqual(now === 0 ? 5 : 0)
  }
  expect(book.size).toBe(1)
})

test('a given peer is tried for ever, at least every minute', () => {
  const book = bookOf()
  book.add(at(1), 'given', 0)
  const times = attempts(book, 0, HOUR_MS)
  expect(times[1]!).toBeLessThanOrEqual(16_000)
  for (let n = 1; n < times.length; n++) expect(times[n]! - times[n - 1]!).toBeLessThanOrEqual(61_000)
  expect(times.length).toBeGreaterThan(58)
})

test('a useful peer that restarts is found within seconds', () => {
  const book = bookOf()
  book.add(at(1), 'dht', 0)
  const entry = book.next(0)!
  book.connected(entry, 0)
  book.disconnected(entry, 1_000, { useful: true, reason: 'closed' })
  const times = attempts(book, 1_000, 50_000)
  expect(times.length).toBeGreaterThanOrEqual(3)
  expect(times[0]!).toBeGreaterThanOrEqual(6_000)
  expect(times[0]!).toBeLessThanOrEqual(17_000)
})

test('an address that the user gives is tried at once, whatever its backoff', () => {
  const book = bookOf()
  book.add(at(1), 'pex', 0)
  attempts(book, 0, 200_000)
  book.add(at(1), 'given', 200_000)
  expect(book.next(200_000)?.sources).toEqual(['pex', 'given'])
})

test('connections that lead to nothing back off like failures', () => {
  const book = bookOf()
  book.add(at(1), 'pex', 0)
  for (let n = 0; n < 3; n++) {
    const entry = book.next(n * HOUR_MS)!
    book.connected(entry, n * HOUR_MS)
    book.disconnected(entry, n * HOUR_MS, { useful: false, reason: 'full' })
  }
  expect(book.next(2 * HOUR_MS + 80_000)).toBeUndefined()
  expect(book.snapshot()[0]).toMatchObject({ failures: 3, lastReason: 'full', state: 'idle' })
})

test('a banned address is neither dialled nor taken until the ban expires', () => {
  const book = bookOf()
  book.add(at(1), 'tracker', 0)
  book.ban('10.0.0.1:6881', 0, HOUR_MS)
  expect(book.isBanned('10.0.0.1:6881', 1)).toBe(true)
  expect(book.isBanned('10.0.0.1:7000', 1)).toBe(false)
  expect(book.isBanned('10.0.0.1', 1)).toBe(false)
  expect(book.next(1)).toBeUndefined()
  expect(book.add(at(1), 'tracker', 1)).toBe(false)
  expect(book.add(at(1), 'tracker', HOUR_MS)).toBe(true)
})

test('a peer banned while connected is gone once it is disconnected', () => {
  const book = bookOf()
  book.add(at(1), 'tracker', 0)
  const entry = book.next(0)!
  book.connected(entry, 0)
  book.ban(entry.key, 10, HOUR_MS)
  expect(book.size).toBe(1)
  book.disconnected(entry, 20, { useful: true })
  expect(book.size).toBe(0)
})

test('a given peer sits out its ban and is then tried again', () => {
  const book = bookOf()
  book.add(at(1), 'given', 0)
  book.ban('10.0.0.1:6881', 0, HOUR_MS)
  expect(book.next(HOUR_MS - 1)).toBeUndefined()
  expect(book.next(HOUR_MS)?.key).toBe('10.0.0.1:6881')
})

test('a host is banned after four of its ports were', () => {
  const book = bookOf()
  for (let port = 1; port <= 3; port++) book.ban(`10.0.0.1:${port}`, 0, HOUR_MS)
  expect(book.isBanned('10.0.0.1', 1)).toBe(false)
  book.ban('10.0.0.1:4', 0, HOUR_MS)
  expect(book.isBanned('10.0.0.1', 1)).toBe(true)
  expect(book.isBanned('10.0.0.1:999', 1)).toBe(true)
  expect(book.isBanned('10.0.0.1:999', HOUR_MS)).toBe(false)
  for (let port = 1; port <= 9; port++) book.ban(`[fd00::1]:${port}`, 0, HOUR_MS)
  expect(book.isBanned('fd00::1', 1)).toBe(true)
})

test('a host where someone honest lives is not banned as a whole, nor is this machine', () => {
  const book = bookOf()
  book.add(at(1, 5_000), 'tracker', 0)
  const honest = book.next(0)!
  book.connected(honest, 0)
  book.served(honest, 0)
  for (let port = 1; port <= 20; port++) book.ban(`10.0.0.1:${port}`, 0, HOUR_MS)
  for (let port = 1; port <= 20; port++) book.ban(`127.0.0.1:${port}`, 0, HOUR_MS)
  expect(book.isBanned('10.0.0.1:5000', 1)).toBe(false)
  expect(book.isBanned('127.0.0.1:5000', 1)).toBe(false)
})

test('after a ban strangers of the host are not dialled for a while; who proved itself or was given is', () => {
  const book = bookOf()
  book.add(at(1, 2), 'tracker', 0)
  const proven = book.next(0)!
  book.connected(proven, 0)
  book.proved(proven, 0)
  book.add(at(1, 3), 'tracker', 0)
  const useful = book.next(0)!
  for (const entry of [proven, useful]) book.disconnected(entry, 0, { useful: true })
  book.add(at(1, 4), 'tracker', 0)
  book.add(at(1, 5), 'given', 0)
  book.ban('10.0.0.1:1', 0, HOUR_MS)
  const ports = (now: number): number[] => {
    const found: number[] = []
    for (let next = book.next(now); next !== undefined; next = book.next(now)) found.push(next.address.port)
    return found
  }
  expect(ports(59_999)).toEqual([5, 2])
  expect(book.hasFresh(59_999)).toBe(false)
  expect(book.hasFresh(60_000)).toBe(true)
  expect(ports(60_000)).toEqual([3, 4])
})

test('on this machine nobody waits for the bans of others', () => {
  const book = bookOf()
  for (const host of ['127.0.0.1', '::1']) {
    book.add({ host, port: 2 }, 'tracker', 0)
    book.ban(host.includes(':') ? `[${host}]:1` : `${host}:1`, 0, HOUR_MS)
    expect(book.next(0)?.address.host).toBe(host)
  }
})

test('one that lied has proved nothing any more', () => {
  const book = bookOf()
  book.add(at(1), 'given', 0)
  const entry = book.next(0)!
  book.connected(entry, 0)
  book.proved(entry, 0)
  expect(entry.proven).toBe(true)
  book.ban(entry.key, 1, HOUR_MS)
  expect(entry.proven).toBe(false)
})

test('the third strike bans the address', () => {
  const book = bookOf()
  book.add(at(1), 'tracker', 0)
  const entry = book.next(0)!
  expect([book.strike(entry, 1), book.strike(entry, 2), book.strike(entry, 3)]).toEqual([false, false, true])
  expect(book.isBanned(entry.key, 4)).toBe(true)
})

test('a full book takes better addresses in place of worse ones, and no others', () => {
  const book = bookOf(10)
  for (let n = 0; n < 20; n++) book.add(at(n), 'pex', 0)
  expect(book.size).toBe(10)
  expect(book.add(at(100), 'dht', 0)).toBe(false)
  expect(book.add(at(101), 'tracker', 0)).toBe(true)
  for (let n = 0; n < 9; n++) book.failed(book.next(0)!, 0)
  expect(book.add(at(102), 'dht', 0)).toBe(true)
  expect(book.size).toBe(10)
})

test('under any sequence of events the book keeps to its bound and its given peers', () => {
  const sources: PeerSource[] = ['tracker', 'dht', 'pex', 'lsd', 'incoming']
  const event = fc.record({
    kind: fc.constantFrom('add', 'next', 'failed', 'connected', 'useful', 'useless', 'ban'),
    n: fc.nat(40),
    source: fc.constantFrom(...sources),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), events => {
      const book = bookOf(12)
      book.add(at(200), 'given', 0)
      const held: PeerBookEntry[] = []
      let now = 0
      for (const { kind, n, source } of events) {
        now += 5_000
        const entry = held.shift()
        if (kind === 'add') book.add(at(n), source, now)
        if (kind === 'ban') book.ban(`10.0.0.${n}:6881`, now, 60_000)
        if (kind === 'next') {
          const next = book.next(now)
          if (next !== undefined) {
            expect(book.isBanned(next.key, now)).toBe(false)
            held.push(next)
          }
        }
        if (entry === undefined) continue
        if (kind === 'connected') book.connected(entry, now)
        if (kind === 'failed') book.failed(entry, now)
        else if (kind === 'useful' || kind === 'useless')
          book.disconnected(entry, now, { useful: kind === 'useful' })
        else held.push(entry)
        expect(book.size).toBeLessThanOrEqual(12)
        expect(book.entryFor(at(200))).toBeDefined()
      }
    }),
    { numRuns: 100 },
  )
})

test('of equals the one of the highest priority is dialled first, of those known before and after', () => {
  const book = bookOf()
  for (const n of [3, 1, 4]) book.add(at(n), 'tracker', 0)
  book.setPriorities(({ host }) => Number(host.split('.')[3]) * 0x1000_0000)
  for (const n of [6, 2, 5]) book.add(at(n), 'tracker', 0)
  book.add(at(9), 'dht', 0)
  const order = [1, 2, 3, 4, 5, 6, 7].map(() => book.next(0)?.address.host.slice('10.0.0.'.length))
  expect(order).toEqual(['6', '5', '4', '3', '2', '1', '9'])
})

test('where no priority is known, the order is drawn by lot as before', () => {
  const order = (priorities: boolean): (string | undefined)[] => {
    const book = bookOf()
    if (priorities) book.setPriorities(() => undefined)
    for (let n = 1; n < 9; n++) book.add(at(n), 'tracker', 0)
    return Array.from({ length: 8 }, () => book.next(0)?.key)
  }
  expect(order(true)).toEqual(order(false))
})
