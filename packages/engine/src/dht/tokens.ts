/**
 * Write tokens (BEP 5): who shows one has received a datagram of ours at its address, so it is not somebody else's.
 * Nothing is kept for a token but the secret it was made with.
 */
import { parseIp } from '../bytes/address.ts'
import { concatBytes, equalBytes } from '../bytes/bytes.ts'
import type { Random, Sha1 } from '../ports.ts'

const SECRET_BYTES = 20
/** Few, as an answer may not be large; enough that guessing is hopeless at the rate we answer. */
export const TOKEN_BYTES = 8
/** BEP 5: a token is good for five to ten minutes. */
const ROTATE_MS = 5 * 60_000

export class Tokens {
  readonly #random: Random
  readonly #sha1: Sha1
  #current: Uint8Array
  #previous: Uint8Array
  #rotatedAt: number | undefined

  constructor(random: Random, sha1: Sha1) {
    this.#random = random
    this.#sha1 = sha1
    this.#current = random.bytes(SECRET_BYTES)
    this.#previous = random.bytes(SECRET_BYTES)
  }

  tokenFor(host: string, now: number): Uint8Array {
    this.#rotate(now)
    return this.#make(this.#current, host)
  }

  isValid(token: Uint8Array, host: string, now: number): boolean {
    this.#rotate(now)
    return (
      equalBytes(token, this.#make(this.#current, host)) ||
      equalBytes(token, this.#make(this.#previous, host))
    )
  }

  #make(secret: Uint8Array, host: string): Uint8Array {
    return this.#sha1(concatBytes([secret, parseIp(host) ?? new Uint8Array(0)])).slice(0, TOKEN_BYTES)
  }

  #rotate(now: number): void {
    this.#rotatedAt ??= now
    const passed = now - this.#rotatedAt
    if (passed < ROTATE_MS) return
    // After a long sleep no token given out before may count.
    this.#previous = passed < 2 * ROTATE_MS ? this.#current : this.#random.bytes(SECRET_BYTES)
    this.#current = this.#random.bytes(SECRET_BYTES)
    this.#rotatedAt = now
  }
}
