import { expect, test } from 'vitest'
import { StrangerTurns } from '../../src/torrent/stranger-turns.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const HOST = '10.0.0.1'
const [A, B, C] = [1, 2, 3].map(port => `${HOST}:${port}`) as [string, string, string]

test('strangers wait a minute after a ban, twice as long with each, an hour at most', () => {
  for (const [bans, minutes] of [
    [1, 1],
    [2, 2],
    [3, 4],
    [6, 32],
    [7, 60],
    [4_000, 60],
  ] as const) {
    const turns = new StrangerTurns()
    turns.onBan(HOST, bans, 0, 6 * HOUR_MS)
    expect(turns.mustWait(HOST, minutes * MINUTE_MS - 1)).toBe(true)
    expect(turns.take(HOST, A, minutes * MINUTE_MS - 1)).toBe(false)
    expect(turns.take(HOST, A, minutes * MINUTE_MS)).toBe(true)
  }
})

test('other hosts wait for nothing, nor does anybody once the bans are over', () => {
  const turns = new StrangerTurns()
  turns.onBan(HOST, 4_000, 0, MINUTE_MS)
  expect(turns.take('10.0.0.2', '10.0.0.2:1', 0)).toBe(true)
  expect(turns.mustWait(HOST, MINUTE_MS - 1)).toBe(true)
  expect(turns.mustWait(HOST, MINUTE_MS)).toBe(false)
  expect([A, B, C].map(key => turns.take(HOST, key, MINUTE_MS))).toEqual([true, true, true])
})

test('one has its turn after the other: as soon as the one before has proved itself, or let us wait as long again', () => {
  const turns = new StrangerTurns()
  turns.onBan(HOST, 1, 0, HOUR_MS)
  expect([A, B, A].map(key => turns.take(HOST, key, MINUTE_MS))).toEqual([true, false, true])
  expect(turns.mustWait(HOST, MINUTE_MS)).toBe(true)
  turns.proved(HOST, A, MINUTE_MS + 5)
  expect(turns.take(HOST, B, MINUTE_MS + 5)).toBe(true)
  expect(turns.take(HOST, C, 2 * MINUTE_MS + 4)).toBe(false)
  expect(turns.take(HOST, C, 2 * MINUTE_MS + 5)).toBe(true)
  expect(turns.take(HOST, B, 2 * MINUTE_MS + 5)).toBe(false)
})

test('whoever proves itself outside of its turn shortens no wait, and a ban ends a turn', () => {
  const turns = new StrangerTurns()
  turns.onBan(HOST, 1, 0, HOUR_MS)
  turns.proved(HOST, A, 10)
  expect(turns.take(HOST, B, 10)).toBe(false)
  expect(turns.take(HOST, B, MINUTE_MS)).toBe(true)
  turns.onBan(HOST, 2, MINUTE_MS + 10, HOUR_MS)
  turns.proved(HOST, B, MINUTE_MS + 20)
  expect([A, B].map(key => turns.take(HOST, key, 3 * MINUTE_MS))).toEqual([false, false])
})

test('of very many hosts the one of the oldest ban is forgotten', () => {
  const turns = new StrangerTurns()
  for (let n = 0; n <= 1_000; n++) turns.onBan(`10.1.${n >> 8}.${n & 255}`, 1, 0, HOUR_MS)
  expect(turns.mustWait('10.1.0.0', 1)).toBe(false)
  expect(turns.mustWait('10.1.0.1', 1)).toBe(true)
})
