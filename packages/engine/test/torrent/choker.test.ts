import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChokerPeer, Rechoke } from '../../src/torrent/choker.ts'
import { Choker } from '../../src/torrent/choker.ts'
import { seeded } from './seeded.ts'

class FakePeer implements ChokerPeer {
  readonly id: number
  interested = true
  choked = true
  snubbed = false
  connectedAt = 0
  unchokedAt = 0
  up = 0
  down = 0

  constructor(id: number, traits: Partial<FakePeer> = {}) {
    this.id = id
    Object.assign(this, traits)
  }

  uploadRate(): number {
    return this.up
  }

  downloadRate(): number {
    return this.down
  }
}

function crowd(n: number, traits: (id: number) => Partial<FakePeer> = () => ({})): FakePeer[] {
  return Array.from({ length: n }, (_, id) => new FakePeer(id, traits(id)))
}

function obey(result: Rechoke<FakePeer>, now: number): void {
  for (const peer of result.choke) peer.choked = true
  for (const peer of result.unchoke) {
    peer.choked = false
    peer.unchokedAt = now
  }
}

const open = (peers: FakePeer[]): number[] => peers.filter(peer => !peer.choked).map(peer => peer.id)

test('those who give most have all slots but one', () => {
  const peers = crowd(10, id => ({ down: id * 1_000 }))
  const choker = new Choker({ slots: 4, random: seeded(1) })
  obey(choker.rechoke(peers, 0, { seeding: false }), 0)
  expect(open(peers)).toHaveLength(4)
  expect(open(peers)).toEqual(expect.arrayContaining([7, 8, 9]))
})

test('a peer that snubs us is not paid back, however fast it once was', () => {
  const peers = crowd(6, id => ({ down: 1_000 + id, snubbed: id === 5, choked: id !== 5, connectedAt: -1e6 }))
  const choker = new Choker({ slots: 4, random: seeded(3) })
  obey(choker.rechoke(peers, 0, { seeding: false }), 0)
  expect(open(peers)).not.toContain(5)
})

test('the optimistic slot goes round every thirty seconds and not before', () => {
  const peers = crowd(8, id => ({ down: id < 3 ? 50_000 : 0, connectedAt: -1e6 }))
  const choker = new Choker({ slots: 4, random: seeded(7) })
  const seen = new Set<number>()
  let changes = 0
  let last = -1
  for (let now = 0; now < 1_200_000; now += 10_000) {
    obey(choker.rechoke(peers, now, { seeding: false }), now)
    const [lucky] = open(peers).filter(id => id >= 3)
    if (lucky !== last) changes++
    last = lucky!
    seen.add(last)
    expect(open(peers)).toEqual(expect.arrayContaining([0, 1, 2]))
  }
  expect(changes).toBe(40)
  expect(seen.size).toBe(5)
})

test('who has just connected is three times as likely to be tried', () => {
  let fresh = 0
  for (let seed = 1; seed <= 400; seed++) {
    const peers = crowd(4, id => ({ connectedAt: id === 0 ? 990_000 : 0 }))
    const random = seeded(seed * 7_919)
    for (let n = 0; n < 5; n++) random.below(2)
    obey(new Choker({ slots: 1, random }).rechoke(peers, 1_000_000, { seeding: false }), 0)
    if (open(peers)[0] === 0) fresh++
  }
  expect(fresh / 400).toBeGreaterThan(0.42)
  expect(fresh / 400).toBeLessThan(0.58)
})

test('whoever has ever given is three times as likely to be tried as who never did', () => {
  let giver = 0
  for (let seed = 1; seed <= 400; seed++) {
    const peers = crowd(4, id => ({ down: id === 0 ? 1_000 : 0 }))
    const random = seeded(seed * 7_919)
    for (let n = 0; n < 5; n++) random.below(2)
    const choker = new Choker({ slots: 1, random })
    obey(choker.rechoke(peers, 1_000_000, { seeding: false }), 0)
    for (const peer of peers) Object.assign(peer, { choked: true, down: 0 })
    obey(choker.rechoke(peers, 2_000_000, { seeding: false }), 0)
    if (open(peers)[0] === 0) giver++
  }
  expect(giver / 400).toBeGreaterThan(0.42)
  expect(giver / 400).toBeLessThan(0.58)
})

