/** Which addresses count as one owner's, for votes and for spreading what is asked of strangers. */
import { parseIp } from './address.ts'
import { toHex } from './hex.ts'
import { ipScope } from './ip-scope.ts'

/**
 * Addresses with one network key are easily had by one owner: a /24, or a /48 of IPv6. Undefined for addresses that
 * are not global: a home network is one /24.
 */
export function networkOf(host: string): string | undefined {
  if (ipScope(host) !== 'global') return undefined
  return host.includes(':') ? prefix6(host, 6) : host.slice(0, host.lastIndexOf('.'))
}

/** The first `bytes` of an IPv6 address as hex digits; what is none is given back. */
export function prefix6(host: string, bytes: number): string {
  const ip = parseIp(host)
  return ip === undefined ? host : toHex(ip.subarray(0, bytes))
}
