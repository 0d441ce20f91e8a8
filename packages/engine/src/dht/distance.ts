/** The XOR metric of the DHT (BEP 5) over ids of 20 bytes. */
import type { PeerAddress } from '../bytes/address.ts'

export const ID_BYTES = 20
export const ID_BITS = 160

/** A DHT node as others tell of it: its id (20 bytes) and where it is. */
export interface Contact extends PeerAddress {
  readonly id: Uint8Array
}

/** Negative when `a` is closer to `target` than `b`. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < ID_BYTES; at++) {
    const byte = target[at]!
    const difference = (a[at]! ^ byte) - (b[at]! ^ byte)
    if (difference !== 0) return difference
  }
  return 0
}

/** How many leading bits two ids have in common: 0 to 160. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < ID_BYTES; at++) {
    const difference = a[at]! ^ b[at]!
    if (difference !== 0) return at * 8 + Math.clz32(difference) - 24
  }
  return ID_BITS
}

/** `id` with the bits after the first `bits` taken from `random`, and bit number `bits` flipped if `flip`. */
export function withRandomTail(id: Uint8Array, bits: number, flip: boolean, random: Uint8Array): Uint8Array {
  const result = random.slice(0, ID_BYTES)
  for (let bit = 0; bit < bits; bit++) copyBit(result, id, bit, false)
  if (flip && bits < ID_BITS) copyBit(result, id, bits, true)
  return result
}

function copyBit(to: Uint8Array, from: Uint8Array, bit: number, flip: boolean): void {
  const mask = 128 >> (bit & 7)
  const isSet = ((from[bit >> 3]! & mask) !== 0) !== flip
  if (isSet) to[bit >> 3]! |= mask
  else to[bit >> 3]! &= ~mask
}
