/**
 * Where others see us: what peers (BEP 10, `yourip`), trackers (`external ip`) and the DHT tell, weighed. One per
 * engine. Only for choices that harm nobody when it is wrong, such as {@link peerPriority}: two friends can lie alike.
 */
import type { PeerAddress } from '../bytes/address.ts'
import { AddressVotes } from '../bytes/address-votes.ts'
import { ipScope } from '../bytes/ip-scope.ts'
import { networkOf } from '../bytes/network.ts'
import { peerPriority } from './peer-priority.ts'

/** Of different networks; with fewer peers than some there is nothing to choose from anyway. */
const MIN_AGREEING = 2

interface Known {
  readonly votes: AddressVotes
  /** By peers and trackers. */
  agreed: string | undefined
  /** By the DHT, whose nodes have voted on it. */
  believed: string | undefined
}

export class OwnAddress {
  readonly #v4: Known = { votes: new AddressVotes(4, MIN_AGREEING), agreed: undefined, believed: undefined }
  readonly #v6: Known = { votes: new AddressVotes(6, MIN_AGREEING), agreed: undefined, believed: undefined }
  #version = 0

  /** Another number after each change: what was made of an address before is out of date. */
  get version(): number {
    return this.#version
  }

  /** Of either family, where they are known. */
  get all(): string[] {
    return [this.#v4, this.#v6].flatMap(({ believed, agreed }) => believed ?? agreed ?? [])
  }

  /** A peer says that it sees us at `ip`. */
  onPeer(peer: string, ip: string): void {
    this.#vote(networkOf(peer), ip)
  }

  /** A tracker says so; one counts as one peer. */
  onTracker(url: string, ip: string): void {
    this.#vote(url, ip)
  }

  /** The DHT has found out. */
  onDht(ip: string): void {
    const known = this.#of(ip)
    if (known.believed === ip || ipScope(ip) !== 'global') return
    known.believed = ip
    this.#version++
  }

  /** An IP literal of the internet. */
  seenBy(host: string): string | undefined {
    const { believed, agreed } = this.#of(host)
    return believed ?? agreed
  }

  /**
   * The priority (BEP 40) of a connection between us, listening at `port`, and a peer. Undefined while our address is
   * unknown, and for peers that are not on the internet, who see us elsewhere.
   */
  priorityOf(peer: PeerAddress, port: number | undefined): number | undefined {
    const host = this.seenBy(peer.host)
    if (host === undefined || ipScope(peer.host) !== 'global') return undefined
    return peerPriority({ host, port: port ?? 0 }, peer)
  }

  #vote(voter: string | undefined, ip: string): void {
    const known = this.#of(ip)
    const agreed = known.votes.vote(voter, ip)
    if (agreed === undefined || agreed === known.agreed) return
    known.agreed = agreed
    if (known.believed === undefined) this.#version++
  }

  #of(host: string): Known {
    return host.includes(':') ? this.#v6 : this.#v4
  }
}
