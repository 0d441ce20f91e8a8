import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from '../../src/torrent/token-bucket.ts'

const BLOCK = 16_384

/** Sends blocks whenever there is something available, every `stepMs`; bytes sent. */
function run(bucket: TokenBucket, fromMs: number, toMs: number, stepMs: number): number {
  let sent = 0
  for (let now = fromMs; now <= toMs; now += stepMs) {
    while (bucket.available(now) > 0 && sent < 1e9) {
      bucket.take(BLOCK, now)
      sent += BLOCK
    }
  }
  return sent
}

test('without a limit everything is available, whatever was taken', () => {
  const bucket = new TokenBucket(undefined)
  bucket.take(1e12, 0)
  expect(bucket.available(0)).toBe(Number.POSITIVE_INFINITY)
})

test('over time the rate is exact, to a block or two', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 500, max: 5_000_000 }),
      fc.integer({ min: 1, max: 300 }),
      (rate, stepMs) => {
        const sent = run(new TokenBucket(rate), 0, 60_000, stepMs)
        expect(sent).toBeLessThanOrEqual(rate * 60 + 2 * BLOCK)
        expect(sent).toBeGreaterThanOrEqual(rate * 59 - 2 * BLOCK)
      },
    ),
    { numRuns: 25 },
  )
})

test('a rate below a block a second still lets whole blocks pass', () => {
  const bucket = new TokenBucket(1_024)
  expect(run(bucket, 0, 160_000, 100)).toBeGreaterThanOrEqual(10 * BLOCK)
})

test('a long pause gathers one second of burst and no more', () => {
  const bucket = new TokenBucket(1_000_000)
  bucket.take(BLOCK, 0)
  expect(bucket.available(3_600_000)).toBe(1_000_000)
})

test('debt is paid before anything passes and has a bound', () => {
  const bucket = new TokenBucket(100_000)
  bucket.take(1e9, 0)
  expect(bucket.available(900)).toBe(0)
  expect(bucket.available(1_100)).toBeGreaterThan(0)
})

test('a rate of zero lets nothing pass until it is raised', () => {
  const bucket = new TokenBucket(0)
  expect(bucket.available(10_000)).toBe(0)
  bucket.setRate(1_000)
  expect(bucket.available(11_000)).toBeGreaterThan(0)
})

test('a limit set on a running bucket holds at once, without a burst', () => {
  const bucket = new TokenBucket(undefined)
  bucket.take(1e9, 5_000)
  bucket.setRate(50_000)
  expect(bucket.available(5_000)).toBe(BLOCK)
  bucket.setRate(undefined)
  expect(bucket.available(5_000)).toBe(Number.POSITIVE_INFINITY)
})

test('lowering the rate cuts what had gathered', () => {
  const bucket = new TokenBucket(10_000_000)
  bucket.available(0)
  expect(bucket.available(5_000)).toBe(10_000_000)
  bucket.setRate(20_000)
  expect(bucket.available(5_000)).toBe(20_000)
})
