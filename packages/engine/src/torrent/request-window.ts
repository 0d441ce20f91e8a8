/**
 * What we asked of one peer, how much more to ask, and when to stop waiting.
 *
 * The queue is a ring of parallel typed arrays in the order of sending; peers answer mostly in that order, so
 * an arrival is nearly always the head. Nothing is allocated per request.
 *
 *     head                                         tail
 *      v                                            v
 *     | passed over |  in its turn . . . . . . . . |        `times`: when it was passed over, or sent
 *
 * How many: in slow start the limit begins at 16 and grows by one with every block, which doubles it per
 * round trip (700 MB/s from 16 to 500 requests: 8 MB, some 11 ms). Slow start ends when the rate no longer
 * grows. From then on the limit is what the peer delivers in a second, or in two of its shortest round trips
 * where they are longer. Since a second is longer than nearly every round trip, a window that is the
 * bottleneck still widens itself.
 *
 * A peer that brings 2 MiB within 8 ms is on this machine or right beside it, and is asked for no more than that at
 * once, in halves. What waits on such a way waits in memory, and leaves the processors' caches there: with 500 requests
 * under way a gigabyte took 5 % longer than with 128, and 6 % more of the processors.
 *
 * When to stop: not by the age of a request. A slow peer with a long queue is minutes behind and yet all
 * right. What counts is progress:
 * - the peer has sent nothing at all for 20 s while we waited: everything outstanding is late, and it snubs
 *   us;
 * - the peer goes on, but this request was passed over (one sent after it was answered) 10 s ago: it is late.
 * Both stretch to four times the peer's usual gap between blocks, so that one block every 15 s is not a
 * stall. In endgame the caller passes a factor below 1: asking twice is cheap there, waiting is not.
 *
 * What became late, or was cancelled or dropped by a choke, may still be under way: it is remembered,
 * boundedly, so that its arrival is told apart from a block nobody asked for.
 */
import { assert } from '../errors.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { RateMeter } from './rate-meter.ts'

const FIRST_LIMIT = 16
const MIN_LIMIT = 2
/** Enough to notice that a peer that let us wait has come back. */
const STALLED_LIMIT = 1
/** So long would the peer need for what is kept under way. */
const QUEUE_MS = 1_000
/** A first answer that took ages says nothing about the network. */
const MAX_ROUND_TRIP_MS = 4_000
/** The rate is judged over stretches of at least this, and of two round trips. */
const JUDGE_MS = 500
/** Growth below this between two stretches means that the window is no longer what limits the peer. */
const GROWTH = 1.1
/** Of a peer that brings so many within {@link SWIFT_MS} no more is wanted at once. */
const SWIFT_LIMIT = 128
const SWIFT_MS = 8
const SWIFT_JUDGE_MS = 100
/** With so few left nobody waits for a batch. */
const NO_BATCH_BELOW = 8
const STALL_MS = 20_000
const PASSED_OVER_MS = 10_000
const GAPS_BEFORE_LATE = 4
/** However slowly a peer usually sends, waiting longer helps nobody. */
const MAX_TIMEOUT_MS = 120_000
/** Who has sent nothing so far may be far away; for the others so long is a silence, or twice their longest pause. */
const SILENT_AT_FIRST_MS = 1_000
const SILENT_MIN_MS = 500
const SILENT_MAX_MS = 2_000
/** Of what is outstanding, a second's worth: what the peer may have handed to its system. */
const ON_ITS_WAY_PART = 0.3
/** Late requests remembered; a power of two. */
const LATE_MEMORY = 512
const FIRST_CAPACITY = 64
/** More than any limit: a caller that pushes on is at fault. */
const MAX_CAPACITY = 4_096

export class RequestWindow {
  /** The peer let us wait for {@link STALL_MS}; ends with the next byte it sends. */
  snubbed = false
  /** It sent nothing at all until requests were given up; ends in the same way. */
  stalled = false

  #max: number
  #limit = FIRST_LIMIT
  #slowStart = true
  /** It brings {@link SWIFT_LIMIT} blocks within {@link SWIFT_MS}, and is near enough to go on so with no more asked for. */
  #isSwift = false

  // The ring: capacity is a power of two.
  #pieces = new Int32Array(FIRST_CAPACITY)
  #blocks = new Int32Array(FIRST_CAPACITY)
  #times = new Float64Array(FIRST_CAPACITY)
  #head = 0
  #size = 0
  /** So many from the head were passed over. */
  #passedOver = 0

