/**
 * Reads bencoding (BEP 3) from whoever sent it. There is no recursion and no going back: the cursor grows with every
 * step, and depth, tokens and bytes are bounded, so the work is bounded by the input and the input by the caller.
 */
import { BencodeDict, type BencodeValue } from './value.ts'

export interface DecodeOptions {
  /** Refuse what a canonical encoder cannot have written: unsorted or repeated keys, data after the value. */
  readonly strict?: boolean
  /** Largest input; default {@link MAX_BYTES}. */
  readonly maxBytes?: number
  /** Lists and dictionaries within each other; default {@link MAX_DEPTH}. */
  readonly maxDepth?: number
  /** Values and keys in all; default {@link MAX_TOKENS}. Messages of peers and of the DHT need a few hundred. */
  readonly maxTokens?: number
}

export interface Decoded {
  readonly value: BencodeValue
  /** What was tolerated, at most once for each kind. */
  readonly warnings: readonly string[]
  /** Where the value ends; less than the input's length where data follows. */
  readonly end: number
}

/** Far beyond real torrent files: those of a hundred thousand files are around 20 MiB. */
export const MAX_BYTES: number = 64 * 1024 * 1024
/** Torrents nest 5 deep. */
export const MAX_DEPTH = 100
/** A file of a torrent takes about 8 tokens: room for some 370,000 files. */
export const MAX_TOKENS = 3_000_000
/** Keys are words, file names or hashes. */
export const MAX_KEY_BYTES = 4096

/** The input is not bencoded, or exceeds a limit. */
export class BencodeError extends Error {
  override readonly name = 'BencodeError'
  /** The byte at which the input stopped making sense. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.offset = offset
  }
}

/**
 * Decodes the value that `bytes` begins with. Unless strict, unsorted and repeated keys and trailing data are
 * tolerated with a warning; of a repeated key the first value counts, as it does in libtorrent.
 *
 * Throws {@link BencodeError} and nothing else.
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Decoded {
  return new Decoder(bytes, options).run()
}

/** An open list, or, with `keys`, an open dictionary. */
interface Frame {
  readonly values: BencodeValue[]
  readonly keys: string[] | undefined
  readonly spans: number[]
  readonly start: number
  /** The key that waits for its value. */
  key: string | undefined
  /** The last key read, also when it was dropped as a repetition. */
  last: string | undefined
  /** All keys, from the moment they turn out not to ascend: until then none can be a repetition. */
  seen: Set<string> | undefined
  /** The waiting key is a repetition: its value is read and dropped. */
  repeated: boolean
}

const NO_BYTES = new Uint8Array(0)
/** Lists do not keep spans; nothing is ever put in here. */
const NO_SPANS: number[] = []
/** What is empty is the same for all. */
const NOTHING: readonly never[] = Object.freeze<never[]>([])

const CHAR_0 = 48
const CHAR_9 = 57
const CHAR_COLON = 58
const CHAR_MINUS = 45
const CHAR_D = 100
const CHAR_E = 101
const CHAR_I = 105
const CHAR_L = 108

class Decoder {
  readonly #bytes: Uint8Array
  readonly #strict: boolean
  readonly #maxDepth: number
  readonly #maxTokens: number
  readonly #stack: Frame[] = []
  readonly #warnings: string[] = []
  readonly #tolerated = new Set<string>()
  #at = 0
  #tokens = 0

  constructor(bytes: Uint8Array, options: DecodeOptions) {
    const maxBytes = options.maxBytes ?? MAX_BYTES
    if (bytes.length > maxBytes) {
      throw new BencodeError(`${bytes.length} bytes are more than the ${maxBytes} allowed`, maxBytes)
    }
    // A subclass such as Buffer has a `subarray` of its own kind: values are to be plain arrays.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#strict = options.strict ?? false
    this.#maxDepth = options.maxDepth ?? MAX_DEPTH
    this.#maxTokens = options.maxTokens ?? MAX_TOKENS
  }

  run(): Decoded {
    for (;;) {
      const value = this.#step()
      if (value === undefined) continue
      if (this.#at < this.#bytes.length) this.#tolerate('there is data after the value', this.#at)
      return { value, warnings: this.#warnings, end: this.#at }
    }
  }

  /** Reads one token; the whole value once it is complete. */
  #step(): BencodeValue | undefined {
    const frame = this.#stack.at(-1)
    const start = this.#at
    const char = this.#bytes[start]
    if (char === undefined) throw new BencodeError('the input ends too early', start)
    if (char === CHAR_E && frame !== undefined) return this.#close(frame)
    if (++this.#tokens > this.#maxTokens) {
      throw new BencodeError(`more than ${this.#maxTokens} values`, start)
    }
    if (frame?.keys !== undefined && frame.key === undefined) {
      this.#readKey(frame)
      return undefined
    }
    if (char === CHAR_L || char === CHAR_D) {
      this.#open(char === CHAR_D)
      return undefined
    }
    if (char === CHAR_I) return this.#put(this.#readInteger(), start)
    if (char >= CHAR_0 && char <= CHAR_9) return this.#put(this.#readString(), start)
    throw new BencodeError(`expected a value, found ${shown(char)}`, start)
  }

  #open(isDict: boolean): void {
    if (this.#stack.length >= this.#maxDepth) {
      throw new BencodeError(`nested more than ${this.#maxDepth} deep`, this.#at)
    }
    this.#stack.push({
      values: [],
      keys: isDict ? [] : undefined,
      spans: isDict ? [] : NO_SPANS,
      start: this.#at,
      key: undefined,
      last: undefined,
      seen: undefined,
      repeated: false,
    })
    this.#at++
  }

