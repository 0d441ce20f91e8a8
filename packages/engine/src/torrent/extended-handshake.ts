/** The extension protocol's handshake (BEP 10): what we tell of ourselves, and what we use of theirs. */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { BencodeDict } from '../bencode/value.ts'

/** Extended message id of the handshake itself. */
export const EXTENDED_HANDSHAKE = 0

export interface ExtendedHandshake {
  /** Client name and version in its own words; not sanitised. */
  readonly client: string | undefined
  /** How many requests it lets wait. */
  readonly requestQueue: number | undefined
  /** Where it listens. */
  readonly port: number | undefined
}

export function encodeExtendedHandshake(own: {
  client: string
  port: number | undefined
  requestQueue: number
}): Uint8Array {
  return encode({
    m: {},
    ...(own.port === undefined ? {} : { p: own.port }),
    reqq: own.requestQueue,
    v: own.client,
  })
}

/** What cannot be read is left out: an odd extension handshake is no reason to part. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const none = { client: undefined, requestQueue: undefined, port: undefined }
  let value: unknown
  try {
    value = decode(payload, { maxDepth: 8, maxTokens: 500 }).value
  } catch {
    return none
  }
  if (!(value instanceof BencodeDict)) return none
  const port = value.int('p')
  const requestQueue = value.int('reqq')
  return {
    client: value.text('v')?.slice(0, 64),
    requestQueue: requestQueue !== undefined && requestQueue > 0 ? requestQueue : undefined,
    port: port !== undefined && port > 0 && port < 65536 ? port : undefined,
  }
}
