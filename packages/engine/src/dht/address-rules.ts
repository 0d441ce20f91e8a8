/** Which addresses the DHT believes in: which can be somebody's, and which count as one party. */
import { type PeerAddress, parseIp } from '../bytes/address.ts'
import { prefix6 } from '../bytes/network.ts'

export type Family = 4 | 6

export function familyOf(host: string): Family {
  return host.includes(':') ? 6 : 4
}

/** Whether the address can be somebody's at all. */
export function isUsable(address: PeerAddress, family: Family): boolean {
  if (address.port <= 0 || address.port > 65535 || familyOf(address.host) !== family) return false
  const bytes = parseIp(address.host)
  if (bytes === undefined) return false
  // "This network", multicast, reserved; and the unspecified address and multicast of IPv6.
  if (bytes.length === 4) return bytes[0] !== 0 && bytes[0]! < 224
  return bytes[0] !== 0xff && bytes.some(byte => byte !== 0)
}

/**
 * Addresses with one party key are one party, of which a table or search takes one node: an IPv4 address, or a /64
 * of IPv6, which is the smallest that a customer gets. Undefined for loopback, where tests run whole networks.
 */
export function partyOf(host: string): string | undefined {
  if (host.startsWith('127.') || host === '::1') return undefined
  return host.includes(':') ? prefix6(host, 8) : host
}
