/** Our own address, as those whom we ask see it (BEP 42): believed when several independent ones agree. */
import { ipScope } from '../bytes/ip-scope.ts'
import { type Family, familyOf, networkOf } from './address-rules.ts'

/** The last so many votes count. */
const MAX_VOTES = 30
/** So many must agree, and be more than half: one network has one vote. */
const MIN_AGREEING = 6

export class AddressVotes {
  readonly #family: Family
  /** By network of the voter. */
  readonly #votes = new Map<string, string>()

  constructor(family: Family) {
    this.#family = family
  }

  /** Counts what `voter` says; the address that most agree on, if any. */
  vote(voter: string, ip: string): string | undefined {
    const network = networkOf(voter)
    // Whoever is not on the internet sees us from within a network, which says nothing of how others see us.
    if (network === undefined || familyOf(ip) !== this.#family || ipScope(ip) !== 'global') return undefined
    this.#votes.delete(network)
    this.#votes.set(network, ip)
    if (this.#votes.size > MAX_VOTES) {
      const [oldest] = this.#votes.keys()
      this.#votes.delete(oldest!)
    }
    let agreeing = 0
    for (const other of this.#votes.values()) if (other === ip) agreeing++
    return agreeing >= MIN_AGREEING && agreeing * 2 > this.#votes.size ? ip : undefined
  }
}
