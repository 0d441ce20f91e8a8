/**
 * One connection to one peer, from the first byte to the last: its protocol state, what we asked of it and what it
 * asked of us. It knows no other peer and decides nothing about pieces; for those it asks its {@link PeerOwner}.
 *
 *     connecting ──onOpen──▶ handshake ──onPeerId──▶ open ──▶ closed
 *         (outgoing only)        └── every state may go to closed ──▲
 *
 * Invariant: a block requested of this peer is in `window` until its first byte arrives, then it is `#arriving` until
 * its last one does; whichever it is in when the connection ends is given back to the picker.
 */

import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import { BLOCK_BYTES, type Geometry } from '../metainfo/geometry.ts'
import type { Link, LinkHandler, Sha1 } from '../ports.ts'
import { allowedFastSet } from '../wire/allowed-fast.ts'
import { copyBytes } from '../wire/copy.ts'
import { Framer, type WireSink } from '../wire/framer.ts'
import { encodeHandshake, type Features, readReserved, reservedBits } from '../wire/handshake.ts'
import * as messages from '../wire/messages.ts'
import { clientName } from '../wire/peer-id.ts'
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE, encodeExtendedHandshake } from './extended-handshake.ts'
import type { PeerBookEntry } from './peer-book.ts'
import type { Picker, PickerPeer } from './picker.ts'
import { RateMeter } from './rate-meter.ts'
import { RequestWindow } from './request-window.ts'
import type { SendBuffers } from './send-buffers.ts'
import { UPLOAD_QUEUE_MAX, UploadQueue } from './upload-queue.ts'

/** A host that does not answer is dropped soon: there are others to try. */
const CONNECT_TIMEOUT_MS = 6_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** BEP 3: keep-alives every two minutes; a little before, so that they arrive in time. */
const KEEP_ALIVE_MS = 110_000
/** Silence that no living peer keeps, keep-alives being due every two minutes. */
const SILENCE_MS = 180_000
/** A peer that takes nothing of what is queued for it for so long will not take it at all. */
const WRITE_STALL_MS = 60_000
/**
 * Bytes handed to the socket beyond what the kernel took, to keep it busy until `onDrain`: what the peer takes in a
 * second, so that a slow one is not given minutes of data that a choke or a cancel comes too late for.
 */
const SEND_AHEAD_MIN_BYTES = 64 * 1024
const SEND_AHEAD_MAX_BYTES = 1024 * 1024
/** Rejects that wait to be sent: twice what can be outstanding of a peer that keeps to our limit. */
const REJECTS_MAX = 2 * UPLOAD_QUEUE_MAX
/** A peer that rejects though it lets us ask would be asked for the same again at once, and so on. */
const REJECTED_PAUSE_MS = 1_000
/** A block that began to arrive belongs to its sender, and nobody else can bring it; but not for ever. */
const ARRIVAL_STALL_MS = 20_000
const ARRIVAL_MAX_MS = 60_000
/** BEP 3: current clients ask for 16 KiB and close on more than 128 KiB. */
const REQUEST_MAX_BYTES = 128 * 1024
/** Longest extended or unknown message; what else there is has its own bound. */
const MESSAGE_MAX_BYTES = 256 * 1024
/** Requests to a peer that has not told its own limit: what the common clients take at the least. */
const DEFAULT_PEER_QUEUE = 250
const PEER_QUEUE_MAX = 1000
/** In endgame asking twice is cheap and waiting is not. */
const ENDGAME_PATIENCE = 0.4
/** Blocks that nobody asked for, beyond those a choke, cancel or timeout explains. */
const UNREQUESTED_MAX = 16
/** BEP 6: the size of the allowed fast set. */
const ALLOWED_FAST_COUNT = 10
const OUR_FEATURES: Features = { fast: true, extended: true, dht: false }
/** Bounds what a peer can make us remember by `allowed fast`. */
const ALLOWED_FAST_MAX = 64

