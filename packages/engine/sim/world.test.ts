import { expect, test } from 'vitest'
import { FAST, SimNet } from './net.ts'
import { swarm } from './swarm.ts'
import { World } from './world.ts'

function world(seed = 1): World {
  return new World({ scenario: 'world', seed })
}

test('events happen in the order of time, and at one time in the order of planning', () => {
  const w = world()
  const seen: string[] = []
  for (const [delay, name] of [
    [30, 'c'],
    [10, 'a'],
    [20, 'b'],
    [10, 'a2'],
    [0, 'now'],
  ] as const) {
    w.after(delay, '', name, () => seen.push(`${name}@${w.elapsedMs}`))
  }
  w.runFor(100)
  expect(seen).toEqual(['now@0', 'a@10', 'a2@10', 'b@20', 'c@30'])
})

test('a cancelled event does not happen, and a clock ticks until it is told to stop', () => {
  const w = world()
  let ticks = 0
  w.after(5, '', 'x', () => expect.unreachable())()
  const stop = w.clockOf('host').every(100, () => {
    if (++ticks === 3) stop()
  })
  w.runFor(1000)
  expect(ticks).toBe(3)
})

test('a failure names the seed, the moment and the command that repeats it', () => {
  const w = world(42)
  w.addCheck('host', () => {
    throw new Error('broken')
  })
  w.after(1500, 'other', 'harmless', () => {})
  w.after(2000, 'host', 'the culprit', () => {})
  expect(() => w.runFor(5000)).toThrow(
    /^broken\n {2}at 2\.000 s, event 2 \(host: the culprit\)\n {2}again with: npm run sim -- --scenario 'world' --seed 42 --trace$/,
  )
})

test('a run that does not come to its end fails by virtual time or by events', () => {
  const w = world()
  expect(() => w.run('never', () => false, { limitMs: 1000 })).toThrow('never: not within 1 s')
  w.clockOf('').every(1, () => {})
  expect(() => w.run('never', () => false, { limitEvents: 10 })).toThrow('never: not after 10 events')
})

test('the same seed gives the same run, another seed another', () => {
  const print = (seed: number): string => {
    const s = swarm({ scenario: 'same', seed, seeds: 1, leechers: 2, torrent: { pieces: 6 } })
    s.runUntilComplete()
    return `${s.world.eventCount} ${s.world.fingerprint} ${s.world.elapsedMs}`
  }
  expect(print(5)).toBe(print(5))
  expect(print(5)).not.toBe(print(6))
})

test('hosts have addresses of their own', () => {
  const net = new SimNet(world())
  for (let n = 0; n < 300; n++) net.addHost(`h${n}`, FAST)
  expect(new Set(net.hosts.map(host => host.address)).size).toBe(300)
  expect(net.hosts[299]!.address).toBe('10.0.1.44')
})
