/** Items of the DHT (BEP 44) between their public shape, of texts, and that of the core, of bytes. */
import { decode } from '../bencode/decode.ts'
import { encode } from '../bencode/encode.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { fromHex } from '../bytes/hex.ts'
import {
  checkItem,
  type Item,
  MAX_SALT_BYTES,
  type MutableItem,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  signedBytes,
} from '../dht/item.ts'
import { ShoalError } from '../errors.ts'
import type { DhtItem, DhtPutMutableOptions } from './types/dht.ts'

/** BEP 44. */
const ERROR_CAS = 301
const ERROR_SEQ = 302

/** What is to be signed once its seq is known. */
export type Draft = Pick<MutableItem, 'value' | 'publicKey' | 'salt'>

export function encodeValue(value: string | Uint8Array): Uint8Array {
  return encode(bytesOf(value))
}

/** @throws ShoalError `OPTION_INVALID` for what nobody would store */
export function draftOf(value: string | Uint8Array, { key, salt, seq, cas }: DhtPutMutableOptions): Draft {
  const draft = { value: encodeValue(value), publicKey: parsePublicKey(key.publicKey), salt: saltOf(salt) }
  const signature = new Uint8Array(SIGNATURE_BYTES)
  for (const number of [seq ?? 0, cas ?? 0]) checkItem({ kind: 'mutable', ...draft, seq: number, signature })
  return draft
}

/**
 * The item to put in place of the one found. Its seq is one more, unless told.
 *
 * @throws ShoalError `DHT_CONFLICT` when it may not replace what was found
 */
export function nextItem(draft: Draft, found: Item | undefined, options: DhtPutMutableOptions): MutableItem {
  const { key, cas } = options
  const held = found?.kind === 'mutable' ? found : undefined
  const seq = options.seq ?? Math.max(held?.seq ?? 0, cas ?? 0) + 1
  if (held !== undefined) {
    if (cas !== undefined && cas !== held.seq) throw conflict(`what is there has seq ${held.seq}, not ${cas}`)
    const isOld = seq < held.seq || (seq === held.seq && !equalBytes(draft.value, held.value))
    if (isOld) throw conflict(`what is there has seq ${held.seq}: the next needs a higher one than ${seq}`)
  }
  return { kind: 'mutable', ...draft, seq, signature: key.sign(signedBytes(draft.salt, seq, draft.value)) }
}

/** Why no node stored it, by the codes of their answers: undefined when it is not for what is there. */
export function conflictOf(refusals: readonly number[]): ShoalError | undefined {
  if (refusals.includes(ERROR_CAS)) return conflict('somebody has put another value meanwhile')
  if (refusals.includes(ERROR_SEQ)) return conflict('what is there has a higher seq')
  return undefined
}

export function publicItem(item: Item): DhtItem {
  const { value } = decode(item.value)
  return {
    bencoded: item.value,
    bytes: value instanceof Uint8Array ? value : undefined,
    mutable: item.kind === 'mutable',
    seq: item.kind === 'mutable' ? item.seq : undefined,
  }
}

export function parsePublicKey(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase())
  if (bytes?.length === PUBLIC_KEY_BYTES) return bytes
  throw new ShoalError('OPTION_INVALID', `${JSON.stringify(text)} is not a public key: 64 hex digits`)
}

/** @throws ShoalError `OPTION_INVALID` */
export function saltOf(salt: string | Uint8Array | undefined): Uint8Array {
  const bytes = bytesOf(salt ?? '')
  if (bytes.length <= MAX_SALT_BYTES) return bytes
  throw new ShoalError('OPTION_INVALID', `the salt has more than ${MAX_SALT_BYTES} bytes`)
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value
}

function conflict(why: string): ShoalError {
  return new ShoalError('DHT_CONFLICT', `the DHT keeps what it has: ${why}`, { operation: 'put' })
}
