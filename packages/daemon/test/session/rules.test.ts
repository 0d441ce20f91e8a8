import { describe, expect, test } from 'vitest'
import { isHeld, neededBytes } from '../../src/session/rules/disk-guard.ts'
import { goalsInForce, reachedGoal } from '../../src/session/rules/goals.ts'
import { place } from '../../src/session/rules/order-keys.ts'
import { type Candidate, FAST, nextPace, type Pace, takeTurns } from '../../src/session/rules/queue.ts'
import { alternativeNow, isScheduled } from '../../src/session/rules/timetable.ts'

describe('the queue', () => {
  const CANDIDATES: Readonly<Record<string, Candidate>> = {
    d: { kind: 'download', forced: false, slow: false },
    D: { kind: 'download', forced: true, slow: false },
    z: { kind: 'download', forced: false, slow: true },
    s: { kind: 'seed', forced: false, slow: false },
    S: { kind: 'seed', forced: true, slow: false },
    y: { kind: 'seed', forced: false, slow: true },
  }

  /** `d` download, `s` seed, capital: forced, `z` and `y`: slow ones. `+` has a turn. */
  function turnsOf(queue: string, downloads: number | null, seeds: number | null): string {
    const candidates = [...queue].map(letter => ({ ...CANDIDATES[letter]! }))
    const { turns } = takeTurns(candidates, { downloads, seeds })
    return candidates.map(candidate => (turns.has(candidate) ? '+' : '.')).join('')
  }

  test.each([
    ['without limits all run', 'ddss', null, null, '++++'],
    ['the first in the queue run', 'dddd', 2, null, '++..'],
    ['downloads and seeds are counted apart', 'dsdsds', 1, 2, '++.+..'],
    ['who is forced runs, and takes no place', 'DdDd', 1, null, '+++.'],
    ['a forced seed as well', 'ssS', null, 1, '+.+'],
    ['a slow one runs, and takes no place', 'zddd', 1, null, '++..'],
    ['a slow one that is behind others, too', 'ddz', 1, null, '+.+'],
    ['slow seeds likewise', 'yyss', null, 1, '+++.'],
    ['none may run', 'dDz', 0, null, '.++'],
  ] as const)('%s', (_, queue, downloads, seeds, turns) => {
    expect(turnsOf(queue, downloads, seeds)).toBe(turns)
  })

  test('who waits knows its place among those that wait for the same', () => {
    const candidates = [...'dsddss'].map(letter => ({ ...CANDIDATES[letter]! }))
    const { waiting } = takeTurns(candidates, { downloads: 1, seeds: 1 })
    expect(candidates.map(each => waiting.get(each)?.place)).toEqual([undefined, undefined, 1, 2, 1, 2])
    expect(waiting.get(candidates[2]!)).toEqual({ place: 1, of: 2, limit: 1 })
  })

  test('a torrent is slow only after it has been for long, and fast again only after as long', () => {
    const limits = { slowBytesPerSec: 100, slowSeconds: 10 }
    let pace: Pace = FAST
    const paces = (rate: number, from: number, to: number): string => {
      let text = ''
      for (let second = from; second < to; second++) {
        pace = nextPace(pace, rate, second * 1000, limits)
        text += pace.slow ? 's' : 'f'
      }
      return text
    }
    expect(paces(0, 0, 12)).toBe('ffffffffffss')
    expect(paces(500, 12, 17)).toBe('sssss')
    // One slow second, and it begins anew.
    expect(paces(0, 17, 18)).toBe('s')
    expect(paces(500, 18, 30)).toBe('ssssssssssff')
  })
})

describe('goals', () => {
  const settings = { ratio: 2, seedSeconds: null, idleSeconds: 600 }

  test.each([
    ['of the settings', {}, undefined, { ratio: 2, seedSeconds: null, idleSeconds: 600 }],
    ['of the category before them', {}, { ratio: 3 }, { ratio: 3, seedSeconds: null, idleSeconds: 600 }],
    ['its own before both', { ratio: 1 }, { ratio: 3 }, { ratio: 1, seedSeconds: null, idleSeconds: 600 }],
    [
      'none means never',
      { ratio: 'none' },
      { ratio: 3 },
      { ratio: null, seedSeconds: null, idleSeconds: 600 },
    ],
    [
      'none of the category, too',
      {},
      { idleSeconds: 'none' },
      { ratio: 2, seedSeconds: null, idleSeconds: null },
    ],
    ['default is what comes next', { ratio: 'default' }, { ratio: 'default' }, settings],
    ['a ratio of 0 is one', { ratio: 0 }, undefined, { ratio: 0, seedSeconds: null, idleSeconds: 600 }],
  ] as const)('in force: %s', (_, own, category, expected) => {
    expect(goalsInForce(own, category, settings)).toEqual(expected)
  })

  test.each([
    [
      { ratio: 2, seedSeconds: null, idleSeconds: null },
      { ratio: 2, seedSeconds: 0, idleSeconds: 0 },
      'ratio has reached 2',
      { goal: 'ratio', value: 2 },
    ],
    [
      { ratio: 2, seedSeconds: 60, idleSeconds: null },
      { ratio: 1, seedSeconds: 60, idleSeconds: 0 },
      'seeded for 60 seconds',
      { goal: 'seedSeconds', value: 60 },
    ],
    [
      { ratio: null, seedSeconds: null, idleSeconds: 7200 },
      { ratio: 9, seedSeconds: 9, idleSeconds: 7200 },
      'for 2 hours',
      { goal: 'idleSeconds', value: 7200 },
    ],
  ])('reached: %j', (goals, seeding, words, facts) => {
    const text = expect.stringContaining(words)
    expect(reachedGoal(goals, seeding)).toEqual({ code: 'GOAL_REACHED', text, facts })
  })

  test('not reached yet', () => {
    const seeding = { ratio: 1.999, seedSeconds: 59, idleSeconds: 599 }
    expect(reachedGoal({ ratio: 2, seedSeconds: 60, idleSeconds: 600 }, seeding)).toBeUndefined()
    expect(reachedGoal({ ratio: null, seedSeconds: null, idleSeconds: null }, seeding)).toBeUndefined()
  })
})

