/**
 * One connection to one peer, from the first byte to the last: the shell that hears what it says and keeps its protocol
 * state. What we ask of it is in {@link Downloads}, what it asks of us in {@link Uploads}, what goes out in
 * {@link Outbox}. It knows no other peer and decides nothing about pieces; for those it asks its {@link PeerOwner}.
 *
 *     connecting ──onOpen──▶ handshake ──onPeerId──▶ open ──▶ closed
 *         (outgoing only)        └── every state may go to closed ──▲
 */

import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import { BLOCK_BYTES, type Geometry } from '../metainfo/geometry.ts'
import type { Link, LinkHandler, Sha1 } from '../ports.ts'
import { Framer, type WireSink } from '../wire/framer.ts'
import { encodeHandshake, readReserved, reservedBits } from '../wire/handshake.ts'
import * as messages from '../wire/messages.ts'
import { clientName } from '../wire/peer-id.ts'
import { Downloads, type DownloadsDeps, type DownloadsPeer } from './downloads.ts'
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE, encodeExtendedHandshake } from './extended-handshake.ts'
import type { ExtensionLink, ExtensionRegistry, PeerExtensions } from './extensions.ts'
import { Outbox } from './outbox.ts'
import { type Eavesdropper, Overheard } from './overheard.ts'
import type { OwnLine } from './own-line.ts'
import { Cost, Patience } from './patience.ts'
import type { PeerBookEntry } from './peer-book.ts'
import type { Picker } from './picker.ts'
import type { RateMeter } from './rate-meter.ts'
import type { RequestWindow } from './request-window.ts'
import type { SendBuffers } from './send-buffers.ts'
import type { Trial } from './trial.ts'
import { UPLOAD_QUEUE_MAX } from './upload-queue.ts'
import { Uploads, type UploadsPeer } from './uploads.ts'

/** A host that does not answer is dropped soon: there are others to try. */
const CONNECT_TIMEOUT_MS = 6_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** BEP 3: keep-alives every two minutes; a little before, so that they arrive in time. */
const KEEP_ALIVE_MS = 110_000
/** Silence that no living peer keeps, keep-alives being due every two minutes. */
const SILENCE_MS = 180_000
/** An unchoked peer that asks for nothing for so long uses no slot. */
const UNUSED_MS = 2_000
/** Longest extended or unknown message; what else there is has its own bound. */
const MESSAGE_MAX_BYTES = 256 * 1024

/** What a peer needs of the swarm it belongs to. */
export interface PeerOwner {
  readonly infoHash: Uint8Array
  /** Our own. */
  readonly peerId: Uint8Array
  readonly clientName: string
  readonly listenPort: number | undefined
  /** Where our DHT node listens, if there is one (BEP 5). */
  readonly dhtPort: number | undefined
  readonly extensions: ExtensionRegistry
  /** Bytes of the info dictionary (BEP 9). */
  readonly metadataSize: number | undefined
  readonly geometry: Geometry
  readonly picker: Picker
  /** Our own. */
  readonly line: OwnLine
  /** All of the piece memory. */
  readonly memory: Uint8Array
  readonly sha1: Sha1
  readonly sendBuffers: SendBuffers
  /** Scratch for picks: (piece, block) pairs. */
  readonly picked: Int32Array
  now(): number
  /** Blocks that the rate limits let us ask for now. */
  requestAllowance(now: number): number
  /** Whether the peer, of which nothing was right yet, may be asked for a piece now. */
  takeTurn(peer: Peer, now: number): boolean
  /** Blocks were asked for. */
  requested(bytes: number, now: number): void
  /** Whether the rate limits let us send a block now. */
  maySend(now: number): boolean
  sent(bytes: number, now: number): void
  /** Stored bytes at once, good until the end of the turn, or undefined: `peer.onReadable` comes later. */
  read(peer: Peer, piece: number, begin: number, length: number): Uint8Array | undefined
  /** The handshake is complete: a reason not to go on, if there is one. May throw ProtocolError. */
  onReady(peer: Peer): string | undefined
  /** Their interest in us changed. */
  onInterest(peer: Peer): void
  /** It told where it listens. */
  onListens(peer: Peer, port: number): void
  /** It told where it sees us, an IP literal. */
  onYourIp(peer: Peer, ip: string): void
  /** It has a DHT node. */
  onDhtPort(peer: Peer, port: number): void
  /** It could be asked for more than there is to ask for. */
  onStarved(peer: Peer): void
  onBlock(peer: Peer, piece: number, block: number, bytes: number, now: number): void
  /** Bytes that were of no use. */
  onWaste(bytes: number): void
  /** `fault`: what it did against the protocol. */
  onGone(peer: Peer, reason: string, fault: ProtocolError | undefined): void
}

