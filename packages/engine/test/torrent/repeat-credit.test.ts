import { expect, test } from 'vitest'
import { RepeatCredit } from '../../src/torrent/repeat-credit.ts'

function full(): RepeatCredit {
  const credit = new RepeatCredit()
  credit.tick(true)
  return credit
}

test('without bound until the line is full, whatever came in vain', () => {
  const credit = new RepeatCredit()
  for (let n = 0; n < 1_000; n++) credit.onVain()
  expect([credit.isLimited, credit.isSpent]).toEqual([false, false])
})

test('eight at first while it is full', () => {
  const credit = full()
  expect(credit.isLimited).toBe(true)
  expect([credit.room(0), credit.room(5), credit.room(9)]).toEqual([8, 3, 0])
})

test('what helps is done more, up to 512, and not while there is doubt', () => {
  const credit = full()
  for (let n = 0; n < 1_000; n++) credit.onReceived(true)
  expect(credit.room(0)).toBe(512)
  credit.onVain()
  credit.onReceived(true)
  expect(credit.room(0)).toBe(510)
  credit.tick(true)
  credit.onReceived(true)
  expect(credit.room(0)).toBe(511)
})

test('however much came in vain, some hundred blocks on the first is asked for again', () => {
  const credit = full()
  for (let n = 0; n < 1_000; n++) credit.onVain()
  expect(credit.isSpent).toBe(true)
  let received = 0
  for (; credit.isSpent; received++) credit.onReceived(false)
  expect(received).toBe(17 * 64)
  for (let n = 0; n < 1_000; n++) credit.onReceived(false)
  expect(credit.room(0)).toBe(8)
})
