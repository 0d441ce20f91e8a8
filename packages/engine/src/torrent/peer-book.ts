/**
 * Every address we know for one torrent: where it came from, how it went, when to try again, and who is not
 * welcome.
 *
 *              next()              connected()
 *     idle  ----------> dialling ---------------> connected
 *       ^                   |                         |
 *       +---- failed() -----+----- disconnected() ----+
 *
 * Invariant: the book never holds more than `max` entries, whoever floods it; what is dialled, connected or
 * given by the user is never pushed out. Bans outlive entries and expire by themselves.
 *
 * Backoff doubles from 30 s to 30 min, so that a dead address costs little. Two cases are quicker: a peer
 * that has served us before has probably just restarted, and one given by the user is meant to be found.
 */

import type { PeerAddress } from '../bytes/address.ts'
import { formatAddress } from '../bytes/address.ts'
import type { Random } from '../ports.ts'
import { BanList, hostOfKey } from './ban-list.ts'

export type PeerSource = 'given' | 'tracker' | 'lsd' | 'incoming' | 'pex' | 'dht'

/** Best first: how likely an address from there is a live peer of this torrent. */
const TRUST: readonly PeerSource[] = ['given', 'tracker', 'lsd', 'incoming', 'pex', 'dht']

const GIVEN = 0

const DEFAULT_MAX = 3_000
const BACKOFF_MS = 30_000
/** Who served us a moment ago and now refuses is still closing that connection: it takes us in a moment later. */
const JUST_SERVED_MS = 10_000
const AT_ONCE_MS = 1_000
const MAX_BACKOFF_MS = 30 * 60_000
/** Of a peer that was useful, or that the user gave: the first retries. */
const QUICK_MIN_MS = 5_000
const QUICK_MAX_MS = 15_000
const QUICK_RETRIES = 3
const GIVEN_MAX_BACKOFF_MS = 60_000
/** After some quarter of an hour of failures an address is forgotten, unless a tracker named it recently. */
const FORGET_AFTER_FAILURES = 6
const TRACKER_RECENT_MS = 60 * 60_000
const STRIKES = 3
const STRIKE_BAN_MS = 60 * 60_000

/** One address; the book changes it, others only read. */
export interface PeerBookEntry {
  readonly address: PeerAddress
  /** `formatAddress(address)`. */
  readonly key: string
  readonly sources: readonly PeerSource[]
  readonly state: 'idle' | 'dialling' | 'connected'
  /** Attempts and connections in a row that led to nothing. */
  readonly failures: number
  /** Not to be dialled before. */
  readonly retryAt: number
  /** When it last served us, or a useful connection to it ended; undefined: never. */
  readonly usefulAt: number | undefined
  /** It had part in a piece that was right, and in none since for which it was banned. */
  readonly proven: boolean
  readonly strikes: number
  /** Why the last connection ended, for people. */
  readonly lastReason: string | undefined
  /** 20 bytes, where someone told it. */
  readonly peerId: Uint8Array | undefined
}

type Entry = {
  -readonly [K in keyof PeerBookEntry]: K extends 'sources' ? PeerSource[] : PeerBookEntry[K]
} & {
  trackerAt: number
  /** The best of `sources`, as an index into TRUST; 0: given. */
  rank: number
  /**
   * Breaks ties, lower first: what is missing to the highest priority (BEP 40), where that is known; otherwise random,
   * so that not everyone dials in the order of the tracker's list.
   */
  lot: number
}

/** Someone who came to us, and is in no book: the port it comes from is not one to call back. */
export function visitorEntry(address: PeerAddress): PeerBookEntry {
  return {
    address,
    key: formatAddress(address),
    sources: ['incoming'],
    state: 'connected',
    failures: 0,
    retryAt: 0,
    usefulAt: undefined,
    proven: false,
    strikes: 0,
    lastReason: undefined,
    peerId: undefined,
  }
}

/** 32 bits, higher is better (BEP 40); undefined: unknown. */
export type PriorityOf = (address: PeerAddress) => number | undefined

