/** Values that the DHT stores for anybody (BEP 44). A value is its bencoded form, whatever its type. */

import { decode } from '../bencode/decode.ts'
import type { BencodeValue } from '../bencode/value.ts'
import { concatBytes } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import type { Sha1 } from '../ports.ts'

export const MAX_VALUE_BYTES = 1000
export const MAX_SALT_BYTES = 64
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
/** Nobody nests deeper or needs more in a kilobyte that means something. */
const MAX_VALUE_DEPTH = 16
const MAX_VALUE_TOKENS = 500

/** Found by the SHA-1 of its value. */
export interface ImmutableItem {
  readonly kind: 'immutable'
  /** Bencoded, at most 1000 bytes. */
  readonly value: Uint8Array
}

/** Found by the SHA-1 of public key and salt; the one with the highest `seq` counts. */
export interface MutableItem {
  readonly kind: 'mutable'
  /** Bencoded, at most 1000 bytes. */
  readonly value: Uint8Array
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** At most 64 bytes; empty for none. */
  readonly salt: Uint8Array
  /** From 0; greater ones than 2^53 - 1, which the BEP has, are not supported. */
  readonly seq: number
  /** Of {@link signedBytes}, 64 bytes. */
  readonly signature: Uint8Array
}

export type Item = ImmutableItem | MutableItem

/** The 20 bytes under which an item is stored. */
export function targetOf(item: Item, sha1: Sha1): Uint8Array {
  return item.kind === 'immutable' ? sha1(item.value) : mutableTarget(item.publicKey, item.salt, sha1)
}

export function mutableTarget(publicKey: Uint8Array, salt: Uint8Array, sha1: Sha1): Uint8Array {
  return sha1(concatBytes([publicKey, salt]))
}

/** What the owner of a mutable item signs. `value` is bencoded. */
export function signedBytes(salt: Uint8Array, seq: number, value: Uint8Array): Uint8Array {
  const head = utf8.encode(`3:seqi${seq}e1:v`)
  if (salt.length === 0) return concatBytes([head, value])
  return concatBytes([utf8.encode(`4:salt${salt.length}:`), salt, head, value])
}

/** Throws a ShoalError `OPTION_INVALID` for an item that nobody would store. */
export function checkItem(item: Item): void {
  const problem = problemOf(item)
  if (problem !== undefined)
    throw new ShoalError('OPTION_INVALID', `the item ${problem}`, { operation: 'put' })
}

/** The value that these bytes are the one bencoding of; undefined when they are not. */
export function parseValue(value: Uint8Array): BencodeValue | undefined {
  try {
    return decode(value, {
      strict: true,
      maxBytes: MAX_VALUE_BYTES,
      maxDepth: MAX_VALUE_DEPTH,
      maxTokens: MAX_VALUE_TOKENS,
    }).value
  } catch {
    return undefined
  }
}

function problemOf(item: Item): string | undefined {
  if (item.value.length > MAX_VALUE_BYTES) return `has a value of more than ${MAX_VALUE_BYTES} bytes`
  if (parseValue(item.value) === undefined) return 'has a value that is not canonical bencoding'
  if (item.kind === 'immutable') return undefined
  if (item.publicKey.length !== PUBLIC_KEY_BYTES) return `has a key that is not of ${PUBLIC_KEY_BYTES} bytes`
  if (item.signature.length !== SIGNATURE_BYTES)
    return `has a signature that is not of ${SIGNATURE_BYTES} bytes`
  if (item.salt.length > MAX_SALT_BYTES) return `has a salt of more than ${MAX_SALT_BYTES} bytes`
  if (!Number.isSafeInteger(item.seq) || item.seq < 0) return 'has a seq that is no whole number from 0'
  return undefined
}

const utf8 = new TextEncoder()