  #close(frame: Frame): BencodeValue | undefined {
    if (frame.key !== undefined) throw new BencodeError('a dictionary key has no value', this.#at)
    this.#at++
    this.#stack.pop()
    const values = trimmed(frame.values)
    const value =
      frame.keys === undefined ? values : new BencodeDict(trimmed(frame.keys), values, trimmed(frame.spans))
    return this.#put(value, frame.start)
  }

  /** Hands a complete value to what it is in, or returns it when that is nothing. */
  #put(value: BencodeValue, start: number): BencodeValue | undefined {
    const frame = this.#stack.at(-1)
    if (frame === undefined) return value
    if (frame.keys === undefined) {
      frame.values.push(value)
      return undefined
    }
    if (!frame.repeated) {
      frame.keys.push(frame.key!)
      frame.values.push(value)
      frame.spans.push(start, this.#at)
    }
    frame.key = undefined
    return undefined
  }

  #readKey(frame: Frame): void {
    const start = this.#at
    const char = this.#bytes[start]!
    if (char < CHAR_0 || char > CHAR_9) {
      throw new BencodeError(`a dictionary key must be a string, found ${shown(char)}`, start)
    }
    const bytes = this.#readString()
    if (bytes.length > MAX_KEY_BYTES) {
      throw new BencodeError(`a dictionary key is longer than ${MAX_KEY_BYTES} bytes`, start)
    }
    const key = binaryText(bytes)
    const sorted = frame.last === undefined || key > frame.last
    if (!sorted) frame.seen ??= new Set(frame.keys)
    frame.repeated = frame.seen?.has(key) ?? false
    frame.seen?.add(key)
    if (frame.repeated) this.#tolerate('a dictionary key is repeated', start)
    else if (!sorted) this.#tolerate('dictionary keys are not sorted', start)
    frame.key = key
    frame.last = key
  }

  /** `i`, an optional minus, digits without leading zeros, `e`. */
  #readInteger(): number {
    const start = this.#at++
    const negative = this.#bytes[this.#at] === CHAR_MINUS
    if (negative) this.#at++
    const value = this.#readDigits(CHAR_E, 'an integer', start)
    if (negative && value === 0) throw new BencodeError('an integer is minus zero', start)
    return negative ? -value : value
  }

  #readString(): Uint8Array {
    const start = this.#at
    const length = this.#readDigits(CHAR_COLON, 'a string length', start)
    if (length > this.#bytes.length - this.#at) {
      throw new BencodeError(`a string of ${length} bytes goes beyond the end of the input`, start)
    }
    const from = this.#at
    this.#at += length
    return length === 0 ? NO_BYTES : this.#bytes.subarray(from, this.#at)
  }

  /** Digits up to and with `terminator`. */
  #readDigits(terminator: number, what: string, start: number): number {
    const first = this.#at
    let value = 0
    for (;;) {
      const char = this.#bytes[this.#at]
      if (char === undefined) throw new BencodeError('the input ends too early', this.#at)
      this.#at++
      if (char === terminator) break
      if (char < CHAR_0 || char > CHAR_9)
        throw new BencodeError(`${what} contains ${shown(char)}`, this.#at - 1)
      value = value * 10 + (char - CHAR_0)
      if (value > Number.MAX_SAFE_INTEGER) throw new BencodeError(`${what} is too large`, start)
    }
    const digits = this.#at - 1 - first
    if (digits === 0) throw new BencodeError(`${what} has no digits`, start)
    if (digits > 1 && this.#bytes[first] === CHAR_0)
      throw new BencodeError(`${what} has a leading zero`, start)
    return value
  }

  #tolerate(what: string, offset: number): void {
    if (this.#strict) throw new BencodeError(what, offset)
    if (this.#tolerated.has(what)) return
    this.#tolerated.add(what)
    this.#warnings.push(`${what} (byte ${offset})`)
  }
}

/**
 * Arrays that grew by `push` have room for 17: most lists and dictionaries are smaller, and a torrent of many files has
 * hundreds of thousands.
 */
function trimmed<T>(items: T[]): readonly T[] {
  if (items.length === 0) return NOTHING
  return items.length > 16 ? items : items.slice()
}

/** One character a byte. */
function binaryText(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at]!)
  return text
}

function shown(char: number): string {
  return char > 32 && char < 127 ? `'${String.fromCharCode(char)}'` : `byte ${char}`
}