/** For those who watch. */
export interface Acquaintance {
  readonly client: string
  readonly fast: boolean
  readonly extended: boolean
  readonly dht: boolean
  /** That both of us know. */
  readonly extensions: readonly string[]
}

export class Peer implements LinkHandler, WireSink, DownloadsPeer, UploadsPeer, ExtensionLink {
  readonly id: number
  readonly direction: 'in' | 'out'
  readonly address: PeerAddress
  /** `host:port`, for blame and for people. */
  readonly key: string
  readonly entry: PeerBookEntry
  readonly startedAt: number

  phase: 'connecting' | 'handshake' | 'open' | 'closed'
  pieces: Bitfield
  peerId: Uint8Array | undefined
  client = ''
  /** Where it says it listens, which is not where an incoming connection comes from. */
  listens: number | undefined
  /** It will download nothing more (BEP 21). */
  uploadOnly = false
  parole = false
  /** Others are much quicker, see `PickerPeer`. */
  slow = false
  /** As of the last tick, see `PickerPeer`. */
  quick = false
  /** It speaks BEP 6, BEP 10. */
  fast = false
  extended = false

  /** The four bits of BEP 3, and when ours last changed. */
  choked = true
  interesting = false
  choking = true
  interested = false
  unchokedAt = 0
  /** It takes nothing of what we send, or asks for nothing, for the moment. */
  stuck = false
  interestStale = false

