/**
 * Slows down who guesses: after five failures within a quarter of an hour, an address has to wait, and longer each time.
 * Its table has a fixed size, however many addresses fail. When it is full of them, those that failed least lose their
 * place; then a limit over all addresses holds, from which only those are free that were let in before.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { isIPv6 } from 'node:net'

/** People mistype: the first few are free. */
const FREE_FAILURES = 5
const WINDOW_SECONDS = 15 * 60
const FIRST_WAIT_SECONDS = 30
const LONGEST_WAIT_SECONDS = 60 * 60
/** 16 ways × 4,096 sets × 20 bytes are 1.3 MB: more addresses than that are an attack of many, which is for the other limit. */
const SETS = 4096
const WAYS = 16
/** All addresses together, in a burst, and then each second: a botnet gets a hundred thousand guesses a day, not a billion. */
const ALL_BURST = 100
const ALL_PER_SECOND = 1
/** Those that were let in lately; a household has fewer. */
const MAX_KNOWN = 256

export class Limiter {
  readonly #now: () => number
  readonly #secret = randomBytes(32)
  /** Two words of the address's hash; 0, 0 is an empty place. */
  readonly #high = new Uint32Array(SETS * WAYS)
  readonly #low = new Uint32Array(SETS * WAYS)
  readonly #failures = new Uint16Array(SETS * WAYS)
  /** Seconds since the start. */
  readonly #failedAt = new Uint32Array(SETS * WAYS)
  readonly #freeAt = new Uint32Array(SETS * WAYS)
  readonly #known = new Set<string>()
  #allowance = ALL_BURST
  #allowanceAt: number

  /** @param now seconds, that never go back */
  constructor(now: () => number) {
    const startedAt = now()
    this.#now = () => Math.floor(now() - startedAt)
    this.#allowanceAt = this.#now()
  }

  /** Bytes of the tables, which never grow. */
  static readonly TABLE_BYTES: number = SETS * WAYS * (4 + 4 + 2 + 4 + 4)

  /** @returns seconds that the address has to wait; 0: it may try */
  wait(address: string): number {
    const now = this.#now()
    const at = this.#find(networkOf(address))
    const own = at === -1 ? 0 : this.#freeAt[at]! - now
    if (own > 0) return own
    this.#refill(now)
    if (this.#allowance >= 1 || this.#known.has(networkOf(address))) return 0
    return Math.ceil((1 - this.#allowance) / ALL_PER_SECOND)
  }

  /** @returns seconds to wait from now on */
  fail(address: string): number {
    const now = this.#now()
    this.#refill(now)
    this.#allowance = Math.max(0, this.#allowance - 1)
    const network = networkOf(address)
    const at = this.#findOrReplace(network, now)
    const isOld = now - this.#failedAt[at]! > WINDOW_SECONDS && this.#freeAt[at]! + WINDOW_SECONDS < now
    const failures = isOld ? 1 : Math.min(1000, this.#failures[at]! + 1)
    this.#failures[at] = failures
    this.#failedAt[at] = now
    if (failures < FREE_FAILURES) return 0
    const wait = Math.min(
      LONGEST_WAIT_SECONDS,
      FIRST_WAIT_SECONDS * 2 ** Math.min(20, failures - FREE_FAILURES),
    )
    this.#freeAt[at] = now + wait
    return wait
  }

  succeed(address: string): void {
    const network = networkOf(address)
    const at = this.#find(network)
    if (at !== -1) {
      this.#high[at] = 0
      this.#low[at] = 0
      this.#failures[at] = 0
      this.#freeAt[at] = 0
    }
    this.#known.delete(network)
    this.#known.add(network)
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!)
  }

  #refill(now: number): void {
    this.#allowance = Math.min(ALL_BURST, this.#allowance + (now - this.#allowanceAt) * ALL_PER_SECOND)
    this.#allowanceAt = now
  }

  #find(network: string): number {
    const { set, high, low } = this.#hash(network)
    for (let at = set * WAYS; at < (set + 1) * WAYS; at++) {
      if (this.#high[at] === high && this.#low[at] === low) return at
    }
    return -1
  }

  #findOrReplace(network: string, now: number): number {
    const { set, high, low } = this.#hash(network)
    let chosen = -1
    let worth = Number.POSITIVE_INFINITY
    for (let at = set * WAYS; at < (set + 1) * WAYS; at++) {
      if (this.#high[at] === high && this.#low[at] === low) return at
      const isEmpty = this.#high[at] === 0 && this.#low[at] === 0
      // Who must wait stays before who does not; among those, who failed more, then later.
      const waits = this.#freeAt[at]! > now ? 1e12 : 0
      const value = isEmpty ? -1 : waits + this.#failures[at]! * 1e8 - (now - this.#failedAt[at]!)
      if (value < worth) {
        worth = value
        chosen = at
      }
    }
    this.#high[chosen] = high
    this.#low[chosen] = low
    this.#failures[chosen] = 0
    this.#failedAt[chosen] = now
    this.#freeAt[chosen] = 0
    return chosen
  }

  /** Keyed: nobody can choose addresses that push a certain one out. */
  #hash(network: string): { set: number; high: number; low: number } {
    const digest = createHmac('sha256', this.#secret).update(network).digest()
    return {
      set: digest.readUInt32LE(0) % SETS,
      high: digest.readUInt32LE(4),
      low: (digest.readUInt32LE(8) | 1) >>> 0,
    }
  }
}

/** Whoever has an IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const width = right.some(group => group.includes('.')) ? 7 : 8
  const zeros =
    tail === undefined ? [] : new Array<string>(Math.max(0, width - left.length - right.length)).fill('0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return `${groups.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
