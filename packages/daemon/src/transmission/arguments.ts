/**
 * What a call is given, by name in any spelling. As lenient as Transmission where clients rely on it (0 and 1 for false
 * and true, numbers as text); anything else of a wrong type is refused in words, where Transmission would do nothing.
 */
import { CODE, RpcFailure } from './failure.ts'
import { snakeOf } from './names.ts'

/** Torrents and files named in one call: as many as a torrent may have files, and a household torrents. */
const MAX_LIST = 1_000_000

export class Arguments {
  readonly #values: ReadonlyMap<string, { readonly as: string; readonly value: unknown }>

  constructor(given: Readonly<Record<string, unknown>>) {
    // Null is as good as not there: some clients send all they know.
    this.#values = new Map(
      Object.entries(given)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([as, value]) => [snakeOf(as), { as, value }]),
    )
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  raw(name: string): unknown {
    return this.#values.get(name)?.value
  }

  /** In snake case. */
  get names(): readonly string[] {
    return [...this.#values.keys()]
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    if (value === 1 || value === 'true') return true
    if (value === 0 || value === 'false') return false
    throw this.wrong(name, 'true or false')
  }

  number(name: string): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number)) throw this.wrong(name, 'a number')
    return number
  }

  integer(name: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const number = this.number(name)
    if (number === undefined) return undefined
    const integer = Math.trunc(number)
    if (integer < least || integer > most) {
      throw this.wrong(name, most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`)
    }
    return integer
  }

  string(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.wrong(name, 'a text')
  }

  strings(name: string): readonly string[] | undefined {
    const list = this.#list(name)
    if (list?.every(each => typeof each === 'string') === false) throw this.wrong(name, 'a list of texts')
    return list as readonly string[] | undefined
  }

  /** Indices of files. */
  indices(name: string): readonly number[] | undefined {
    const list = this.#list(name)
    if (list?.every(each => Number.isSafeInteger(each) && (each as number) >= 0) === false) {
      throw this.wrong(name, 'a list of file numbers from 0')
    }
    return list as readonly number[] | undefined
  }

  list(name: string): readonly unknown[] | undefined {
    return this.#list(name)
  }

  wrong(name: string, wanted: string): RpcFailure {
    return new RpcFailure(
      CODE.invalidParams,
      `${this.#values.get(name)?.as ?? name}: ${wanted} is wanted here`,
    )
  }

  #list(name: string): readonly unknown[] | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw this.wrong(name, 'a list')
    if (value.length > MAX_LIST) throw this.wrong(name, `a list of at most ${MAX_LIST}`)
    return value
  }
}
