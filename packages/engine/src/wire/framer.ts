/**
 * Cuts the byte stream of a peer into messages and tells a {@link WireSink}. Nothing of a chunk is kept; the payload of
 * a block goes to its place in memory in one copy, however the chunks are cut.
 *
 *     handshake -- 68 bytes --> head --- fixed message ------------> head
 *                                |------ piece, unknown --> payload --> head      copied to memory, or jumped over
 *                                +------ bitfield, extended --> body --> head     handed over whole
 *     any state -- close, or a throw --> closed
 *
 * A head is the length, the id and the fields of fixed size: at most 17 bytes. It is read where it lies in the chunk,
 * and gathered in a scratch only when it straddles two. Its length is judged as soon as its fifth byte is here.
 */
import { readUint32, viewOf } from '../bytes/bytes.ts'
import { assert, ProtocolError } from '../errors.ts'
import { checkProtocolHeader, HANDSHAKE_BYTES, INFO_HASH_END } from './handshake.ts'
import { MessageId, PIECE_HEADER_BYTES, REQUEST_BYTES } from './messages.ts'
import type { WireSink } from './sink.ts'
import type { StreamPlace } from './tap.ts'

export type { WireSink }

/** Everyone asks for 16 KiB; some old clients for up to 128 KiB. Nobody sends more. */
export const MAX_BLOCK_BYTES: number = 128 * 1024

export interface FramerLimits {
  /** Largest length of a bitfield, extended or unknown message: what one peer can make us hold. */
  readonly maxMessageBytes: number
}

const HANDSHAKE = 0
const HEAD = 1
const PAYLOAD = 2
const BODY = 3
const CLOSED = 4

/** A body that straddles chunks gets this much at first, then twice as much whenever it is full. */
const FIRST_BODY_BYTES = 1024

const NOTHING = new Uint8Array(0)

export class Framer {
  readonly #memory: Uint8Array
  readonly #sink: WireSink
  #maxMessageBytes: number
  /** -1: not known yet. */
  #bitfieldBytes = -1
  #state = HANDSHAKE
  #feeding = false

  /** The first `#gathered` bytes of a handshake or head that straddles chunks. */
  readonly #scratch = new Uint8Array(HANDSHAKE_BYTES)
  #gathered = 0

  // payload: the block `#index, #begin, #length`, of which `#left` bytes are to come; the next goes to `#target`,
  // or nowhere if that is negative (a skipped block, an unknown message).
  #index = 0
  #begin = 0
  #length = 0
  #left = 0
  #target = -1

  // body: `#bodyFill` of `#bodyBytes` bytes are in `#body`, which grows with them.
  #body = NOTHING
  #bodyFill = 0
  #bodyBytes = 0
  #bodyId = 0
  #extendedId = 0

  /** Blocks go to `memory`, at the places that `sink.openBlock` tells. */
  constructor(memory: Uint8Array, sink: WireSink, limits: FramerLimits) {
    this.#memory = memory
    this.#sink = sink
    this.#maxMessageBytes = limits.maxMessageBytes
  }

  /** A block is on its way into memory. */
  get midBlock(): boolean {
    return this.#state === PAYLOAD && this.#target >= 0
  }

  /** Between two chunks: where in the stream of messages it is. */
  get place(): StreamPlace {
    const leftBytes =
      this.#state === PAYLOAD ? this.#left : this.#state === BODY ? this.#bodyBytes - this.#bodyFill : 0
    return { leftBytes, head: this.#scratch.slice(0, this.#state === HEAD ? this.#gathered : 0) }
  }

  /** From now on a bitfield has exactly the bytes for this many pieces, even if that is above the limit. */
  setPieceCount(pieceCount: number): void {
    this.#bitfieldBytes = Math.ceil(pieceCount / 8)
  }

  setMaxMessageBytes(maxMessageBytes: number): void {
    this.#maxMessageBytes = maxMessageBytes
  }

  /**
   * Takes the next bytes of the stream; the sink is called meanwhile. Does nothing once closed.
   * @throws ProtocolError for bytes that break the protocol, and whatever the sink throws; it is closed then
   */
  feed(chunk: Uint8Array): void {
    if (this.#state === CLOSED) return
    assert(!this.#feeding, 'a framer is not fed from within its sink')
    this.#feeding = true
    try {
      this.#parse(chunk)
    } catch (error) {
      this.close()
      throw error
    } finally {
      this.#feeding = false
    }
  }

  /** The rest of the current block is jumped over and memory no longer touched. Does nothing between blocks. */
  skipBlock(): void {
    this.#target = -1
  }

  /** Nothing is told, nor memory written to, from now on; also in the middle of a feed. */
  close(): void {
    this.#state = CLOSED
    this.#body = NOTHING
  }

  #parse(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      switch (this.#state) {
        case HEAD:
          at = chunk.length - at >= REQUEST_BYTES ? this.#head(chunk, at) : this.#gatherHead(chunk, at)
          break
        case PAYLOAD:
          at = this.#payload(chunk, at)
          break
        case BODY:
          at = this.#bodyPart(chunk, at)
          break
        case HANDSHAKE:
          at = this.#handshake(chunk, at)
          break
        default:
          return
      }
    }
  }

