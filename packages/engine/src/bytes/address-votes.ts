/** Our own address, as others see it: believed when several independent ones agree. One a family of addresses. */
import { ipScope } from './ip-scope.ts'

/** The last so many votes count. */
const MAX_VOTES = 30

export class AddressVotes {
  readonly #isV6: boolean
  readonly #minAgreeing: number
  /** By voter. */
  readonly #votes = new Map<string, string>()

  /** So many must agree, and be more than half. */
  constructor(family: 4 | 6, minAgreeing: number) {
    this.#isV6 = family === 6
    this.#minAgreeing = minAgreeing
  }

  /**
   * Counts what `voter` says, whose last word counts; the address that most agree on, if any. Give the network of the
   * voter, or whoever has many addresses has many votes; undefined, somebody who is not on the internet, sees us from
   * within a network, which says nothing of how others see us.
   */
  vote(voter: string | undefined, ip: string): string | undefined {
    if (voter === undefined || ip.includes(':') !== this.#isV6 || ipScope(ip) !== 'global') return undefined
    this.#votes.delete(voter)
    this.#votes.set(voter, ip)
    if (this.#votes.size > MAX_VOTES) {
      const [oldest] = this.#votes.keys()
      this.#votes.delete(oldest!)
    }
    let agreeing = 0
    for (const other of this.#votes.values()) if (other === ip) agreeing++
    return agreeing >= this.#minAgreeing && agreeing * 2 > this.#votes.size ? ip : undefined
  }
}
