/**
 * Who is not welcome, for how long. A ban is on `host:port` first. Hosts are banned only after several of
 * their ports were, since many honest peers may sit behind one address (NAT, a shared server), and never the
 * machine itself. Other ports of a host are taken with care meanwhile. Bounded: the oldest ban gives way.
 */
import { StrangerTurns } from './stranger-turns.ts'

const MAX_BANS = 4_000
/** Bans of ports of one host, alive at the same time, that ban the host. */
const PORTS_BEFORE_HOST = 4

export class BanList {
  /** Until when, by `host:port` or host. */
  readonly #until = new Map<string, number>()
  /** When others of a host may be tried of which a port is banned. */
  readonly turns: StrangerTurns = new StrangerTurns()

  /** `isShared` is asked before a whole host is banned: true spares it. */
  ban(hostOrKey: string, now: number, ms: number, isShared: () => boolean): void {
    this.#set(hostOrKey, now + ms)
    const host = hostOfKey(hostOrKey)
    if (host === hostOrKey || host.startsWith('127.') || host === '::1') return
    let ports = 0
    let endsAt = now
    for (const [key, until] of this.#until) {
      if (until <= now || key === host || hostOfKey(key) !== host) continue
      ports++
      endsAt = Math.max(endsAt, until)
    }
    this.turns.onBan(host, ports, now, endsAt)
    if (ports >= PORTS_BEFORE_HOST && !isShared()) this.#set(host, now + ms)
  }

  has(hostOrKey: string, now: number): boolean {
    return this.until(hostOrKey, now) > now
  }

  /** When the last ban on it, or on its host, ends; `now` or earlier: it is not banned. */
  until(hostOrKey: string, now: number): number {
    return Math.max(this.#untilOf(hostOrKey, now), this.#untilOf(hostOfKey(hostOrKey), now))
  }

  #untilOf(key: string, now: number): number {
    const until = this.#until.get(key)
    if (until === undefined) return Number.NEGATIVE_INFINITY
    if (until <= now) this.#until.delete(key)
    return until
  }

  #set(key: string, until: number): void {
    const longest = Math.max(until, this.#until.get(key) ?? until)
    this.#until.delete(key)
    this.#until.set(key, longest)
    if (this.#until.size <= MAX_BANS) return
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest)
      break
    }
  }
}

/** The host of `10.0.0.1:6881`, `[fd00::1]:6881`, `10.0.0.1` or `fd00::1`. */
export function hostOfKey(hostOrKey: string): string {
  if (hostOrKey.startsWith('[')) return hostOrKey.slice(1, hostOrKey.indexOf(']'))
  const colon = hostOrKey.indexOf(':')
  return colon > 0 && colon === hostOrKey.lastIndexOf(':') ? hostOrKey.slice(0, colon) : hostOrKey
}