describe('the timetable', () => {
  const SUNDAY = 0
  const SATURDAY = 6
  const night = { days: [SATURDAY], fromMinute: 22 * 60, toMinute: 6 * 60 }

  test.each([
    ['before it', night, SATURDAY, 21 * 60 + 59, false],
    ['from its first minute', night, SATURDAY, 22 * 60, true],
    ['over midnight', night, SUNDAY, 0, true],
    ['into the next day', night, SUNDAY, 5 * 60 + 59, true],
    ['not in its last minute', night, SUNDAY, 6 * 60, false],
    ['on no other day', night, SUNDAY, 23 * 60, false],
    ['a whole day', { days: [SUNDAY], fromMinute: 0, toMinute: 0 }, SUNDAY, 1439, true],
    ['a whole day ends', { days: [SUNDAY], fromMinute: 0, toMinute: 0 }, 1, 0, false],
    ['by day', { days: [1, 2], fromMinute: 540, toMinute: 1020 }, 2, 600, true],
    ['by day, early', { days: [1, 2], fromMinute: 540, toMinute: 1020 }, 2, 500, false],
  ])('%s', (_, span, day, minute, expected) => {
    expect(isScheduled([span], { day, minute })).toBe(expected)
  })

  test('what is switched by hand holds until the timetable changes its mind', () => {
    expect(alternativeNow({ on: true, scheduled: false }, false)).toMatchObject({ active: true, by: 'hand' })
    expect(alternativeNow({ on: true, scheduled: false }, true)).toEqual({
      active: true,
      by: 'timetable',
      byHand: undefined,
    })
    expect(alternativeNow({ on: false, scheduled: true }, true)).toMatchObject({ active: false, by: 'hand' })
    expect(alternativeNow({ on: false, scheduled: true }, false)).toEqual({
      active: false,
      by: null,
      byHand: undefined,
    })
    expect(alternativeNow(undefined, true)).toMatchObject({ active: true, by: 'timetable' })
  })
})

describe('the guard of the disk', () => {
  const GiB = 1024 ** 3
  const facts = { held: false, freeBytes: 10 * GiB, keepBytes: GiB, rateBytesPerSec: 0, lookSeconds: 5 }

  test.each([
    ['with room', {}, false],
    ['without', { freeBytes: GiB - 1 }, true],
    [
      'when what comes until the next look takes it',
      { freeBytes: 2 * GiB, rateBytesPerSec: 200 * 1024 ** 2 },
      true,
    ],
    ['not for a slow one', { freeBytes: 2 * GiB, rateBytesPerSec: 1024 ** 2 }, false],
    ['goes on holding until there is some room more', { held: true, freeBytes: GiB + 1 }, true],
    ['lets go then', { held: true, freeBytes: neededBytes(GiB) }, false],
    ['turned off', { freeBytes: 0, keepBytes: 0, held: true }, false],
  ])('%s', (_, change, held) => {
    expect(isHeld({ ...facts, ...change })).toBe(held)
  })
})

describe('places in the queue', () => {
  const make = (...orders: number[]): { order: number }[] => orders.map(order => ({ order }))

  test.each([
    [0, [1]],
    [1, [0, 2]],
    [3, [0, 1, 2]],
    [99, [0, 1, 2]],
  ])('at %i only its own number changes', index => {
    const others = make(0, 1, 2)
    const moved = { order: 7 }
    expect(place(others, moved, index)).toEqual([moved])
    const at = [...others, moved].sort((a, b) => a.order - b.order).indexOf(moved)
    expect(at).toBe(Math.min(index, 3))
  })

  test('where there is no room left all get new numbers', () => {
    const others = make(5, 5 + 1e-7, 6)
    const moved = { order: 0 }
    expect(place(others, moved, 1)).toHaveLength(4)
    expect([others[0]!, moved, others[1]!, others[2]!].map(({ order }) => order)).toEqual([0, 1, 2, 3])
  })

  test('the first of all has a place', () => {
    expect(place([], { order: 9 }, 0)).toEqual([{ order: 0 }])
  })
})