/** What a peer needs of the swarm it belongs to. */
export interface PeerOwner {
  readonly infoHash: Uint8Array
  /** Our own. */
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly listenPort: number | undefined
  readonly geometry: Geometry
  readonly picker: Picker
  /** All of the piece memory. */
  readonly memory: Uint8Array
  readonly sha1: Sha1
  readonly sendBuffers: SendBuffers
  /** Scratch for picks: (piece, block) pairs. */
  readonly picked: Int32Array
  now(): number
  /** Blocks that the rate limits let us ask for now. */
  requestAllowance(now: number): number
  /** Blocks were asked for. */
  requested(bytes: number, now: number): void
  /** Whether the rate limits let us send a block now. */
  maySend(now: number): boolean
  sent(peer: Peer, bytes: number, now: number): void
  /** Stored bytes at once, good until the end of the turn, or undefined: `peer.onReadable` comes later. */
  read(peer: Peer, piece: number, begin: number, length: number): Uint8Array | undefined
  /** The handshake is complete: a reason not to go on, if there is one. May throw ProtocolError. */
  onReady(peer: Peer): string | undefined
  /** Their interest in us changed. */
  onInterest(peer: Peer): void
  /** It could be asked for more than there is to ask for. */
  onStarved(peer: Peer): void
  onBlock(peer: Peer, piece: number, block: number, bytes: number): void
  /** Bytes that were of no use. */
  onWaste(bytes: number): void
  /** `fault`: what it did against the protocol. */
  onGone(peer: Peer, reason: string, fault: ProtocolError | undefined): void
}

export class Peer implements LinkHandler, WireSink, PickerPeer {
  readonly id: number
  readonly direction: 'in' | 'out'
  readonly address: PeerAddress
  /** `host:port`, for blame and for people. */
  readonly key: string
  readonly entry: PeerBookEntry
  readonly startedAt: number
  readonly window: RequestWindow
  readonly download: RateMeter = new RateMeter()
  readonly upload: RateMeter = new RateMeter()

  phase: 'connecting' | 'handshake' | 'open' | 'closed'
  pieces: Bitfield
  peerId: Uint8Array | undefined
  client = ''
  /** Where it says it listens, which is not where an incoming connection comes from. */
  listens: number | undefined
  parole = false

  /** The four bits of BEP 3, and when ours last changed. */
  choked = true
  interesting = false
  choking = true
  interested = false
  unchokedAt = 0
  interestStale = false

  readonly #owner: PeerOwner
  readonly #framer: Framer
  #link: Link | undefined
  readonly #uploads: UploadQueue = new UploadQueue()
  #fast = false
  readonly #allowedFast: Set<number> = new Set()
  /** Pieces it may ask for while choked. */
  #allowedToThem: ReadonlySet<number> | undefined
  #arrivingPiece = -1
  #arrivingBlock = -1
  #arrivingSince = 0
  #unrequested = 0
  /** Since the socket was last empty. */
  #rejects = 0
  /** No requests before. */
  #pauseUntil = 0
  #lastReceivedAt: number
  #lastSentAt: number
  /** Blocks on their way to the link. */
  #batch: Uint8Array | undefined
  #batchBytes = 0
  /** Bytes given to the link, and of these, those it had taken when last looked at. */
  #sentBytes = 0
  #takenBytes = 0
  #takenAt: number

  constructor(
    owner: PeerOwner,
    { id, entry, direction }: { id: number; entry: PeerBookEntry; direction: 'in' | 'out' },
  ) {
    const now = owner.now()
    this.#owner = owner
    this.id = id
    this.entry = entry
    this.direction = direction
    this.address = entry.address
    this.key = formatAddress(entry.address)
    this.phase = direction === 'out' ? 'connecting' : 'handshake'
    this.startedAt = now
    this.#lastReceivedAt = now
    this.#lastSentAt = now
    this.#takenAt = now
    this.pieces = new Bitfield(owner.geometry.pieceCount)
    this.window = new RequestWindow(DEFAULT_PEER_QUEUE)
    this.#framer = new Framer(owner.memory, this, { maxMessageBytes: MESSAGE_MAX_BYTES })
    this.#framer.setPieceCount(owner.geometry.pieceCount)
  }

