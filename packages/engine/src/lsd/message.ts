/**
 * Announces of local service discovery (BEP 14): HTTP in shape, one datagram each, to everybody on the local network.
 *
 *     BT-SEARCH * HTTP/1.1
 *     Host: 239.192.152.143:6771
 *     Port: 6881
 *     Infohash: <40 hex digits>          once or several times
 *     cookie: <text>                     by which the sender knows its own again
 */

/** BEP 14: more would be cut in pieces on the way. */
const MAX_SENT_BYTES = 1400
/** Others may count differently; no announce of one datagram is larger. */
const MAX_RECEIVED_BYTES = 2048
/** As many as fit with the longest of the other headers. */
export const MAX_HASHES_PER_ANNOUNCE = 20
const MAX_COOKIE_CHARS = 64
/** Far more than an announce has; each is looked at by itself. */
const MAX_LINES = 64

export interface Announce {
  /** Where the sender listens, at the address the datagram came from. */
  readonly port: number
  /** 40 lower-case hex digits each, each once. */
  readonly infoHashes: readonly string[]
  readonly cookie: string | undefined
}

/** `host` is the group and port it goes to; at most {@link MAX_HASHES_PER_ANNOUNCE} info-hashes. */
export function encodeAnnounce(host: string, { port, infoHashes, cookie }: Announce): Uint8Array {
  const lines = ['BT-SEARCH * HTTP/1.1', `Host: ${host}`, `Port: ${port}`]
  for (const infoHash of infoHashes) lines.push(`Infohash: ${infoHash}`)
  if (cookie !== undefined) lines.push(`cookie: ${cookie}`)
  const bytes = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n\r\n`)
  if (bytes.length > MAX_SENT_BYTES) throw new RangeError(`an announce of ${bytes.length} bytes`)
  return bytes
}

/** Undefined for anything that is not an announce of at least one torrent. Headers that nobody knows are passed over. */
export function parseAnnounce(bytes: Uint8Array): Announce | undefined {
  if (bytes.length > MAX_RECEIVED_BYTES) return undefined
  const [first = '', ...headers] = asciiOf(bytes).split(/\r?\n/, MAX_LINES)
  if (!/^BT-SEARCH \* HTTP\/1\.\d$/i.test(first)) return undefined
  let port: number | undefined
  let cookie: string | undefined
  const infoHashes = new Set<string>()
  for (const header of headers) {
    const colon = header.indexOf(':')
    const value = header.slice(colon + 1).trim()
    const name = header.slice(0, Math.max(0, colon)).trim().toLowerCase()
    if (name === 'port' && /^\d{1,5}$/.test(value)) port ??= Number(value)
    else if (name === 'cookie' && value.length <= MAX_COOKIE_CHARS) cookie ??= value
    else if (name === 'infohash' && /^[0-9a-f]{40}$/i.test(value)) infoHashes.add(value.toLowerCase())
  }
  if (port === undefined || port < 1 || port > 65535 || infoHashes.size === 0) return undefined
  return { port, infoHashes: [...infoHashes], cookie }
}

/** One character a byte. */
function asciiOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
