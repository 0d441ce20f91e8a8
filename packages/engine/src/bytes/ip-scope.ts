/** How far an address reaches: what came from the internet must not send us to an address of our own network. */
import { parseIp } from './address.ts'

export type IpScope =
  /** This machine. */
  | 'loopback'
  /** This network, or nobody: private, link-local, shared, multicast, unspecified, documentation. */
  | 'local'
  /** The internet. */
  | 'global'

/** The scope of an IP literal; undefined when it is none. */
export function ipScope(text: string): IpScope | undefined {
  const bytes = parseIp(text)
  if (bytes === undefined) return undefined
  return bytes.length === 4 ? scope4(bytes) : scope6(bytes)
}

/**
 * Whether `source` may tell us of `host`. The internet must not send us into our own network, nor our network to this
 * machine: otherwise anybody could make us connect to hosts that only we reach. Both are IP literals; addresses that
 * are no host's (unspecified, multicast, reserved) nobody may tell: some systems take 0.0.0.0 for themselves.
 */
export function mayTell(source: string, host: string): boolean {
  const told = ipScope(host)
  if (!isHost(host)) return false
  if (told === 'global') return true
  const teller = ipScope(source)
  return teller === 'loopback' || (teller === 'local' && told === 'local')
}

/**
 * Whether what anybody can write, a torrent or a link, may name `host` to us, who are bound to the address `bind`
 * (undefined: to none). Not this machine's services, unless we are bound to be alone with them; nor a link-local address.
 */
export function mayBeNamed(host: string, bind: string | undefined): boolean {
  if (!isHost(host) || isLinkLocal(host)) return false
  return ipScope(host) !== 'loopback' || (bind !== undefined && ipScope(bind) === 'loopback')
}

/** Whether this IP literal can be one host's: not unspecified, multicast, broadcast or reserved, nor no literal at all. */
export function isHost(text: string): boolean {
  const bytes = parseIp(text)
  if (bytes === undefined) return false
  if (bytes.length === 4) return bytes[0] !== 0 && bytes[0]! < 224
  return bytes[0] !== 0xff && bytes.some(byte => byte !== 0)
}

/** 169.254.0.0/16 and fe80::/10: the same cable. In data centres also whoever hands out a machine's own secrets. */
export function isLinkLocal(text: string): boolean {
  const bytes = parseIp(text)
  if (bytes === undefined) return false
  if (bytes.length === 4) return bytes[0] === 169 && bytes[1] === 254
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80
}

/** Networks that are not the internet (RFC 6890), as first bytes and prefix length. */
const LOCAL_4: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 8],
  [10, 0, 0, 8],
  [100, 64, 0, 10],
  [169, 254, 0, 16],
  [172, 16, 0, 12],
  [192, 0, 0, 24],
  [192, 0, 2, 24],
  [192, 168, 0, 16],
  [198, 18, 0, 15],
  [198, 51, 100, 24],
  [203, 0, 113, 24],
  [224, 0, 0, 3],
]

function scope4(bytes: Uint8Array): IpScope {
  if (bytes[0] === 127) return 'loopback'
  const value = (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!
  for (const [a, b, c, prefix] of LOCAL_4) {
    const shift = 24 - prefix
    if (value >> shift === ((a << 16) | (b << 8) | c) >> shift) return 'local'
  }
  return 'global'
}

function scope6(bytes: Uint8Array): IpScope {
  // 64:ff9b::/96 and 2002::/16 carry an IPv4 address, which is where the packets end.
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return scope4(bytes.subarray(12))
  if (startsWith(bytes, [0x20, 0x02])) return scope4(bytes.subarray(2, 6))
  if (bytes.subarray(0, 15).every(byte => byte === 0)) return bytes[15] === 1 ? 'loopback' : 'local'
  if (startsWith(bytes, [0x20, 0x01, 0x0d, 0xb8])) return 'local'
  // Only 2000::/3 is given out as internet addresses.
  return bytes[0]! >> 5 === 1 ? 'global' : 'local'
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}
