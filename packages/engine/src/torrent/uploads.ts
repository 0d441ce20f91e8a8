/**
 * What one peer asked of us: taken in or turned down, sent in batches, dropped when it is choked.
 */
import type { Bitfield } from '../bytes/bitfield.ts'
import { ProtocolError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Sha1 } from '../ports.ts'
import { allowedFastSet } from '../wire/allowed-fast.ts'
import * as messages from '../wire/messages.ts'
import type { Outbox } from './outbox.ts'
import { RateMeter } from './rate-meter.ts'
import type { SendBuffers } from './send-buffers.ts'
import { UploadQueue } from './upload-queue.ts'

/**
 * Bytes handed to the socket beyond what the kernel took: about a second of what the peer takes. Enough to keep a fast
 * peer's socket busy, little enough that a slow one hears of a choke soon.
 */
const SEND_AHEAD_MIN_BYTES = 64 * 1024
const SEND_AHEAD_MAX_BYTES = 1024 * 1024
/** BEP 3: current clients ask for 16 KiB and close on more than 128 KiB. */
const REQUEST_MAX_BYTES = 128 * 1024
/** BEP 6: the size of the allowed fast set. */
const ALLOWED_FAST_COUNT = 10
/** Blocks sent to a peer that we choke: twice what it was offered, in case it lost some. */
const ALLOWED_FAST_TIMES = 2
/** Rejects since the socket was last empty: who causes more asks without reading. */
const REJECTS_MAX = 4_000

/** What serving needs to know of the peer. */
export interface UploadsPeer {
  readonly address: { readonly host: string }
  readonly pieces: Bitfield
  /** We choke it. */
  readonly choked: boolean
  /** It speaks BEP 6. */
  readonly fast: boolean
}

export interface UploadsDeps {
  readonly infoHash: Uint8Array
  readonly geometry: Geometry
  readonly have: Bitfield
  readonly sha1: Sha1
  readonly sendBuffers: SendBuffers
  /** Whether the rate limits let a block go now. */
  maySend(now: number): boolean
  sent(bytes: number, now: number): void
  /** Stored bytes, good until this turn ends, or undefined: `serve` is called again when they are there. */
  read(piece: number, begin: number, length: number): Uint8Array | undefined
}

export class Uploads {
  readonly meter: RateMeter = new RateMeter()
  /** When a block last went out. */
  servedAt: number = Number.NEGATIVE_INFINITY
  readonly #deps: UploadsDeps
  readonly #peer: UploadsPeer
  readonly #outbox: Outbox
  readonly #queue = new UploadQueue()
  /** Pieces it may ask for while choked. */
  #allowedFast: ReadonlySet<number> | undefined
  /** Bytes of them that it may still ask for while choked. */
  #fastBytes = 0
  #rejects = 0
  /** Blocks on their way to the link. */
  #batch: Uint8Array | undefined
  #batchBytes = 0

  constructor(peer: UploadsPeer, outbox: Outbox, deps: UploadsDeps) {
    this.#peer = peer
    this.#outbox = outbox
    this.#deps = deps
  }

  /** Requests waiting. */
  get size(): number {
    return this.#queue.size
  }

  /** BEP 6: a newcomer may fetch a few pieces while choked, so that it soon has something to give. */
  offerFast(): void {
    const { infoHash, geometry, sha1, have } = this.#deps
    const { host } = this.#peer.address
    const set = allowedFastSet(infoHash, host, geometry.pieceCount, ALLOWED_FAST_COUNT, sha1)
    const offered = set.filter(piece => have.has(piece))
    this.#allowedFast = new Set(offered)
    this.#fastBytes = ALLOWED_FAST_TIMES * offered.reduce((sum, piece) => sum + geometry.pieceSize(piece), 0)
    for (const piece of offered) this.#outbox.send(messages.encodeAllowedFast(piece))
  }

