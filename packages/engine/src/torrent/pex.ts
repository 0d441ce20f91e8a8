/**
 * Peer exchange (BEP 11): tells peers whom we are connected to, and takes what they tell with care, since anybody may
 * have them send us anywhere. Not for private torrents: leave it out of the registry, or remove it.
 */
import { formatAddress, type PeerAddress } from '../bytes/address.ts'
import { ipScope, mayTell } from '../bytes/ip-scope.ts'
import { ProtocolError } from '../errors.ts'
import { encodePexMessage, type PexContact, parsePexMessage } from '../wire/pex-message.ts'
import type { Extension, ExtensionPeer } from './extensions.ts'
import type { RecentPeers } from './recent-peers.ts'

/** BEP 11: no more than one message a minute, and no more than so many of each in it. */
const SEND_INTERVAL_MS = 60_000
const MAX_SENT = 50
/** BEP 11: with fewer connections than this to addresses of a family, those that ended may be told of, too. */
const FEW_CONTACTS = 25
/** While there is nothing new to tell. */
const LOOK_AGAIN_MS = 10_000
/** Others tell every minute, but networks delay one message and not the next. */
const RECEIVE_INTERVAL_MS = 45_000
/** First messages may be larger than the 50 of later ones. */
const MAX_TAKEN = 100
/** Messages too early, less those that were not. */
const MAX_EARLY = 8

/** A peer that we are connected to and know where it listens. */
export interface ConnectedContact extends PexContact {
  /** {@link ExtensionPeer.id} of the connection. */
  readonly id: number
}

export interface PexOptions {
  /** Everybody now; also those without extensions. */
  readonly contacts: () => Iterable<ConnectedContact>
  /** Who may be told of where there are few of the others; as if connected, and as gone a message later. */
  readonly recent?: RecentPeers
  /** At least one; none of them an address that `from` must not send us to. */
  readonly onPeers: (found: readonly PexContact[], from: ExtensionPeer, now: number) => void
}

interface Correspondent {
  readonly peer: ExtensionPeer
  /** Whom it thinks us connected to, by address. */
  readonly told: Map<string, PeerAddress>
  /** How far it has been told of {@link PexOptions.recent}, by family: each goes into one message. */
  recent4: number
  recent6: number
  sendAt: number
  receivedAt: number
  early: number
}

export class PexExtension implements Extension {
  readonly name = 'ut_pex'
  readonly #options: PexOptions
  readonly #correspondents = new Map<number, Correspondent>()

  constructor(options: PexOptions) {
    this.#options = options
  }

  onHandshake(peer: ExtensionPeer, _: unknown, now: number): void {
    if (peer.supports(this.name)) this.#correspondent(peer, now)
  }

  onMessage(peer: ExtensionPeer, payload: Uint8Array, now: number): void {
    const from = this.#correspondent(peer, now)
    if (now - from.receivedAt < RECEIVE_INTERVAL_MS) {
      if (++from.early > MAX_EARLY) throw new ProtocolError('QUEUE_FLOOD', 'peer exchange far too often')
      return
    }
    from.early = Math.max(0, from.early - 1)
    from.receivedAt = now
    const found = credible(parsePexMessage(payload, MAX_TAKEN), peer.address.host)
    if (found.length > 0) this.#options.onPeers(found, peer, now)
  }

  onTick(now: number): void {
    let contacts: Map<string, ConnectedContact> | undefined
    for (const to of this.#correspondents.values()) {
      if (now < to.sendAt || !to.peer.supports(this.name)) continue
      contacts ??= byAddress(this.#options.contacts())
      to.sendAt = now + (this.#tell(to, contacts, now) ? SEND_INTERVAL_MS : LOOK_AGAIN_MS)
    }
  }

  onPeerGone(peer: ExtensionPeer): void {
    this.#correspondents.delete(peer.id)
  }

  #correspondent(peer: ExtensionPeer, now: number): Correspondent {
    let known = this.#correspondents.get(peer.id)
    if (known === undefined) {
      const receivedAt = Number.NEGATIVE_INFINITY
      known = { peer, told: new Map(), recent4: 0, recent6: 0, sendAt: now, receivedAt, early: 0 }
      this.#correspondents.set(peer.id, known)
    }
    return known
  }

  /** What changed since the last message: nobody is both added and dropped, or either one twice. */
  #tell(to: Correspondent, contacts: ReadonlyMap<string, ConnectedContact>, now: number): boolean {
    const { peer, told } = to
    const dropped: PeerAddress[] = []
    for (const [key, address] of told) {
      if (dropped.length >= MAX_SENT) break
      if (!contacts.has(key)) dropped.push(address)
    }
    const added: PexContact[] = []
    for (const [key, contact] of contacts) {
      if (added.length >= MAX_SENT) break
      if (told.has(key) || contact.id === peer.id) continue
      // An address of our network is of no use elsewhere, and nobody's business there.
      if (!mayTell(peer.address.host, contact.address.host)) continue
      added.push(contact)
    }
    this.#addRecent(to, contacts, added, now)
    if (added.length === 0 && dropped.length === 0) return false
    for (const address of dropped) told.delete(formatAddress(address))
    for (const { address } of added) told.set(formatAddress(address), address)
    peer.send(this.name, encodePexMessage(added, dropped))
    return true
  }

  /** Fills up with those that have left. As they are no contacts, the next message drops them. */
  #addRecent(
    to: Correspondent,
    contacts: ReadonlyMap<string, ConnectedContact>,
    added: PexContact[],
    now: number,
  ): void {
    const { recent } = this.#options
    if (recent === undefined) return
    let v6 = 0
    for (const { address } of contacts.values()) if (address.host.includes(':')) v6++
    for (const family of ['recent4', 'recent6'] as const) {
      const isV6 = family === 'recent6'
      if ((isV6 ? v6 : contacts.size - v6) >= FEW_CONTACTS) continue
      for (const contact of recent.after(to[family], isV6, now)) {
        if (added.length >= MAX_SENT) break
        to[family] = contact.order
        const isNews = !contacts.has(contact.key) && !to.told.has(contact.key)
        if (isNews && mayTell(to.peer.address.host, contact.address.host)) added.push(contact)
      }
    }
  }
}

function byAddress(contacts: Iterable<ConnectedContact>): Map<string, ConnectedContact> {
  const map = new Map<string, ConnectedContact>()
  for (const contact of contacts) map.set(formatAddress(contact.address), contact)
  return map
}

/**
 * Those that `source` may send us to; of a host of the internet one port only, as a list of its ports is for scanning
 * or flooding it (BEP 11).
 */
function credible(found: readonly PexContact[], source: string): PexContact[] {
  const seen = new Set<string>()
  return found.filter(({ address }) => {
    if (!mayTell(source, address.host)) return false
    const key = ipScope(address.host) === 'global' ? address.host : formatAddress(address)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
