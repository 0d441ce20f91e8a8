/**
 * One way through the DHT to the nodes nearest to a target (Kademlia, BEP 5): ask the nearest known, learn of nearer
 * ones, until the 8 nearest that live have all answered. It sends nothing itself; whoever owns it asks whom to ask.
 *
 *   waiting ──asked──▶ asked ──reply──▶ answered
 *                        └──no reply──▶ failed
 *
 * Those who answer may lie. So of each party (IP address) and network (a /24) one node counts, and one that has
 * answered counts before one that was only told of; the list is bounded for each network; so is the number of messages.
 * And as anybody with 8 addresses could stand nearest to a target, the 8 nearest whose ids are those of their addresses
 * (BEP 42) are looked for, too; where all ids are, these are the same.
 */

import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { equalBytes } from '../bytes/bytes.ts'
import { networkOf } from '../bytes/network.ts'
import { partyOf } from './address-rules.ts'
import { type Contact, compareDistance } from './distance.ts'
import { isNodeIdOf } from './node-id.ts'
import { K } from './routing-table.ts'

/** Questions that are on their way at the same time, but for those that take long. */
const PARALLEL = 4
/** An honest search among ten million nodes takes some 50. */
const MAX_MESSAGES = 100
const MAX_CANDIDATES = 300
/** Waiting ones of one network: those behind the first are there in case that it fails. */
const MAX_WAITING_PER_NETWORK = 3

export interface Candidate {
  readonly address: PeerAddress
  /** Undefined for a bootstrap node that has not answered yet. */
  id: Uint8Array | undefined
  /** The id is one that the address may have (BEP 42). */
  isVerified: boolean
  state: 'waiting' | 'asked' | 'answered' | 'failed'
  /** Asked long ago: another one is asked meanwhile, but an answer is still welcome. */
  isSlow: boolean
  /** Answers that led here. */
  readonly hops: number
  /** What it gave us to write with. */
  token: Uint8Array | undefined
  /** Party and network: what of it may be there once. */
  readonly keys: readonly string[]
}

export interface LookupStats {
  readonly messages: number
  readonly replies: number
  /** Answers, one after another, that it took to find the last of the nearest nodes. */
  readonly hops: number
}

export class Lookup {
  readonly target: Uint8Array
  /** By distance; those without an id at the end. */
  readonly #candidates: Candidate[] = []
  readonly #known = new Set<string>()
  /** How many were told of in each network. */
  readonly #perNetwork = new Map<string, number>()
  readonly #ownId: Uint8Array
  #messages = 0
  #replies = 0
  #inFlight = 0
  #slow = 0
  #isEnded = false

  constructor(target: Uint8Array, ownId: Uint8Array) {
    this.target = target
    this.#ownId = ownId
  }

  /** All who could be asked have been, and nobody is waited for. */
  get isDone(): boolean {
    return this.#inFlight === 0 && (this.#isEnded || this.#choose() === undefined)
  }

