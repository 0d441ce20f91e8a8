/**
 * When to announce one torrent, and to which of its trackers (BEP 3, 12). Pure: `poll` says what to announce now,
 * and whoever announces tells how it went.
 *
 * A round goes through the trackers in order, tier by tier, until one answers:
 *
 *     tier 0   a ──fails──▶ b ──fails──▶ ┐        shuffled once; who answers moves to the front of its tier
 *     tier 1   ┌───────────◀─────────────┘
 *              c ──answers──▶ the round is over; the next begins after c's interval, again at tier 0
 *
 * A tracker that failed is left out until its backoff is over. When a round finds nobody, the next begins as soon as
 * the first backoff ends. At most one announce of a round is in flight; `completed` and `stopped` go beside the round
 * to every tracker that they concern, and so does the first `started` to a tracker that the user has just named.
 *
 * Invariants: one announce in flight per tracker at most; `stopped` and `completed` only to trackers that answered a
 * `started` of this session, `completed` before `stopped`; without an event, no tracker is asked again before its min
 * interval.
 */
import type { ShoalError } from '../errors.ts'
import type { AnnounceEvent, AnnounceReply } from './announce.ts'

/** Peers asked for at a time: enough to fill a torrent's connections, and one UDP datagram holds them all. */
const NUM_WANT = 150

/** After a first failure; each further one doubles it. */
const BACKOFF_MIN_MS = 15_000

/** The longest backoff: a tracker that comes back is found within an hour. */
const BACKOFF_MAX_MS = 60 * 60_000

/** Up to a tenth is added to a backoff, so that the clients of a restarted tracker do not come all at once. */
const BACKOFF_JITTER = 0.1

/** Between two announces for want of peers, where the tracker names no min interval. */
const WANT_PEERS_MS = 5 * 60_000

/** Between two announces that the user asks for, where the tracker names no min interval: some ban who asks too often. */
const USER_WANTS_MS = 60_000

/** Trackers of one torrent: each costs a request now and then, and torrents can be written by anyone. */
const MAX_TRACKERS = 200

/** So often `completed` is tried with one tracker. */
const MAX_COMPLETED_TRIES = 4

/** So long does `stopped` wait for the answer to `completed`: one that is on its way is heard first nearly always. */
const COMPLETED_PATIENCE_MS = 1_500

/** One to a tracker to which another is in flight takes its place: that one is to be cancelled. */
export interface AnnounceCall {
  readonly url: string
  readonly event: AnnounceEvent
  readonly numWant: number
  /** What this tracker gave us last time. */
  readonly trackerId: string | undefined
}

export interface TrackerStatus {
  readonly url: string
  readonly tier: number
  readonly state: 'idle' | 'announcing' | 'ok' | 'error'
  /** Of the last announce; undefined once one succeeded. */
  readonly lastError: ShoalError | undefined
  /** In ms of the caller's clock; undefined when it is not this tracker's turn. */
  readonly nextAnnounceAt: number | undefined
  /** When it last answered. */
  readonly lastReplyAt: number | undefined
  /** When its last announce ended, with an answer or without. */
  readonly lastAnnounceAt: number | undefined
  readonly seeders: number | undefined
  readonly leechers: number | undefined
  readonly downloads: number | undefined
  /** In its last answer. */
  readonly peersReceived: number
  readonly warning: string | undefined
  readonly trackerId: string | undefined
}

/** What all trackers together tell. */
export interface TrackersSummary {
  /** The most that any of them knows. */
  readonly seeders: number | undefined
  readonly leechers: number | undefined
  /** Of the first that failed, where none that was asked answers. */
  readonly failure: string | undefined
}

/** A source of numbers from 0 to `bound` - 1. */
export interface AnnouncerRandom {
  below(bound: number): number
}

interface Tracker {
  readonly url: string
  inFlight: AnnounceEvent | undefined
  /** This round has been here, in vain. */
  tried: boolean
  heardStarted: boolean
  /** Just named by the user: it hears `started` without waiting for its turn. */
  isNew: boolean
  /** Tries of `completed` still to make; 0 when it is not owed. */
  owesCompleted: number
  /** Of a farewell: until then `completed` is let to end first. */
  patientUntil: number
  failures: number
  /** End of the backoff. */
  retryAt: number
  /** End of the min interval. */
  againAt: number
  lastError: ShoalError | undefined
  lastReply: AnnounceReply | undefined
  lastReplyAt: number | undefined
  lastAnnounceAt: number | undefined
  trackerId: string | undefined
}

