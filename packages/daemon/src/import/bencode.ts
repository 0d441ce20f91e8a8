/** Reads the bencoded files in which other clients keep what they know. Texts stay bytes: what they mean differs. */

/** A resume file has some KB; the pieces of the largest torrents some MB. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_DEPTH = 32

export type Bencoded = number | Buffer | readonly Bencoded[] | BencodedMap
export type BencodedMap = ReadonlyMap<string, Bencoded>

/** @throws Error with a sentence that says where */
export function readBencode(bytes: Buffer): Bencoded {
  if (bytes.length > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`)
  return new Reader(bytes).value(0)
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  value(depth: number): Bencoded {
    if (depth > MAX_DEPTH) throw new Error(`it is nested too deeply at byte ${this.#at}`)
    const kind = String.fromCharCode(this.#bytes[this.#at] ?? 0)
    if (kind === 'i') return this.#number()
    if (kind === 'l') return this.#list(depth)
    if (kind === 'd') return this.#map(depth)
    return this.#text()
  }

  #number(): number {
    const end = this.#bytes.indexOf('e', this.#at)
    const text = this.#bytes.toString('latin1', this.#at + 1, end)
    if (end < 0 || !/^-?\d{1,19}$/.test(text)) throw this.#wrong()
    this.#at = end + 1
    return Number(text)
  }

  #text(): Buffer {
    const colon = this.#bytes.indexOf(':', this.#at)
    const digits = this.#bytes.toString('latin1', this.#at, colon)
    const end = colon + 1 + Number(digits)
    if (colon < 0 || !/^\d{1,9}$/.test(digits) || end > this.#bytes.length) throw this.#wrong()
    this.#at = end
    return this.#bytes.subarray(colon + 1, end)
  }

  #list(depth: number): Bencoded[] {
    const list: Bencoded[] = []
    this.#at++
    while (!this.#ends()) list.push(this.value(depth + 1))
    return list
  }

  #map(depth: number): BencodedMap {
    const map = new Map<string, Bencoded>()
    this.#at++
    while (!this.#ends()) {
      const key = this.#text().toString('utf8')
      map.set(key, this.value(depth + 1))
    }
    return map
  }

  #ends(): boolean {
    if (this.#bytes[this.#at] !== 0x65) return false
    this.#at++
    return true
  }

  #wrong(): Error {
    return new Error(`it is not bencoded at byte ${this.#at}`)
  }
}

/** What a map has of a kind, and what it is otherwise. */
export class Fields {
  readonly #map: BencodedMap

  /** @throws Error where it is no map */
  constructor(value: Bencoded | undefined) {
    if (!(value instanceof Map)) throw new Error('it is not a dictionary')
    this.#map = value
  }

  bytes(key: string): Buffer | undefined {
    const value = this.#map.get(key)
    return Buffer.isBuffer(value) ? value : undefined
  }

  /** Undefined also where it is empty. */
  text(key: string): string | undefined {
    return this.bytes(key)?.toString('utf8') || undefined
  }

  number(key: string): number | undefined {
    const value = this.#map.get(key)
    return typeof value === 'number' ? value : undefined
  }

  /** Undefined where it is not more than nothing. */
  positive(key: string): number | undefined {
    const value = this.number(key)
    return value !== undefined && value > 0 ? value : undefined
  }

  list(key: string): readonly Bencoded[] {
    const value = this.#map.get(key)
    return Array.isArray(value) ? value : []
  }

  texts(key: string): string[] {
    return this.list(key).map(each => (Buffer.isBuffer(each) ? each.toString('utf8') : ''))
  }

  fields(key: string): Fields | undefined {
    const value = this.#map.get(key)
    return value instanceof Map ? new Fields(value) : undefined
  }
}
