/**
 * What we asked of one peer: how much, whether it comes, and when to ask someone else.
 *
 * Invariant: a block requested of this peer is in `window` until its first byte arrives, then it is `#arriving` until
 * its last one does; whichever it is in when the connection ends is given back to the picker.
 */
import { ProtocolError } from '../errors.ts'
import { BLOCK_BYTES, type Geometry } from '../metainfo/geometry.ts'
import * as messages from '../wire/messages.ts'
import type { Outbox } from './outbox.ts'
import type { OwnLine } from './own-line.ts'
import type { Picker } from './picker.ts'
import type { PickerPeer } from './picker-peer.ts'
import { RateMeter } from './rate-meter.ts'
import { RequestWindow } from './request-window.ts'
import { Trial } from './trial.ts'

/** Requests to a peer that has not told its own limit (BEP 10): what libtorrent asks of anyone. */
const DEFAULT_PEER_QUEUE = 500
const PEER_QUEUE_MAX = 1000
/** In endgame, and while another has nothing to do, asking twice is cheap and waiting is not. */
const PRESSED_PATIENCE = 0.4
/** With someone of whom nothing ever came: 2 s. Those on trial get so much, or as their longest gap was. */
const PRESSED_PATIENCE_UNPROVEN = 0.1
/** One that paused for a second may pause for two; by the 20 s of which patience is a part. */
const PATIENCE_PER_GAP_MS = 2 / 20_000
/** Blocks that nobody asked for, beyond those a choke, cancel or timeout explains. */
const UNREQUESTED_MAX = 16
/** Bounds what a peer can make us remember by `allowed fast`. */
const ALLOWED_FAST_MAX = 64
/** A block of which nothing came for so long is left to others, and one that drips for so long, too. */
const ARRIVAL_STALL_MS = 20_000
const ARRIVAL_MAX_MS = 60_000
/** The same where another has nothing else to do, and would bring it sooner. */
const ARRIVAL_RIVAL_MS = 2_000
/** Who has had nothing to do for so long could have what others are slow with: longer than a piece is with the store. */
const IDLE_MS = 1_000
/** Whoever rejects although it does not choke us is not asked again at once: it would reject again. */
const REJECTED_PAUSE_MS = 1_000

/** What asking needs to know of the peer. */
export interface DownloadsPeer extends PickerPeer {
  /** We want something it has. */
  readonly interesting: boolean
  /** It chokes us. */
  readonly choking: boolean
}

export interface DownloadsDeps {
  readonly geometry: Geometry
  readonly picker: Picker
  readonly line: OwnLine
  /** Scratch for picks: (piece, block) pairs. */
  readonly picked: Int32Array
  /** Blocks that the rate limits let us ask for now. */
  requestAllowance(now: number): number
  /** Whether a peer of which nothing was right yet may be asked for a piece now. */
  takeTurn(now: number): boolean
  /** Bytes were asked for. */
  requested(bytes: number, now: number): void
  /** The peer could be asked for more than there is to ask for. */
  onStarved(): void
  /** A block is whole in memory. */
  onBlock(piece: number, block: number, bytes: number, now: number): void
  /** Bytes that were of no use. */
  onWaste(bytes: number): void
  /** The rest of the block that is arriving is to be jumped over. */
  skipBlock(): void
}

export class Downloads {
  readonly meter: RateMeter = new RateMeter()
  readonly window: RequestWindow = new RequestWindow(DEFAULT_PEER_QUEUE)
  readonly #deps: DownloadsDeps
  readonly #peer: DownloadsPeer
  readonly #outbox: Outbox
  /** Pieces that we may ask for while choked (BEP 6). */
  readonly #allowedFast = new Set<number>()
  readonly #blockSize: (piece: number, block: number) => number
  #arrivingPiece = -1
  #arrivingBlock = -1
  #arrivingSince = 0
  /** What was asked for is being jumped over, as another had brought it. */
  #skipsAsked = false
  #unrequested = 0
  /** No requests before. */
  #pauseUntil = 0
  /** Since when the picker has nothing for it, and it nothing to do; NaN: it has. */
  #idleSince = Number.NaN
  #idleQuick = false
  /** Undefined once it has passed. */
  trial: Trial | undefined
  /** Nothing is asked of it before it is its turn. */
  waitsForTurn = false
  /** As of the last tick, see `PickerPeer`. */
  silent = false

