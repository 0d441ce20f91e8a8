/** What a node keeps between two starts: its id, its address and the nodes that it knew. */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'
import { crc32 } from '../bytes/crc32.ts'
import { ipScope } from '../bytes/ip-scope.ts'
import { type Family, familyOf } from './address-rules.ts'
import { type Contact, ID_BYTES } from './distance.ts'
import { compactNodes } from './krpc.ts'
import { parseCompactNodes } from './krpc-decode.ts'

export const MAX_SAVED_NODES = 100
const MAX_SAVED_BYTES = 64 * 1024
const VERSION = 1

export interface Saved {
  readonly id: Uint8Array | undefined
  /** Our own, of the internet. */
  readonly ip: string | undefined
  readonly nodes: readonly Contact[]
}

export function writeSaved(saved: Saved): Uint8Array {
  const body = encode({ id: saved.id, ip: saved.ip, nodes: compactNodes(saved.nodes) })
  return encode({ body, crc32: crc32(body), version: VERSION })
}

/** Whether it is whole, and as we write it. */
export function isSaved(bytes: Uint8Array): boolean {
  return readBody(bytes) !== undefined
}

/** What is damaged is missing: a node can always begin anew. */
export function readSaved(bytes: Uint8Array | undefined, family: Family): Saved {
  const dict = bytes && readBody(bytes)
  const id = dict?.bytes('id')
  const ip = dict?.text('ip')
  return {
    id: id?.length === ID_BYTES ? id.slice() : undefined,
    ip: ip !== undefined && ipScope(ip) === 'global' && familyOf(ip) === family ? ip : undefined,
    nodes: parseCompactNodes(dict?.bytes('nodes') ?? new Uint8Array(0), family, MAX_SAVED_NODES),
  }
}

function readBody(bytes: Uint8Array): BencodeDict | undefined {
  const outer = decodeDict(bytes)
  const body = outer?.int('version') === VERSION ? outer.bytes('body') : undefined
  return body !== undefined && crc32(body) === outer?.int('crc32') ? decodeDict(body) : undefined
}

function decodeDict(bytes: Uint8Array): BencodeDict | undefined {
  try {
    const { value } = decode(bytes, { maxBytes: MAX_SAVED_BYTES, maxDepth: 2, maxTokens: 20, strict: true })
    return value instanceof BencodeDict ? value : undefined
  } catch {
    return undefined
  }
}