const NEVER = Number.POSITIVE_INFINITY
const AT_ONCE = Number.NEGATIVE_INFINITY

export class Announcer {
  readonly #tiers: Tracker[][] = []
  readonly #random: AnnouncerRandom
  #running = false
  /** When the next round begins, or the current one began. */
  #dueAt = NEVER
  /** Who answered the last round. */
  #current: Tracker | undefined
  /** Trackers to say goodbye to. */
  #farewells: Tracker[] = []
  /** Those that were taken out, until they have heard it. */
  readonly #leaving = new Map<string, Tracker>()
  /** Undefined after a change. */
  #summary: TrackersSummary | undefined

  /** Repeated URLs and those beyond {@link MAX_TRACKERS} are left out. */
  constructor(tiers: readonly (readonly string[])[], options: { readonly random: AnnouncerRandom }) {
    this.#random = options.random
    const seen = new Set<string>()
    for (const urls of tiers) {
      const tier: Tracker[] = []
      for (const url of urls) {
        if (seen.has(url) || seen.size >= MAX_TRACKERS) continue
        seen.add(url)
        tier.push(newTracker(url))
      }
      this.#shuffle(tier)
      if (tier.length > 0) this.#tiers.push(tier)
    }
  }

  /** Begins a session: the first announce is due at once. */
  start(now: number): void {
    if (this.#running) return
    this.#running = true
    this.#dueAt = now
    this.#current = undefined
    for (const tracker of this.#farewells) tracker.patientUntil = AT_ONCE
    for (const tracker of this.#all()) {
      tracker.tried = false
      tracker.heardStarted = false
      tracker.isNew = false
      tracker.owesCompleted = 0
      tracker.againAt = AT_ONCE
    }
  }

  /** The download was finished in this session; not to be called for a torrent that was complete when it started. */
  complete(_now: number): void {
    if (!this.#running) return
    for (const tracker of this.#all()) {
      // One whose `started` is on its way has been told of a leecher, too.
      if (tracker.heardStarted || tracker.inFlight === 'started') tracker.owesCompleted = MAX_COMPLETED_TRIES
    }
  }

  /**
   * Ends the session: `poll` gives the `stopped` announces, once. A `completed` that is in flight, or owed to a tracker
   * that works, comes first if it ends soon. Other announces in flight count as ended from here on; their URLs are
   * returned for the caller to cancel them.
   */
  stop(now: number): string[] {
    if (!this.#running) return []
    this.#running = false
    this.#dueAt = NEVER
    const cancelled: string[] = []
    for (const tracker of this.#all()) {
      const isHearing = tracker.inFlight === 'completed'
      if (tracker.inFlight !== undefined && !isHearing) {
        cancelled.push(tracker.url)
        tracker.inFlight = undefined
      }
      if (tracker.heardStarted) this.#farewells.push(tracker)
      tracker.heardStarted = false
      tracker.patientUntil = now + COMPLETED_PATIENCE_MS
      if (isHearing || tracker.failures > 0) tracker.owesCompleted = 0
    }
    return cancelled
  }

  /** We are short of peers: the next round comes as soon as the tracker's min interval allows. */
  needPeers(now: number): void {
    if (!this.#running || this.#current === undefined) return
    this.#dueAt = Math.min(this.#dueAt, Math.max(now, this.#current.againAt))
  }

  /** The user wants to know now: backoffs end, and the next round comes as soon as the min interval allows. */
  announceNow(now: number): void {
    if (!this.#running) return
    for (const tracker of this.#all()) {
      tracker.retryAt = AT_ONCE
      const { lastReply, lastReplyAt } = tracker
      if (lastReply !== undefined && lastReplyAt !== undefined && lastReply.minIntervalMs === undefined)
        tracker.againAt = Math.min(tracker.againAt, lastReplyAt + USER_WANTS_MS)
    }
    if (this.#current === undefined) this.#dueAt = now
    else this.needPeers(now)
  }

  /**
   * Other tiers, as of the constructor. A tracker that stays keeps all that is known of it and its place among those of
   * its tier that stay; one that is new hears `started` at once; one that goes hears `stopped`, if it knows us. Other
   * announces in flight to those that go count as ended: their URLs are returned for the caller to cancel them.
   */
  setTiers(tiers: readonly (readonly string[])[], now: number): string[] {
    this.#summary = undefined
    const before = new Map(this.#all().map((tracker, place) => [tracker.url, { tracker, place }]))
    const seen = new Set<string>()
    this.#tiers.length = 0
    for (const urls of tiers) {
      const stays: { tracker: Tracker; place: number }[] = []
      const fresh: Tracker[] = []
      for (const url of urls) {
        if (seen.has(url) || seen.size >= MAX_TRACKERS) continue
        seen.add(url)
        const known = before.get(url)
        if (known === undefined) fresh.push(this.#welcome(url))
        else stays.push(known)
      }
      this.#shuffle(fresh)
      stays.sort((a, b) => a.place - b.place)
      const tier = [...stays.map(({ tracker }) => tracker), ...fresh]
      if (tier.length > 0) this.#tiers.push(tier)
    }
    const cancelled: string[] = []
    for (const { tracker } of before.values()) {
      if (seen.has(tracker.url)) continue
      if (tracker.inFlight !== undefined && tracker.inFlight !== 'stopped') cancelled.push(tracker.url)
      this.#dismiss(tracker, now)
    }
    if (this.#running && this.#current === undefined) this.#dueAt = Math.min(this.#dueAt, now)
    return cancelled
  }

  /** A tracker was added by the user or by a magnet link; `tier` beyond the last makes a new one. False if known. */
  add(url: string, tier: number, now: number): boolean {
    const all = this.#all()
    if (all.length >= MAX_TRACKERS || all.some(tracker => tracker.url === url)) return false
    const at = Math.max(0, Math.min(Math.floor(tier), this.#tiers.length))
    if (at === this.#tiers.length) this.#tiers.push([])
    this.#tiers[at]!.push(newTracker(url))
    this.#summary = undefined
    // While another tracker answers, the new one waits for its turn.
    if (this.#running && this.#current === undefined) this.#dueAt = Math.min(this.#dueAt, now)
    return true
  }

  /** The tracker hears `stopped` if it knows us; outcomes of what is in flight to it are ignored. False if unknown. */
  remove(url: string, now: number): boolean {
    for (const [at, tier] of this.#tiers.entries()) {
      const index = tier.findIndex(tracker => tracker.url === url)
      if (index < 0) continue
      const [tracker] = tier.splice(index, 1)
      this.#summary = undefined
      if (tier.length === 0) this.#tiers.splice(at, 1)
      this.#dismiss(tracker!, now)
      return true
    }
    return false
  }

  /** What to announce now. Each call returned is in flight until `onReply` or `onError` ends it. */
  poll(now: number): AnnounceCall[] {
    const calls: AnnounceCall[] = []
    calls.push(...this.#sayFarewell(now))
    if (!this.#running) return calls
    for (const tracker of this.#all()) {
      if (tracker.isNew && tracker.inFlight === undefined) calls.push(this.#call(tracker, 'started'))
      if (tracker.owesCompleted === 0 || !tracker.heardStarted || tracker.inFlight !== undefined) continue
      if (tracker.retryAt <= now) calls.push(this.#call(tracker, 'completed'))
    }
    const next = this.#nextOfRound(now)
    if (next !== undefined) calls.push(this.#call(next, next.heardStarted ? 'none' : 'started'))
    return calls
  }

  /** When `poll` may have something to say next, unless something else happens before; Infinity for never. */
  nextTimeout(): number {
    let farewellAt = NEVER
    for (const { inFlight, patientUntil } of this.#farewells)
      farewellAt = Math.min(farewellAt, inFlight === undefined ? AT_ONCE : patientUntil)
    if (!this.#running) return farewellAt
    const all = this.#all()
    if (all.some(tracker => tracker.isNew && tracker.inFlight === undefined)) return AT_ONCE
    let at = all.some(tracker => tracker.inFlight !== undefined)
      ? farewellAt
      : Math.min(farewellAt, this.#dueAt)
    for (const tracker of all) {
      if (tracker.owesCompleted > 0 && tracker.inFlight === undefined) at = Math.min(at, tracker.retryAt)
    }
    return at
  }

  onReply(url: string, reply: AnnounceReply, now: number): void {
    const tracker = this.#ended(url)
    if (tracker === undefined) return
    const event = tracker.inFlight
    tracker.inFlight = undefined
    this.#summary = undefined
    tracker.failures = 0
    tracker.retryAt = AT_ONCE
    tracker.lastError = undefined
    tracker.lastReply = reply
    tracker.lastReplyAt = now
    tracker.lastAnnounceAt = now
    tracker.trackerId = reply.trackerId ?? tracker.trackerId
    if (!this.#running || event === 'stopped' || this.#farewells.includes(tracker)) return
    const wasBeside = tracker.isNew
    tracker.isNew = false
    if (event === 'started') tracker.heardStarted = true
    if (event === 'completed') tracker.owesCompleted = 0
    tracker.againAt = now + (reply.minIntervalMs ?? Math.min(reply.intervalMs, WANT_PEERS_MS))
    // The answer of a tracker that is not on duty does not end the round of another.
    if (event === 'completed' && tracker !== this.#current) return
    if (wasBeside && this.#current !== undefined && tracker !== this.#current) return
    this.#toFront(tracker)
    this.#current = tracker
    this.#dueAt = now + reply.intervalMs
    for (const each of this.#all()) each.tried = false
  }

  onError(url: string, error: ShoalError, now: number): void {
    const tracker = this.#ended(url)
    if (tracker === undefined) return
    const event = tracker.inFlight
    tracker.inFlight = undefined
    this.#summary = undefined
    tracker.lastError = error
    tracker.lastAnnounceAt = now
    if (!this.#running || event === 'stopped' || this.#farewells.includes(tracker)) return
    const wasBeside = tracker.isNew
    tracker.isNew = false
    tracker.failures++
    tracker.retryAt = now + this.#backoff(tracker.failures)
    if (event === 'completed') {
      tracker.owesCompleted--
      return
    }
    // Had it not heard of us before, its next `started` says that the download is complete.
    if (event === 'started') tracker.owesCompleted = 0
    if (wasBeside && this.#current !== undefined && tracker !== this.#current) return
    tracker.tried = true
    if (this.#current === tracker) this.#current = undefined
  }

  /** Per tracker, in the order in which they are tried. */
  status(): TrackerStatus[] {
    return this.#tiers.flatMap((tier, at) => tier.map(tracker => this.#statusOf(tracker, at)))
  }

  /** Of all of them; put together anew after an answer or a failure alone. */
  summary(): TrackersSummary {
    this.#summary ??= summarize(this.#all())
    return this.#summary
  }

  /** `stopped` to all that have been told, or had the time to be told, that the download is complete. */
  #sayFarewell(now: number): AnnounceCall[] {
    const calls: AnnounceCall[] = []
    this.#farewells = this.#farewells.filter(tracker => {
      const isPatient = now < tracker.patientUntil
      if (tracker.inFlight !== undefined && isPatient) return true
      const owes = tracker.owesCompleted > 0 && isPatient
      tracker.owesCompleted = 0
      calls.push(this.#call(tracker, owes ? 'completed' : 'stopped'))
      return owes
    })
    return calls
  }

  /** The next tracker to try in the round that is due; ends the round when there is none. */
  #nextOfRound(now: number): Tracker | undefined {
    if (now < this.#dueAt) return undefined
    const all = this.#all()
    if (all.some(tracker => tracker.inFlight !== undefined && tracker.inFlight !== 'stopped'))
      return undefined
    const next = all.find(
      tracker =>
        tracker.inFlight === undefined && !tracker.tried && tracker.retryAt <= now && tracker.againAt <= now,
    )
    if (next !== undefined) return next
    this.#dueAt = NEVER
    for (const tracker of all) {
      tracker.tried = false
      this.#dueAt = Math.min(this.#dueAt, Math.max(tracker.retryAt, tracker.againAt))
    }
    return undefined
  }

  #call(tracker: Tracker, event: AnnounceEvent): AnnounceCall {
    tracker.inFlight = event
    const numWant = event === 'stopped' ? 0 : NUM_WANT
    return { url: tracker.url, event, numWant, trackerId: tracker.trackerId }
  }

  /** The tracker whose announce ended; undefined for one that was removed or cancelled. */
  #ended(url: string): Tracker | undefined {
    const tracker = this.#all().find(each => each.url === url)
    if (tracker !== undefined) return tracker.inFlight === undefined ? undefined : tracker
    this.#leaving.delete(url)
    return undefined
  }

  /** A tracker that the user names: one that has not left yet comes back as it was. */
  #welcome(url: string): Tracker {
    const leaving = this.#leaving.get(url)
    this.#leaving.delete(url)
    if (leaving === undefined) return { ...newTracker(url), isNew: true }
    const at = this.#farewells.indexOf(leaving)
    if (at >= 0) this.#farewells.splice(at, 1)
    else leaving.heardStarted = false
    leaving.isNew = !leaving.heardStarted
    return leaving
  }

  /** Out of its tier. */
  #dismiss(tracker: Tracker, now: number): void {
    if (tracker.inFlight !== 'stopped') tracker.inFlight = undefined
    tracker.isNew = false
    tracker.owesCompleted = 0
    if (tracker.heardStarted) this.#farewells.push(tracker)
    tracker.patientUntil = AT_ONCE
    const isLeaving = tracker.inFlight !== undefined || this.#farewells.includes(tracker)
    if (isLeaving) this.#leaving.set(tracker.url, tracker)
    if (!this.#running || this.#current !== tracker) return
    this.#current = undefined
    this.#dueAt = now
  }

  /** BEP 12: who answered is asked first from now on. */
  #toFront(tracker: Tracker): void {
    for (const tier of this.#tiers) {
      const at = tier.indexOf(tracker)
      if (at > 0) tier.unshift(...tier.splice(at, 1))
    }
  }

  #backoff(failures: number): number {
    const base = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (failures - 1))
    return base + this.#random.below(Math.floor(base * BACKOFF_JITTER))
  }

  #statusOf(tracker: Tracker, tier: number): TrackerStatus {
    const { lastReply, lastError, inFlight, url, lastReplyAt, lastAnnounceAt, trackerId } = tracker
    let nextAnnounceAt: number | undefined
    if (this.#running && inFlight === undefined) {
      if (tracker === this.#current) nextAnnounceAt = this.#dueAt
      else if (lastError !== undefined) nextAnnounceAt = Math.max(tracker.retryAt, this.#dueAt)
    }
    const settled = lastError !== undefined ? 'error' : lastReply !== undefined ? 'ok' : 'idle'
    return {
      url,
      tier,
      state: inFlight === undefined ? settled : 'announcing',
      lastError,
      nextAnnounceAt,
      lastReplyAt,
      lastAnnounceAt,
      seeders: lastReply?.seeders,
      leechers: lastReply?.leechers,
      downloads: lastReply?.downloads,
      peersReceived: lastReply?.peers.length ?? 0,
      warning: lastReply?.warning,
      trackerId,
    }
  }

  #all(): Tracker[] {
    return this.#tiers.flat()
  }

  /** Fisher-Yates. */
  #shuffle(tier: Tracker[]): void {
    for (let at = tier.length - 1; at > 0; at--) {
      const other = this.#random.below(at + 1)
      const held = tier[at]!
      tier[at] = tier[other]!
      tier[other] = held
    }
  }
}

function summarize(trackers: readonly Tracker[]): TrackersSummary {
  let seeders: number | undefined
  let leechers: number | undefined
  let failure: string | undefined
  let answers = false
  for (const { lastReply, lastError } of trackers) {
    if (lastReply?.seeders !== undefined) seeders = Math.max(seeders ?? 0, lastReply.seeders)
    if (lastReply?.leechers !== undefined) leechers = Math.max(leechers ?? 0, lastReply.leechers)
    if (lastError !== undefined) failure ??= lastError.message
    else if (lastReply !== undefined) answers = true
  }
  return { seeders, leechers, failure: answers ? undefined : failure }
}

function newTracker(url: string): Tracker {
  return {
    url,
    inFlight: undefined,
    tried: false,
    heardStarted: false,
    isNew: false,
    owesCompleted: 0,
    patientUntil: AT_ONCE,
    failures: 0,
    retryAt: AT_ONCE,
    againAt: AT_ONCE,
    lastError: undefined,
    lastReply: undefined,
    lastReplyAt: undefined,
    lastAnnounceAt: undefined,
    trackerId: undefined,
  }
}
