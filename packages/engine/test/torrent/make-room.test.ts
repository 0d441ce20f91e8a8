import { expect, test } from 'vitest'
import {
  fairShare,
  leastUseful,
  type Occupant,
  whoIsUseless,
  whoMakesRoom,
} from '../../src/torrent/make-room.ts'

const NOW = 1_000_000
const IDLE_MS = 60_000

/** Its priority is the last number of its address. */
function peer(last: number, as: Partial<Occupant> & { readonly rate?: number } = {}): Occupant {
  return {
    address: { host: `9.9.9.${last}`, port: 6881 },
    listens: undefined,
    phase: 'open',
    startedAt: NOW - 10_000,
    interested: true,
    interesting: true,
    choked: true,
    choking: true,
    snubbed: false,
    waitsForTurn: false,
    entry: { sources: ['tracker'] },
    downloadRate: () => as.rate ?? 0,
    uploadRate: () => 0,
    ...as,
  }
}

function leaving(visitor: number, occupants: Occupant[]): string | undefined {
  const priorityOf = ({ host }: { host: string }): number => Number(host.split('.')[3])
  const address = { host: `9.9.9.${visitor}`, port: 50_000 }
  return whoMakesRoom(address, occupants, priorityOf, IDLE_MS, NOW)?.address.host
}

test('the one of lowest priority makes room for a visitor of a higher one', () => {
  expect(leaving(50, [peer(40), peer(20), peer(30), peer(60)])).toBe('9.9.9.20')
  expect(leaving(50, [peer(60), peer(70)])).toBeUndefined()
})

test('whoever is at work stays, and so does one that the user gave', () => {
  const busy = [
    peer(1, { rate: 1 }),
    peer(2, { uploadRate: () => 1 }),
    peer(3, { choked: false }),
    peer(4, { choking: false }),
    peer(5, { entry: { sources: ['dht', 'given'] } }),
    peer(6, { phase: 'handshake' }),
  ]
  expect(leaving(50, busy)).toBeUndefined()
  expect(leaving(50, [...busy, peer(7)])).toBe('9.9.9.7')
})

test('whoever has been of no use for the longest goes first of all, whatever the priorities', () => {
  const idle = { interested: false, interesting: false }
  const long = peer(90, { ...idle, startedAt: NOW - IDLE_MS - 2 })
  const longer = peer(91, { ...idle, startedAt: NOW - IDLE_MS - 9 })
  expect(leaving(50, [peer(20), long, longer, peer(30)])).toBe('9.9.9.91')
  expect(leaving(50, [peer(90, idle), peer(20)])).toBe('9.9.9.20')
})

test('whoever lets us wait in vain is not at work, and goes for anyone who comes', () => {
  const promising = peer(1, { choking: false })
  const holding = peer(2, { choking: false, snubbed: true })
  expect(whoIsUseless([promising, holding], NOW)).toBe(holding)
  expect(leaving(50, [promising, holding])).toBe('9.9.9.2')
  expect(whoIsUseless([peer(3, { choking: false, snubbed: true, uploadRate: () => 1 })], NOW)).toBeUndefined()
  expect(whoIsUseless([peer(4, { snubbed: true })], NOW)).toBeUndefined()
})

test('whoever is asked for nothing, as others of its host lied, goes for anyone who comes', () => {
  const waiting = peer(2, { choking: false, waitsForTurn: true })
  expect(whoIsUseless([peer(1, { choking: false }), waiting], NOW)).toBe(waiting)
  expect(leaving(50, [peer(1, { choking: false }), waiting])).toBe('9.9.9.2')
})

test('a host that is connected displaces nobody', () => {
  expect(leaving(50, [peer(20), peer(50), peer(30)])).toBeUndefined()
})

test('nobody leaves while priorities are unknown', () => {
  const visitor = { host: '9.9.9.50', port: 1 }
  expect(whoMakesRoom(visitor, [peer(1)], () => undefined, IDLE_MS, NOW)).toBeUndefined()
  const only = ({ host }: { host: string }): number | undefined => (host === visitor.host ? 50 : undefined)
  expect(whoMakesRoom(visitor, [peer(1)], only, IDLE_MS, NOW)).toBeUndefined()
})

test('a peer that told where it listens counts by that port', () => {
  const occupant = peer(1, { listens: 7 })
  const seen: number[] = []
  whoMakesRoom({ host: '9.9.9.50', port: 1 }, [occupant], ({ port }) => seen.push(port), IDLE_MS, NOW)
  expect(seen).toEqual([1, 7])
})

test('for anyone who comes, whoever has not greeted or says nothing of interest goes, the longest first', () => {
  const idle = { interested: false, interesting: false }
  const mute = peer(1, { phase: 'handshake', startedAt: NOW - 4_000 })
  const useless = peer(2, { ...idle, startedAt: NOW - 5_000 })
  const fresh = peer(3, { ...idle, startedAt: NOW - 1_000 })
  const given = peer(4, { ...idle, entry: { sources: ['given'] } })
  const connecting = peer(5, { phase: 'connecting' })
  expect(whoIsUseless([peer(6), fresh, given, connecting], NOW)).toBeUndefined()
  expect(whoIsUseless([peer(6), fresh, mute, useless], NOW)).toBe(useless)
  expect(whoIsUseless([mute, fresh], NOW)).toBe(mute)
})

test('of too many go those not connected yet, then the idle, then the slow, then those that the user gave', () => {
  const occupants = [
    peer(1, { rate: 50 }),
    peer(2, { rate: 5 }),
    peer(3, { entry: { sources: ['given'] } }),
    peer(4, { interested: false, interesting: false }),
    peer(5, { phase: 'connecting' }),
  ]
  const going = leastUseful(occupants, 5, NOW).map(({ address }) => address.host.split('.')[3])
  expect(going).toEqual(['5', '4', '2', '1', '3'])
  expect(leastUseful(occupants, -1, NOW)).toEqual([])
})

test('those who have little keep it when all together have too much', () => {
  const kept = (sizes: number[], total: number): number[] => {
    const share = fairShare(sizes, total)
    return sizes.map(size => Math.min(size, share))
  }
  expect(kept([100, 5, 40], 60)).toEqual([27, 5, 27])
  expect(kept([1, 2, 3], 6)).toEqual([1, 2, 3])
  expect(kept([7, 7], 1)).toEqual([0, 0])
  expect(kept([], 5)).toEqual([])
})
