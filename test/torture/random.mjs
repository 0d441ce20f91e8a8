/**
 * Chance that can be had again: xoshiro128**, seeded by splitmix32. The same on every machine, and quick (some 5 ns a
 * number), since rows draw many millions.
 */

export class Random {
  #a
  #b
  #c
  #d

  /** @param {number} seed an integer; only its low 32 bits count */
  constructor(seed) {
    let state = seed >>> 0
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0
      return mix(state)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  /**
   * Another source that depends on `seed` and `name` alone, not on what was drawn before: one per case, so that a case
   * can be played again without those before it.
   */
  static named(seed, name) {
    let hash = mix(seed >>> 0)
    for (let at = 0; at < name.length; at++) hash = mix((hash ^ name.charCodeAt(at)) >>> 0)
    return new Random(hash)
  }

  /** 0 to 2^32 - 1. */
  next() {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** 0 to `bound` - 1. */
  below(bound) {
    return Math.floor((this.next() / 2 ** 32) * bound)
  }

  /** From `low` to `high`, both included. */
  between(low, high) {
    return low + this.below(high - low + 1)
  }

  chance(probability) {
    return this.next() / 2 ** 32 < probability
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  bytes(length) {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const value = this.next()
      bytes[at] = value
      bytes[at + 1] = value >>> 8
      bytes[at + 2] = value >>> 16
      bytes[at + 3] = value >>> 24
    }
    return bytes
  }

  /** In place; returns `list`. */
  shuffle(list) {
    for (let at = list.length - 1; at > 0; at--) {
      const other = this.below(at + 1)
      const value = list[at]
      list[at] = list[other]
      list[other] = value
    }
    return list
  }
}

/** A bijection of 32 bits that leaves no pattern. */
function mix(value) {
  let z = value
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
