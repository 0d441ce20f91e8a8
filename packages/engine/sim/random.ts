/** A repeatable {@link Random}: splitmix32. Good enough for scenarios, and the same on every machine. */
import type { Random } from '../src/ports.ts'

export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    return mix(this.#state)
  }

  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound)
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() / 2 ** 32 < probability
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24)
  }

  /** Another source that depends on this seed and `name` alone, not on what was drawn before. */
  static named(seed: number, name: string): SeededRandom {
    let hash = seed >>> 0
    for (let at = 0; at < name.length; at++) hash = mix((hash ^ name.charCodeAt(at)) >>> 0)
    return new SeededRandom(hash)
  }
}

/** A bijection of 32 bits that leaves no pattern. */
export function mix(value: number): number {
  let z = value
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
