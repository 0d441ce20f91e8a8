/** The pieces that a choked peer may ask for all the same (BEP 6). */
import { readUint32, writeUint32 } from '../bytes/bytes.ts'

/**
 * Up to `count` distinct piece indices, fewer if there are fewer pieces. They follow from the info-hash and the first
 * three bytes of the receiver's IPv4 address, so that one who reconnects, or holds a whole network, gets no others.
 * Empty for IPv6, which the BEP leaves open.
 */
export function allowedFastSet(
  infoHash: Uint8Array,
  ip: string,
  pieceCount: number,
  count: number,
  sha1: (bytes: Uint8Array) => Uint8Array,
): number[] {
  const network = network24(ip)
  if (network === undefined) return []
  const wanted = Math.min(count, pieceCount)
  const set: number[] = []
  let x = new Uint8Array(24)
  writeUint32(x, 0, network)
  x.set(infoHash, 4)
  while (set.length < wanted) {
    x = new Uint8Array(sha1(x))
    for (let at = 0; at < 20 && set.length < wanted; at += 4) {
      const index = readUint32(x, at) % pieceCount
      if (!set.includes(index)) set.push(index)
    }
  }
  return set
}

/** The address with its last byte zero; undefined if it is not dotted IPv4. */
function network24(ip: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(ip)
  if (match === null) return undefined
  const [a, b, c, d] = match.slice(1).map(Number) as [number, number, number, number]
  if (a > 255 || b > 255 || c > 255 || d > 255) return undefined
  return ((a << 24) | (b << 16) | (c << 8)) >>> 0
}
