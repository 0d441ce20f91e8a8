import { expect, test } from 'vitest'
import { RateLimit } from '../../src/torrent/limits.ts'
import { TokenBucket } from '../../src/torrent/token-bucket.ts'

const BLOCK = 16 * 1024

function limits(shared: number | undefined, own: number | undefined): RateLimit {
  return new RateLimit(new TokenBucket(shared), new TokenBucket(own))
}

test('the tighter of both limits counts, and what passes counts for both', () => {
  const limit = limits(100 * BLOCK, 10 * BLOCK)
  const before = limit.shared.available(0)
  expect(limit.blocks(0)).toBe(Math.ceil(limit.own.available(0) / BLOCK))
  limit.take(BLOCK, 0)
  expect(limit.shared.available(0)).toBe(before - BLOCK)
})

test('a torrent that need not obey the limit over all is not held up by it, and leaves the others theirs', () => {
  const limit = limits(1, undefined)
  limit.obeysShared = false
  const before = limit.shared.available(0)
  expect(limit.isLimited).toBe(false)
  expect(limit.blocks(0)).toBe(Number.POSITIVE_INFINITY)
  limit.take(1000 * BLOCK, 0)
  expect(limit.shared.available(0)).toBe(before)
})
