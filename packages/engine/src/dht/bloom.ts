/** Filters of 2,048 bits that count the addresses of a swarm without naming them (BEP 33). */
import type { Sha1 } from '../ports.ts'
import { FILTER_BYTES } from './krpc.ts'

const BITS = FILTER_BYTES * 8

/** Adds the 4 or 16 bytes of an IP address. */
export function addToFilter(filter: Uint8Array, ip: Uint8Array, sha1: Sha1): void {
  const hash = sha1(ip)
  for (const at of [0, 2]) {
    const bit = (hash[at]! | (hash[at + 1]! << 8)) % BITS
    filter[bit >> 3]! |= 1 << (bit & 7)
  }
}

/** Makes `filter` the union of both. */
export function mergeFilter(filter: Uint8Array, other: Uint8Array): void {
  for (let at = 0; at < FILTER_BYTES; at++) filter[at]! |= other[at]!
}

/** How many addresses are in it, about; a filter of some 8,000 is full and says no more. */
export function estimateCount(filter: Uint8Array): number {
  let zeros = 0
  for (const byte of filter) for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) === 0) zeros++
  // A full filter would be infinitely many: one zero bit is the most that can be said.
  const counted = Math.min(BITS - 1, Math.max(1, zeros))
  return zeros === BITS ? 0 : Math.log(counted / BITS) / (2 * Math.log(1 - 1 / BITS))
}
