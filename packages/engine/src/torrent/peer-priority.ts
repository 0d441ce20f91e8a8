/**
 * Canonical peer priority (BEP 40): a number that both ends of a connection compute alike and nobody can choose. When
 * everyone prefers the peers of the highest, a swarm's connections are spread at random, newcomers find a place, and
 * who wants to fill all places needs addresses in many networks.
 */
import { type PeerAddress, parseIp } from '../bytes/address.ts'
import { compareBytes, concatBytes, equalBytes } from '../bytes/bytes.ts'
import { crc32c } from '../bytes/crc32c.ts'

/** First bytes that count in full whatever the other address is: a /16, or a /48 of IPv6. */
const FULL_BYTES_4 = 2
const FULL_BYTES_6 = 6
/** What counts of the bytes after: who owns one network cannot try many addresses in it. */
const MASK = 0x55

/**
 * Priority of the connection between two peers, 32 bits, higher is better; the same whichever comes first. Of two at
 * one IP address the ports count. Undefined where there is none: between IPv4 and IPv6, and for names.
 */
export function peerPriority(a: PeerAddress, b: PeerAddress): number | undefined {
  const ipA = parseIp(a.host)
  const ipB = parseIp(b.host)
  if (ipA === undefined || ipB === undefined || ipA.length !== ipB.length) return undefined
  if (equalBytes(ipA, ipB)) return hashSorted(bigEndian(a.port), bigEndian(b.port))
  const full = fullBytes(ipA, ipB)
  return hashSorted(masked(ipA, full), masked(ipB, full))
}

/** A byte more than the two have in common. */
function fullBytes(a: Uint8Array, b: Uint8Array): number {
  let common = 0
  while (a[common] === b[common]) common++
  return Math.max(a.length === 4 ? FULL_BYTES_4 : FULL_BYTES_6, common + 1)
}

function masked(ip: Uint8Array, full: number): Uint8Array {
  return ip.map((byte, at) => (at < full ? byte : byte & MASK))
}

function bigEndian(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255)
}

function hashSorted(a: Uint8Array, b: Uint8Array): number {
  return crc32c(concatBytes(compareBytes(a, b) <= 0 ? [a, b] : [b, a]))
}
