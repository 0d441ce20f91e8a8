/**
 * The nodes that we know (BEP 5): few of those far away, many of those near. Bucket `n` holds nodes that have exactly
 * `n` leading bits in common with our id; the last bucket holds all that have more, and is the only one that splits.
 *
 * Invariants: a node is here because it answered us from its address; a party (IP address) has one node, and a network
 * (a /24) one in each bucket; a bucket and its replacements hold at most 8 each.
 *
 *   good ──15 min without a word──▶ questionable ──2 questions unanswered──▶ bad, replaced by whoever comes
 *     ▲                                  │
 *     └─────────────answers──────────────┘
 */
import { equalBytes } from '../bytes/bytes.ts'
import { networkOf } from '../bytes/network.ts'
import { partyOf } from './address-rules.ts'
import { type Contact, compareDistance, ID_BITS, sharedBits, withRandomTail } from './distance.ts'
import { isNodeIdOf } from './node-id.ts'

/** K of Kademlia: nodes in a bucket, nodes in an answer, nodes that store something. */
export const K = 8
const QUIET_MS = 15 * 60_000
const BAD_FAILURES = 2
/** A questionable or failing node is asked again after so long. */
const RETRY_MS = 30_000
/** Nobody answers, ours is the network that fails: then once in so long is enough. */
const BAD_RETRY_MS = 10 * 60_000

interface Entry extends Contact {
  /** Its id is one that its address may have (BEP 42). */
  readonly isOwnId: boolean
  /** See `networkOf`. */
  readonly network: string | undefined
  answeredAt: number
  /** Last heard of, answer or query. */
  heardAt: number
  /** Last asked by {@link RoutingTable.nextQuestionable}. */
  askedAt: number
  failures: number
}

interface Bucket {
  nodes: Entry[]
  /** Who would be here if there were room; the last is the freshest. */
  replacements: Entry[]
  changedAt: number
}

export interface BucketSnapshot {
  readonly nodes: number
  readonly good: number
  readonly replacements: number
}

export class RoutingTable {
  readonly id: Uint8Array
  #buckets: Bucket[]
  readonly #parties = new Map<string, Entry>()

  /** `id` 20 bytes: our own. */
  constructor(id: Uint8Array, now: number) {
    this.id = id
    this.#buckets = [{ nodes: [], replacements: [], changedAt: now }]
  }