  // ------------------------------------------------------------------------------------------------ handshake

  #handshake(chunk: Uint8Array, from: number): number {
    const before = this.#gathered
    const at = this.#gather(chunk, from, before < INFO_HASH_END ? INFO_HASH_END : HANDSHAKE_BYTES)
    checkProtocolHeader(this.#scratch, before, this.#gathered)
    if (this.#gathered === INFO_HASH_END) {
      this.#sink.onInfoHash(this.#scratch.slice(28, 48), this.#scratch.slice(20, 28))
    } else if (this.#gathered === HANDSHAKE_BYTES) {
      this.#gathered = 0
      this.#state = HEAD
      this.#sink.onPeerId(this.#scratch.slice(48, 68))
    }
    return at
  }

  /** Moves bytes to the scratch until it holds `wanted` or the chunk ends. */
  #gather(chunk: Uint8Array, from: number, wanted: number): number {
    let at = from
    while (this.#gathered < wanted && at < chunk.length) this.#scratch[this.#gathered++] = chunk[at++]!
    return at
  }

  // ----------------------------------------------------------------------------------------------------- head

  /** A head that lies whole in the chunk, which is the rule. */
  #head(chunk: Uint8Array, at: number): number {
    if (this.#gathered > 0) return this.#gatherHead(chunk, at)
    const length = readUint32(chunk, at)
    if (length === 0) {
      this.#sink.onKeepAlive()
      return at + 4
    }
    const id = chunk[at + 4]!
    const headBytes = this.#headBytes(length, id)
    this.#message(chunk, at, length, id)
    return at + headBytes
  }

