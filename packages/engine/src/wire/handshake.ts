/**
 * The first 68 bytes of a connection (BEP 3):
 *
 *     | 19 | BitTorrent protocol | reserved | info-hash | peer id |
 *       1             19              8          20         20
 */
import { ProtocolError } from '../errors.ts'

export const HANDSHAKE_BYTES: number = 68

/** From here on it is known which torrent the peer means. */
export const INFO_HASH_END: number = 48

/** The first 20 bytes, the same for everyone: the number 19 and the protocol's name. */
export const PROTOCOL_HEADER: Uint8Array = Uint8Array.of(
  19,
  ...Array.from('BitTorrent protocol', letter => letter.charCodeAt(0)),
)

const RESERVED_AT = 20
const INFO_HASH_AT = 28

export interface Handshake {
  /** 20 bytes. */
  readonly infoHash: Uint8Array
  /** 20 bytes. */
  readonly peerId: Uint8Array
  /** 8 bytes, see {@link readReserved}. */
  readonly reserved: Uint8Array
}

/** What the reserved bits of a handshake promise. */
export interface Features {
  /** Fast extension (BEP 6). */
  readonly fast: boolean
  /** Extension protocol (BEP 10). */
  readonly extended: boolean
  /** DHT, hence the port message (BEP 5). */
  readonly dht: boolean
}

/** The 68 bytes; without `reserved` no extension is offered. */
export function encodeHandshake(handshake: {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly reserved?: Uint8Array
}): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES)
  bytes.set(PROTOCOL_HEADER)
  if (handshake.reserved !== undefined) bytes.set(handshake.reserved, RESERVED_AT)
  bytes.set(handshake.infoHash, INFO_HASH_AT)
  bytes.set(handshake.peerId, INFO_HASH_END)
  return bytes
}

/** Copies the three fields out of 68 bytes. @throws ProtocolError `BAD_HANDSHAKE` */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES) {
    throw new ProtocolError('BAD_HANDSHAKE', `a handshake has ${HANDSHAKE_BYTES} bytes, not ${bytes.length}`)
  }
  checkProtocolHeader(bytes, 0, PROTOCOL_HEADER.length)
  return {
    reserved: bytes.slice(RESERVED_AT, INFO_HASH_AT),
    infoHash: bytes.slice(INFO_HASH_AT, INFO_HASH_END),
    peerId: bytes.slice(INFO_HASH_END),
  }
}

/**
 * Compares the bytes of a handshake from `from` up to `to` (at most 20) with what they have to be, so that whoever
 * speaks another protocol is known by its first byte. @throws ProtocolError `BAD_HANDSHAKE`
 */
export function checkProtocolHeader(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to && at < PROTOCOL_HEADER.length; at++) {
    if (bytes[at] !== PROTOCOL_HEADER[at]) {
      throw new ProtocolError('BAD_HANDSHAKE', `byte ${at} is ${bytes[at]}: not the BitTorrent protocol`)
    }
  }
}

export function reservedBits(features: Features): Uint8Array {
  const reserved = new Uint8Array(8)
  if (features.extended) reserved[5]! |= 0x10
  if (features.fast) reserved[7]! |= 0x04
  if (features.dht) reserved[7]! |= 0x01
  return reserved
}

export function readReserved(reserved: Uint8Array): Features {
  return {
    extended: (reserved[5]! & 0x10) !== 0,
    fast: (reserved[7]! & 0x04) !== 0,
    dht: (reserved[7]! & 0x01) !== 0,
  }
}
