/** One direction of a connection: what was sent, in its order, with the kernel's buffer and a window. */
import type { SimHost } from './net.ts'

/** What the kernel takes before `send` has to queue. */
const KERNEL_BYTES = 128 * 1024
/** Under way and not acknowledged. */
const WINDOW_BYTES = 512 * 1024
/** Node keeps a chunk's memory to itself and uses it again: whoever kept the chunk shall notice. */
const SCRIBBLE = 0xa5

export interface PipeEvents {
  /** At the other end; the chunk is used again afterwards. */
  onBytes(chunk: Uint8Array): void
  /** The kernel has taken more of what was queued. */
  onRoom(): void
  /** At the other end, after all that was delivered. */
  onEnd(reset: boolean): void
}

export class SimPipe {
  readonly #from: SimHost
  readonly #to: SimHost
  readonly #events: PipeEvents
  /** Sent but not under way; the first is gone up to `#sentOfFirst`. */
  readonly #queue: Uint8Array[] = []
  #sentOfFirst = 0
  #unsentBytes = 0
  /** Of the unsent, so many were given for sending: the rest waits for `flush`. */
  #flushedBytes = 0
  #inFlightBytes = 0
  #lastArrivalMs = 0
  #state: 'open' | 'finishing' | 'stopped' = 'open'
  #endByReset = false
  /** Bytes were lost to silence: what comes after them cannot be delivered any more. */
  #hasHole = false

  constructor(from: SimHost, to: SimHost, events: PipeEvents) {
    this.#from = from
    this.#to = to
    this.#events = events
  }

  get queuedBytes(): number {
    return Math.max(0, this.#unsentBytes - KERNEL_BYTES)
  }

  get canTransmit(): boolean {
    return this.#state !== 'stopped' && this.#flushedBytes > 0 && this.#inFlightBytes < WINDOW_BYTES
  }

  push(bytes: Uint8Array): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    this.#queue.push(bytes)
    this.#unsentBytes += bytes.length
  }

  /** What was pushed may go now. */
  flush(): void {
    this.#flushedBytes = this.#unsentBytes
    if (this.canTransmit) this.#from.wants(this)
  }

  /** Nothing more comes: the other end is told after what the kernel has taken, or at once when it is reset. */
  finish(reset: boolean): void {
    if (this.#state !== 'open') return
    this.#endByReset = reset
    this.#state = 'finishing'
    const lost = reset ? this.#unsentBytes : this.queuedBytes
    this.#unsentBytes -= lost
    this.#flushedBytes = this.#unsentBytes
    if (this.canTransmit) this.#from.wants(this)
    this.#endIfEmpty()
  }

  /** Nothing more is delivered. */
  stop(): void {
    this.#state = 'stopped'
    this.#queue.length = 0
    this.#unsentBytes = 0
    this.#flushedBytes = 0
  }

  /** Puts up to `most` bytes under way; how many. */
  transmit(most: number): number {
    if (!this.canTransmit) return 0
    const length = Math.min(most, this.#flushedBytes, WINDOW_BYTES - this.#inFlightBytes)
    const chunk = this.#take(length)
    const hadQueued = this.queuedBytes > 0
    this.#unsentBytes -= length
    this.#flushedBytes -= length
    this.#inFlightBytes += length
    const from = this.#from
    const to = this.#to
    const { world } = from
    const arrivesMs = to.downlink(length, world.nowMs + from.latencyTo(to))
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivesMs)
    world.after(this.#lastArrivalMs - world.nowMs, to.name, `${length} bytes from ${from.name}`, () =>
      this.#deliver(chunk),
    )
    if (hadQueued && this.queuedBytes === 0) this.#events.onRoom()
    this.#endIfEmpty()
    return length
  }

  #deliver(chunk: Uint8Array): void {
    const from = this.#from
    const { world } = from
    if (this.#isCut()) return
    world.after(from.latencyTo(this.#to), from.name, 'ack', () => {
      this.#inFlightBytes -= chunk.length
      if (this.canTransmit) from.wants(this)
    })
    if (this.#state === 'stopped' || (this.#endByReset && this.#state === 'finishing')) return
    this.#events.onBytes(chunk)
    chunk.fill(SCRIBBLE)
  }

  #endIfEmpty(): void {
    if (this.#state !== 'finishing' || this.#unsentBytes > 0) return
    const { world } = this.#from
    const delayMs = this.#endByReset
      ? this.#from.latencyTo(this.#to)
      : Math.max(this.#lastArrivalMs - world.nowMs, this.#from.latencyTo(this.#to))
    const what = `${this.#endByReset ? 'reset' : 'end'} from ${this.#from.name}`
    world.after(delayMs, this.#to.name, what, () => {
      if (this.#isCut()) return
      this.#events.onEnd(this.#endByReset)
      this.#state = 'stopped'
    })
  }

  #isCut(): boolean {
    if (this.#from.silent || this.#to.silent) this.#hasHole = true
    return this.#hasHole
  }

  #take(length: number): Uint8Array {
    const chunk = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const first = this.#queue[0]!
      const bytes = Math.min(first.length - this.#sentOfFirst, length - filled)
      chunk.set(first.subarray(this.#sentOfFirst, this.#sentOfFirst + bytes), filled)
      filled += bytes
      this.#sentOfFirst += bytes
      if (this.#sentOfFirst === first.length) {
        this.#queue.shift()
        this.#sentOfFirst = 0
      }
    }
    return chunk
  }
}
