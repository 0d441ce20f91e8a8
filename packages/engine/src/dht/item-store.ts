/** The items of BEP 44 that others have put here, by target. Bounded: the farthest from our id make room. */
import { equalBytes } from '../bytes/bytes.ts'
import { toHex } from '../bytes/hex.ts'
import type { Sha1 } from '../ports.ts'
import { compareDistance } from './distance.ts'
import { type Item, type MutableItem, signedBytes, targetOf } from './item.ts'
import { KRPC_ERROR, type KrpcErrorCode } from './krpc.ts'

/** About a megabyte in all. */
export const MAX_ITEMS = 1000
/** BEP 44: who wants an item kept puts it again every hour. */
const ITEM_LIFE_MS = 2 * 60 * 60_000

export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

interface Stored {
  readonly target: Uint8Array
  readonly item: Item
  readonly expiresAt: number
}

export class ItemStore {
  readonly #sha1: Sha1
  readonly #verify: Verify | undefined
  readonly #items = new Map<string, Stored>()

  /** Without `verify` (Ed25519) only immutable items are taken. */
  constructor(sha1: Sha1, verify: Verify | undefined) {
    this.#sha1 = sha1
    this.#verify = verify
  }

  get count(): number {
    return this.#items.size
  }

  get(target: Uint8Array, now: number): Item | undefined {
    const stored = this.#items.get(toHex(target))
    return stored === undefined || stored.expiresAt <= now ? undefined : stored.item
  }

  /** Stores or renews; the error to answer with where that is not to be. `cas`: the `seq` that is to be replaced. */
  put(item: Item, cas: number | undefined, ownId: Uint8Array, now: number): KrpcErrorCode | undefined {
    const target = targetOf(item, this.#sha1)
    const key = toHex(target)
    if (item.kind === 'mutable') {
      if (!this.#isSigned(item)) return KRPC_ERROR.badSignature
      const held = this.#items.get(key)?.item
      const error = held?.kind === 'mutable' ? conflict(held, item, cas) : undefined
      if (error !== undefined) return error
    }
    this.expire(now)
    if (!this.#items.has(key) && this.#items.size >= MAX_ITEMS && !this.#makeRoom(target, ownId)) {
      return KRPC_ERROR.server
    }
    this.#items.set(key, { target, item, expiresAt: now + ITEM_LIFE_MS })
    return undefined
  }

  expire(now: number): void {
    for (const [key, stored] of this.#items) if (stored.expiresAt <= now) this.#items.delete(key)
  }

  #isSigned(item: MutableItem): boolean {
    return (
      this.#verify?.(item.publicKey, signedBytes(item.salt, item.seq, item.value), item.signature) ?? false
    )
  }

  /** False when everything that is here is closer to us than what wants in. */
  #makeRoom(target: Uint8Array, ownId: Uint8Array): boolean {
    let farthest = target
    for (const other of this.#items.values()) {
      if (compareDistance(ownId, other.target, farthest) > 0) farthest = other.target
    }
    return this.#items.delete(toHex(farthest))
  }
}

/** An item may be replaced by a newer one, and renewed by itself. */
function conflict(held: MutableItem, item: MutableItem, cas: number | undefined): KrpcErrorCode | undefined {
  if (cas !== undefined && cas !== held.seq) return KRPC_ERROR.casMismatch
  if (item.seq < held.seq) return KRPC_ERROR.seqTooLow
  if (item.seq === held.seq && !equalBytes(item.value, held.value)) return KRPC_ERROR.seqTooLow
  return undefined
}