const MAX_PRIORITY = 0xffff_ffff

export interface PeerBookOptions {
  readonly random: Random
  /** Hosts, IP literals, that are not to be known. */
  readonly isBlocked?: (host: string) => boolean
  /** Most addresses to remember. */
  readonly max?: number
}

export class PeerBook {
  readonly #random: Random
  readonly #max: number
  readonly #isBlocked: (host: string) => boolean
  readonly #entries = new Map<string, Entry>()
  readonly #own = new Set<string>()
  readonly #bans = new BanList()
  #priorityOf: PriorityOf = () => undefined
  /**
   * A full book has no room for newcomers of this rank or above, until entries come or get worse: floods
   * cost no walks.
   */
  #noRoomRank = Number.POSITIVE_INFINITY

  constructor(options: PeerBookOptions) {
    this.#random = options.random
    this.#max = options.max ?? DEFAULT_MAX
    this.#isBlocked = options.isBlocked ?? (() => false)
  }

  get size(): number {
    return this.#entries.size
  }

  /** Ranks all addresses anew, and those to come: when it is known, or known better, where others see us. */
  setPriorities(priorityOf: PriorityOf): void {
    this.#priorityOf = priorityOf
    this.#noRoomRank = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) entry.lot = this.#draw(entry.address)
  }

  /** An address of our own, never to be dialled. */
  addOwn(address: PeerAddress): void {
    const key = formatAddress(address)
    this.#own.add(key)
    this.#entries.delete(key)
  }

