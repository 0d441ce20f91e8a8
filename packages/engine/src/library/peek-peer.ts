/**
 * One peer of a peek, from dialling to the block:
 *
 *     connect → their handshake → they have the piece → they let us ask → ready · we ask → their block
 *
 * Whatever it sends is bounded in size, number and time; the first thing it does wrong ends it.
 */
import type { PeerAddress } from '../bytes/address.ts'
import { formatAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { equalBytes, readUint32 } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Link, Net } from '../ports.ts'
import { describeMessage } from '../wire/describe.ts'
import { decodeHandshake, encodeHandshake, readReserved, reservedBits } from '../wire/handshake.ts'
import { encodeRequest, haveNone, interested, MessageId, PIECE_HEADER_BYTES } from '../wire/messages.ts'
import { clientName } from '../wire/peer-id.ts'
import { splitMessages } from '../wire/split.ts'
import { PEEK_BYTES, type PeekMessage } from './types/peek.ts'

/** Who says that it lacks the piece may still announce it: some tell a part of what they have in `have` messages. */
const LAZY_HAVE_MS = 1_000

/** Before a peer is chosen, so many messages are kept for telling; of `have`, which come in crowds, fewer. */
const KEPT_MESSAGES = 100
const KEPT_HAVES = 20

/** Far more than a peer says within a peek, unless it wants to keep us busy. */
const MAX_MESSAGES = 10_000
const MAX_BYTES = 2 * 1024 * 1024

/** Larger than any message that we are to get; a bitfield may be larger. */
const MAX_MESSAGE_BYTES = 64 * 1024

/** A stretch of a piece. */
export interface PeekRange {
  readonly piece: number
  readonly begin: number
  readonly length: number
}

export interface PeekPeerDeps {
  readonly net: Net
  readonly metainfo: Metainfo
  readonly range: PeekRange
  /** Ours, 20 bytes. */
  readonly peerId: Uint8Array
  /** For every step of the way. */
  readonly timeoutMs: number
  /** Milliseconds since the peek began. */
  readonly elapsedMs: () => number
}

export interface PeekPeerHandler {
  /** It has the piece and lets us ask. */
  onReady(peer: PeekPeer): void
  /** Once it is watched: its next message. */
  onMessage(message: PeekMessage): void
  onBlock(peer: PeekPeer, bytes: Uint8Array): void
  /** Exactly once, also after `close`: the connection is gone. `reason` is undefined if we closed it. */
  onEnd(peer: PeekPeer, reason: string | undefined): void
}

export class PeekPeer {
  /** `host:port` */
  readonly address: string
  readonly #deps: PeekPeerDeps
  readonly #handler: PeekPeerHandler
  readonly #link: Link
  readonly #kept: PeekMessage[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #client: string | undefined
  #isOpen = false
  #isFast = false
  #saidPieces = false
  #hasPiece = false
  #mayAsk = false
  #asked = false
  #watched = false
  #over = false
  #reason: string | undefined
  #messages = 0
  #bytes = 0

