import { expect, test } from 'vitest'
import type { Contact } from '../../src/dht/distance.ts'
import { Lookup } from '../../src/dht/lookup.ts'
import { makeNodeId } from '../../src/dht/node-id.ts'
import { id, seeded } from './helpers.ts'

const TARGET = id()
const OWN = id(0xff, 1)

/** At distance `n` to the target, in a network of its own. */
function at(n: number, host = `20.${n >> 8}.${n & 255}.1`): Contact {
  return { id: id(n >> 8, n & 255), host, port: 6881 }
}

function askAll(lookup: Lookup): string[] {
  const asked: string[] = []
  for (let next = lookup.next(); next !== undefined; next = lookup.next()) {
    asked.push(next.address.host)
    lookup.replied(next, next.id!, new Uint8Array(1))
  }
  return asked
}

test('the nearest are asked first, four at a time', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add(
    [9, 3, 7, 1, 5, 2].map(n => at(n)),
    0,
  )
  const first = [1, 2, 3, 4].map(() => lookup.next()!)
  expect(first.map(candidate => candidate.id![1])).toEqual([1, 2, 3, 5])
  expect(lookup.next()).toBeUndefined()
  lookup.replied(first[0]!, first[0]!.id!, undefined)
  expect(lookup.next()!.id![1]).toBe(7)
  // Who is slow is waited for, but does not hold up the others.
  lookup.delayed(first[1]!)
  expect(lookup.next()!.id![1]).toBe(9)
  expect(lookup.isDone).toBe(false)
})

test('it is over when the 8 nearest have answered', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add(
    Array.from({ length: 30 }, (_, n) => at(n + 1)),
    0,
  )
  expect(askAll(lookup)).toHaveLength(8)
  expect(lookup.isDone).toBe(true)
  expect(lookup.nearest(true).map(candidate => candidate.id![1])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(lookup.stats).toEqual({ messages: 8, replies: 8, hops: 0 })
})

test('those that do not answer are replaced by the next nearest', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add(
    Array.from({ length: 30 }, (_, n) => at(n + 1)),
    0,
  )
  for (let n = 0; n < 5; n++) lookup.failed(lookup.next()!)
  askAll(lookup)
  expect(lookup.nearest().map(candidate => candidate.id![1])).toEqual([6, 7, 8, 9, 10, 11, 12, 13])
})

test('it ends when nobody is left, and after 100 questions in any case', () => {
  const alone = new Lookup(TARGET, OWN)
  expect(alone.isDone).toBe(true)
  const lookup = new Lookup(TARGET, OWN)
  lookup.add([at(60_000)], 0)
  let messages = 0
  for (let next = lookup.next(); next !== undefined; next = lookup.next()) {
    messages++
    // Each answer tells of a still nearer node, without end.
    lookup.replied(next, next.id!, undefined)
    lookup.add([at(60_000 - messages)], messages)
  }
  expect(messages).toBe(100)
  expect(lookup.isDone).toBe(true)
})

test('one node of each address and each network is asked, another one when that fails', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add([at(1, '9.9.9.9'), at(2, '9.9.9.10'), { ...at(3, '9.9.9.9'), port: 5 }, at(4)], 0)
  const first = lookup.next()!
  expect(first.address.host).toBe('9.9.9.9')
  expect(lookup.next()!.id).toEqual(at(4).id)
  expect(lookup.next()).toBeUndefined()
  lookup.failed(first)
  expect(lookup.next()!.address.host).toBe('9.9.9.10')
})

test('a thousand nodes of one network do not push out the others', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add(
    Array.from({ length: 8 }, (_, n) => at(50_000 + n)),
    0,
  )
  lookup.add(
    Array.from({ length: 1000 }, (_, n) => ({ ...at(n, `9.9.9.${n & 255}`), port: 1 + n })),
    0,
  )
  expect(askAll(lookup)).toHaveLength(8)
  expect(lookup.nearest().filter(candidate => candidate.address.host.startsWith('9.9.9.'))).toHaveLength(1)
})

test('where nearer ones have ids that are not theirs, 8 whose ids are theirs are found, too', () => {
  const lookup = new Lookup(TARGET, OWN)
  const random = seeded(1)
  const honest = Array.from({ length: 12 }, (_, n) => {
    const host = `8.${n}.8.8`
    return { id: makeNodeId(host, random), host, port: 1 }
  })
  lookup.add(
    Array.from({ length: 40 }, (_, n) => at(n)),
    0,
  )
  lookup.add(honest, 0)
  askAll(lookup)
  const nearest = lookup.nearest()
  expect(nearest).toHaveLength(16)
  expect(nearest.filter(candidate => candidate.isVerified)).toHaveLength(8)
})

test('a node stands where it says that it stands, and we are nobody', () => {
  const lookup = new Lookup(TARGET, OWN)
  lookup.add([at(1), at(2), at(3), { host: '30.1.1.1', port: 1 }, { ...at(9), id: OWN }], 0)
  const [one, two] = [lookup.next()!, lookup.next()!]
  lookup.replied(one, id(0x70), undefined)
  lookup.replied(two, OWN, undefined)
  const three = lookup.next()!
  expect(three.id).toEqual(at(3).id)
  lookup.replied(three, three.id!, undefined)
  const router = lookup.next()!
  expect(router.id).toBeUndefined()
  lookup.replied(router, id(0, 1), undefined)
  expect(lookup.nearest().map(candidate => candidate.address.host)).toEqual([
    '30.1.1.1',
    '20.0.3.1',
    '20.0.1.1',
  ])
  expect(lookup.isDone).toBe(true)
})