  /** A head that may end in a later chunk. */
  #gatherHead(chunk: Uint8Array, from: number): number {
    let at = this.#gather(chunk, from, 4)
    if (this.#gathered < 4) return at
    const length = readUint32(this.#scratch, 0)
    if (length === 0) {
      this.#gathered = 0
      this.#sink.onKeepAlive()
      return at
    }
    at = this.#gather(chunk, at, 5)
    if (this.#gathered < 5) return at
    const id = this.#scratch[4]!
    const headBytes = this.#headBytes(length, id)
    at = this.#gather(chunk, at, headBytes)
    if (this.#gathered < headBytes) return at
    this.#gathered = 0
    this.#message(this.#scratch, 0, length, id)
    return at
  }

  /** How many bytes, from the length on, are read before the message is told or its payload begins. */
  #headBytes(length: number, id: number): number {
    switch (id) {
      case MessageId.piece:
        if (length < 10)
          throw new ProtocolError('BAD_MESSAGE', `piece message of length ${length}: no payload`)
        if (length > 9 + MAX_BLOCK_BYTES) throw tooLong('piece', length, 9 + MAX_BLOCK_BYTES)
        return PIECE_HEADER_BYTES
      case MessageId.choke:
      case MessageId.unchoke:
      case MessageId.interested:
      case MessageId.notInterested:
      case MessageId.haveAll:
      case MessageId.haveNone:
        return exactly(1, length, id)
      case MessageId.port:
        return exactly(3, length, id)
      case MessageId.have:
      case MessageId.suggest:
      case MessageId.allowedFast:
        return exactly(5, length, id)
      case MessageId.request:
      case MessageId.cancel:
      case MessageId.reject:
        return exactly(13, length, id)
      case MessageId.bitfield:
        this.#checkBitfield(length - 1)
        return 5
      case MessageId.extended:
        if (length < 2) throw new ProtocolError('BAD_MESSAGE', 'extended message without an id')
        if (length > this.#maxMessageBytes) throw tooLong('extended', length, this.#maxMessageBytes)
        return 6
      default:
        if (length > this.#maxMessageBytes) throw tooLong(`unknown (${id})`, length, this.#maxMessageBytes)
        return 5
    }
  }

  #checkBitfield(bytes: number): void {
    if (this.#bitfieldBytes < 0) {
      if (bytes === 0) throw new ProtocolError('BAD_BITFIELD', 'bitfield of no bytes')
      if (bytes >= this.#maxMessageBytes) throw tooLong('bitfield', bytes + 1, this.#maxMessageBytes)
    } else if (bytes !== this.#bitfieldBytes) {
      throw new ProtocolError('BAD_BITFIELD', `bitfield of ${bytes} bytes, expected ${this.#bitfieldBytes}`)
    }
  }

  /** The head is whole at `source[at]` and its length is right. */
  #message(source: Uint8Array, at: number, length: number, id: number): void {
    const sink = this.#sink
    const fields = at + 5
    switch (id) {
      case MessageId.piece:
        this.#openBlock(readUint32(source, fields), readUint32(source, fields + 4), length - 9)
        break
      case MessageId.choke:
        sink.onChoke()
        break
      case MessageId.unchoke:
        sink.onUnchoke()
        break
      case MessageId.interested:
        sink.onInterested()
        break
      case MessageId.notInterested:
        sink.onNotInterested()
        break
      case MessageId.have:
        sink.onHave(readUint32(source, fields))
        break
      case MessageId.bitfield:
        this.#openBody(id, length - 1)
        break
      case MessageId.request:
        sink.onRequest(
          readUint32(source, fields),
          readUint32(source, fields + 4),
          readUint32(source, fields + 8),
        )
        break
      case MessageId.cancel:
        sink.onCancel(
          readUint32(source, fields),
          readUint32(source, fields + 4),
          readUint32(source, fields + 8),
        )
        break
      case MessageId.port:
        sink.onPort((source[fields]! << 8) | source[fields + 1]!)
        break
      case MessageId.suggest:
        sink.onSuggest(readUint32(source, fields))
        break
      case MessageId.haveAll:
        sink.onHaveAll()
        break
      case MessageId.haveNone:
        sink.onHaveNone()
        break
      case MessageId.reject:
        sink.onReject(
          readUint32(source, fields),
          readUint32(source, fields + 4),
          readUint32(source, fields + 8),
        )
        break
      case MessageId.allowedFast:
        sink.onAllowedFast(readUint32(source, fields))
        break
      case MessageId.extended:
        this.#extendedId = source[fields]!
        this.#openBody(id, length - 2)
        break
      default:
        this.#openUnknown(id, length - 1)
    }
  }

  // -------------------------------------------------------------------------------------------------- payload

  #openBlock(index: number, begin: number, length: number): void {
    const target = this.#sink.openBlock(index, begin, length)
    if (this.#state === CLOSED) return
    assert(target < 0 || target + length <= this.#memory.length, 'a block goes inside the memory')
    this.#index = index
    this.#begin = begin
    this.#length = length
    this.#left = length
    this.#target = target
    this.#state = PAYLOAD
  }

  #openUnknown(id: number, length: number): void {
    this.#sink.onUnknown(id, length)
    if (this.#state === CLOSED || length === 0) return
    // Of no block: where it ends is not told.
    this.#length = 0
    this.#left = length
    this.#target = -1
    this.#state = PAYLOAD
  }

  #payload(chunk: Uint8Array, at: number): number {
    const bytes = Math.min(this.#left, chunk.length - at)
    this.#left -= bytes
    if (this.#target >= 0) {
      this.#memory.set(viewOf(chunk, at, bytes), this.#target)
      this.#target += bytes
    }
    if (this.#left === 0) {
      this.#state = HEAD
      if (this.#target >= 0) this.#sink.onBlock(this.#index, this.#begin, this.#length)
      else if (this.#length > 0) this.#sink.onSkipped(this.#length)
    }
    return at + bytes
  }

  // ----------------------------------------------------------------------------------------------------- body

  #openBody(id: number, bytes: number): void {
    this.#bodyId = id
    this.#bodyBytes = bytes
    this.#bodyFill = 0
    if (bytes === 0) this.#tellBody(NOTHING)
    else this.#state = BODY
  }

  #bodyPart(chunk: Uint8Array, at: number): number {
    const bytes = Math.min(this.#bodyBytes - this.#bodyFill, chunk.length - at)
    if (bytes === this.#bodyBytes) {
      this.#tellBody(chunk.subarray(at, at + bytes))
      return at + bytes
    }
    this.#growBody(this.#bodyFill + bytes)
    this.#body.set(viewOf(chunk, at, bytes), this.#bodyFill)
    this.#bodyFill += bytes
    if (this.#bodyFill === this.#bodyBytes) {
      const body = this.#body
      this.#body = NOTHING
      this.#tellBody(body.subarray(0, this.#bodyBytes))
    }
    return at + bytes
  }

  /** Memory follows the bytes that came, not the length that was announced. */
  #growBody(wanted: number): void {
    if (wanted <= this.#body.length) return
    const size = Math.max(wanted, this.#body.length * 2, FIRST_BODY_BYTES)
    const grown = new Uint8Array(Math.min(size, this.#bodyBytes))
    grown.set(this.#body)
    this.#body = grown
  }

  #tellBody(body: Uint8Array): void {
    this.#state = HEAD
    if (this.#bodyId === MessageId.bitfield) this.#sink.onBitfield(body)
    else this.#sink.onExtended(this.#extendedId, body)
  }
}

function exactly(expected: number, length: number, id: number): number {
  if (length !== expected) {
    throw new ProtocolError('BAD_MESSAGE', `message ${id} of length ${length}, expected ${expected}`)
  }
  return 4 + expected
}

function tooLong(name: string, length: number, limit: number): ProtocolError {
  return new ProtocolError('MESSAGE_TOO_LONG', `${name} message of length ${length}, limit ${limit}`)
}
