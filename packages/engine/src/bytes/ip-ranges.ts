/**
 * A set of IP addresses as sorted ranges that neither overlap nor touch: made once, asked often. Lists of half a million
 * ranges are in use, so there is no object per range: 8 bytes for one of IPv4, 32 for one of IPv6.
 */
import { ShoalError } from '../errors.ts'
import { formatIp, parseIp } from './address.ts'

/** The largest lists that are passed around have half a million. */
const MAX_RANGES = 2_000_000

export interface IpRange {
  /** IP literals of one family, both in the range. */
  readonly first: string
  readonly last: string
}

/** Ranges in any order, which may overlap. */
export interface PackedRanges {
  /** First and last address of each range as numbers, alternately. */
  readonly v4: Uint32Array
  /** 16 bytes of the first and 16 of the last address of each range. */
  readonly v6: Uint8Array
}

const WORDS_6 = 4
/** Of a range of IPv6. */
const PAIR_6 = 2 * WORDS_6
const BYTES_6 = 32
/** Which of the two words of a number of 64 bits is the greater half: it depends on the machine. */
const HIGH = new Uint32Array(BigUint64Array.of(1n).buffer)[0] === 1 ? 1 : 0

export class IpRanges {
  /** First and last, alternately. */
  readonly #v4: Uint32Array
  /** Words of the first and of the last, alternately. */
  readonly #v6: Uint32Array

  /** Throws OPTION_INVALID for a range that is none. */
  constructor(ranges: Iterable<IpRange> | PackedRanges) {
    const packed = 'v4' in ranges ? ranges : pack(ranges)
    checkSize(packed)
    this.#v4 = merge4(packed.v4)
    this.#v6 = merge6(wordsOf(packed.v6))
  }

  /** Ranges, after those that overlap or touch became one. */
  get count(): number {
    return this.#v4.length / 2 + this.#v6.length / PAIR_6
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#v4.byteLength + this.#v6.byteLength
  }

  /** Whether this IP literal is in one of them. */
  has(host: string): boolean {
    if (this.#v4.length === 0 && this.#v6.length === 0) return false
    const ip = parseIp(host)
    if (ip === undefined) return false
    return ip.length === 4 ? this.#has4(word(ip, 0)) : this.#has6(ip)
  }

  #has4(address: number): boolean {
    const ranges = this.#v4
    let low = 0
    let high = ranges.length / 2
    // The first range that begins behind the address.
    while (low < high) {
      const middle = (low + high) >> 1
      if (ranges[middle * 2]! <= address) low = middle + 1
      else high = middle
    }
    return low > 0 && address <= ranges[low * 2 - 1]!
  }

  #has6(ip: Uint8Array): boolean {
    const ranges = this.#v6
    const address = wordsOf(ip)
    let low = 0
    let high = ranges.length / PAIR_6
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare6(ranges, middle * PAIR_6, address, 0) <= 0) low = middle + 1
      else high = middle
    }
    return low > 0 && compare6(address, 0, ranges, low * PAIR_6 - WORDS_6) <= 0
  }
}

function pack(ranges: Iterable<IpRange>): PackedRanges {
  const v4: number[] = []
  const v6: Uint8Array[] = []
  for (const { first, last } of ranges) {
    const from = parseIp(first)
    const to = parseIp(last)
    if (from === undefined || to === undefined || from.length !== to.length) throw refused(first, last)
    if (from.length === 4) v4.push(word(from, 0), word(to, 0))
    else v6.push(from, to)
    if (v4.length / 2 + v6.length / 2 > MAX_RANGES) throw tooMany()
  }
  const bytes = new Uint8Array(v6.length * 16)
  for (const [at, ip] of v6.entries()) bytes.set(ip, at * 16)
  return { v4: Uint32Array.from(v4), v6: bytes }
}

function checkSize({ v4, v6 }: PackedRanges): void {
  if (v4.length % 2 !== 0 || v6.length % BYTES_6 !== 0)
    throw new ShoalError('OPTION_INVALID', 'packed ranges have a first and a last address each')
  if (v4.length / 2 + v6.length / BYTES_6 > MAX_RANGES) throw tooMany()
}

function merge4(pairs: Uint32Array): Uint32Array {
  const sorted = sort4(pairs)
  let end = 0
  for (let at = 0; at < sorted.length; at += 2) {
    const first = sorted[at + HIGH]!
    const last = sorted[at + 1 - HIGH]!
    if (first > last) throw refused(text4(first), text4(last))
    const before = end === 0 ? undefined : sorted[end - 1]!
    if (before !== undefined && first - 1 <= before) {
      if (last > before) sorted[end - 1] = last
      continue
    }
    sorted[end++] = first
    sorted[end++] = last
  }
  return sorted.slice(0, end)
}

/** By first address, each range as one number of 64 bits: that takes a tenth of the time of a comparing function. */
function sort4(pairs: Uint32Array): Uint32Array {
  const words = new Uint32Array(pairs.length)
  for (let at = 0; at < pairs.length; at += 2) {
    words[at + HIGH] = pairs[at]!
    words[at + 1 - HIGH] = pairs[at + 1]!
  }
  new BigUint64Array(words.buffer).sort()
  return words
}

function merge6(words: Uint32Array): Uint32Array {
  const order = new Uint32Array(words.length / PAIR_6).map((_, at) => at * PAIR_6)
  order.sort((a, b) => compare6(words, a, words, b))
  const merged = new Uint32Array(words.length)
  let end = 0
  for (const at of order) {
    if (compare6(words, at, words, at + WORDS_6) > 0)
      throw refused(text6(words, at), text6(words, at + WORDS_6))
    // Neighbours may touch: only those that overlap become one.
    if (end > 0 && compare6(words, at, merged, end - WORDS_6) <= 0) {
      const isLonger = compare6(words, at + WORDS_6, merged, end - WORDS_6) > 0
      if (isLonger) merged.set(words.subarray(at + WORDS_6, at + PAIR_6), end - WORDS_6)
      continue
    }
    merged.set(words.subarray(at, at + PAIR_6), end)
    end += PAIR_6
  }
  return merged.slice(0, end)
}

function compare6(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let n = 0; n < WORDS_6; n++) {
    const difference = a[atA + n]! - b[atB + n]!
    if (difference !== 0) return difference
  }
  return 0
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length / 4)
  for (let at = 0; at < words.length; at++) words[at] = word(bytes, at * 4)
  return words
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function text4(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
}

function text6(words: Uint32Array, at: number): string {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (let n = 0; n < WORDS_6; n++) view.setUint32(n * 4, words[at + n]!)
  return formatIp(bytes) ?? ''
}

function refused(first: string, last: string): ShoalError {
  return new ShoalError('OPTION_INVALID', `${first} to ${last} is not a range of IP addresses`)
}

function tooMany(): ShoalError {
  return new ShoalError('OPTION_INVALID', `more than ${MAX_RANGES} ranges of addresses`)
}
