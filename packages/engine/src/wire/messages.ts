/**
 * Messages to a peer, as bytes (BEP 3, 5, 6, 10): a length, which does not count its own four bytes, an id, a payload.
 *
 *     | length | id | payload |
 *         4      1    length - 1
 *
 * What is returned may be handed to `Link.send`: nothing here changes it afterwards.
 */
import { writeUint32 } from '../bytes/bytes.ts'

/** The byte after the length. */
export const MessageId = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  /** BEP 5 */
  port: 9,
  /** BEP 6, up to `allowedFast` */
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  /** BEP 10 */
  extended: 20,
} as const

/** A request with its length; as large as a cancel and a reject, and larger than all other fixed messages. */
export const REQUEST_BYTES: number = 17

/** What precedes the payload of a piece message: length, id, index, begin. */
export const PIECE_HEADER_BYTES: number = 13

/** The `begin` of block n is n times this; the same figure as in the geometry, which this folder does not know. */
const BLOCK_BYTES = 16 * 1024

/** Shared by all connections: never written to. */
export const keepAlive: Uint8Array = new Uint8Array(4)
export const choke: Uint8Array = message(MessageId.choke, 0)
export const unchoke: Uint8Array = message(MessageId.unchoke, 0)
export const interested: Uint8Array = message(MessageId.interested, 0)
export const notInterested: Uint8Array = message(MessageId.notInterested, 0)
export const haveAll: Uint8Array = message(MessageId.haveAll, 0)
export const haveNone: Uint8Array = message(MessageId.haveNone, 0)

export function encodeHave(index: number): Uint8Array {
  return indexed(MessageId.have, index)
}

/** `bits` in the layout of `Bitfield.bytes`; they are copied. */
export function encodeBitfield(bits: Uint8Array): Uint8Array {
  const bytes = message(MessageId.bitfield, bits.length)
  bytes.set(bits, 5)
  return bytes
}

/**
 * One buffer that asks for `count` blocks, for one write. `blocks` holds piece and block number in turn; `sizeOf` tells
 * the bytes of a block (the last of a torrent is short).
 */
export function encodeRequests(
  blocks: Int32Array,
  count: number,
  sizeOf: (piece: number, block: number) => number,
): Uint8Array {
  const bytes = new Uint8Array(count * REQUEST_BYTES)
  for (let n = 0; n < count; n++) {
    const piece = blocks[n * 2]!
    const block = blocks[n * 2 + 1]!
    writeRange(bytes, n * REQUEST_BYTES, MessageId.request, piece, block * BLOCK_BYTES, sizeOf(piece, block))
  }
  return bytes
}

export function encodeRequest(index: number, begin: number, length: number): Uint8Array {
  return ranged(MessageId.request, index, begin, length)
}

export function encodeCancel(index: number, begin: number, length: number): Uint8Array {
  return ranged(MessageId.cancel, index, begin, length)
}

/** The 13 bytes before the payload, which has `length` bytes and is sent by itself, uncopied. */
export function pieceHeader(index: number, begin: number, length: number): Uint8Array {
  const bytes = new Uint8Array(PIECE_HEADER_BYTES)
  putPieceHeader(bytes, 0, index, begin, length)
  return bytes
}

/** Writes a {@link pieceHeader} to `bytes`, beginning at `at`. */
export function putPieceHeader(
  bytes: Uint8Array,
  at: number,
  index: number,
  begin: number,
  length: number,
): void {
  writeUint32(bytes, at, 9 + length)
  bytes[at + 4] = MessageId.piece
  writeUint32(bytes, at + 5, index)
  writeUint32(bytes, at + 9, begin)
}

/** The UDP port of our DHT node (BEP 5). */
export function encodePort(port: number): Uint8Array {
  const bytes = message(MessageId.port, 2)
  bytes[5] = port >>> 8
  bytes[6] = port
  return bytes
}

export function encodeSuggest(index: number): Uint8Array {
  return indexed(MessageId.suggest, index)
}

export function encodeReject(index: number, begin: number, length: number): Uint8Array {
  return ranged(MessageId.reject, index, begin, length)
}

export function encodeAllowedFast(index: number): Uint8Array {
  return indexed(MessageId.allowedFast, index)
}

/** `id` is 0 for the extension handshake, otherwise the number that the receiver chose (BEP 10). */
export function encodeExtended(id: number, payload: Uint8Array): Uint8Array {
  const bytes = message(MessageId.extended, 1 + payload.length)
  bytes[5] = id
  bytes.set(payload, 6)
  return bytes
}

function message(id: number, payloadBytes: number): Uint8Array {
  const bytes = new Uint8Array(5 + payloadBytes)
  writeUint32(bytes, 0, 1 + payloadBytes)
  bytes[4] = id
  return bytes
}

function indexed(id: number, index: number): Uint8Array {
  const bytes = message(id, 4)
  writeUint32(bytes, 5, index)
  return bytes
}

function ranged(id: number, index: number, begin: number, length: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES)
  writeRange(bytes, 0, id, index, begin, length)
  return bytes
}

function writeRange(
  bytes: Uint8Array,
  at: number,
  id: number,
  index: number,
  begin: number,
  length: number,
): void {
  writeUint32(bytes, at, REQUEST_BYTES - 4)
  bytes[at + 4] = id
  writeUint32(bytes, at + 5, index)
  writeUint32(bytes, at + 9, begin)
  writeUint32(bytes, at + 13, length)
}
