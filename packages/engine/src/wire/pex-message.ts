/** Messages of `ut_pex` (BEP 11): whom a peer is connected to now, and to whom no longer. */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { type PeerAddress, parseCompact4, parseCompact6, toCompact } from '../bytes/address.ts'
import { concatBytes } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'

/** Bits of {@link PexContact.flags}. */
export const PexFlag = {
  encryption: 0x01,
  /** A seed, or whoever will download nothing more (BEP 21). */
  uploadOnly: 0x02,
  utp: 0x04,
  holepunch: 0x08,
  /** A connection to it was opened, so it can be reached. */
  reachable: 0x10,
} as const

export interface PexContact {
  /** Where it listens. */
  readonly address: PeerAddress
  /** {@link PexFlag}s; 0 where nothing is known. */
  readonly flags: number
}

export function encodePexMessage(added: readonly PexContact[], dropped: readonly PeerAddress[]): Uint8Array {
  const isV6 = (address: PeerAddress): boolean => address.host.includes(':')
  const added4 = added.filter(({ address }) => !isV6(address))
  const added6 = added.filter(({ address }) => isV6(address))
  return encode({
    added: compact(added4.map(({ address }) => address)),
    'added.f': Uint8Array.from(added4, ({ flags }) => flags),
    added6: compact(added6.map(({ address }) => address)),
    'added6.f': Uint8Array.from(added6, ({ flags }) => flags),
    dropped: compact(dropped.filter(address => !isV6(address))),
    dropped6: compact(dropped.filter(isV6)),
  })
}

/**
 * Those that were added, at most `limit`, of which half may be of each family where there are more; who was dropped is
 * of no use to us. Throws a ProtocolError when this is no dictionary; fields that cannot be read are empty.
 */
export function parsePexMessage(payload: Uint8Array, limit: number): PexContact[] {
  const dict = decodeDict(payload)
  const added4 = contacts(dict, 'added', 6, limit)
  const added6 = contacts(dict, 'added6', 18, limit)
  const most6 = Math.min(added6.length, Math.max(limit >> 1, limit - added4.length))
  return [...added4.slice(0, limit - most6), ...added6.slice(0, most6)]
}

/** How many are named. Throws a ProtocolError as {@link parsePexMessage} does. */
export function countPexContacts(payload: Uint8Array): { readonly added: number; readonly dropped: number } {
  const dict = decodeDict(payload)
  const count = (key: string, entryBytes: number): number =>
    Math.floor((dict.bytes(key)?.length ?? 0) / entryBytes)
  return {
    added: count('added', 6) + count('added6', 18),
    dropped: count('dropped', 6) + count('dropped6', 18),
  }
}

function contacts(dict: BencodeDict, key: string, entryBytes: 6 | 18, limit: number): PexContact[] {
  const bytes = dict.bytes(key)
  const flags = dict.bytes(`${key}.f`)
  const found: PexContact[] = []
  const count = Math.min(limit, Math.floor((bytes?.length ?? 0) / entryBytes))
  for (let n = 0; n < count; n++) {
    // One by one: a list drops entries without a port, and the flags would go to the wrong ones.
    const entry = bytes!.subarray(n * entryBytes, (n + 1) * entryBytes)
    const [address] = entryBytes === 6 ? parseCompact4(entry) : parseCompact6(entry)
    if (address !== undefined) found.push({ address, flags: flags?.[n] ?? 0 })
  }
  return found
}

function decodeDict(payload: Uint8Array): BencodeDict {
  let value: unknown
  try {
    value = decode(payload, { maxDepth: 4, maxTokens: 64 }).value
  } catch (error) {
    throw new ProtocolError('BAD_MESSAGE', `a peer exchange message is damaged: ${(error as Error).message}`)
  }
  if (value instanceof BencodeDict) return value
  throw new ProtocolError('BAD_MESSAGE', 'a peer exchange message is not a dictionary')
}

function compact(addresses: readonly PeerAddress[]): Uint8Array {
  return concatBytes(addresses.map(toCompact).filter(bytes => bytes !== undefined))
}