test('an optimistic peer that begins to give earns its slot', () => {
  const peers = crowd(5, id => ({ down: id < 2 ? 1_000 : 0, connectedAt: -1e6 }))
  const choker = new Choker({ slots: 3, random: seeded(2) })
  obey(choker.rechoke(peers, 0, { seeding: false }), 0)
  const lucky = peers[open(peers).find(id => id >= 2)!]!
  lucky.down = 1e6
  for (let now = 10_000; now < 200_000; now += 10_000) {
    obey(choker.rechoke(peers, now, { seeding: false }), now)
    expect(lucky.choked).toBe(false)
  }
})

test('when there are slots for all, all interested peers are unchoked and stay so', () => {
  const peers = crowd(4)
  const choker = new Choker({ slots: 4, random: seeded(1) })
  obey(choker.rechoke(peers, 0, { seeding: false }), 0)
  for (let now = 10_000; now < 100_000; now += 10_000) {
    expect(choker.rechoke(peers, now, { seeding: now > 50_000 })).toEqual({ choke: [], unchoke: [] })
  }
})

test('seeding, everyone gets a turn and nobody is cut off before thirty seconds', () => {
  const peers = crowd(20, id => ({ up: id * 1_000 }))
  const choker = new Choker({ slots: 4, random: seeded(1) })
  const served = new Set<number>()
  for (let now = 0; now < 600_000; now += 10_000) {
    const result = choker.rechoke(peers, now, { seeding: true })
    for (const peer of result.choke) expect(now - peer.unchokedAt).toBeGreaterThanOrEqual(30_000)
    obey(result, now)
    expect(open(peers)).toHaveLength(4)
    for (const id of open(peers)) served.add(id)
  }
  expect(served.size).toBe(20)
})

test('seeding, the slowest make room first', () => {
  const peers = crowd(6, id => ({ choked: id >= 4, unchokedAt: 0, up: id * 1_000 }))
  const choker = new Choker({ slots: 4, random: seeded(1) })
  expect(choker.rechoke(peers, 40_000, { seeding: true }).choke.map(peer => peer.id)).toEqual([0])
})

test('a peer that loses interest loses its slot', () => {
  const peers = crowd(2)
  const choker = new Choker({ slots: 4, random: seeded(1) })
  obey(choker.rechoke(peers, 0, { seeding: true }), 0)
  peers[0]!.interested = false
  expect(choker.rechoke(peers, 10_000, { seeding: true }).choke).toEqual([peers[0]])
})

test('a free slot is given at once, a taken one never twice', () => {
  const peers = crowd(3)
  const choker = new Choker({ slots: 2, random: seeded(1) })
  for (const peer of peers) peer.choked = !choker.tryUnchoke(peer, peers, 500)
  expect(open(peers)).toEqual([0, 1])
  peers[2]!.interested = false
  peers[0]!.choked = true
  expect(choker.tryUnchoke(peers[2]!, peers, 600)).toBe(false)
})

test('a peer unchoked between rounds keeps its slot through the next round', () => {
  const peers = crowd(5, () => ({ connectedAt: -1e6 }))
  const choker = new Choker({ slots: 1, random: seeded(1) })
  peers[3]!.choked = !choker.tryUnchoke(peers[3]!, peers, 9_000)
  expect(choker.rechoke(peers, 10_000, { seeding: false })).toEqual({ choke: [], unchoke: [] })
})

test('the next round is due ten seconds after the last', () => {
  const choker = new Choker({ slots: 1, random: seeded(1) })
  expect(choker.dueAt).toBeLessThanOrEqual(0)
  choker.rechoke([], 5_000, { seeding: false })
  expect(choker.dueAt).toBe(15_000)
})

test('whatever the peers do, no more are unchoked than there are slots, and none that is not interested', () => {
  const peer = fc.record({
    interested: fc.boolean(),
    snubbed: fc.boolean(),
    up: fc.nat(5),
    down: fc.nat(5),
    connectedAt: fc.nat(100_000),
  })
  const rounds = fc.array(fc.array(peer, { minLength: 12, maxLength: 12 }), { maxLength: 8 })
  fc.assert(
    fc.property(fc.integer(), fc.nat(6), rounds, fc.boolean(), (seed, slots, script, seeding) => {
      const peers = crowd(12)
      const choker = new Choker({ slots, random: seeded(seed) })
      let now = 100_000
      for (const traits of script) {
        for (const [id, trait] of traits.entries()) Object.assign(peers[id]!, trait)
        obey(choker.rechoke(peers, now, { seeding }), now)
        const wanting = peers.filter(one => one.interested).length
        expect(open(peers)).toHaveLength(Math.min(slots, wanting))
        expect(peers.every(one => one.choked || one.interested)).toBe(true)
        now += 10_000
      }
    }),
    { numRuns: 100 },
  )
})