  /**
   * Notes an address; true if it is new. Impossible, own, blocked and banned ones, and those a full book has no
   * room for, are not taken.
   */
  add(
    address: PeerAddress,
    source: PeerSource,
    now: number,
    info: { peerId?: Uint8Array | undefined } = {},
  ): boolean {
    const key = formatAddress(address)
    const known = this.#entries.get(key)
    if (known !== undefined) {
      if (!known.sources.includes(source)) known.sources.push(source)
      known.rank = Math.min(known.rank, TRUST.indexOf(source))
      if (source === 'tracker') known.trackerAt = now
      if (source === 'given') known.retryAt = Math.max(now, this.#bans.until(key, now))
      if (info.peerId !== undefined) known.peerId = info.peerId
      return false
    }
    if (!isDiallable(address) || this.#own.has(key) || this.#isBlocked(address.host)) return false
    if (source !== 'given' && this.#bans.has(key, now)) return false
    if (this.#entries.size >= this.#max && !this.#evictFor(source)) return false
    this.#noRoomRank = Number.POSITIVE_INFINITY
    this.#entries.set(key, {
      address: { host: address.host, port: address.port },
      key,
      sources: [source],
      state: 'idle',
      failures: 0,
      retryAt: Math.max(now, this.#bans.until(key, now)),
      usefulAt: undefined,
      proven: false,
      strikes: 0,
      lastReason: undefined,
      peerId: info.peerId,
      trackerAt: source === 'tracker' ? now : Number.NEGATIVE_INFINITY,
      rank: TRUST.indexOf(source),
      lot: this.#draw(address),
    })
    return true
  }

  /** Forgets who is blocked now; those that are dialled or connected when that ends. */
  leaveBlocked(): void {
    for (const { key, state, address } of this.#entries.values())
      if (state === 'idle' && this.#isBlocked(address.host)) this.#entries.delete(key)
  }

  entryFor(address: PeerAddress): PeerBookEntry | undefined {
    return this.#entries.get(formatAddress(address))
  }

  /** Whether {@link next} would find one that has not failed us: one walk over the book at most. */
  hasFresh(now: number): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'idle' || entry.retryAt > now || entry.failures > 0) continue
      if (!this.#mustWait(entry, now)) return true
    }
    return false
  }

  /** The best address to dial now, which is dialling from here on; one walk over the book. */
  next(now: number): PeerBookEntry | undefined {
    let best: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'idle' || entry.retryAt > now) continue
      if (this.#mustWait(entry, now)) continue
      if (best === undefined || isBetter(entry, best)) best = entry
    }
    if (best !== undefined) best.state = 'dialling'
    return best
  }

  /**
   * A peer that is connected otherwise says that it listens here: not to be dialled until {@link disconnected}.
   * Undefined when there is no such address, or another connection to it.
   */
  claim(address: PeerAddress): PeerBookEntry | undefined {
    const own = this.#entries.get(formatAddress(address))
    if (own === undefined || own.state !== 'idle') return undefined
    own.state = 'connected'
    return own
  }

  /** Handshake done, whoever dialled. */
  connected(entry: PeerBookEntry, _now: number): void {
    const own = this.#entries.get(entry.key)
    if (own !== undefined) own.state = 'connected'
  }

  /**
   * Whether a peer of which nothing was right yet may be asked for a piece: where others of its host were banned, one
   * has its turn after the other. This takes it.
   */
  takeTurn(entry: PeerBookEntry, now: number): boolean {
    return entry.sources.includes('given') || this.#bans.turns.take(entry.address.host, entry.key, now)
  }

  /** The peer had part in a piece that is right. */
  proved(entry: PeerBookEntry, now: number): void {
    this.#bans.turns.proved(entry.address.host, entry.key, now)
    this.served(entry, now)
    const own = this.#entries.get(entry.key)
    if (own !== undefined) own.proven = true
  }

  /**
   * The peer was of use while still connected; see {@link ban} and the backoff.
   */
  served(entry: PeerBookEntry, now: number): void {
    const own = this.#entries.get(entry.key)
    if (own !== undefined) own.usefulAt = now
  }

  /** It could not be reached, or the handshake failed. */
  failed(entry: PeerBookEntry, now: number): void {
    const own = this.#entries.get(entry.key)
    if (own !== undefined) this.#release(own, now, false)
  }

  /** `useful`: blocks went one way or the other, or would have; otherwise it counts as a failure. */
  disconnected(
    entry: PeerBookEntry,
    now: number,
    how: { useful: boolean; reason?: string | undefined },
  ): void {
    const own = this.#entries.get(entry.key)
    if (own === undefined) return
    own.lastReason = how.reason
    this.#release(own, now, how.useful)
  }

  /**
   * Bans `host:port` (as {@link formatAddress} writes it) or a whole host. Repeated bans of one host's ports
   * ban the host, unless another of its addresses has served us: honest peers may share an address with a
   * liar.
   */
  ban(hostOrKey: string, now: number, ms: number): void {
    const host = hostOfKey(hostOrKey)
    const served = (): boolean => {
      for (const entry of this.#entries.values()) {
        if (entry.usefulAt !== undefined && entry.address.host === host && !this.#bans.has(entry.key, now))
          return true
      }
      return false
    }
    this.#bans.ban(hostOrKey, now, ms, served)
    for (const entry of this.#entries.values()) {
      if (entry.address.host !== host) continue
      if (entry.key === hostOrKey) entry.proven = false
      if (entry.state === 'idle') this.#expel(entry, now)
    }
  }

  /** Of a host: whether all of it is banned. Of `host:port`: whether it, or its host, is. */
  isBanned(hostOrKey: string, now: number): boolean {
    return this.#bans.has(hostOrKey, now)
  }

  /** Notes a misdeed too small for a ban; the third bans the address for an hour and returns true. */
  strike(entry: PeerBookEntry, now: number): boolean {
    const own = this.#entries.get(entry.key)
    if (own === undefined || ++own.strikes < STRIKES) return false
    own.strikes = 0
    this.ban(own.key, now, STRIKE_BAN_MS)
    return true
  }

  /** Those that were of use, the last first, and those that are connected; so many at most. */
  useful(max: number): PeerAddress[] {
    return [...this.#entries.values()]
      .filter(entry => entry.usefulAt !== undefined || entry.state === 'connected')
      .sort((a, b) => (b.usefulAt ?? 0) - (a.usefulAt ?? 0))
      .slice(0, max)
      .map(entry => entry.address)
  }

  /** Copies of all entries. */
  snapshot(): PeerBookEntry[] {
    return Array.from(this.#entries.values(), ({ trackerAt: _, rank: __, lot: ___, ...entry }) => ({
      ...entry,
      sources: [...entry.sources],
    }))
  }

  /** A stranger of a host where others lied; it is not its turn. */
  #mustWait(entry: Entry, now: number): boolean {
    return !entry.proven && entry.rank !== GIVEN && this.#bans.turns.mustWait(entry.address.host, now)
  }

  #draw(address: PeerAddress): number {
    const priority = this.#priorityOf(address)
    return priority === undefined ? this.#random.below(0x10000) * 0x10000 : MAX_PRIORITY - priority
  }

