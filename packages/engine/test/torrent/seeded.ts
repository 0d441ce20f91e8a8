import type { Random } from '../../src/ports.ts'

/** A repeatable {@link Random} (xorshift32). */
export function seeded(seed: number): Random {
  let state = seed | 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return {
    below: bound => next() % bound,
    bytes: length => Uint8Array.from({ length }, () => next() & 255),
  }
}