  get size(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.nodes.length, 0)
  }

  /** A node answered us from this address: it is updated, added, or kept for later. */
  answered(contact: Contact, now: number): void {
    if (equalBytes(contact.id, this.id)) return
    const known = this.#find(contact)
    if (known !== undefined) {
      if (equalBytes(known.id, contact.id) && known.port === contact.port) {
        known.answeredAt = known.heardAt = now
        known.failures = 0
        this.#bucketOf(known.id).changedAt = now
        return
      }
      // One party, one node: the one that is there stays as long as it is good. A node that changed its id is new.
      if (known.port !== contact.port && isGood(known, now)) return
      this.#remove(known)
    }
    const entry = {
      id: contact.id,
      host: contact.host,
      port: contact.port,
      isOwnId: isNodeIdOf(contact.host, contact.id),
      network: networkOf(contact.host),
      answeredAt: now,
      heardAt: now,
      askedAt: now,
      failures: 0,
    }
    this.#insert(entry, now)
  }

  /** A node asked us something: that counts as a sign of life of one that has answered before. */
  queried(contact: Contact, now: number): void {
    const known = this.#find(contact)
    if (known === undefined || known.port !== contact.port || !equalBytes(known.id, contact.id)) return
    known.heardAt = now
  }

  /** A question to this address was not answered. */
  failed(host: string, port: number): void {
    const known = this.#find({ host, port })
    if (known === undefined || known.port !== port) return
    known.failures++
    const bucket = this.#bucketOf(known.id)
    if (known.failures < BAD_FAILURES) return
    const at = bucket.replacements.indexOf(known)
    if (at !== -1) {
      bucket.replacements.splice(at, 1)
      this.#forgetParty(known)
      return
    }
    const staying = bucket.nodes.filter(entry => entry !== known)
    const next = bucket.replacements.findLastIndex(entry => !isTaken(entry.network, staying))
    // With nobody in its place it stays, in case that it is our own network that fails.
    if (next === -1) return
    bucket.nodes = [...staying, ...bucket.replacements.splice(next, 1)]
    this.#forgetParty(known)
  }

  /** Whether a node with this id and address, should it answer, would find a place: worth a ping. */
  wouldTake(contact: Contact, now: number): boolean {
    if (equalBytes(contact.id, this.id) || this.#find(contact) !== undefined) return false
    const bucket = this.#bucketOf(contact.id)
    if (isTaken(networkOf(contact.host), bucket.nodes)) return false
    if (bucket.nodes.length < K || this.#canSplit(bucket)) return true
    return bucket.nodes.some(entry => !isGood(entry, now)) || bucket.replacements.length < K / 2
  }

  /** Up to `count` nodes by distance to `target`: good ones, then, where these are too few, others. */
  closest(target: Uint8Array, count: number, now: number, goodOnly = false): Contact[] {
    const good: Entry[] = []
    const others: Entry[] = []
    for (const bucket of this.#buckets) {
      for (const entry of bucket.nodes) (isGood(entry, now) ? good : others).push(entry)
    }
    const byDistance = (a: Entry, b: Entry): number => compareDistance(target, a.id, b.id)
    good.sort(byDistance)
    if (goodOnly || good.length >= count) return good.slice(0, count)
    others.sort((a, b) => Number(isBad(a)) - Number(isBad(b)) || byDistance(a, b))
    return good.concat(others).slice(0, count)
  }

  /** The node that should be asked whether it is still there; undefined when none is due. Counts as asked. */
  nextQuestionable(now: number): Contact | undefined {
    let due: Entry | undefined
    for (const bucket of this.#buckets) {
      for (const entry of bucket.nodes) {
        if (isGood(entry, now)) continue
        if (now - entry.askedAt < (isBad(entry) ? BAD_RETRY_MS : RETRY_MS)) continue
        if (due === undefined || entry.heardAt < due.heardAt) due = entry
      }
    }
    if (due !== undefined) due.askedAt = now
    return due
  }

  /**
   * An id to look for, in a bucket that has not changed for a quarter of an hour; undefined when there is none. The
   * bucket counts as changed. `random` is 20 bytes.
   */
  nextRefresh(now: number, random: Uint8Array): Uint8Array | undefined {
    const at = this.#buckets.findIndex(bucket => now - bucket.changedAt >= QUIET_MS)
    if (at === -1) return undefined
    this.#buckets[at]!.changedAt = now
    return withRandomTail(this.id, at, at < this.#buckets.length - 1, random)
  }

  /** The same nodes around another id of ours. */
  withId(id: Uint8Array, now: number): RoutingTable {
    const table = new RoutingTable(id, now)
    for (const bucket of this.#buckets) {
      for (const entry of [...bucket.nodes, ...bucket.replacements]) table.#insert(entry, now)
    }
    return table
  }

  goodCount(now: number): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.nodes.filter(e => isGood(e, now)).length, 0)
  }

  snapshot(now: number): BucketSnapshot[] {
    return this.#buckets.map(bucket => ({
      nodes: bucket.nodes.length,
      good: bucket.nodes.filter(entry => isGood(entry, now)).length,
      replacements: bucket.replacements.length,
    }))
  }

  /** For tests: throws when an invariant does not hold. */
  checkInvariants(): void {
    const parties = new Set<string>()
    this.#buckets.forEach((bucket, at) => {
      if (bucket.nodes.length > K || bucket.replacements.length > K) throw new Error('a bucket is too full')
      const networks = bucket.nodes.flatMap(entry => entry.network ?? [])
      if (new Set(networks).size !== networks.length) throw new Error('a network is twice in a bucket')
      for (const entry of [...bucket.nodes, ...bucket.replacements]) {
        const bits = sharedBits(this.id, entry.id)
        if (at < this.#buckets.length - 1 ? bits !== at : bits < at) throw new Error('wrong bucket')
        const key = partyKey(entry)
        if (parties.has(key)) throw new Error('a party is there twice')
        if (this.#parties.get(key) !== entry) throw new Error('a party is not known')
        parties.add(key)
      }
    })
    if (parties.size !== this.#parties.size) throw new Error('a party is known that is not there')
  }

  #insert(entry: Entry, now: number): void {
    if (this.#parties.has(partyKey(entry))) return
    const bucket = this.#bucketOf(entry.id)
    if (!isTaken(entry.network, bucket.nodes)) {
      if (bucket.nodes.length < K) {
        bucket.nodes.push(entry)
        this.#took(bucket, entry, now)
        return
      }
      if (this.#canSplit(bucket)) {
        this.#split()
        this.#insert(entry, now)
        return
      }
      const at = this.#worse(bucket, entry)
      if (at !== -1) {
        this.#forgetParty(bucket.nodes[at]!)
        bucket.nodes[at] = entry
        this.#took(bucket, entry, now)
        return
      }
    }
    // Whose network has a node in the bucket waits in vain until that one is gone, so it need not wait.
    if (isTaken(entry.network, bucket.nodes) || isTaken(entry.network, bucket.replacements)) return
    if (bucket.replacements.length >= K) this.#forgetParty(bucket.replacements.shift()!)
    bucket.replacements.push(entry)
    this.#parties.set(partyKey(entry), entry)
  }

  #took(bucket: Bucket, entry: Entry, now: number): void {
    this.#parties.set(partyKey(entry), entry)
    bucket.changedAt = now
  }

  /** Who has to go for this one: a bad node, or one whose id is not its own where the new one's is; -1 for nobody. */
  #worse(bucket: Bucket, entry: Entry): number {
    const bad = bucket.nodes.findIndex(isBad)
    return bad === -1 && entry.isOwnId ? bucket.nodes.findIndex(other => !other.isOwnId) : bad
  }

  #canSplit(bucket: Bucket): boolean {
    return bucket === this.#buckets.at(-1) && this.#buckets.length < ID_BITS
  }

  #split(): void {
    const bits = this.#buckets.length - 1
    const old = this.#buckets.pop()!
    const isNear = (entry: Entry): boolean => sharedBits(this.id, entry.id) > bits
    const far = {
      nodes: old.nodes.filter(entry => !isNear(entry)),
      replacements: old.replacements.filter(entry => !isNear(entry)),
      changedAt: old.changedAt,
    }
    const near = {
      nodes: old.nodes.filter(isNear),
      replacements: old.replacements.filter(isNear),
      changedAt: old.changedAt,
    }
    this.#buckets.push(far, near)
  }

  #bucketOf(id: Uint8Array): Bucket {
    return this.#buckets[Math.min(sharedBits(this.id, id), this.#buckets.length - 1)]!
  }

  #find(address: { readonly host: string; readonly port: number }): Entry | undefined {
    return this.#parties.get(partyKey(address))
  }

  #remove(entry: Entry): void {
    const bucket = this.#bucketOf(entry.id)
    bucket.nodes = bucket.nodes.filter(other => other !== entry)
    bucket.replacements = bucket.replacements.filter(other => other !== entry)
    this.#forgetParty(entry)
  }

  #forgetParty(entry: Entry): void {
    this.#parties.delete(partyKey(entry))
  }
}

function isTaken(network: string | undefined, entries: readonly Entry[]): boolean {
  return network !== undefined && entries.some(entry => entry.network === network)
}

function partyKey(address: { readonly host: string; readonly port: number }): string {
  return partyOf(address.host) ?? `${address.host}:${address.port}`
}

/** All that are here have answered once. */
function isGood(entry: Entry, now: number): boolean {
  return entry.failures === 0 && now - entry.heardAt < QUIET_MS
}

function isBad(entry: Entry): boolean {
  return entry.failures >= BAD_FAILURES
}