  /** `known`: it has sent what was right before. */
  constructor(peer: DownloadsPeer, outbox: Outbox, deps: DownloadsDeps, { known }: { known: boolean }) {
    this.trial = known ? undefined : new Trial(deps.geometry.pieceSize(0))
    this.#peer = peer
    this.#outbox = outbox
    this.#deps = deps
    this.#blockSize = (piece, block) => deps.geometry.blockSize(piece, block)
  }

  /** It told how many requests it lets wait (BEP 10). */
  setMax(requests: number): void {
    this.window.setMax(Math.min(requests, PEER_QUEUE_MAX))
  }

  /** False when that is nothing new, or too much. */
  allowFast(piece: number): boolean {
    if (this.#allowedFast.size >= ALLOWED_FAST_MAX || this.#allowedFast.has(piece)) return false
    this.#allowedFast.add(piece)
    return true
  }

  /**
   * It could be asked for more, and has been for a while, but there is nothing that it may be asked for; and it would
   * bring it soon, as what it brought before.
   */
  isIdle(now: number): boolean {
    const { interesting, choking } = this.#peer
    return this.#idleQuick && now - this.#idleSince >= IDLE_MS && interesting && !choking
  }

  /** Asks for as many blocks as the window, the limits and the memory allow: one write. */
  fill(now: number): void {
    const { interesting, choking } = this.#peer
    if (!interesting || (choking && this.#allowedFast.size === 0) || now < this.#pauseUntil) return
    const room = this.window.room()
    if (room === 0) return
    const { picker, picked, geometry } = this.#deps
    const most = Math.min(room, picked.length >> 1, this.#deps.requestAllowance(now))
    if (most <= 0) return
    // Somebody who begins to read turns it away from what it was in the middle of: neither piece would become whole.
    this.trial?.renew(now, piece => picker.isActive(piece), picker.hasUrgent ? 1 : 0)
    this.waitsForTurn = this.trial?.hasProof === false && !this.#deps.takeTurn(now)
    if (this.waitsForTurn) {
      this.trial!.hold()
      if (!this.trial!.hasBegun) return
    }
    const count = choking
      ? picker.pickAmong(this.#peer, most, picked, this.#allowedFast)
      : picker.pick(this.#peer, most, picked)
    if (count < most) this.#deps.onStarved()
    if (count === 0) return this.#noteIdle(now)
    this.#idleSince = Number.NaN
    let bytes = 0
    for (let n = 0; n < count; n++) {
      const piece = picked[n * 2]!
      const block = picked[n * 2 + 1]!
      this.window.push(piece, block, now)
      bytes += geometry.blockSize(piece, block)
    }
    this.#deps.requested(bytes, now)
    this.#outbox.send(messages.encodeRequests(picked, count, this.#blockSize))
  }

  #noteIdle(now: number): void {
    if (this.window.size > 0 || !Number.isNaN(this.#idleSince)) return
    this.#idleSince = now
    this.#idleQuick = this.meter.rate(now) >= BLOCK_BYTES
  }

  /** Someone else brought the block. */
  cancel(piece: number, block: number): void {
    if (!this.window.cancel(piece, block)) return
    const { picker, geometry } = this.#deps
    picker.release(this.#peer, piece, block)
    this.#outbox.send(messages.encodeCancel(piece, block * BLOCK_BYTES, geometry.blockSize(piece, block)))
  }

  /** Takes back what was asked for and can wait: what is asked for next comes sooner. */
  makeWay(canWait: (piece: number) => boolean): void {
    const { picked } = this.#deps
    const count = this.window.collect(canWait, picked)
    for (let n = 0; n < count; n++) this.cancel(picked[n * 2]!, picked[n * 2 + 1]!)
  }

  /** See `WireSink.openBlock`. @throws ProtocolError `UNREQUESTED_BLOCKS` */
  openBlock(piece: number, begin: number, length: number, now: number): number {
    const { geometry, picker } = this.#deps
    const block = geometry.blockAt(piece, begin, length)
    if (block < 0) {
      const range = `${piece}, ${begin}, ${length}`
      throw new ProtocolError('UNREQUESTED_BLOCKS', `sent what nobody asks for (${range})`)
    }
    const asked = this.window.take(piece, block)
    // A late answer, to a request that timed out, was cancelled or fell to a choke, is welcome if still wanted.
    const late = !asked && this.window.wasLate(piece, block)
    if (!asked && !late) this.#onUnrequested()
    const at = asked || late ? picker.open(this.#peer, piece, block) : -1
    if (at >= 0) {
      this.#arrivingPiece = piece
      this.#arrivingBlock = block
      this.#arrivingSince = now
    } else {
      if (asked) picker.release(this.#peer, piece, block)
      this.#deps.onWaste(length)
      this.#skipsAsked = asked || late
    }
    return at
  }

  onBlock(piece: number, begin: number, length: number, now: number): void {
    this.#arrivingPiece = -1
    this.window.received(length, now)
    this.silent = false
    this.meter.add(length, now)
    this.#deps.onBlock(piece, begin / BLOCK_BYTES, length, now)
  }

  /** What was jumped over is whole: nothing is gained by it, but the peer does as it was asked. */
  onSkipped(length: number, now: number): void {
    if (!this.#skipsAsked) return
    this.#skipsAsked = false
    this.window.received(length, now)
    this.silent = false
    this.#deps.picker.onVain()
  }

  /** Nothing that is outstanding will come. */
  onChoke(): void {
    this.window.drain((piece, block) => this.#deps.picker.release(this.#peer, piece, block))
  }

  /** False when nothing like it was asked for. @throws ProtocolError `BAD_REQUEST` */
  onReject(piece: number, begin: number, length: number, now: number): boolean {
    const block = this.#deps.geometry.blockAt(piece, begin, length)
    if (block < 0) throw new ProtocolError('BAD_REQUEST', 'rejected a request that cannot be ours')
    // What was cancelled and asked for again has two answers to come: this is the first.
    if (this.window.wasLate(piece, block)) return true
    if (!this.window.take(piece, block)) return false
    this.#allowedFast.delete(piece)
    this.#deps.picker.release(this.#peer, piece, block)
    if (!this.#peer.choking) this.#pauseUntil = now + REJECTED_PAUSE_MS
    return true
  }

  /**
   * Leaves to others what takes too long; whether there was any. `pressed`: it is endgame, or others have nothing to do;
   * `rival`: one of them is quick.
   */
  expire(now: number, pressed: boolean, rival: boolean, lastReceivedAt: number): boolean {
    const { picked, picker } = this.#deps
    this.silent = this.window.isSilent(now, lastReceivedAt)
    // On a line that is full a block takes its time, and what comes after it cannot be there.
    const isUnderWay = this.#deps.line.isFull && (this.#arrivingPiece >= 0 || this.#skipsAsked)
    const count = this.window.expired(now, picked, pressed && !isUnderWay ? this.#patience : 1)
    for (let n = 0; n < count; n++) picker.release(this.#peer, picked[n * 2]!, picked[n * 2 + 1]!)
    // It stopped in the middle of a block: another peer may bring it, and this one's rest is skipped. The window does
    // not know of it, as the block is no longer outstanding. Whoever snubbed us and now begins to send is given time
    // as well: a slow line takes longer than a tick for a block.
    if (this.#arrivingPiece < 0) return count > 0
    const arrivingMs = now - this.#arrivingSince
    const silent = now - lastReceivedAt >= ARRIVAL_STALL_MS
    const snubbing = this.window.snubbed && arrivingMs >= ARRIVAL_STALL_MS
    const maxMs = rival ? ARRIVAL_RIVAL_MS : ARRIVAL_MAX_MS
    if (!silent && !snubbing && arrivingMs < maxMs) return count > 0
    this.#deps.skipBlock()
    this.#abortArriving()
    return true
  }

  /** A block or two on trial are no promise: some send them to be waited for. */
  get #patience(): number {
    if (this.meter.total === 0) return PRESSED_PATIENCE_UNPROVEN
    if (this.trial === undefined) return PRESSED_PATIENCE
    const usual = this.window.longGapMs * PATIENCE_PER_GAP_MS
    return Math.min(PRESSED_PATIENCE, Math.max(PRESSED_PATIENCE_UNPROVEN, usual))
  }

  /** The connection is over. */
  close(): void {
    this.#abortArriving()
    this.onChoke()
  }

  #abortArriving(): void {
    if (this.#arrivingPiece < 0) return
    const { picker } = this.#deps
    picker.abort(this.#peer, this.#arrivingPiece, this.#arrivingBlock)
    picker.release(this.#peer, this.#arrivingPiece, this.#arrivingBlock)
    this.#arrivingPiece = -1
  }

  /** The piece, or its part of it, was right. */
  good(piece: number): void {
    if (this.trial?.good(piece) === true) this.trial = undefined
  }

  #onUnrequested(): void {
    if (++this.#unrequested > UNREQUESTED_MAX) {
      throw new ProtocolError('UNREQUESTED_BLOCKS', `sent ${this.#unrequested} blocks that nobody asked for`)
    }
  }
}
