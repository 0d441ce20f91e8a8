/** Which addresses the DHT believes in: which can be somebody's, and which count as one party. */
import { type PeerAddress, parseIp } from '../bytes/address.ts'
import { toHex } from '../bytes/hex.ts'
import { ipScope } from '../bytes/ip-scope.ts'

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

/**
 * Addresses with one network key are easily had by one owner: a /24, or a /48 of IPv6. Undefined for addresses that
 * are not global: a home network is one /24.
 */
export function networkOf(host: string): string | undefined {
  if (ipScope(host) !== 'global') return undefined
  return host.includes(':') ? prefix6(host, 6) : host.slice(0, host.lastIndexOf('.'))
}

function prefix6(host: string, bytes: number): string {
  const ip = parseIp(host)
  return ip === undefined ? host : toHex(ip.subarray(0, bytes))
}