  /** False when it is turned down. @throws ProtocolError `BAD_REQUEST`, `QUEUE_FLOOD` */
  onRequest(piece: number, begin: number, length: number): boolean {
    const { geometry, have } = this.#deps
    if (!geometry.isRange(piece, begin, length)) {
      const range = `${piece}, ${begin}, ${length}`
      throw new ProtocolError('BAD_REQUEST', `asked for bytes that do not exist (${range})`)
    }
    const fast = this.#peer.choked && this.#isAllowedFast(piece) && this.#fastBytes >= length
    const allowed = !this.#peer.choked || fast
    const taken =
      allowed && length <= REQUEST_MAX_BYTES && have.has(piece) && this.#queue.push(piece, begin, length)
    if (taken && fast) this.#fastBytes -= length
    if (!taken) this.#reject(piece, begin, length)
    return taken
  }

  /** @throws ProtocolError `QUEUE_FLOOD` */
  onCancel(piece: number, begin: number, length: number): void {
    if (this.#queue.cancel(piece, begin, length)) this.#reject(piece, begin, length)
  }

  /** Bytes came from the peer. */
  onHeard(): void {
    if (this.#outbox.queuedBytes === 0) this.#rejects = 0
  }

  /** Sends what was asked for, as far as the socket, the limits and the read cache go. */
  serve(now: number): void {
    if (this.#queue.size > 0) this.#outbox.gather(() => this.#serve(now))
  }

  /** BEP 6: what is allowed fast is still sent, the rest is rejected. */
  onChoked(): void {
    this.#drop(piece => !this.#isAllowedFast(piece))
  }

  clear(): void {
    this.#queue.clear()
  }

  #serve(now: number): void {
    const deps = this.#deps
    const ahead = Math.min(SEND_AHEAD_MAX_BYTES, Math.max(SEND_AHEAD_MIN_BYTES, this.meter.rate(now)))
    for (; this.#queue.size > 0; this.#queue.shift()) {
      const { piece, begin, length } = this.#queue
      if (length === 0) continue
      if (this.#outbox.queuedBytes + this.#batchBytes >= ahead || !deps.maySend(now)) break
      const bytes = deps.read(piece, begin, length)
      if (bytes === undefined) break
      this.#pack(piece, begin, bytes)
      this.meter.add(length, now)
      this.servedAt = now
      deps.sent(length, now)
    }
    this.#sendBatch()
  }

  #pack(piece: number, begin: number, bytes: Uint8Array): void {
    const end = this.#batchBytes + messages.PIECE_HEADER_BYTES + bytes.length
    if (this.#batch !== undefined && end > this.#batch.length) this.#sendBatch()
    this.#batch ??= this.#deps.sendBuffers.take()
    const at = this.#batchBytes
    messages.putPieceHeader(this.#batch, at, piece, begin, bytes.length)
    this.#batch.set(bytes, at + messages.PIECE_HEADER_BYTES)
    this.#batchBytes = at + messages.PIECE_HEADER_BYTES + bytes.length
  }

  #sendBatch(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const { sendBuffers } = this.#deps
    this.#outbox.send(batch.subarray(0, this.#batchBytes), () => sendBuffers.give(batch))
    this.#batch = undefined
    this.#batchBytes = 0
  }

  /** Takes out and rejects the requests for certain pieces. */
  #drop(isDropped: (piece: number) => boolean): void {
    const kept: [number, number, number][] = []
    for (; this.#queue.size > 0; this.#queue.shift()) {
      const { piece, begin, length } = this.#queue
      if (length === 0) continue
      if (!isDropped(piece)) kept.push([piece, begin, length])
      else if (this.#peer.fast) this.#outbox.send(messages.encodeReject(piece, begin, length))
    }
    for (const [piece, begin, length] of kept) this.#queue.push(piece, begin, length)
  }

  /** BEP 6: only for those who have just begun; with more pieces than this they can trade. */
  #isAllowedFast(piece: number): boolean {
    return this.#allowedFast?.has(piece) === true && this.#peer.pieces.count <= ALLOWED_FAST_COUNT
  }

  /** With BEP 6, an answer to what they sent; they may send more than they read. */
  #reject(piece: number, begin: number, length: number): void {
    if (!this.#peer.fast) return
    if (++this.#rejects > REJECTS_MAX) {
      throw new ProtocolError('QUEUE_FLOOD', `asks for more than ${REJECTS_MAX} blocks and reads no answer`)
    }
    this.#outbox.send(messages.encodeReject(piece, begin, length))
  }
}
