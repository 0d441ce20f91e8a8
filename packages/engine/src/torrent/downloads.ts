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
import type { Picker, PickerPeer } from './picker.ts'
import { RateMeter } from './rate-meter.ts'
import { RequestWindow } from './request-window.ts'

/** Requests to a peer that has not told its own limit (BEP 10): what libtorrent asks of anyone. */
const DEFAULT_PEER_QUEUE = 500
const PEER_QUEUE_MAX = 1000
/** On trial a peer is asked for a piece, or so many blocks, and for as much again when that came to nothing for so long. */
const TRIAL_BLOCKS_MIN = 16
const TRIAL_MS = 2_000
/** Good pieces that end the trial. */
const TRIAL_PIECES = 16
/** In endgame asking twice is cheap and waiting is not. */
const ENDGAME_PATIENCE = 0.4
/** With someone of whom nothing ever came: 2 s. */
const ENDGAME_PATIENCE_UNPROVEN = 0.1
/** Blocks that nobody asked for, beyond those a choke, cancel or timeout explains. */
const UNREQUESTED_MAX = 16
/** Bounds what a peer can make us remember by `allowed fast`. */
const ALLOWED_FAST_MAX = 64
/** A block of which nothing came for so long is left to others, and one that drips for so long, too. */
const ARRIVAL_STALL_MS = 20_000
const ARRIVAL_MAX_MS = 60_000
/** The same where another has nothing else to do, and would bring it sooner. */
const ARRIVAL_RIVAL_MS = 2_000
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
  /** Scratch for picks: (piece, block) pairs. */
  readonly picked: Int32Array
  /** Blocks that the rate limits let us ask for now. */
  requestAllowance(now: number): number
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
  #unrequested = 0
  /** Of a peer on trial: blocks whose piece is not stored, pieces that are, and since when it is asked. */
  #trialBlocks = 0
  #goodPieces = 0
  #trialSince = Number.NaN
  /** No requests before. */
  #pauseUntil = 0

  constructor(peer: DownloadsPeer, outbox: Outbox, deps: DownloadsDeps) {
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

  /** Asks for as many blocks as the window, the limits and the memory allow: one write. */
  fill(now: number): void {
    const { interesting, choking } = this.#peer
    if (!interesting || (choking && this.#allowedFast.size === 0) || now < this.#pauseUntil) return
    const room = this.window.room()
    // Refilled in batches: a write for every block would cost more than the block.
    if (room <= 0 || (room < this.window.limit() >> 3 && this.window.size > 8)) return
    const { picker, picked, geometry } = this.#deps
    const trial = this.#peer.onTrial === true ? this.#trialRoom(now) : room
    // More as soon as pieces of it are stored.
    if (trial < room) this.#deps.onStarved()
    const most = Math.min(room, picked.length >> 1, this.#deps.requestAllowance(now), trial)
    if (most <= 0) return
    const count = choking
      ? picker.pickAmong(this.#peer, most, picked, this.#allowedFast)
      : picker.pick(this.#peer, most, picked)
    if (count < most) this.#deps.onStarved()
    if (count === 0) return
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
    }
    return at
  }

  onBlock(piece: number, begin: number, length: number, now: number): void {
    this.#arrivingPiece = -1
    this.window.received(length, now)
    this.meter.add(length, now)
    this.#trialBlocks++
    this.#deps.onBlock(piece, begin / BLOCK_BYTES, length, now)
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

  /** Leaves to others what takes too long, sooner with a `rival` at hand; whether there was any. */
  expire(now: number, endgame: boolean, rival: boolean, lastReceivedAt: number): boolean {
    const { picked, picker } = this.#deps
    const patience = this.meter.total > 0 ? ENDGAME_PATIENCE : ENDGAME_PATIENCE_UNPROVEN
    const count = this.window.expired(now, picked, endgame ? patience : 1)
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

  /** So many of its blocks were right: a whole piece, or its part of one. True when that ends the trial. */
  good(blocks: number): boolean {
    this.#trialBlocks -= blocks
    return ++this.#goodPieces >= TRIAL_PIECES
  }

  /**
   * What a liar can spoil before that shows: a piece more with every one that was right. Twice as many were quicker by
   * nothing that could be measured, and a liar in one block of 64 spoilt four pieces instead of two.
   */
  #trialRoom(now: number): number {
    if (Number.isNaN(this.#trialSince)) this.#trialSince = now
    // Somebody who begins to read turns it away from what it was in the middle of: neither piece would become whole.
    const turned = this.#deps.picker.hasUrgent ? 1 : 0
    const times = 1 + turned + this.#goodPieces + Math.floor((now - this.#trialSince) / TRIAL_MS)
    const blocks = Math.max(TRIAL_BLOCKS_MIN, this.#deps.geometry.blockCount(0))
    const arriving = this.#arrivingPiece < 0 ? 0 : 1
    return blocks * times - this.#trialBlocks - this.window.size - arriving
  }

  #onUnrequested(): void {
    if (++this.#unrequested > UNREQUESTED_MAX) {
      throw new ProtocolError('UNREQUESTED_BLOCKS', `sent ${this.#unrequested} blocks that nobody asked for`)
    }
  }
}
