/** Passwords are kept as what scrypt makes of them: each guess costs 32 MiB and a tenth of a second. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { HttpProblem } from '../problem.ts'

export const MIN_PASSWORD_CHARS = 8
export const MAX_PASSWORD_CHARS = 1000

export interface PasswordHash {
  readonly salt: string
  readonly hash: string
  /** A power of two. */
  readonly cost: number
}

const COST = 2 ** 15
const BLOCK_SIZE = 8
const HASH_BYTES = 32
/** One at a time, for memory's sake; people do not sign in by the dozen. */
const MAX_WAITING = 16

export class Passwords {
  readonly #cost: number
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  /** @param cost lower in tests only */
  constructor(cost: number = COST) {
    this.#cost = cost
  }

  async hash(password: string): Promise<PasswordHash> {
    const salt = randomBytes(16)
    const hash = await this.#derive(password, salt, this.#cost)
    return { salt: salt.toString('base64'), hash: hash.toString('base64'), cost: this.#cost }
  }

  /** @throws HttpProblem `UNAVAILABLE` when too many are being looked at */
  async matches(password: string, kept: PasswordHash): Promise<boolean> {
    const expected = Buffer.from(kept.hash, 'base64')
    const actual = await this.#derive(password, Buffer.from(kept.salt, 'base64'), kept.cost)
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  }

  #derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
    if (this.#waiting >= MAX_WAITING) {
      throw new HttpProblem('UNAVAILABLE', 'Too many people sign in at once; try again in a few seconds.', {
        headers: { 'Retry-After': '5' },
      })
    }
    this.#waiting++
    const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 2 ** 20 + 256 * cost * BLOCK_SIZE }
    const result = this.#last.then(
      () =>
        new Promise<Buffer>((done, failed) => {
          scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) =>
            error === null ? done(key) : failed(error),
          )
        }),
    )
    this.#last = result.catch(() => undefined).finally(() => this.#waiting--)
    return result
  }
}
