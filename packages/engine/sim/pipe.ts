/**
 * One direction of a connection: what was sent, in its order.
 *
 *     push ──▶ queue ──flush, pull──▶ kernel ──transmit──▶ window ──▶ deliver
 *              lent by the sender      a copy
 */
import type { SimHost } from './net.ts'

/** What the kernel takes before `send` has to queue. */
const KERNEL_BYTES = 128 * 1024
/** Under way and not acknowledged. */
const WINDOW_BYTES = 512 * 1024
/** A window that is open by less waits, or a stream would go on in ever smaller pieces. */
const WORTHWHILE_BYTES = 64 * 1024
/** Node keeps a chunk's memory to itself and uses it again: whoever kept the chunk shall notice. */
const SCRIBBLE = 0xa5

export interface PipeEvents {
  /** At the other end; the chunk is used again afterwards. */
  onBytes(chunk: Uint8Array): void
  /** The kernel has taken all that was queued. */
  onEmpty(): void
  /** At the other end, after all that was delivered. */
  onEnd(reset: boolean): void
  /** What was lost to silence is missed. */
  onBroken(): void
}

interface Queued {
  readonly bytes: Uint8Array
  readonly onTaken: (() => void) | undefined
  taken: number
}

export class SimPipe {
  readonly from: SimHost
  readonly to: SimHost
  readonly #events: PipeEvents
  readonly #queue: Queued[] = []
  #queuedBytes = 0
  /** Of the queue, so many may be taken: what is corked may not. */
  #flushedBytes = 0
  /** Copies; the first is gone up to `#sentOfFirst`. */
  readonly #kernel: Uint8Array[] = []
  #kernelBytes = 0
  #sentOfFirst = 0
  #inFlightBytes = 0
  #lastArrivalMs = 0
  #pullPlanned = false
  #state: 'open' | 'finishing' | 'stopped' = 'open'
  #endByReset = false
  /** Bytes were lost to silence: what comes after them cannot be delivered any more. */
  #hasHole = false

  constructor(from: SimHost, to: SimHost, events: PipeEvents) {
    this.from = from
    this.to = to
    this.#events = events
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get canTransmit(): boolean {
    if (this.#state === 'stopped' || this.#kernelBytes === 0) return false
    return WINDOW_BYTES - this.#inFlightBytes >= Math.min(this.#kernelBytes, WORTHWHILE_BYTES)
  }

  push(bytes: Uint8Array, onTaken: (() => void) | undefined): void {
    if (this.#state !== 'open') return
    this.#queue.push({ bytes, onTaken, taken: 0 })
    this.#queuedBytes += bytes.length
  }

  /** What was pushed may go now. */
  flush(): void {
    if (this.#state !== 'open') return
    this.#flushedBytes = this.#queuedBytes
    if (this.#pullPlanned || this.#queue.length === 0) return
    this.#pullPlanned = true
    this.from.world.after(0, this.from.name, 'kernel takes', () => {
      this.#pullPlanned = false
      this.#pull()
    })
  }

  /** Nothing more comes: the other end is told after what the kernel has taken, or at once when it is reset. */
  finish(reset: boolean): void {
    if (this.#state !== 'open') return
    this.#dropQueue()
    this.#endByReset = reset
    this.#state = 'finishing'
    if (reset) this.#dropKernel()
    this.#endIfEmpty()
  }

  /** Nothing more is delivered. */
  stop(): void {
    this.#state = 'stopped'
    this.#dropQueue()
    this.#dropKernel()
  }

  /** Puts up to `most` bytes under way; how many. */
  transmit(most: number): number {
    if (!this.canTransmit) return 0
    const length = Math.min(most, this.#kernelBytes, WINDOW_BYTES - this.#inFlightBytes)
    const chunk = this.#take(length)
    this.#inFlightBytes += length
    const from = this.from
    const to = this.to
    const { world } = from
    if (this.#hasHole && !from.silent && !to.silent) this.#events.onBroken()
    const arrivesMs = to.downlink(length, world.nowMs + from.latencyTo(to))
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivesMs)
    world.after(this.#lastArrivalMs - world.nowMs, to.name, `${length} bytes from ${from.name}`, () =>
      this.#deliver(chunk),
    )
    this.#pull()
    this.#endIfEmpty()
    return length
  }

  #deliver(chunk: Uint8Array): void {
    const from = this.from
    const { world } = from
    if (this.#isCut()) return
    world.after(from.latencyTo(this.to), from.name, 'ack', () => {
      this.#inFlightBytes -= chunk.length
      if (this.canTransmit) from.wants(this)
    })
    if (this.#state === 'stopped' || (this.#endByReset && this.#state === 'finishing')) return
    this.#events.onBytes(chunk)
    chunk.fill(SCRIBBLE)
  }

  #endIfEmpty(): void {
    if (this.#state !== 'finishing' || this.#kernelBytes > 0) return
    const { world } = this.from
    const delayMs = this.#endByReset
      ? this.from.latencyTo(this.to)
      : Math.max(this.#lastArrivalMs - world.nowMs, this.from.latencyTo(this.to))
    const what = `${this.#endByReset ? 'reset' : 'end'} from ${this.from.name}`
    world.after(delayMs, this.to.name, what, () => {
      if (this.#isCut()) return
      this.#events.onEnd(this.#endByReset)
      this.#state = 'stopped'
    })
  }

  #isCut(): boolean {
    if (this.from.silent || this.to.silent) this.#hasHole = true
    return this.#hasHole
  }

  /** Moves what fits from the queue into the kernel; only in turns of the sender's host that are not its own. */
  #pull(): void {
    const hadQueued = this.#queuedBytes > 0
    const taken: (() => void)[] = []
    while (this.#flushedBytes > 0 && this.#kernelBytes < KERNEL_BYTES) {
      const first = this.#queue[0]!
      const left = first.bytes.length - first.taken
      const bytes = Math.min(left, this.#flushedBytes, KERNEL_BYTES - this.#kernelBytes)
      this.#kernel.push(first.bytes.slice(first.taken, first.taken + bytes))
      first.taken += bytes
      this.#kernelBytes += bytes
      this.#queuedBytes -= bytes
      this.#flushedBytes -= bytes
      if (first.taken < first.bytes.length) break
      this.#queue.shift()
      if (first.onTaken !== undefined) taken.push(first.onTaken)
    }
    if (this.canTransmit) this.from.wants(this)
    for (const tell of taken) tell()
    if (hadQueued && this.#queuedBytes === 0) this.#events.onEmpty()
  }

  #take(length: number): Uint8Array {
    const chunk = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const first = this.#kernel[0]!
      const bytes = Math.min(first.length - this.#sentOfFirst, length - filled)
      chunk.set(first.subarray(this.#sentOfFirst, this.#sentOfFirst + bytes), filled)
      filled += bytes
      this.#sentOfFirst += bytes
      if (this.#sentOfFirst === first.length) {
        this.#kernel.shift()
        this.#sentOfFirst = 0
      }
    }
    this.#kernelBytes -= length
    return chunk
  }

  #dropQueue(): void {
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#flushedBytes = 0
  }

  #dropKernel(): void {
    this.#kernel.length = 0
    this.#kernelBytes = 0
    this.#sentOfFirst = 0
  }
}
