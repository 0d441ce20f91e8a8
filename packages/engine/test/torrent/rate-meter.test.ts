import { expect, test } from 'vitest'
import { RateMeter } from '../../src/torrent/rate-meter.ts'

test('a meter that saw nothing reads zero', () => {
  expect(new RateMeter().rate(123_456)).toBe(0)
})

test('a steady flow reads as what it is, at any moment', () => {
  const meter = new RateMeter()
  for (let now = 1_000_000; now < 1_020_000; now += 10) {
    meter.add(1_000, now)
    if (now > 1_003_000) expect(meter.rate(now)).toBeGreaterThan(99_000)
    if (now > 1_003_000) expect(meter.rate(now)).toBeLessThan(101_000)
  }
  expect(meter.total).toBe(2_000_000)
})

test('a young meter is not diluted by the time before its first byte', () => {
  const meter = new RateMeter()
  for (let now = 50_000; now < 52_000; now += 100) meter.add(10_000, now)
  expect(meter.rate(52_000)).toBeCloseTo(100_000, -3)
})

test('the first block does not count as an enormous rate', () => {
  const meter = new RateMeter()
  meter.add(16_384, 5_000)
  expect(meter.rate(5_000)).toBe(16_384)
})

test('after the flow stops the rate falls all the time and is zero within five seconds', () => {
  const meter = new RateMeter()
  for (let now = 0; now < 10_000; now += 100) meter.add(10_000, now)
  let before = meter.rate(10_000)
  for (let now = 10_500; now <= 14_500; now += 500) {
    const rate = meter.rate(now)
    expect(rate).toBeLessThan(before)
    before = rate
  }
  expect(meter.rate(15_000)).toBe(0)
})

test('a long silence leaves nothing behind, and a single block after it is no burst', () => {
  const meter = new RateMeter()
  meter.add(1e9, 1_000)
  expect(meter.rate(3_600_000)).toBe(0)
  meter.add(1_000, 3_600_000)
  expect(meter.rate(3_600_000)).toBeGreaterThan(199)
  expect(meter.rate(3_600_000)).toBeLessThan(230)
  expect(meter.total).toBe(1e9 + 1_000)
})

test('a clock that steps back does no harm', () => {
  const meter = new RateMeter()
  meter.add(1_000, 10_000)
  meter.add(1_000, 9_000)
  expect(meter.rate(9_000)).toBeGreaterThan(0)
  expect(meter.rate(20_000)).toBe(0)
})
