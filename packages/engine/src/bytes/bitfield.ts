/** A set of piece indices in the wire's layout (BEP 3): bit 0 is the high bit of the first byte; spare bits are zero. */
export class Bitfield {
  readonly length: number
  readonly bytes: Uint8Array
  #count = 0

  constructor(length: number) {
    this.length = length
    this.bytes = new Uint8Array(Math.ceil(length / 8))
  }

  /** Copies `bytes`; undefined when their number is wrong or a spare bit is set. */
  static from(length: number, bytes: Uint8Array): Bitfield | undefined {
    if (bytes.length !== Math.ceil(length / 8)) return undefined
    const spare = bytes.length * 8 - length
    if (spare > 0 && (bytes[bytes.length - 1]! & ((1 << spare) - 1)) !== 0) return undefined
    const field = new Bitfield(length)
    field.bytes.set(bytes)
    for (const byte of bytes) field.#count += ONES[byte]!
    return field
  }

  static full(length: number): Bitfield {
    const field = new Bitfield(length)
    field.fill()
    return field
  }

  /** How many are set. */
  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.length
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (128 >> (index & 7))) !== 0
  }

  /** How many are set from `first` to `end` - 1; both within the length. */
  countBetween(first: number, end: number): number {
    let count = 0
    let at = first
    for (; at < end && (at & 7) !== 0; at++) if (this.has(at)) count++
    for (; at + 8 <= end; at += 8) count += ONES[this.bytes[at >> 3]!]!
    for (; at < end; at++) if (this.has(at)) count++
    return count
  }

  /** Adds `index`; false when it was there already. */
  add(index: number): boolean {
    if (this.has(index)) return false
    this.bytes[index >> 3]! |= 128 >> (index & 7)
    this.#count++
    return true
  }

  /** Removes `index`; false when it was not there. */
  delete(index: number): boolean {
    if (!this.has(index)) return false
    this.bytes[index >> 3]! &= ~(128 >> (index & 7))
    this.#count--
    return true
  }

  fill(): void {
    this.bytes.fill(255)
    const spare = this.bytes.length * 8 - this.length
    if (spare > 0) this.bytes[this.bytes.length - 1] = (255 << spare) & 255
    this.#count = this.length
  }

  clear(): void {
    this.bytes.fill(0)
    this.#count = 0
  }

  clone(): Bitfield {
    const copy = new Bitfield(this.length)
    copy.bytes.set(this.bytes)
    copy.#count = this.#count
    return copy
  }

  /** The set indices in ascending order. */
  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (let at = 0; at < this.bytes.length; at++) {
      const byte = this.bytes[at]!
      if (byte === 0) continue
      for (let bit = 0; bit < 8; bit++) if (byte & (128 >> bit)) yield at * 8 + bit
    }
  }
}

/** How many bits are set in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let n = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) n++
  return n
})
