/** Runs lookups: sends their questions as the rate allows, stores at the nearest nodes where that is wanted, reports. */
import type { PeerAddress } from '../bytes/address.ts'
import type { Contact } from './distance.ts'
import type { Query, Reply } from './krpc.ts'
import { type Candidate, Lookup } from './lookup.ts'
import type { Outcome } from './queries.ts'

/** More than these wait: thousands of torrents look for peers one after another. */
const MAX_ACTIVE = 16
const MAX_WAITING = 5000
/** When there is no allowance to send, it is looked at again after so long. */
const RETRY_MS = 100

export interface SearchSummary {
  /** Questions sent, answers received; without those that store. */
  readonly messages: number
  readonly replies: number
  /** Answers, one after another, that it took to find the nearest nodes. */
  readonly hops: number
  /** Nodes near the target that answered, at most 8. */
  readonly nearest: number
  /** Nodes that stored what was to be stored, and error codes of those that would not. */
  readonly stored: number
  readonly refusals: readonly number[]
  readonly durationMs: number
}

export interface SearchTask {
  readonly target: Uint8Array
  query(): Query
  /** True ends the search: what it was for is found. */
  onReply?(reply: Reply, from: Candidate): boolean
  /** What to store at one of the nearest nodes, which has given this token. */
  store?(at: Candidate, token: Uint8Array): Query
  onDone(summary: SearchSummary): void
}

export interface SearchHost {
  readonly id: Uint8Array
  /** Where to begin. */
  seeds(target: Uint8Array, now: number): readonly (Contact | PeerAddress)[]
  maySend(now: number): boolean
  send(query: Query, to: PeerAddress, outcome: Outcome, now: number): void
  /** The nodes of an answer that may be believed. */
  contactsOf(reply: Reply): readonly Contact[]
}

interface Search {
  readonly task: SearchTask
  readonly startedAt: number
  /** Undefined while it waits for its turn. */
  lookup: Lookup | undefined
  /** Answers to storing that are waited for; undefined before. */
  storing: number | undefined
  stored: number
  readonly refusals: number[]
  isOver: boolean
}

export class Searches {
  readonly #host: SearchHost
  readonly #active = new Set<Search>()
  readonly #waiting = new Set<Search>()
  /** There was no place to wait: to be told so at the next tick. */
  readonly #turnedAway: Search[] = []
  #isHeldUp = false

  constructor(host: SearchHost) {
    this.#host = host
  }

  get count(): number {
    return this.#active.size + this.#waiting.size
  }

  /** Infinity for never. */
  nextTimeout(now: number): number {
    return this.#isHeldUp || this.#turnedAway.length > 0 ? now + RETRY_MS : Number.POSITIVE_INFINITY
  }

  /** Begins; the function that is returned ends it without a report. `extra`: addresses to begin at, too. */
  start(task: SearchTask, now: number, extra: readonly (Contact | PeerAddress)[] = []): () => void {
    const search: Search = {
      task,
      startedAt: now,
      lookup: undefined,
      storing: undefined,
      stored: 0,
      refusals: [],
      isOver: false,
    }
    if (this.#active.size < MAX_ACTIVE) this.#activate(search, now, extra)
    else if (this.#waiting.size < MAX_WAITING) this.#waiting.add(search)
    else this.#turnedAway.push(search)
    return () => {
      search.isOver = true
      this.#waiting.delete(search)
      this.#active.delete(search)
    }
  }

  /** Goes on with what had no allowance to send. */
  tick(now: number): void {
    this.#isHeldUp = false
    for (const search of [...this.#active]) this.#advance(search, now)
    this.#fill(now)
    for (const search of this.#turnedAway.splice(0)) if (!search.isOver) this.#finish(search, now)
  }

  #fill(now: number): void {
    for (const search of this.#waiting) {
      if (this.#active.size >= MAX_ACTIVE) return
      this.#waiting.delete(search)
      this.#activate(search, now, [])
    }
  }

  #activate(search: Search, now: number, extra: readonly (Contact | PeerAddress)[]): void {
    search.lookup = new Lookup(search.task.target, this.#host.id)
    search.lookup.add(this.#host.seeds(search.task.target, now), 0)
    search.lookup.add(extra, 0)
    this.#active.add(search)
    // Not in this turn: nobody who starts a search is called back before he has the means to end it.
    this.#isHeldUp = true
  }

  #advance(search: Search, now: number): void {
    const { lookup } = search
    if (search.isOver || lookup === undefined || search.storing !== undefined) return
    for (;;) {
      if (!this.#host.maySend(now)) {
        this.#isHeldUp = true
        return
      }
      const candidate = lookup.next()
      if (candidate === undefined) break
      this.#ask(search, lookup, candidate, now)
    }
    if (!lookup.isDone) return
    if (search.task.store === undefined) this.#finish(search, now)
    else this.#store(search, lookup, now)
  }

  #ask(search: Search, lookup: Lookup, candidate: Candidate, now: number): void {
    const outcome: Outcome = {
      onReply: (reply, at) => {
        if (search.isOver) return
        lookup.replied(candidate, reply.id, reply.token)
        lookup.add(this.#host.contactsOf(reply), candidate.hops + 1)
        if (search.task.onReply?.(reply, candidate) === true) lookup.end()
        this.#advance(search, at)
      },
      onError: (_code, at) => {
        lookup.failed(candidate)
        this.#advance(search, at)
      },
      onSlow: at => {
        lookup.delayed(candidate)
        this.#advance(search, at)
      },
      onTimeout: at => {
        lookup.failed(candidate)
        this.#advance(search, at)
      },
    }
    this.#host.send(search.task.query(), candidate.address, outcome, now)
  }

  #store(search: Search, lookup: Lookup, now: number): void {
    const nearest = lookup.nearest(true)
    search.storing = nearest.length
    const landed = (at: number): void => {
      search.storing!--
      if (search.storing === 0 && !search.isOver) this.#finish(search, at)
    }
    const outcome: Outcome = {
      onReply: (_reply, at) => {
        search.stored++
        landed(at)
      },
      onError: (code, at) => {
        search.refusals.push(code)
        landed(at)
      },
      onTimeout: landed,
    }
    for (const candidate of nearest) {
      this.#host.send(search.task.store!(candidate, candidate.token!), candidate.address, outcome, now)
    }
    if (nearest.length === 0) this.#finish(search, now)
  }

  #finish(search: Search, now: number): void {
    search.isOver = true
    this.#active.delete(search)
    this.#isHeldUp ||= this.#waiting.size > 0
    const { lookup } = search
    search.task.onDone({
      ...(lookup?.stats ?? { messages: 0, replies: 0, hops: 0 }),
      nearest: lookup?.nearest().length ?? 0,
      stored: search.stored,
      refusals: search.refusals,
      durationMs: now - search.startedAt,
    })
  }
}