  /** The connection, as soon as there is one. */
  attach(link: Link): void {
    this.#link = link
  }

  // --------------------------------------------------------------------------------------------- for the owner

  get chokedByThem(): boolean {
    return this.choking
  }

  get isSeed(): boolean {
    return this.pieces.isFull
  }

  get snubbed(): boolean {
    return this.window.snubbed
  }

  get connectedAt(): number {
    return this.startedAt
  }

  get pendingUploads(): number {
    return this.#uploads.size
  }

  uploadRate(now: number): number {
    return this.upload.rate(now)
  }

  downloadRate(now: number): number {
    return this.download.rate(now)
  }

  /** Timeouts, keep-alives, and whatever rate limits held back. */
  tick(now: number, endgame: boolean): void {
    const waiting = now - this.startedAt
    if (this.phase === 'connecting' && waiting > CONNECT_TIMEOUT_MS) return this.close('no answer')
    if (this.phase === 'handshake' && waiting > HANDSHAKE_TIMEOUT_MS) return this.close('no handshake')
    if (this.phase !== 'open') return
    if (now - this.#lastReceivedAt > SILENCE_MS) return this.close('silent for three minutes')
    if (this.#writeStalled(now)) return this.close('takes nothing of what we send')
    if (now - this.#lastSentAt > KEEP_ALIVE_MS) this.#send(messages.keepAlive)
    this.#expire(now, endgame)
    this.fill(now)
    this.serve(now)
  }

  choke(): void {
    if (this.choked) return
    this.choked = true
    this.#link?.cork()
    this.#send(messages.choke)
    this.#dropUploads()
    this.#link?.uncork()
  }

  unchoke(now: number): void {
    if (!this.choked) return
    this.choked = false
    this.unchokedAt = now
    this.#send(messages.unchoke)
  }

  sendHave(piece: number): void {
    if (this.phase === 'open' && !this.pieces.has(piece)) this.#send(messages.encodeHave(piece))
  }

  /** Someone else brought the block. */
  cancel(piece: number, block: number): void {
    if (!this.window.cancel(piece, block)) return
    this.#owner.picker.release(this, piece, block)
    const { geometry } = this.#owner
    this.#send(messages.encodeCancel(piece, block * BLOCK_BYTES, geometry.blockSize(piece, block)))
  }

  /** States our interest anew, after what we want or what it has changed. */
  updateInterest(): void {
    this.interestStale = false
    this.#setInterest(this.#owner.picker.wants(this))
  }

  /** Asks for as many blocks as the window, the limits and the memory allow: one write. */
  fill(now: number): void {
    if (this.phase !== 'open' || !this.interesting) return
    if (this.choking && this.#allowedFast.size === 0) return
    if (now < this.#pauseUntil) return
    const room = this.window.room()
    // Refilled in batches: a write for every block would cost more than the block.
    if (room <= 0 || (room < this.window.limit() >> 3 && this.window.size > 8)) return
    const { picker, picked, geometry } = this.#owner
    const most = Math.min(room, picked.length >> 1, this.#owner.requestAllowance(now))
    if (most <= 0) return
    const count = this.choking
      ? picker.pickAmong(this, most, picked, this.#allowedFast)
      : picker.pick(this, most, picked)
    if (count < most) this.#owner.onStarved(this)
    if (count === 0) return
    let bytes = 0
    for (let n = 0; n < count; n++) {
      const piece = picked[n * 2]!
      const block = picked[n * 2 + 1]!
      this.window.push(piece, block, now)
      bytes += geometry.blockSize(piece, block)
    }
    this.#owner.requested(bytes, now)
    this.#send(messages.encodeRequests(picked, count, (piece, block) => geometry.blockSize(piece, block)))
  }

  /** Sends what was asked of us, as far as the socket, the limits and the read cache go. */
  serve(now: number): void {
    const link = this.#link
    if (this.phase !== 'open' || link === undefined || this.#uploads.size === 0) return
    const ahead = Math.min(SEND_AHEAD_MAX_BYTES, Math.max(SEND_AHEAD_MIN_BYTES, this.upload.rate(now)))
    link.cork()
    while (
      this.#uploads.size > 0 &&
      link.queuedBytes + this.#batchBytes < ahead &&
      this.#owner.maySend(now)
    ) {
      const { piece, begin, length } = this.#uploads
      if (length > 0) {
        const bytes = this.#owner.read(this, piece, begin, length)
        if (bytes === undefined) break
        this.#pack(piece, begin, bytes)
        this.upload.add(length, now)
        this.#owner.sent(this, length, now)
      }
      this.#uploads.shift()
    }
    this.#sendBatch()
    link.uncork()
  }

  /** We no longer have this piece after all: what it asked of it is turned down. */
  refuse(piece: number): void {
    const kept: [number, number, number][] = []
    while (this.#uploads.size > 0) {
      const { piece: index, begin, length } = this.#uploads
      this.#uploads.shift()
      if (index !== piece) kept.push([index, begin, length])
      else if (this.#fast && length > 0) this.#send(messages.encodeReject(index, begin, length))
    }
    for (const [index, begin, length] of kept) this.#uploads.push(index, begin, length)
  }

  close(reason: string, fault?: ProtocolError): void {
    if (this.phase === 'closed') return
    const wasOpen = this.phase === 'open'
    this.phase = 'closed'
    this.#framer.close()
    if (wasOpen) {
      this.#abortArriving()
      this.window.drain((piece, block) => this.#owner.picker.release(this, piece, block))
      this.#owner.picker.peerLeft(this)
    }
    this.#uploads.clear()
    this.#link?.close()
    this.#owner.onGone(this, reason, fault)
  }

  // ------------------------------------------------------------------------------------------------ LinkHandler

  onOpen(): void {
    if (this.phase !== 'connecting') return
    this.phase = 'handshake'
    this.sendHandshake()
  }

  sendHandshake(): void {
    const { infoHash, peerId } = this.#owner
    this.#send(encodeHandshake({ infoHash, peerId, reserved: reservedBits(OUR_FEATURES) }))
  }

  onBytes(chunk: Uint8Array): void {
    if (this.phase === 'closed') return
    const now = this.#owner.now()
    this.#lastReceivedAt = now
    const link = this.#link
    if (link?.queuedBytes === 0) this.#rejects = 0
    link?.cork()
    try {
      this.#framer.feed(chunk)
      this.fill(now)
      this.serve(now)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.close(error.message, error)
    } finally {
      link?.uncork()
    }
  }

  onDrain(): void {
    this.serve(this.#owner.now())
  }

  onReadable(): void {
    this.serve(this.#owner.now())
  }

  onClose(reason: Error | undefined): void {
    this.close(reason === undefined ? 'closed by the peer' : closeReason(reason))
  }

  // --------------------------------------------------------------------------------------------------- WireSink

  onInfoHash(infoHash: Uint8Array, reserved: Uint8Array): void {
    if (!equalBytes(infoHash, this.#owner.infoHash)) {
      throw new ProtocolError('UNKNOWN_INFO_HASH', 'answered with another info-hash')
    }
    const theirs = readReserved(reserved)
    this.#fast = theirs.fast
    this.#extended = theirs.extended
  }

  #extended = false

  onPeerId(peerId: Uint8Array): void {
    this.peerId = peerId
    this.client = clientName(peerId)
    const { picker, geometry } = this.#owner
    const refusal = this.#owner.onReady(this)
    if (refusal !== undefined) return this.close(refusal)
    this.phase = 'open'
    picker.peerJoined(this)
    // BEP 3 and 6: what we have comes first of all.
    if (this.#fast && picker.have.isFull) this.#send(messages.haveAll)
    else if (this.#fast && picker.have.isEmpty) this.#send(messages.haveNone)
    else if (!picker.have.isEmpty) this.#send(messages.encodeBitfield(picker.have.bytes))
    if (this.#extended) this.#sendExtendedHandshake()
    if (this.#fast && !picker.have.isEmpty) this.#sendAllowedFast(geometry)
  }

  onKeepAlive(): void {}

  onChoke(): void {
    this.choking = true
    // With BEP 6 every request is answered, by its block or by a reject.
    if (this.#fast) return
    this.window.drain((piece, block) => this.#owner.picker.release(this, piece, block))
  }

  onUnchoke(): void {
    this.choking = false
  }

  onInterested(): void {
    if (this.interested) return
    this.interested = true
    this.#owner.onInterest(this)
  }

  onNotInterested(): void {
    if (!this.interested) return
    this.interested = false
    this.#owner.onInterest(this)
  }

  onHave(piece: number): void {
    this.#checkPiece(piece, 'have')
    if (!this.pieces.add(piece)) return
    this.#owner.picker.peerHas(this, piece)
    if (!this.interesting && this.#owner.picker.wantsPiece(piece)) this.#setInterest(true)
  }

  /**
   * BEP 3 has it come first and once; aria2 sends another instead of several haves. A repeated one only adds, at the
   * cost of reading it, so there may be any number.
   */
  onBitfield(bytes: Uint8Array): void {
    const pieces = Bitfield.from(this.#owner.geometry.pieceCount, bytes)
    if (pieces === undefined) throw new ProtocolError('BAD_BITFIELD', 'sent a bitfield of the wrong size')
    if (this.pieces.isEmpty) return this.#setPieces(pieces)
    for (let at = 0; at < bytes.length; at++) {
      const added = pieces.bytes[at]! & ~this.pieces.bytes[at]!
      for (let bit = 0; added !== 0 && bit < 8; bit++) if (added & (128 >> bit)) this.onHave(at * 8 + bit)
    }
  }

  onHaveAll(): void {
    this.#needFast('have all')
    if (!this.pieces.isFull) this.#setPieces(Bitfield.full(this.#owner.geometry.pieceCount))
  }

  onHaveNone(): void {
    this.#needFast('have none')
  }

  onRequest(piece: number, begin: number, length: number): void {
    const { geometry, picker } = this.#owner
    if (!geometry.isRange(piece, begin, length)) {
      throw new ProtocolError(
        'BAD_REQUEST',
        `asked for bytes that do not exist (${piece}, ${begin}, ${length})`,
      )
    }
    const allowed = !this.choked || this.#isAllowedFast(piece)
    const taken =
      allowed &&
      length <= REQUEST_MAX_BYTES &&
      picker.have.has(piece) &&
      this.#uploads.push(piece, begin, length)
    if (!taken && this.#fast) this.#reject(piece, begin, length)
  }

  onCancel(piece: number, begin: number, length: number): void {
    if (this.#uploads.cancel(piece, begin, length) && this.#fast) {
      this.#reject(piece, begin, length)
    }
  }

  openBlock(piece: number, begin: number, length: number): number {
    const block = this.#owner.geometry.blockAt(piece, begin, length)
    if (block < 0 || !this.window.take(piece, block)) {
      // A late answer, to a request that timed out, was cancelled or fell to a choke, is welcome if still wanted.
      const late = block >= 0 && this.window.wasLate(piece, block)
      if (!late) this.#unasked()
      const at = late ? this.#open(piece, block) : -1
      if (at < 0) this.#owner.onWaste(length)
      return at
    }
    const at = this.#open(piece, block)
    if (at < 0) {
      this.#owner.picker.release(this, piece, block)
      this.#owner.onWaste(length)
    }
    return at
  }

  onBlock(piece: number, begin: number, length: number): void {
    const now = this.#owner.now()
    this.#arrivingPiece = -1
    this.window.received(length, now)
    this.download.add(length, now)
    this.#owner.onBlock(this, piece, begin / BLOCK_BYTES, length)
  }

  onPort(_port: number): void {}

  onSuggest(piece: number): void {
    this.#needFast('suggest')
    this.#checkPiece(piece, 'suggest')
  }

  onReject(piece: number, begin: number, length: number): void {
    this.#needFast('reject')
    const block = this.#owner.geometry.blockAt(piece, begin, length)
    if (block < 0) throw new ProtocolError('BAD_REQUEST', 'rejected a request that cannot be ours')
    if (this.window.take(piece, block)) {
      this.#allowedFast.delete(piece)
      this.#owner.picker.release(this, piece, block)
      if (!this.choking) this.#pauseUntil = this.#owner.now() + REJECTED_PAUSE_MS
    }
  }

  onAllowedFast(piece: number): void {
    this.#needFast('allowed fast')
    this.#checkPiece(piece, 'allowed fast')
    if (this.#allowedFast.size < ALLOWED_FAST_MAX) this.#allowedFast.add(piece)
  }

  onExtended(id: number, payload: Uint8Array): void {
    if (id !== EXTENDED_HANDSHAKE) return
    const theirs = decodeExtendedHandshake(payload)
    if (theirs.client !== undefined) this.client = theirs.client
    if (theirs.port !== undefined) this.listens = theirs.port
    if (theirs.requestQueue !== undefined) this.window.setMax(Math.min(theirs.requestQueue, PEER_QUEUE_MAX))
  }

  onUnknown(): void {}

  // ---------------------------------------------------------------------------------------------------- helpers

  #send(bytes: Uint8Array, onTaken?: () => void): void {
    this.#lastSentAt = this.#owner.now()
    this.#sentBytes += bytes.length
    this.#link?.send(bytes, onTaken)
  }

  #pack(piece: number, begin: number, bytes: Uint8Array): void {
    const end = this.#batchBytes + messages.PIECE_HEADER_BYTES + bytes.length
    if (this.#batch !== undefined && end > this.#batch.length) this.#sendBatch()
    this.#batch ??= this.#owner.sendBuffers.take()
    const at = this.#batchBytes
    messages.putPieceHeader(this.#batch, at, piece, begin, bytes.length)
    copyBytes(bytes, 0, bytes.length, this.#batch, at + messages.PIECE_HEADER_BYTES)
    this.#batchBytes = at + messages.PIECE_HEADER_BYTES + bytes.length
  }

  #sendBatch(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const { sendBuffers } = this.#owner
    this.#send(batch.subarray(0, this.#batchBytes), () => sendBuffers.give(batch))
    this.#batch = undefined
    this.#batchBytes = 0
  }

  /** An answer to what they sent; they may send more than they read. */
  #reject(piece: number, begin: number, length: number): void {
    if (++this.#rejects > REJECTS_MAX) {
      throw new ProtocolError('QUEUE_FLOOD', `asks for more than ${REJECTS_MAX} blocks and reads no answer`)
    }
    this.#send(messages.encodeReject(piece, begin, length))
  }

  #sendExtendedHandshake(): void {
    const payload = encodeExtendedHandshake({
      client: this.#owner.clientName,
      port: this.#owner.listenPort,
      requestQueue: UPLOAD_QUEUE_MAX,
    })
    this.#send(messages.encodeExtended(EXTENDED_HANDSHAKE, payload))
  }

  /** BEP 6: a newcomer may fetch a few pieces while choked, so that it soon has something to give. */
  #sendAllowedFast(geometry: Geometry): void {
    const { infoHash, sha1, picker } = this.#owner
    const set = allowedFastSet(infoHash, this.address.host, geometry.pieceCount, ALLOWED_FAST_COUNT, sha1)
    const offered = set.filter(piece => picker.have.has(piece))
    this.#allowedToThem = new Set(offered)
    for (const piece of offered) this.#send(messages.encodeAllowedFast(piece))
  }

  /** BEP 6: only for those who have just begun; with more pieces than this they can trade. */
  #isAllowedFast(piece: number): boolean {
    return this.#allowedToThem?.has(piece) === true && this.pieces.count <= ALLOWED_FAST_COUNT
  }

  #setPieces(pieces: Bitfield): void {
    const { picker } = this.#owner
    picker.peerLeft(this)
    this.pieces = pieces
    picker.peerJoined(this)
    this.updateInterest()
  }

  #setInterest(wanted: boolean): void {
    if (wanted === this.interesting || this.phase !== 'open') return
    this.interesting = wanted
    this.#send(wanted ? messages.interested : messages.notInterested)
  }

  /** BEP 6: who sends its messages without having offered it is left. */
  #needFast(message: string): void {
    if (!this.#fast) throw new ProtocolError('BAD_MESSAGE', `sent ${message} without the fast extension`)
  }

  #checkPiece(piece: number, message: string): void {
    if (!this.#owner.geometry.isPiece(piece)) {
      throw new ProtocolError('BAD_INDEX', `sent ${message} of piece ${piece}, which does not exist`)
    }
  }

  #open(piece: number, block: number): number {
    const at = this.#owner.picker.open(this, piece, block)
    if (at >= 0) {
      this.#arrivingPiece = piece
      this.#arrivingBlock = block
      this.#arrivingSince = this.#owner.now()
    }
    return at
  }

  #abortArriving(): void {
    if (this.#arrivingPiece < 0) return
    const { picker } = this.#owner
    picker.abort(this, this.#arrivingPiece, this.#arrivingBlock)
    picker.release(this, this.#arrivingPiece, this.#arrivingBlock)
    this.#arrivingPiece = -1
  }

  #unasked(): void {
    if (++this.#unrequested > UNREQUESTED_MAX) {
      throw new ProtocolError('UNREQUESTED_BLOCKS', `sent ${this.#unrequested} blocks that nobody asked for`)
    }
  }

  #expire(now: number, endgame: boolean): void {
    const { picked, picker } = this.#owner
    const count = this.window.expired(now, picked, endgame ? ENDGAME_PATIENCE : 1)
    for (let n = 0; n < count; n++) picker.release(this, picked[n * 2]!, picked[n * 2 + 1]!)
    // It stopped in the middle of a block: another peer may bring it, and this one's rest is skipped. The window does
    // not know of it, as the block is no longer outstanding.
    if (this.#arrivingPiece < 0) return
    const stalled = this.snubbed || now - this.#lastReceivedAt >= ARRIVAL_STALL_MS
    if (stalled || now - this.#arrivingSince >= ARRIVAL_MAX_MS) {
      this.#framer.skipBlock()
      this.#abortArriving()
    }
  }

  /** BEP 6: what is allowed fast is still sent, the rest is rejected. */
  #dropUploads(): void {
    const kept: [number, number, number][] = []
    for (; this.#uploads.size > 0; this.#uploads.shift()) {
      const { piece, begin, length } = this.#uploads
      if (length === 0) continue
      if (this.#isAllowedFast(piece)) kept.push([piece, begin, length])
      else if (this.#fast) this.#send(messages.encodeReject(piece, begin, length))
    }
    for (const [piece, begin, length] of kept) this.#uploads.push(piece, begin, length)
  }

  /** What counts is what they take: our own messages make the queue longer meanwhile. */
  #writeStalled(now: number): boolean {
    const queued = this.#link?.queuedBytes ?? 0
    const taken = this.#sentBytes - queued
    if (queued === 0 || taken !== this.#takenBytes) this.#takenAt = now
    this.#takenBytes = taken
    return now - this.#takenAt > WRITE_STALL_MS
  }
}

function closeReason(error: Error): string {
  const code = (error as { code?: string }).code
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'connection reset by the peer'
  if (code === 'ETIMEDOUT') return 'no answer'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'no route to it'
  return error.message
}