  get stats(): LookupStats {
    const hops = Math.max(0, ...this.nearest().map(candidate => candidate.hops))
    return { messages: this.#messages, replies: this.#replies, hops }
  }

  /** Tells of nodes, or of addresses where a node may be. `hops`: answers that led to them. */
  add(contacts: readonly (Contact | PeerAddress)[], hops: number): void {
    for (const contact of contacts) this.#add(contact, hops)
  }

  /** Whom to ask now; undefined for nobody. Counts as asked: `replied` or `failed` has to follow. */
  next(): Candidate | undefined {
    if (this.#isEnded || this.#inFlight - this.#slow >= PARALLEL || this.#messages >= MAX_MESSAGES) {
      return undefined
    }
    const candidate = this.#choose()
    if (candidate === undefined) return undefined
    candidate.state = 'asked'
    this.#messages++
    this.#inFlight++
    return candidate
  }

  /** An answer came from a candidate that was asked, from a node of this id. */
  replied(candidate: Candidate, id: Uint8Array, token: Uint8Array | undefined): void {
    this.#land(candidate)
    this.#replies++
    if (equalBytes(id, this.#ownId)) {
      candidate.state = 'failed'
      return
    }
    candidate.state = 'answered'
    candidate.token = token
    if (candidate.id !== undefined && equalBytes(candidate.id, id)) return
    // It is not who it was said to be: it stands where it says that it stands.
    this.#candidates.splice(this.#candidates.indexOf(candidate), 1)
    candidate.id = id
    candidate.isVerified = isNodeIdOf(candidate.address.host, id)
    this.#place(candidate)
  }

  /** No answer has come yet; it may still. */
  delayed(candidate: Candidate): void {
    if (candidate.state !== 'asked' || candidate.isSlow) return
    candidate.isSlow = true
    this.#slow++
  }

  /** No answer, or none that counts. */
  failed(candidate: Candidate): void {
    this.#land(candidate)
    candidate.state = 'failed'
  }

  /** Asks nobody any more: what was looked for is found. */
  end(): void {
    this.#isEnded = true
  }

  /**
   * The 8 nearest nodes that answered, and the 8 nearest of these that are verified; one of each party and network.
   * `withToken`: only those that gave one.
   */
  nearest(withToken = false): Candidate[] {
    const held = this.#heldKeys()
    const nearest: Candidate[] = []
    let verified = 0
    for (const candidate of this.#candidates) {
      if (candidate.state !== 'answered' || isBehind(candidate, held)) continue
      if (withToken && candidate.token === undefined) continue
      if (nearest.length >= K && !(candidate.isVerified && verified < K)) continue
      nearest.push(candidate)
      if (candidate.isVerified) verified++
    }
    return nearest
  }

  /** The nearest one that waits among the 8 nearest, or the 8 nearest verified ones, that have not failed. */
  #choose(): Candidate | undefined {
    if (this.#messages >= MAX_MESSAGES) return undefined
    const held = this.#heldKeys()
    let alive = 0
    let verified = 0
    for (const candidate of this.#candidates) {
      if (candidate.state === 'failed' || isBehind(candidate, held)) continue
      if (alive >= K && !candidate.isVerified) continue
      if (candidate.state === 'waiting') return candidate
      alive++
      if (candidate.isVerified && ++verified >= K) return undefined
    }
    return undefined
  }

  /** Who holds a party or network: those that answered, the verified and nearest first, then those being asked. */
  #heldKeys(): Map<string, Candidate> {
    const held = new Map<string, Candidate>()
    const hold = (candidate: Candidate): void => {
      if (candidate.keys.some(key => held.has(key))) return
      for (const key of candidate.keys) held.set(key, candidate)
    }
    const answered = this.#candidates.filter(candidate => candidate.state === 'answered')
    for (const candidate of answered) if (candidate.isVerified) hold(candidate)
    for (const candidate of answered) if (!candidate.isVerified) hold(candidate)
    for (const candidate of this.#candidates) if (candidate.state === 'asked') hold(candidate)
    return held
  }

  #add(contact: Contact | PeerAddress, hops: number): void {
    const key = formatAddress(contact)
    const id = 'id' in contact ? contact.id : undefined
    if (this.#known.has(key) || (id !== undefined && equalBytes(id, this.#ownId))) return
    const party = partyOf(contact.host)
    const network = networkOf(contact.host)
    const keys = [party, network].filter(value => value !== undefined)
    const candidate: Candidate = {
      address: { host: contact.host, port: contact.port },
      id,
      isVerified: id !== undefined && isNodeIdOf(contact.host, id),
      state: 'waiting',
      isSlow: false,
      hops,
      token: undefined,
      keys,
    }
    this.#known.add(key)
    this.#place(candidate)
    if (network !== undefined) this.#countNetwork(network)
    if (this.#candidates.length > MAX_CANDIDATES) this.#dropFarthest()
  }

  #countNetwork(network: string): void {
    const count = (this.#perNetwork.get(network) ?? 0) + 1
    this.#perNetwork.set(network, count)
    if (count > MAX_WAITING_PER_NETWORK) this.#thin(network)
  }

  /** Keeps the nearest few that wait of a network: ever nearer ones may be told of, without end. */
  #thin(network: string): void {
    let waiting = 0
    for (let at = 0; at < this.#candidates.length; at++) {
      const candidate = this.#candidates[at]!
      if (candidate.state !== 'waiting' || !candidate.keys.includes(network)) continue
      if (++waiting > MAX_WAITING_PER_NETWORK) this.#candidates.splice(at--, 1)
    }
  }

  #dropFarthest(): void {
    const at = this.#candidates.findLastIndex(candidate => candidate.state === 'waiting')
    if (at !== -1) this.#candidates.splice(at, 1)
  }

  /** Binary search for the place by distance. */
  #place(candidate: Candidate): void {
    let low = 0
    let high = this.#candidates.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#isNearer(this.#candidates[middle]!, candidate)) low = middle + 1
      else high = middle
    }
    this.#candidates.splice(low, 0, candidate)
  }

  #isNearer(a: Candidate, b: Candidate): boolean {
    if (a.id === undefined || b.id === undefined) return a.id !== undefined
    return compareDistance(this.target, a.id, b.id) <= 0
  }

  #land(candidate: Candidate): void {
    this.#inFlight--
    if (candidate.isSlow) this.#slow--
    candidate.isSlow = false
  }
}

/** Another one of its party or network counts in its stead; an unverified one never does for a verified one. */
function isBehind(candidate: Candidate, held: ReadonlyMap<string, Candidate>): boolean {
  return candidate.keys.some(key => {
    const holder = held.get(key)
    return holder !== undefined && holder !== candidate && (holder.isVerified || !candidate.isVerified)
  })
}
