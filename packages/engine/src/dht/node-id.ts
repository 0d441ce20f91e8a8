/** Node ids bound to the IP address of their owner (BEP 42), so that nobody can choose where in the DHT to stand. */
import { parseIp } from '../bytes/address.ts'
import { crc32c } from '../bytes/crc32c.ts'
import { ipScope } from '../bytes/ip-scope.ts'
import type { Random } from '../ports.ts'
import { ID_BYTES } from './distance.ts'

/** Bits of an address that count: few of the first bytes, where one owner holds many, and all of the last. */
const MASK_4 = [0x03, 0x0f, 0x3f, 0xff]
const MASK_6 = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff]

/** An id for the owner of the IP literal; a wholly random one where the address is no global one, or unknown. */
export function makeNodeId(ip: string | undefined, random: Random): Uint8Array {
  const id = random.bytes(ID_BYTES)
  if (ip === undefined || ipScope(ip) !== 'global') return id
  const crc = addressHash(ip, id[19]!)
  id[0] = crc >>> 24
  id[1] = crc >>> 16
  id[2] = ((crc >>> 8) & 0xf8) | (id[2]! & 7)
  return id
}

/** Whether the id is one that the owner of this IP literal may have; every id is, where the address is not global. */
export function isNodeIdOf(ip: string, id: Uint8Array): boolean {
  if (ipScope(ip) !== 'global') return true
  const crc = addressHash(ip, id[19]!)
  return id[0] === crc >>> 24 && id[1] === ((crc >>> 16) & 255) && ((id[2]! ^ (crc >>> 8)) & 0xf8) === 0
}

function addressHash(ip: string, random: number): number {
  const bytes = parseIp(ip)!
  const mask = bytes.length === 4 ? MASK_4 : MASK_6
  const masked = Uint8Array.from(mask, (bits, at) => bytes[at]! & bits)
  masked[0]! |= (random & 7) << 5
  return crc32c(masked)
}
