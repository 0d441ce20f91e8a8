/**
 * Addresses of peers: text as people and trackers write it, and the compact forms of the wire (BEP 5, 7, 23).
 * One address has one text: IPv4 dotted, IPv6 in lower case and compressed (RFC 5952), an IPv4 address wrapped in
 * IPv6 as IPv4. So the text can be a key.
 */

const ZERO = 48
const DOT = 46
/** Of a number of which no digit has come. */
const NO_DIGIT = -1

/** An IP address literal (never a name; IPv6 without brackets) and a port. */
export interface PeerAddress {
  readonly host: string
  readonly port: number
}

/** `10.0.0.1:6881`, `[fd00::1]:6881`: for people, and as a key. */
export function formatAddress(address: PeerAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** 6 bytes a peer: IPv4 and port, big-endian (BEP 23). Port 0 and a cut-off last entry are dropped. */
export function parseCompact4(bytes: Uint8Array): PeerAddress[] {
  return parseCompact(bytes, 4)
}

/** 18 bytes a peer: IPv6 and port (BEP 7). Port 0 and a cut-off last entry are dropped. */
export function parseCompact6(bytes: Uint8Array): PeerAddress[] {
  return parseCompact(bytes, 16)
}

/** 6 or 18 bytes for an address; undefined when its host is not an IP literal. */
export function toCompact(address: PeerAddress): Uint8Array | undefined {
  const ip = parseIp(address.host)
  if (ip === undefined) return undefined
  const bytes = new Uint8Array(ip.length + 2)
  bytes.set(ip)
  bytes[ip.length] = address.port >> 8
  bytes[ip.length + 1] = address.port
  return bytes
}

/** `10.0.0.1:6881` or `[fd00::1]:6881`; undefined for names, for port 0 and for anything else. */
export function parseHostPort(text: string): PeerAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  const host = canonicalIp(match[1] ?? match[2]!)
  if (host === undefined || port === 0 || port > 65535) return undefined
  // A bracketed host is IPv6 as written, even where its canonical text is IPv4.
  if (match[1] !== undefined && !match[1].includes(':')) return undefined
  return { host, port }
}

/** Whether this is an IPv4 or IPv6 address (without brackets, port or zone), rather than a name. */
export function isIpLiteral(text: string): boolean {
  return parseIp(text) !== undefined
}

/** The one text of an IP literal; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : formatIp(bytes)
}

/** The one text of 4 or 16 bytes; undefined for any other number of them. */
export function formatIp(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  return isMapped(bytes) ? bytes.subarray(12).join('.') : formatIp6(bytes)
}

/** The 4 or 16 bytes of an IP literal (4 for an IPv4 address wrapped in IPv6); undefined when it is none. */
export function parseIp(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return parseIp4(text)
  const bytes = parseIp6(text)
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

function parseCompact(bytes: Uint8Array, ipBytes: number): PeerAddress[] {
  const peers: PeerAddress[] = []
  for (let at = 0; at + ipBytes + 2 <= bytes.length; at += ipBytes + 2) {
    const port = (bytes[at + ipBytes]! << 8) | bytes[at + ipBytes + 1]!
    if (port !== 0) peers.push({ host: formatIp(bytes.subarray(at, at + ipBytes))!, port })
  }
  return peers
}

/** ::ffff:a.b.c.d */
function isMapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return false
  return bytes[10] === 255 && bytes[11] === 255
}

/** Four decimal numbers; no leading zeros, which some systems read as octal. By characters: the DHT reads very many. */
function parseIp4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let part = 0
  let value = NO_DIGIT
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT && value !== NO_DIGIT && part < 3) {
      bytes[part++] = value
      value = NO_DIGIT
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || value === 0) return undefined
      value = value === NO_DIGIT ? digit : value * 10 + digit
      if (value > 255) return undefined
    }
  }
  if (part !== 3 || value === NO_DIGIT) return undefined
  bytes[3] = value
  return bytes
}

function parseIp6(text: string): Uint8Array | undefined {
  // The longest is 8 groups of 4 digits, the last two as IPv4: 45 characters.
  if (text.length > 45) return undefined
  const halves = text.split('::', 3)
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const length = head.length + tail.length
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

/** The bytes of `a:b:c`; with `atEnd` the last group may be a dotted IPv4 address. */
function parseGroups(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':', 9)
  for (let at = 0; at < groups.length; at++) {
    const group = groups[at]!
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
    } else {
      const last = atEnd && at === groups.length - 1 ? parseIp4(group) : undefined
      if (last === undefined) return undefined
      bytes.push(...last)
    }
  }
  return bytes
}

/** RFC 5952: lower case, no leading zeros, the longest (first) run of two or more zero groups as `::`. */
function formatIp6(bytes: Uint8Array): string {
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16))
  let best = 0
  let bestLength = 1
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (groups[from + length] === '0') length++
    if (length > bestLength) {
      best = from
      bestLength = length
    }
  }
  if (bestLength === 1) return groups.join(':')
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`
}
