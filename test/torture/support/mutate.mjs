/** Inputs that are almost right: a sample with some damage. Cheap, since there are millions. */
import { Dict, encoded, readStrictly } from './bencode.mjs'

/** Numbers at which programs go wrong. */
const NUMBERS = [
  '0', '1', '-1', '00', '-0', '2', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967295', '4294967296',
  '9007199254740991', '9007199254740992', '-9007199254740992', '18446744073709551616', '1e308', '99999999999999999999999',
] // biome-ignore format: a table
const INTEGERS = [
  0, 1, -1, 2, 7, 19, 20, 21, 127, 255, 256, 16383, 16384, 16385, 65535, 65536, 2 ** 24, 2 ** 29, 2 ** 31 - 1, 2 ** 31, 2 ** 32,
  2 ** 53 - 1, -(2 ** 31), -(2 ** 53) + 1,
] // biome-ignore format: a table
const WORDS = [0, 1, 2, 4, 5, 9, 13, 16384, 16393, 131072, 131081, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x2f, 0x3a, 0x64, 0x65, 0x69, 0x6c, 0x30, 0x39, 0x2d]
const MAX_BYTES = 1 << 16

export class Mutator {
  #samples
  #trees
  #tokens
  #scratch = new Uint8Array(MAX_BYTES * 2)

  /**
   * @param {Uint8Array[]} samples
   * @param {{ bencoded?: boolean, tokens?: string[] }} kind `bencoded`: samples are also changed as values, so that what
   *   comes out is well-formed; `tokens`: texts that this format reacts to
   */
  constructor(samples, { bencoded = false, tokens = [] } = {}) {
    this.#samples = samples
    this.#trees = bencoded
      ? samples.map(sample => readStrictly(sample)).filter(tree => tree !== undefined)
      : []
    this.#tokens = tokens.map(token => new TextEncoder().encode(token))
  }

  /** Memory of its own. */
  next(random) {
    if (this.#trees.length > 0 && random.below(2) === 0) {
      const bytes = encoded(changed(random.pick(this.#trees), random, 1 + random.below(3)))
      return random.below(8) === 0 ? this.#damage(bytes, random, 1) : bytes
    }
    return this.#damage(random.pick(this.#samples), random, random.below(32) === 0 ? 0 : 1 + random.below(4))
  }

  #damage(sample, random, times) {
    const bytes = this.#scratch
    let length = Math.min(sample.length, MAX_BYTES)
    bytes.set(length === sample.length ? sample : sample.subarray(0, length))
    for (let n = 0; n < times; n++) length = this.#mutate(bytes, length, random)
    return bytes.slice(0, length)
  }

  /** Changes the first `length` bytes; how many they are then. */
  #mutate(bytes, length, random) {
    const at = random.below(length + 1)
    switch (random.below(11)) {
      case 0:
        bytes[at] ^= 1 << random.below(8)
        return length
      case 1:
        bytes[at] = random.pick(BYTES)
        return length
      case 2:
        bytes[at] = random.next()
        return length
      case 3:
        return this.#replace(bytes, length, at, 0, random.bytes(1 + random.below(8)))
      case 4:
        return this.#replace(bytes, length, at, 1 + random.below(8), NOTHING)
      case 5: {
        // A stretch once more, somewhere else.
        const from = random.below(length + 1)
        const part = bytes.slice(from, Math.min(length, from + 1 + random.below(64)))
        return this.#replace(bytes, length, at, 0, part)
      }
      case 6: {
        // It goes on like another sample.
        const other = random.pick(this.#samples)
        return this.#replace(bytes, length, at, length - at, other.subarray(random.below(other.length + 1)))
      }
      case 7:
        return at
      case 8: {
        let from = at
        while (from < length && !isDigit(bytes[from])) from++
        if (from === length) return length
        let to = from
        while (to < length && isDigit(bytes[to])) to++
        return this.#replace(bytes, length, from, to - from, asciiOf(random.pick(NUMBERS)))
      }
      case 9: {
        const word = random.pick(WORDS)
        return this.#replace(bytes, length, at, 4, Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word))
      }
      default:
        if (this.#tokens.length === 0) return length
        return this.#replace(bytes, length, at, random.below(2) * random.below(9), random.pick(this.#tokens))
    }
  }

  #replace(bytes, length, at, count, part) {
    const from = Math.min(at + count, length)
    const end = at + part.length + length - from
    if (end > MAX_BYTES) return length
    bytes.copyWithin(at + part.length, from, length)
    bytes.set(part, at)
    return end
  }
}

const NOTHING = new Uint8Array(0)

function isDigit(byte) {
  return byte >= 48 && byte <= 57
}

function asciiOf(text) {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** The tree with one value in it changed, so many times; what is not changed is shared. */
function changed(tree, random, times) {
  let result = tree
  for (let n = 0; n < times; n++) result = changeWithin(result, random)
  return result
}

function changeWithin(value, random) {
  const isDict = value instanceof Dict
  const items = isDict ? value.pairs : value
  if (!Array.isArray(items) || items.length === 0 || random.below(6) === 0) return replacement(value, random)
  const at = random.below(items.length)
  const copy = items.slice()
  switch (random.below(8)) {
    case 0:
      copy.splice(at, 1)
      break
    case 1:
      copy.splice(at, 0, items[random.below(items.length)])
      break
    case 2:
      copy[at] = items[random.below(items.length)]
      break
    default:
      copy[at] = isDict ? [items[at][0], changeWithin(items[at][1], random)] : changeWithin(items[at], random)
  }
  return isDict ? new Dict(copy) : copy
}

function replacement(value, random) {
  const kind = random.below(10)
  if (kind === 0) return []
  if (kind === 1) return new Dict([])
  if (kind === 2) return [value]
  if (kind === 3) return new Dict([['x', value]])
  if (kind === 4 || typeof value === 'number') return random.pick(INTEGERS)
  if (typeof value !== 'string') return ''
  const at = random.below(value.length + 1)
  switch (random.below(6)) {
    case 0:
      return value.slice(0, at)
    case 1:
      return value + value
    case 2:
      return value.slice(0, at) + String.fromCharCode(random.below(256)) + value.slice(at)
    case 3:
      return value.slice(0, at) + String.fromCharCode(random.below(256)) + value.slice(at + 1)
    case 4:
      return ''
    default:
      return 'x'.repeat(random.pick([1, 19, 20, 21, 255, 256, 1000, 5000]))
  }
}