  /** Dials at once; nothing is told in the same turn. */
  constructor(to: PeerAddress, deps: PeekPeerDeps, handler: PeekPeerHandler) {
    this.address = formatAddress(to)
    this.#deps = deps
    this.#handler = handler
    const bitfieldBytes = 5 + Math.ceil(deps.metainfo.geometry.pieceCount / 8)
    const split = splitMessages(Math.max(MAX_MESSAGE_BYTES, bitfieldBytes), bytes => this.#receive(bytes))
    this.#link = deps.net.connect(to, {
      onOpen: () => this.#open(),
      onBytes: chunk => this.#onBytes(chunk, split),
      onDrain: () => {},
      onClose: error => this.#closed(error),
    })
    this.#wait('no answer')
  }

  /** Undefined until its handshake came. Comes from the peer. */
  get client(): string | undefined {
    return this.#client
  }

  get hasPiece(): boolean {
    return this.#hasPiece
  }

  /** What it has not done so far, for people. */
  get lacking(): string {
    if (this.#client === undefined) return 'had not answered'
    return this.#hasPiece ? 'had not let us ask' : 'had not said that it has the piece'
  }

  /** It has the piece and lets us ask. */
  get isReady(): boolean {
    return this.#hasPiece && this.#mayAsk && !this.#over
  }

  /** Tells what was said so far, from now on every message, and asks for the block. */
  choose(): void {
    for (const message of this.#kept) this.#handler.onMessage(message)
    this.#watched = true
    const { piece, begin, length } = this.#deps.range
    this.#asked = true
    this.#send(encodeRequest(piece, begin, length))
    this.#wait('did not send the block')
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#link.close()
  }

  #open(): void {
    this.#isOpen = true
    const { metainfo, peerId } = this.#deps
    const reserved = reservedBits({ fast: true, extended: false, dht: false })
    this.#send(encodeHandshake({ infoHash: metainfo.infoHash, peerId, reserved }))
    this.#wait('took the connection but sent no handshake')
  }

  #onBytes(chunk: Uint8Array, split: (chunk: Uint8Array) => void): void {
    if (this.#over) return
    this.#bytes += chunk.length
    if (this.#bytes > MAX_BYTES) {
      this.#fail('sends far more than was asked for')
      return
    }
    try {
      split(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fail(`broke the protocol: ${error.message}`)
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#over) return
    if (++this.#messages > MAX_MESSAGES) {
      this.#fail('sends far more messages than it should')
      return
    }
    this.#note('in', bytes)
    if (this.#client === undefined) this.#greet(bytes)
    else if (bytes.length > 4) this.#understand(bytes[4]!, bytes.subarray(5))
  }

  #greet(bytes: Uint8Array): void {
    const { infoHash, peerId, reserved } = decodeHandshake(bytes)
    this.#client = clientName(peerId)
    if (!equalBytes(infoHash, this.#deps.metainfo.infoHash)) {
      this.#fail('answers for another torrent')
      return
    }
    this.#isFast = readReserved(reserved).fast
    this.#wait('did not say that it has the piece')
    // With the fast extension, what one has is said first, even nothing (BEP 6).
    if (this.#isFast) this.#send(haveNone)
  }

  #understand(id: number, payload: Uint8Array): void {
    const { metainfo, range } = this.#deps
    switch (id) {
      case MessageId.bitfield: {
        const field = Bitfield.from(metainfo.geometry.pieceCount, payload)
        if (field === undefined) {
          this.#fail('sent a bitfield that does not fit the torrent')
          return
        }
        this.#learn(field.has(range.piece))
        return
      }
      case MessageId.haveAll:
        this.#learn(true)
        return
      case MessageId.haveNone:
        this.#learn(false)
        return
      case MessageId.have:
        if (payload.length === 4 && readUint32(payload, 0) === range.piece) this.#gain()
        return
      case MessageId.unchoke:
        this.#allow()
        return
      case MessageId.allowedFast:
        if (payload.length === 4 && readUint32(payload, 0) === range.piece) this.#allow()
        return
      case MessageId.choke:
        this.#forbid()
        return
      case MessageId.reject:
        if (this.#asked) this.#fail('will not send the block')
        return
      case MessageId.piece:
        this.#take(payload)
        return
    }
  }

  /** Some say later, or again, what they have; only the first time wins them a wait. */
  #learn(hasPiece: boolean): void {
    if (hasPiece) this.#gain()
    else if (!this.#hasPiece && !this.#saidPieces) {
      this.#saidPieces = true
      this.#failAfter(Math.min(LAZY_HAVE_MS, this.#deps.timeoutMs), 'does not have the piece')
    }
  }

  #gain(): void {
    if (this.#hasPiece) return
    this.#hasPiece = true
    this.#send(interested)
    this.#wait('has the piece but did not let us ask')
    if (this.#mayAsk) this.#ready()
  }

  #allow(): void {
    if (this.#mayAsk) return
    this.#mayAsk = true
    if (this.#hasPiece) this.#ready()
  }

  #forbid(): void {
    if (this.#asked) {
      // With the fast extension, a request that is dropped is rejected in so many words.
      if (!this.#isFast) this.#fail('no longer lets us ask')
      return
    }
    if (this.isReady) this.#wait('has the piece but did not let us ask')
    this.#mayAsk = false
  }

  /** From here on it waits for us. */
  #ready(): void {
    clearTimeout(this.#timer)
    this.#handler.onReady(this)
  }

  #take(payload: Uint8Array): void {
    const { piece, begin, length } = this.#deps.range
    const data = payload.subarray(PIECE_HEADER_BYTES - 5)
    const isOurs =
      this.#asked &&
      data.length === length &&
      readUint32(payload, 0) === piece &&
      readUint32(payload, 4) === begin
    if (!isOurs) {
      this.#fail('sent a block that was not asked for')
      return
    }
    clearTimeout(this.#timer)
    this.#handler.onBlock(this, data.slice())
  }

  #send(bytes: Uint8Array): void {
    this.#link.send(bytes)
    this.#note('out', bytes)
  }

  /** Describes a message for whoever watches, or for later. */
  #note(direction: 'in' | 'out', bytes: Uint8Array): void {
    if (!this.#watched) {
      const isHave = direction === 'in' && bytes.length === 9 && bytes[4] === MessageId.have
      if (this.#kept.length >= (isHave ? KEPT_HAVES : KEPT_MESSAGES)) return
    }
    const { name, text } = describeMessage(bytes, direction, this.#deps.metainfo.geometry.pieceCount)
    const message: PeekMessage = {
      kind: 'message',
      direction,
      name,
      text,
      bytes: bytes.slice(0, PEEK_BYTES),
      totalBytes: bytes.length,
      atMs: this.#deps.elapsedMs(),
    }
    if (this.#watched) this.#handler.onMessage(message)
    else this.#kept.push(message)
  }

  /** The next step has to come in time; `what` is said of the peer otherwise. */
  #wait(what: string): void {
    const { timeoutMs } = this.#deps
    this.#failAfter(timeoutMs, `${what} within ${timeoutMs / 1000} s`)
  }

  #failAfter(ms: number, reason: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(reason), ms)
  }

  #fail(reason: string): void {
    if (this.#over) return
    this.#reason = reason
    this.close()
  }

  #closed(error: Error | undefined): void {
    const reason = this.#over ? this.#reason : (this.#reason ?? this.#wordsOf(error))
    this.#over = true
    clearTimeout(this.#timer)
    this.#handler.onEnd(this, reason)
  }

  #wordsOf(error: Error | undefined): string {
    const code = error !== undefined && 'code' in error ? String(error.code) : ''
    const known = CONNECT_FAILURES[code]
    if (known !== undefined) return known
    if (!this.#isOpen)
      return error === undefined ? 'closed the connection' : `cannot be reached (${code || error.message})`
    return this.#client === undefined
      ? 'closed the connection instead of a handshake'
      : 'closed the connection'
  }
}

const CONNECT_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'reset the connection',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
}