  readonly #owner: PeerOwner
  readonly #framer: Framer
  readonly #outbox: Outbox
  readonly #downloads: Downloads
  readonly #uploads: Uploads
  /** Where the extension protocol is spoken. */
  #extensions: PeerExtensions | undefined
  readonly #patience: Patience
  /** Only while somebody watches. */
  #overheard: Overheard | undefined
  #hasDht = false
  #greeted = false
  #dhtPort = 0
  #lastReceivedAt: number

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
    this.#patience = new Patience(now)
    this.pieces = new Bitfield(owner.geometry.pieceCount)
    this.#framer = new Framer(owner.memory, this, { maxMessageBytes: MESSAGE_MAX_BYTES })
    this.#framer.setPieceCount(owner.geometry.pieceCount)
    this.#outbox = new Outbox(() => owner.now())
    const deps: DownloadsDeps = {
      geometry: owner.geometry,
      picker: owner.picker,
      picked: owner.picked,
      requestAllowance: at => owner.requestAllowance(at),
      line: owner.line,
      takeTurn: at => owner.takeTurn(this, at),
      requested: (bytes, at) => owner.requested(bytes, at),
      onStarved: () => owner.onStarved(this),
      onBlock: (piece, block, bytes, at) => owner.onBlock(this, piece, block, bytes, at),
      onWaste: bytes => owner.onWaste(bytes),
      skipBlock: () => this.#framer.skipBlock(),
    }
    this.#downloads = new Downloads(this, this.#outbox, deps, { known: entry.proven })
    this.#uploads = new Uploads(this, this.#outbox, {
      infoHash: owner.infoHash,
      geometry: owner.geometry,
      have: owner.picker.have,
      sha1: owner.sha1,
      sendBuffers: owner.sendBuffers,
      maySend: at => owner.maySend(at),
      sent: (bytes, at) => owner.sent(bytes, at),
      read: (piece, begin, length) => owner.read(this, piece, begin, length),
    })
  }

  /** The connection, as soon as there is one. */
  attach(link: Link): void {
    this.#outbox.attach(link)
  }

  // --------------------------------------------------------------------------------------------- for the owner

  get isSeed(): boolean {
    return this.pieces.isFull
  }

  /** What we asked of it. */
  get window(): RequestWindow {
    return this.#downloads.window
  }

  /** Payload from it. */
  get download(): RateMeter {
    return this.#downloads.meter
  }

  /** Payload to it. */
  get upload(): RateMeter {
    return this.#uploads.meter
  }

  get snubbed(): boolean {
    return this.window.snubbed
  }

  /** See {@link Downloads.waitsForTurn}. */
  get waitsForTurn(): boolean {
    return this.#downloads.waitsForTurn
  }

  get connectedAt(): number {
    return this.startedAt
  }

  uploadRate(now: number): number {
    return this.upload.rate(now)
  }

  downloadRate(now: number): number {
    return this.download.rate(now)
  }

  /** See `PickerPeer`. */
  get proven(): boolean {
    return this.download.total > 0 && !this.stalled
  }

  /** See `PickerPeer`. */
  get owes(): boolean {
    return this.window.size > 0 || this.stalled
  }

  /** See `PickerPeer`. */
  get stalled(): boolean {
    return this.window.stalled
  }

  /** See `PickerPeer`. */
  get silent(): boolean {
    return this.#downloads.silent
  }

  /** See `PickerPeer`. */
  get trial(): Trial | undefined {
    return this.#downloads.trial
  }

  /** See {@link Downloads.isIdle}. */
  isIdle(now: number): boolean {
    return this.phase === 'open' && this.#downloads.isIdle(now)
  }

  /** What it sent of the piece was right. */
  good(piece: number): void {
    this.#downloads.good(piece)
  }

  /** It would bring a block within a second, if it were asked. */
  isQuick(now: number): boolean {
    const free = this.phase === 'open' && this.interesting && !this.choking
    // More than a block: the first one that somebody sends says nothing of the next.
    return free && this.proven && this.downloadRate(now) > BLOCK_BYTES
  }

  /**
   * Timeouts, keep-alives, and whatever rate limits held back. `pressed`, `rival`: see {@link Downloads.expire}. True: what
   * it let us wait for is for others to ask for.
   */
  tick(now: number, pressed: boolean, rival: boolean): boolean {
    const waiting = now - this.startedAt
    if (this.phase === 'connecting' && waiting > CONNECT_TIMEOUT_MS) return this.#expired('no answer')
    if (this.phase === 'handshake' && waiting > HANDSHAKE_TIMEOUT_MS) return this.#expired('no handshake')
    if (this.phase !== 'open') return false
    if (now - this.#lastReceivedAt > SILENCE_MS) return this.#expired('silent for three minutes')
    if (this.#outbox.isStalled(now)) return this.#expired('takes nothing of what we send')
    this.quick = this.isQuick(now)
    const served = Math.max(this.unchokedAt, this.#uploads.servedAt)
    const isUnused = !this.choked && this.#uploads.size === 0 && now - served > UNUSED_MS
    this.stuck = isUnused || this.#outbox.isStuck(now)
    if (now - this.#outbox.lastSentAt > KEEP_ALIVE_MS) this.#outbox.send(messages.keepAlive)
    // It would take the very same again, before others can.
    const gaveUp = this.#downloads.expire(now, pressed, rival, this.#lastReceivedAt)
    if (!gaveUp) this.fill(now)
    this.serve(now)
    return gaveUp
  }

  choke(): void {
    if (this.choked) return
    this.choked = true
    this.#outbox.gather(() => {
      this.#outbox.send(messages.choke)
      this.#uploads.onChoked()
    })
  }

  unchoke(now: number): void {
    if (!this.choked) return
    this.choked = false
    this.unchokedAt = now
    this.#outbox.send(messages.unchoke)
  }

  sendHave(piece: number): void {
    if (this.phase === 'open' && !this.pieces.has(piece)) this.#outbox.send(messages.encodeHave(piece))
  }

  /** Someone else brought the block. */
  cancel(piece: number, block: number): void {
    this.#downloads.cancel(piece, block)
  }

  /** See {@link Downloads.makeWay}. */
  makeWay(canWait: (piece: number) => boolean): void {
    this.#outbox.gather(() => this.#downloads.makeWay(canWait))
  }

  /** Somebody watches what is said from here on; the function that is returned ends it. */
  overhear(listener: Eavesdropper): () => void {
    const overheard = this.#overheard ?? new Overheard(this.#framer.place)
    this.#overheard = overheard
    this.#outbox.onSent = overheard.onSent
    overheard.add(listener)
    return () => {
      if (!overheard.delete(listener) || this.#overheard !== overheard) return
      this.#overheard = undefined
      this.#outbox.onSent = undefined
    }
  }

  /** What it told of itself when the connection opened. */
  get acquaintance(): Acquaintance {
    const extensions = this.#extensions?.theirNames ?? []
    return { client: this.client, fast: this.fast, extended: this.extended, dht: this.#hasDht, extensions }
  }

  /** What the number of an extended message stands for; undefined: for nothing that was agreed on. */
  extensionName(direction: 'in' | 'out', id: number): string | undefined {
    return this.#extensions?.nameOf(direction, id)
  }

  /** States our interest anew, after what we want or what it has changed. */
  updateInterest(): void {
    this.interestStale = false
    this.#setInterest(this.#owner.picker.wants(this))
  }

  /** What we are and can do (BEP 10): when the connection opens, and when it changes. */
  sendExtendedHandshake(): void {
    if (this.#extensions === undefined) return
    const owner = this.#owner
    const payload = encodeExtendedHandshake({
      client: owner.clientName,
      port: owner.listenPort,
      requestQueue: UPLOAD_QUEUE_MAX,
      extensions: owner.extensions.ids,
      metadataSize: owner.metadataSize,
      uploadOnly: owner.picker.isComplete,
      yourIp: this.address.host,
    })
    this.sendExtended(EXTENDED_HANDSHAKE, payload)
  }

  /** See `ExtensionLink`. */
  sendExtended(id: number, payload: Uint8Array): void {
    if (this.phase === 'open') this.#outbox.send(messages.encodeExtended(id, payload))
  }

  /** It no longer has a piece (BEP 54): what we asked of it will not come. */
  loses(piece: number): void {
    this.#bear(Cost.news)
    if (!this.pieces.has(piece)) return
    const { picker } = this.#owner
    picker.peerLeft(this)
    this.pieces.delete(piece)
    picker.peerJoined(this)
    this.interestStale = true
  }

  /** Asks for what may be asked for now. */
  fill(now: number): void {
    if (this.phase === 'open') this.#downloads.fill(now)
  }

  /** Sends what was asked of us and may go now. */
  serve(now: number): void {
    if (this.phase === 'open') this.#uploads.serve(now)
  }

  close(reason: string, fault?: ProtocolError): void {
    if (this.phase === 'closed') return
    const wasOpen = this.phase === 'open'
    this.phase = 'closed'
    this.#framer.close()
    if (wasOpen) {
      this.#downloads.close()
      this.#owner.picker.peerLeft(this)
    }
    this.#uploads.clear()
    this.#extensions?.leave()
    this.#outbox.close()
    this.#overheard?.close(reason)
    this.#overheard = undefined
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
    const reserved = reservedBits({ fast: true, extended: true, dht: this.#owner.dhtPort !== undefined })
    this.#outbox.send(encodeHandshake({ infoHash, peerId, reserved }))
  }

  onBytes(chunk: Uint8Array): void {
    if (this.phase === 'closed') return
    const now = this.#owner.now()
    this.#lastReceivedAt = now
    this.#owner.line.heard(chunk.length)
    this.#uploads.onHeard()
    this.#outbox.gather(() => {
      try {
        this.#overheard?.onReceived(chunk)
        this.#framer.feed(chunk)
        this.window.judge(now)
        this.fill(now)
        this.serve(now)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.close(error.message, error)
      }
    })
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
    this.fast = theirs.fast
    this.extended = theirs.extended
    this.#hasDht = theirs.dht
  }

  onPeerId(peerId: Uint8Array): void {
    this.peerId = peerId
    this.client = clientName(peerId)
    const { picker } = this.#owner
    const refusal = this.#owner.onReady(this)
    if (refusal !== undefined) return this.close(refusal)
    this.phase = 'open'
    picker.peerJoined(this)
    // BEP 3 and 6: what we have comes first of all.
    if (this.fast && picker.have.isFull) this.#outbox.send(messages.haveAll)
    else if (this.fast && picker.have.isEmpty) this.#outbox.send(messages.haveNone)
    else if (!picker.have.isEmpty) this.#outbox.send(messages.encodeBitfield(picker.have.bytes))
    if (this.extended) {
      this.#extensions = this.#owner.extensions.join(this)
      this.sendExtendedHandshake()
    }
    const { dhtPort } = this.#owner
    if (this.#hasDht && dhtPort !== undefined) this.#outbox.send(messages.encodePort(dhtPort))
    if (this.fast && !picker.have.isEmpty) this.#uploads.offerFast()
  }

  onKeepAlive(): void {
    this.#bear(Cost.message)
  }

  onChoke(): void {
    this.#bear(Cost.message)
    this.choking = true
    // With BEP 6 every request is answered, by its block or by a reject.
    if (!this.fast) this.#downloads.onChoke()
  }

  onUnchoke(): void {
    this.#bear(Cost.message)
    this.choking = false
  }

  onInterested(): void {
    this.#bear(Cost.interest)
    if (this.interested) return
    this.interested = true
    this.#owner.onInterest(this)
  }

  onNotInterested(): void {
    this.#bear(Cost.interest)
    if (!this.interested) return
    this.interested = false
    this.#owner.onInterest(this)
  }

  onHave(piece: number): void {
    this.#checkPiece(piece, 'have')
    if (!this.pieces.add(piece)) return this.#bear(Cost.message)
    this.#owner.picker.peerHas(this, piece)
    if (!this.interesting && this.#owner.picker.wantsPiece(piece)) this.#setInterest(true)
  }

  /**
   * BEP 3 has it come first and once; aria2 sends another instead of several haves. A repeated one only adds, so there
   * may be as many as have something to add.
   */
  onBitfield(bytes: Uint8Array): void {
    const pieces = Bitfield.from(this.#owner.geometry.pieceCount, bytes)
    if (pieces === undefined) throw new ProtocolError('BAD_BITFIELD', 'sent a bitfield of the wrong size')
    if (this.pieces.isEmpty && !pieces.isEmpty) return this.#setPieces(pieces)
    const before = this.pieces.count
    for (let at = 0; at < bytes.length; at++) {
      const added = pieces.bytes[at]! & ~this.pieces.bytes[at]!
      for (let bit = 0; added !== 0 && bit < 8; bit++) if (added & (128 >> bit)) this.onHave(at * 8 + bit)
    }
    if (this.pieces.count === before) this.#bear(Cost.bitfield)
  }

  onHaveAll(): void {
    this.#needFast('have all')
    if (this.pieces.isFull) return this.#bear(Cost.message)
    this.#setPieces(Bitfield.full(this.#owner.geometry.pieceCount))
  }

  onHaveNone(): void {
    this.#needFast('have none')
    this.#bear(Cost.message)
  }

  onRequest(piece: number, begin: number, length: number): void {
    if (!this.#uploads.onRequest(piece, begin, length)) this.#bear(Cost.message)
  }

  onCancel(piece: number, begin: number, length: number): void {
    this.#bear(Cost.message)
    this.#uploads.onCancel(piece, begin, length)
  }

  openBlock(piece: number, begin: number, length: number): number {
    return this.#downloads.openBlock(piece, begin, length, this.#lastReceivedAt)
  }

  onBlock(piece: number, begin: number, length: number): void {
    this.#downloads.onBlock(piece, begin, length, this.#lastReceivedAt)
  }

  onSkipped(length: number): void {
    this.#downloads.onSkipped(length, this.#lastReceivedAt)
  }

  onPort(port: number): void {
    // A node has one port; who names others has us write to whomever it likes.
    if (this.#dhtPort !== 0 || port === 0) return this.#bear(Cost.message)
    this.#dhtPort = port
    this.#owner.onDhtPort(this, port)
  }

  onSuggest(piece: number): void {
    this.#needFast('suggest')
    this.#checkPiece(piece, 'suggest')
    this.#bear(Cost.message)
  }

  onReject(piece: number, begin: number, length: number): void {
    this.#needFast('reject')
    if (!this.#downloads.onReject(piece, begin, length, this.#lastReceivedAt)) this.#bear(Cost.message)
  }

  onAllowedFast(piece: number): void {
    this.#needFast('allowed fast')
    this.#checkPiece(piece, 'allowed fast')
    if (!this.#downloads.allowFast(piece)) this.#bear(Cost.message)
  }

  onExtended(id: number, payload: Uint8Array): void {
    if (id !== EXTENDED_HANDSHAKE) {
      if (this.#extensions?.isUnmetered(id) !== true)
        this.#patience.spendBytes(payload.length, this.#lastReceivedAt)
      return this.#extensions?.onMessage(id, payload, this.#lastReceivedAt)
    }
    if (this.#greeted) this.#bear(Cost.news)
    this.#greeted = true
    const theirs = decodeExtendedHandshake(payload)
    if (theirs.client !== undefined) this.client = theirs.client
    if (theirs.port !== undefined) {
      this.listens = theirs.port
      this.#owner.onListens(this, theirs.port)
    }
    if (theirs.yourIp !== undefined) this.#owner.onYourIp(this, theirs.yourIp)
    if (theirs.uploadOnly !== undefined) this.uploadOnly = theirs.uploadOnly
    if (theirs.requestQueue !== undefined) this.#downloads.setMax(theirs.requestQueue)
    this.#extensions?.onHandshake(theirs, this.#lastReceivedAt)
  }

  onUnknown(_id: number, length: number): void {
    this.#patience.spendBytes(length, this.#lastReceivedAt)
  }

  // ---------------------------------------------------------------------------------------------------- helpers

  #expired(reason: string): false {
    this.close(reason)
    return false
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
    this.#outbox.send(wanted ? messages.interested : messages.notInterested)
  }

  /** Something of no use came. @throws ProtocolError `QUEUE_FLOOD` */
  #bear(cost: number): void {
    this.#patience.spend(cost, this.#lastReceivedAt)
  }

  /** BEP 6: who sends its messages without having offered it is left. */
  #needFast(message: string): void {
    if (!this.fast) throw new ProtocolError('BAD_MESSAGE', `sent ${message} without the fast extension`)
  }

  #checkPiece(piece: number, message: string): void {
    if (!this.#owner.geometry.isPiece(piece)) {
      throw new ProtocolError('BAD_INDEX', `sent ${message} of piece ${piece}, which does not exist`)
    }
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
