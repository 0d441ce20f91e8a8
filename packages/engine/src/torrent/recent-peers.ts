/**
 * Good peers that we were connected to until a moment ago (BEP 11): what a client with few connections may tell besides
 * those. In a swarm of seeds, or of peers with two addresses, there would be hardly anybody to tell of without them.
 */
import { formatAddress } from '../bytes/address.ts'
import type { PexContact } from '../wire/pex-message.ts'

/** Of one family of addresses, by the BEP: the last ones. */
const MAX_RECENT = 25
/** Later it is likely that somebody else, or nobody, is there. */
const RECENT_MS = 10 * 60_000

export interface RecentPeer extends PexContact {
  readonly key: string
  /** Rises from one to the next: whoever heard of this one has heard of all before. */
  readonly order: number
  readonly leftAt: number
}

export class RecentPeers {
  /** By key, the last to leave last. */
  readonly #v4 = new Map<string, RecentPeer>()
  readonly #v6 = new Map<string, RecentPeer>()
  #order = 0

  /** It has left just now. `address`: where it listens. */
  add({ address, flags }: PexContact, now: number): void {
    const key = formatAddress(address)
    const list = this.#listOf(address.host.includes(':'))
    list.delete(key)
    list.set(key, { address, flags, key, order: ++this.#order, leftAt: now })
    if (list.size <= MAX_RECENT) return
    const [oldest] = list.keys()
    list.delete(oldest!)
  }

  /** Those that left after the one of this `order` (0: all), and not long ago; the first to leave first. */
  *after(order: number, isV6: boolean, now: number): Iterable<RecentPeer> {
    for (const peer of this.#listOf(isV6).values()) {
      if (peer.order > order && now - peer.leftAt <= RECENT_MS) yield peer
    }
  }

  #listOf(isV6: boolean): Map<string, RecentPeer> {
    return isV6 ? this.#v6 : this.#v4
  }
}
