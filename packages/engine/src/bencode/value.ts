/** What bencoding can say (BEP 3), and a dictionary that keeps its keys as the raw bytes they are. */

/** Byte strings are views of the decoded input: copy what outlives it. Numbers are safe integers. */
export type BencodeValue = number | Uint8Array | BencodeList | BencodeDict

export interface BencodeList extends ReadonlyArray<BencodeValue> {}

/** Where a value stands in the decoded bytes: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Above this many keys a dictionary builds an index; below, walking along them is faster. */
const INDEX_FROM_KEYS = 12

/**
 * A decoded dictionary. Keys are byte strings, given here as text of one character (U+0000 to U+00FF) per byte: an
 * ASCII key is itself, and two different byte strings are never the same key. No key is special (`__proto__`).
 * Keys keep the order of the input.
 */
export class BencodeDict {
  readonly #keys: readonly string[]
  readonly #values: readonly BencodeValue[]
  readonly #spans: readonly number[]
  #index: Map<string, number> | undefined

  /** Distinct keys, their values, and two numbers a value: where it starts and ends. */
  constructor(keys: readonly string[], values: readonly BencodeValue[], spans: readonly number[]) {
    this.#keys = keys
    this.#values = values
    this.#spans = spans
  }

  get size(): number {
    return this.#keys.length
  }

  get keys(): readonly string[] {
    return this.#keys
  }

  has(key: string): boolean {
    return this.#find(key) !== -1
  }

  get(key: string): BencodeValue | undefined {
    const at = this.#find(key)
    return at === -1 ? undefined : this.#values[at]
  }

  /** Where the value of `key` stands in the input. */
  span(key: string): Span | undefined {
    const at = this.#find(key)
    return at === -1 ? undefined : { start: this.#spans[at * 2]!, end: this.#spans[at * 2 + 1]! }
  }

  /** The integer under `key`; undefined when there is none or it is of another type. So are the four below. */
  int(key: string): number | undefined {
    const value = this.get(key)
    return typeof value === 'number' ? value : undefined
  }

  bytes(key: string): Uint8Array | undefined {
    const value = this.get(key)
    return value instanceof Uint8Array ? value : undefined
  }

  /** Also undefined when the bytes are not well-formed UTF-8. */
  text(key: string): string | undefined {
    const bytes = this.bytes(key)
    if (bytes === undefined) return undefined
    try {
      return strictUtf8.decode(bytes)
    } catch {
      return undefined
    }
  }

  list(key: string): BencodeList | undefined {
    const value = this.get(key)
    return isList(value) ? value : undefined
  }

  dict(key: string): BencodeDict | undefined {
    const value = this.get(key)
    return value instanceof BencodeDict ? value : undefined
  }

  #find(key: string): number {
    if (this.#keys.length < INDEX_FROM_KEYS) return this.#keys.indexOf(key)
    this.#index ??= new Map(this.#keys.map((name, at) => [name, at]))
    return this.#index.get(key) ?? -1
  }
}

export function isList(value: BencodeValue | undefined): value is BencodeList {
  return Array.isArray(value)
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
