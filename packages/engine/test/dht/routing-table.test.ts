import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Contact, compareDistance, sharedBits, withRandomTail } from '../../src/dht/distance.ts'
import { makeNodeId } from '../../src/dht/node-id.ts'
import { K, RoutingTable } from '../../src/dht/routing-table.ts'
import { id, seeded } from './helpers.ts'

const MINUTE = 60_000
const OWN = id()

/** A node of a network of its own, in the half that we are not in. */
function far(n: number): Contact {
  return { id: id(0x80, n >> 8, n), host: `20.${n >> 8}.${n & 255}.1`, port: 6881 }
}

test('a bucket holds 8, and only that of our own id is split', () => {
  const table = new RoutingTable(OWN, 0)
  for (let n = 0; n < 20; n++) table.answered(far(n), 0)
  expect(table.size).toBe(K)
  for (let n = 0; n < 20; n++) table.answered({ ...far(100 + n), id: id(0x40, n) }, 0)
  expect(table.size).toBe(2 * K)
  expect(table.snapshot(0).map(bucket => bucket.nodes)).toEqual([8, 8, 0])
  table.checkInvariants()
})

test('a node is good for a quarter of an hour after it was heard, then questionable, and bad after two failures', () => {
  const table = new RoutingTable(OWN, 0)
  table.answered(far(1), 0)
  expect(table.closest(OWN, 8, 14 * MINUTE, true)).toHaveLength(1)
  expect(table.nextQuestionable(14 * MINUTE)).toBeUndefined()
  table.queried(far(1), 10 * MINUTE)
  expect(table.goodCount(24 * MINUTE)).toBe(1)
  expect(table.goodCount(26 * MINUTE)).toBe(0)
  expect(table.nextQuestionable(26 * MINUTE)).toMatchObject({ host: far(1).host })
  expect(table.nextQuestionable(26 * MINUTE)).toBeUndefined()
  table.failed(far(1).host, far(1).port)
  expect(table.nextQuestionable(27 * MINUTE)).toMatchObject({ host: far(1).host })
  table.failed(far(1).host, far(1).port)
  // Bad, but nobody is there in its place: it may be our own network that fails.
  expect(table.nextQuestionable(28 * MINUTE)).toBeUndefined()
  expect(table.size).toBe(1)
  table.answered(far(1), 40 * MINUTE)
  expect(table.goodCount(40 * MINUTE)).toBe(1)
})

test('who waits takes the place of who went bad', () => {
  const table = new RoutingTable(OWN, 0)
  for (let n = 0; n < 12; n++) table.answered(far(n), n)
  for (let m = 0; m < 2; m++) table.failed(far(3).host, far(3).port)
  expect(table.size).toBe(K)
  const hosts = table.closest(OWN, 20, 0).map(contact => contact.host)
  expect(hosts).not.toContain(far(3).host)
  expect(hosts).toContain(far(11).host)
  table.checkInvariants()
})

test('one party has one node, one network one in a bucket', () => {
  const table = new RoutingTable(OWN, 0)
  table.answered({ id: id(0x80), host: '9.9.9.9', port: 1 }, 0)
  table.answered({ id: id(0x40), host: '9.9.9.9', port: 2 }, 0)
  table.answered({ id: id(0x81), host: '9.9.9.10', port: 3 }, 0)
  expect(table.size).toBe(1)
  for (let n = 0; n < 1000; n++) {
    table.answered({ id: seeded(n).bytes(20), host: `9.9.9.${n & 255}`, port: 1000 + n }, 0)
  }
  expect(table.size).toBeLessThanOrEqual(20)
  table.checkInvariants()
})

test('on loopback and in a home network many nodes may be near each other', () => {
  const table = new RoutingTable(OWN, 0)
  for (let n = 0; n < 4; n++) table.answered({ id: id(0x80, n), host: '127.0.0.1', port: 1 + n }, 0)
  for (let n = 0; n < 4; n++) table.answered({ id: id(0x90, n), host: `10.0.0.${n}`, port: 1 }, 0)
  expect(table.size).toBe(8)
})

test('a node whose id is that of its address takes the place of one whose id is not', () => {
  const table = new RoutingTable(OWN, 0)
  for (let n = 0; n < 8; n++) table.answered(far(n), 0)
  let own = makeNodeId('8.8.8.8', seeded(1))
  for (let n = 2; (own[0]! & 0x80) === 0; n++) own = makeNodeId('8.8.8.8', seeded(n))
  table.answered({ id: own, host: '8.8.8.8', port: 1 }, 0)
  expect(table.closest(own, 20, 0).map(contact => contact.host)).toContain('8.8.8.8')
  expect(table.size).toBe(8)
})

test('a node that changes its id moves, and our own id is nobody', () => {
  const table = new RoutingTable(OWN, 0)
  table.answered({ id: id(0x80), host: '9.9.9.9', port: 1 }, 0)
  table.answered({ id: id(0x40), host: '9.9.9.9', port: 1 }, 0)
  expect(table.closest(OWN, 8, 0)).toHaveLength(1)
  expect(table.closest(OWN, 8, 0)[0]!.id).toEqual(id(0x40))
  table.answered({ id: OWN, host: '7.7.7.7', port: 1 }, 0)
  expect(table.size).toBe(1)
})

test('a bucket that has been quiet is looked into, once', () => {
  const table = new RoutingTable(id(1, 2, 3), 0)
  for (let n = 0; n < 9; n++) table.answered(far(n), 0)
  expect(table.nextRefresh(14 * MINUTE, seeded(1).bytes(20))).toBeUndefined()
  const first = table.nextRefresh(16 * MINUTE, seeded(1).bytes(20))!
  expect(sharedBits(first, table.id)).toBe(0)
  const second = table.nextRefresh(16 * MINUTE, seeded(1).bytes(20))!
  expect(sharedBits(second, table.id)).toBeGreaterThanOrEqual(1)
  expect(table.nextRefresh(16 * MINUTE, seeded(1).bytes(20))).toBeUndefined()
})

test('whatever happens, the invariants hold and the nearest are the nearest', () => {
  const event = fc.tuple(fc.nat(5), fc.nat(255), fc.nat(3), fc.nat(255), fc.integer({ min: 0, max: 120_000 }))
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), events => {
      let table = new RoutingTable(OWN, 0)
      let now = 0
      for (const [kind, host, net, start, passed] of events) {
        now += passed
        const contact = { id: id(start, host), host: `20.1.${net}.${host & 15}`, port: 1 + (host & 1) }
        if (kind < 3) table.answered(contact, now)
        else if (kind === 3) table.failed(contact.host, contact.port)
        else if (kind === 4) table.queried(contact, now)
        else table = table.withId(id(start), now)
        table.checkInvariants()
      }
      const nearest = table.closest(OWN, 4, now, true)
      const all = table.closest(OWN, 1000, now, true)
      expect(nearest).toEqual(all.slice(0, 4))
      expect([...all].sort((a, b) => compareDistance(OWN, a.id, b.id))).toEqual(all)
    }),
    { numRuns: 100, seed: 1 },
  )
})

test('ids share the bits they should', () => {
  const random = seeded(4)
  for (const bits of [0, 1, 7, 8, 9, 63, 159]) {
    const own = random.bytes(20)
    expect(sharedBits(own, withRandomTail(own, bits, true, random.bytes(20)))).toBe(bits)
    expect(sharedBits(own, withRandomTail(own, bits, false, random.bytes(20)))).toBeGreaterThanOrEqual(bits)
  }
  expect(sharedBits(OWN, OWN)).toBe(160)
})
