/**
 * What one peer asked of us and has not got yet, in its order. A ring over one typed array: no allocation a request.
 * A cancelled request stays in its place with length 0 and is stepped over.
 */

/** Requests a peer may have waiting: told to it as `reqq` (BEP 10); libtorrent's own limit. */
export const UPLOAD_QUEUE_MAX = 2000

const FIELDS = 3

export class UploadQueue {
  #ring: Uint32Array = new Uint32Array(32 * FIELDS)
  #head = 0
  #size = 0

  /** Requests waiting, cancelled ones among them. */
  get size(): number {
    return this.#size
  }

  get piece(): number {
    return this.#ring[this.#head * FIELDS]!
  }

  get begin(): number {
    return this.#ring[this.#head * FIELDS + 1]!
  }

  /** 0 where the request was cancelled. */
  get length(): number {
    return this.#ring[this.#head * FIELDS + 2]!
  }

  /** False when the queue is full. */
  push(piece: number, begin: number, length: number): boolean {
    if (this.#size === UPLOAD_QUEUE_MAX) return false
    if (this.#size * FIELDS === this.#ring.length) this.#grow()
    const at = ((this.#head + this.#size) % this.#capacity) * FIELDS
    this.#ring[at] = piece
    this.#ring[at + 1] = begin
    this.#ring[at + 2] = length
    this.#size++
    return true
  }

  shift(): void {
    this.#head = (this.#head + 1) % this.#capacity
    this.#size--
  }

  /** False when there is no such request. */
  cancel(piece: number, begin: number, length: number): boolean {
    for (let n = 0; n < this.#size; n++) {
      const at = ((this.#head + n) % this.#capacity) * FIELDS
      if (this.#ring[at] === piece && this.#ring[at + 1] === begin && this.#ring[at + 2] === length) {
        this.#ring[at + 2] = 0
        return true
      }
    }
    return false
  }

  clear(): void {
    this.#size = 0
  }

  get #capacity(): number {
    return this.#ring.length / FIELDS
  }

  #grow(): void {
    const larger = new Uint32Array(this.#ring.length * 2)
    const first = this.#ring.subarray(this.#head * FIELDS)
    larger.set(first)
    larger.set(this.#ring.subarray(0, this.#head * FIELDS), first.length)
    this.#ring = larger
    this.#head = 0
  }
}