  #release(entry: Entry, now: number, useful: boolean): void {
    this.#noRoomRank = Number.POSITIVE_INFINITY
    entry.state = 'idle'
    entry.failures = useful ? 0 : entry.failures + 1
    if (useful) entry.usefulAt = now
    entry.retryAt = now + this.#backoffMs(entry, now)
    const keep = entry.rank === GIVEN || now - entry.trackerAt < TRACKER_RECENT_MS
    if (entry.failures >= FORGET_AFTER_FAILURES && !keep) this.#entries.delete(entry.key)
    this.#expel(entry, now)
  }

  #backoffMs(entry: Entry, now: number): number {
    const { usefulAt } = entry
    if (entry.failures === 1 && usefulAt !== undefined && now - usefulAt < JUST_SERVED_MS) {
      return AT_ONCE_MS + this.#random.below(AT_ONCE_MS)
    }
    const given = entry.rank === GIVEN
    if (
      entry.failures === 0 ||
      ((given || entry.usefulAt !== undefined) && entry.failures <= QUICK_RETRIES)
    ) {
      return QUICK_MIN_MS + this.#random.below(QUICK_MAX_MS - QUICK_MIN_MS + 1)
    }
    const limitMs = given ? GIVEN_MAX_BACKOFF_MS : MAX_BACKOFF_MS
    const fullMs = Math.min(limitMs, BACKOFF_MS * 2 ** Math.min(16, entry.failures - 1))
    return fullMs * 0.75 + this.#random.below(Math.floor(fullMs * 0.25) + 1)
  }

  /** A banned address goes, but for one the user gave: it waits for the end of the ban. */
  #expel(entry: Entry, now: number): void {
    if (this.#isBlocked(entry.address.host)) this.#entries.delete(entry.key)
    const until = this.#bans.until(entry.key, now)
    if (until <= now) return
    if (entry.rank === GIVEN) entry.retryAt = Math.max(entry.retryAt, until)
    else this.#entries.delete(entry.key)
  }

  /** Makes room if someone idle is worth less than a newcomer from `source`. */
  #evictFor(source: PeerSource): boolean {
    const rank = TRUST.indexOf(source)
    if (rank >= this.#noRoomRank) return false
    let worst: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'idle' || entry.rank === GIVEN) continue
      if (worst === undefined || isBetter(worst, entry)) worst = entry
    }
    const isWorse =
      worst !== undefined && worst.usefulAt === undefined && (worst.failures > 0 || worst.rank > rank)
    if (worst !== undefined && isWorse) return this.#entries.delete(worst.key)
    this.#noRoomRank = rank
    return false
  }
}

function isDiallable({ host, port }: PeerAddress): boolean {
  return (
    host !== '' && host !== '0.0.0.0' && host !== '::' && Number.isInteger(port) && port > 0 && port <= 0xffff
  )
}

/** Given first, then those that served us, then the fewest failures, then the better source, then priority or lot. */
function isBetter(a: Entry, b: Entry): boolean {
  const given = Number(b.rank === GIVEN) - Number(a.rank === GIVEN)
  const useful = Number(b.usefulAt !== undefined) - Number(a.usefulAt !== undefined)
  const order = given || useful || a.failures - b.failures || a.rank - b.rank || a.lot - b.lot
  return order < 0
}