  // The last request taken, until the bytes that answered it are reported.
  #takenAt = -1
  #takenSentAt = Number.NaN
  #takenAwaitedSince = Number.NaN

  /** Since when we have been waiting for the peer's next byte; NaN: we are not. */
  #waitingSince = Number.NaN
  #receivedAt = Number.NEGATIVE_INFINITY
  #gapMs = 0
  /** The longest that we waited for a block, of late: every shorter wait takes a tenth of its own length of it. */
  longGapMs = 0
  #roundTripMs = MAX_ROUND_TRIP_MS

  readonly #meter = new RateMeter()
  #growthBytes = 0
  #judgeFrom = Number.NaN
  #judgeBytes = 0
  #isToJudge = false
  // Not 0: V8 would lay such an object out anew at the first fraction, and compile anew what was compiled for it.
  #judgedRate = Number.NaN

  #late: Int32Array | undefined
  #lateNext = 0

  /** `maxRequests`: what the peer and we allow to be outstanding at most. */
  constructor(maxRequests: number) {
    this.#max = maxRequests
  }

  /** Outstanding requests. */
  get size(): number {
    return this.#size
  }

  /** How many should be outstanding now. */
  limit(): number {
    if (this.snubbed || this.stalled) return Math.min(STALLED_LIMIT, this.#max)
    return Math.min(this.#max, this.#isSwift ? SWIFT_LIMIT : Math.max(MIN_LIMIT, this.#limit))
  }

  /** How many to ask for now: none while they are so few that their write would cost more than they do. */
  room(): number {
    const limit = this.limit()
    const room = limit - this.#size
    const batch = this.#isSwift ? limit >> 1 : limit >> 3
    return room < batch && this.#size > NO_BATCH_BELOW ? 0 : Math.max(0, room)
  }

  setMax(maxRequests: number): void {
    this.#max = maxRequests
  }

  /** Bytes per second of this peer's blocks. */
  rate(now: number): number {
    return this.#meter.rate(now)
  }

  /** A request was sent. */
  push(piece: number, block: number, now: number): void {
    if (this.#size === this.#pieces.length) this.#grow()
    if (this.#size === 0 && now - this.#receivedAt >= STALL_MS) this.#beginSlowStart(now)
    if (Number.isNaN(this.#waitingSince)) this.#waitingSince = now
    const at = (this.#head + this.#size++) & (this.#pieces.length - 1)
    this.#pieces[at] = piece
    this.#blocks[at] = block
    this.#times[at] = now
  }

  /**
   * The block arrived (then call {@link received} next) or the peer rejected it; true if it was outstanding.
   * O(1) in the order of sending, otherwise a walk over what is outstanding.
   */
  take(piece: number, block: number): boolean {
    const position = this.#find(piece, block)
    this.#takenAt = position
    this.#takenAwaitedSince = this.#waitingSince
    if (position < 0) return false
    const wasPassedOver = position < this.#passedOver
    this.#takenSentAt = wasPassedOver ? Number.NaN : this.#times[this.#slot(position)]!
    if (wasPassedOver) this.#passedOver--
    this.#remove(position)
    if (this.#size === 0) this.#waitingSince = Number.NaN
    return true
  }

  /**
   * As {@link take}, for a request that we cancel: should it arrive all the same, {@link wasLate} knows it.
   */
  cancel(piece: number, block: number): boolean {
    if (!this.take(piece, block)) return false
    this.#takenAt = -1
    this.#remember(piece, block)
    return true
  }

  has(piece: number, block: number): boolean {
    return this.#find(piece, block) >= 0
  }

  /**
   * Writes what is outstanding and `isMeant` to `out` as piece, block, piece, block…, but for what was asked for first, as
   * that is likely on its way: how many pairs.
   */
  collect(isMeant: (piece: number) => boolean, out: Int32Array): number {
    let pairs = 0
    for (
      let position = Math.ceil(this.#size * ON_ITS_WAY_PART);
      position < this.#size && pairs * 2 + 1 < out.length;
      position++
    ) {
      const at = this.#slot(position)
      if (!isMeant(this.#pieces[at]!)) continue
      out[pairs * 2] = this.#pieces[at]!
      out[pairs * 2 + 1] = this.#blocks[at]!
      pairs++
    }
    return pairs
  }

  /** Bytes of blocks arrived, asked for or late; whole blocks or parts of them. */
  received(bytes: number, now: number): void {
    this.#meter.add(bytes, now)
    this.snubbed = this.stalled = false
    this.#learnTimes(now)
    this.#waitingSince = this.#size > 0 ? now : Number.NaN
    this.#receivedAt = now

    if (this.#slowStart) {
      this.#growthBytes += bytes
      while (this.#growthBytes >= BLOCK_BYTES) {
        this.#growthBytes -= BLOCK_BYTES
        if (this.#limit < this.#max) this.#limit++
      }
    }
    this.#judgeBytes += bytes
    this.#isToJudge = true
  }

  /**
   * Call it when something was {@link received}, once for all that came together. (It is no part of that: V8 compiles what
   * each block passes without what happens twice a second, and has to begin anew when it does.)
   */
  judge(now: number): void {
    if (!this.#isToJudge) return
    this.#isToJudge = false
    const elapsedMs = now - this.#judgeFrom
    if (this.#slowStart && elapsedMs >= SWIFT_JUDGE_MS) this.#judgeSwift(this.#judgeBytes / elapsedMs)
    if (!(elapsedMs >= Math.max(JUDGE_MS, 2 * this.#roundTripMs))) return
    const rate = (this.#judgeBytes * 1_000) / elapsedMs
    if (rate < this.#judgedRate * GROWTH) this.#slowStart = false
    if (!this.#slowStart) {
      const perMs = Math.max(rate, this.#meter.rate(now)) / 1_000
      const queueMs = Math.max(QUEUE_MS, 2 * this.#roundTripMs)
      this.#limit = Math.min(this.#max, Math.max(MIN_LIMIT, Math.ceil((perMs * queueMs) / BLOCK_BYTES)))
      this.#judgeSwift(rate / 1_000)
    }
    this.#judgedRate = rate
    this.#judgeFrom = now
    this.#judgeBytes = 0
  }

  /**
   * Moves requests that are overdue from outstanding to late, writes them to `out` as piece, block, piece,
   * block… and returns how many pairs; call again while `out` comes back full. Call it with every tick.
   */
  expired(now: number, out: Int32Array, factor = 1): number {
    if (now - this.#waitingSince >= this.#timeoutMs(STALL_MS)) this.snubbed = true
    let pairs = 0
    while (this.#size > 0 && pairs * 2 + 1 < out.length) {
      const head = this.#head
      const isPassedOver = this.#passedOver > 0
      const since = isPassedOver ? this.#times[head]! : Math.max(this.#times[head]!, this.#waitingSince)
      const timeoutMs = this.#timeoutMs(isPassedOver ? PASSED_OVER_MS : STALL_MS) * factor
      if (now - since < timeoutMs) break
      const piece = this.#pieces[head]!
      const block = this.#blocks[head]!
      if (isPassedOver) this.#passedOver--
      else this.stalled = true
      this.#remove(0)
      this.#remember(piece, block)
      out[pairs * 2] = piece
      out[pairs * 2 + 1] = block
      pairs++
    }
    return pairs
  }

  /** Whether it has let us wait for longer than it usually does, nothing at all having come since `lastReceivedAt`. */
  isSilent(now: number, lastReceivedAt: number): boolean {
    if (this.stalled) return true
    if (this.#size === 0) return false
    const isNew = this.#receivedAt === Number.NEGATIVE_INFINITY
    const usualMs = Math.min(SILENT_MAX_MS, Math.max(SILENT_MIN_MS, 2 * this.longGapMs))
    return now - Math.max(this.#waitingSince, lastReceivedAt) >= (isNew ? SILENT_AT_FIRST_MS : usualMs)
  }

  /** Whether this block, not outstanding now, was once asked for and given up; true once per request. */
  wasLate(piece: number, block: number): boolean {
    this.#takenAt = -1
    this.#takenSentAt = Number.NaN
    const late = this.#late
    if (late === undefined) return false
    for (let at = 0; at < late.length; at += 2) {
      if (late[at] !== piece || late[at + 1] !== block) continue
      late[at] = -1
      return true
    }
    return false
  }

  /** The peer choked us or is gone: nothing is outstanding any more. Do not push from within `visit`. */
  drain(visit: (piece: number, block: number) => void): void {
    for (let position = 0; position < this.#size; position++) {
      const at = this.#slot(position)
      this.#remember(this.#pieces[at]!, this.#blocks[at]!)
      visit(this.#pieces[at]!, this.#blocks[at]!)
    }
    this.#size = 0
    this.#passedOver = 0
    this.#waitingSince = Number.NaN
  }

  // --------------------------------------------------------------------------------------------- the ring

  #slot(position: number): number {
    return (this.#head + position) & (this.#pieces.length - 1)
  }

  #find(piece: number, block: number): number {
    const pieces = this.#pieces
    const blocks = this.#blocks
    const mask = pieces.length - 1
    const end = this.#head + this.#size
    for (let at = this.#head; at < end; at++) {
      if (blocks[at & mask] === block && pieces[at & mask] === piece) return at - this.#head
    }
    return -1
  }

  /** Closes the gap from the nearer side, so that the order stays. */
  #remove(position: number): void {
    this.#size--
    if (position > this.#size >> 1) {
      for (let to = position; to < this.#size; to++) this.#move(to + 1, to)
    } else {
      for (let to = position; to > 0; to--) this.#move(to - 1, to)
      this.#head = this.#slot(1)
    }
  }

  #move(fromPosition: number, toPosition: number): void {
    const from = this.#slot(fromPosition)
    const to = this.#slot(toPosition)
    this.#pieces[to] = this.#pieces[from]!
    this.#blocks[to] = this.#blocks[from]!
    this.#times[to] = this.#times[from]!
  }

  #grow(): void {
    const capacity = this.#pieces.length * 2
    assert(capacity <= MAX_CAPACITY, 'a peer has more requests outstanding than any limit allows')
    const pieces = new Int32Array(capacity)
    const blocks = new Int32Array(capacity)
    const times = new Float64Array(capacity)
    for (let position = 0; position < this.#size; position++) {
      const at = this.#slot(position)
      pieces[position] = this.#pieces[at]!
      blocks[position] = this.#blocks[at]!
      times[position] = this.#times[at]!
    }
    this.#pieces = pieces
    this.#blocks = blocks
    this.#times = times
    this.#head = 0
  }

  #remember(piece: number, block: number): void {
    this.#late ??= new Int32Array(LATE_MEMORY * 2).fill(-1)
    this.#late[this.#lateNext] = piece
    this.#late[this.#lateNext + 1] = block
    this.#lateNext = (this.#lateNext + 2) & (this.#late.length - 1)
  }

  // --------------------------------------------------------------------------------------------- learning

  #timeoutMs(floorMs: number): number {
    return Math.min(MAX_TIMEOUT_MS, Math.max(floorMs, GAPS_BEFORE_LATE * this.#gapMs))
  }

  #learnTimes(now: number): void {
    // Those that came before the one just answered in the queue have been passed over, from now on.
    for (; this.#passedOver < this.#takenAt; this.#passedOver++)
      this.#times[this.#slot(this.#passedOver)] = now
    this.#takenAt = -1
    const roundTripMs = now - this.#takenSentAt
    if (roundTripMs < this.#roundTripMs) this.#roundTripMs = roundTripMs
    // The gap between blocks counts only while something was outstanding.
    const since = Number.isNaN(this.#takenSentAt) ? this.#waitingSince : this.#takenSentAt
    const gapMs = now - Math.max(this.#receivedAt, since)
    if (gapMs >= 0) this.#gapMs += (gapMs - this.#gapMs) / 8
    const waitedMs = now - this.#takenAwaitedSince
    if (waitedMs >= 0) this.longGapMs = Math.max(waitedMs, this.longGapMs - waitedMs / 10)
    this.#takenSentAt = Number.NaN
  }

  #beginSlowStart(now: number): void {
    this.#slowStart = true
    this.#limit = Math.max(FIRST_LIMIT, this.#limit)
    this.#growthBytes = 0
    this.#judgeFrom = now
    this.#judgeBytes = 0
    this.#judgedRate = Number.NaN
  }

  #judgeSwift(bytesPerMs: number): void {
    const bytes = SWIFT_LIMIT * BLOCK_BYTES
    this.#isSwift = bytesPerMs * SWIFT_MS >= bytes && bytesPerMs * 2 * this.#roundTripMs <= bytes
  }
}
