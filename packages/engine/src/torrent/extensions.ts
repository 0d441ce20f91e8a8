/**
 * Extensions to the peer protocol (BEP 10): which there are, by which ids their messages come and go, and who is told.
 *
 *     Peer.onExtended ──▶ PeerExtensions (ids of one peer) ──▶ ExtensionRegistry (ours) ──▶ Extension (ut_pex, …)
 *     Peer.#send ◀─────── PeerExtensions.send(name) ◀──────────────────────────────────────────┘
 *
 * An extension knows names and never ids: ours are the same for all peers, theirs are each peer's own choice and may
 * change at any time.
 */
import type { PeerAddress } from '../bytes/address.ts'
import { assert, type ProtocolError } from '../errors.ts'
import { EXTENDED_HANDSHAKE, type ExtendedHandshake } from './extended-handshake.ts'

/** What an extension sees of a peer. */
export interface ExtensionPeer {
  /** Never used again within a torrent. */
  readonly id: number
  /** The other end of the connection; where it listens only if we connected to it. */
  readonly address: PeerAddress
  /** Whether it takes messages of this extension now. */
  supports(name: string): boolean
  /** Sends a message, which must not change afterwards; does nothing when the peer does not support it. */
  send(name: string, payload: Uint8Array): void
  /** It broke the protocol: the connection ends, and `onPeerGone` follows before this returns. */
  close(fault: ProtocolError): void
}

/** One extension of one torrent, for all of its peers. May throw a ProtocolError from `onMessage` instead of closing. */
export interface Extension {
  /** As in the handshake: `ut_metadata`. */
  readonly name: string
  /** It has its own idea of how many messages are too many; those of others try the peer's welcome. */
  readonly unmetered?: boolean
  /** A peer told what it supports; again when it tells what changed. */
  onHandshake?(peer: ExtensionPeer, handshake: ExtendedHandshake, now: number): void
  /** The payload is valid during the call only. It may come from a peer that does not take messages itself. */
  onMessage(peer: ExtensionPeer, payload: Uint8Array, now: number): void
  /** Some ten times a second. */
  onTick?(now: number): void
  /** Nothing comes from or goes to this peer any more. Also for peers that it was never told of. */
  onPeerGone?(peer: ExtensionPeer): void
}

/** The connection beneath: what a `Peer` lends. */
export interface ExtensionLink {
  readonly id: number
  readonly address: PeerAddress
  sendExtended(id: number, payload: Uint8Array): void
  close(reason: string, fault: ProtocolError): void
}

/** Ids are a byte, and 0 is the handshake. */
const MAX_EXTENSIONS = 255

export class ExtensionRegistry {
  /** Its index is the id less one. What was removed leaves its place empty. */
  readonly #byId: (Extension | undefined)[] = []
  readonly #names: string[] = []

  constructor(extensions: readonly Extension[]) {
    assert(extensions.length <= MAX_EXTENSIONS, 'an extension id is a byte')
    for (const extension of extensions) {
      assert(!this.#names.includes(extension.name), `two extensions are named ${extension.name}`)
      this.#byId.push(extension)
      this.#names.push(extension.name)
    }
  }

  /** The `m` of our handshake; 0 for what was removed. */
  get ids(): ReadonlyMap<string, number> {
    return new Map(this.#names.map((name, at) => [name, this.#byId[at] === undefined ? 0 : at + 1]))
  }

  /** A connection on which the extension protocol is spoken. */
  join(link: ExtensionLink): PeerExtensions {
    return new PeerExtensions(this, link)
  }

  /** It takes no more messages: peer exchange, once a magnet link turns out private. Peers are told by a handshake. */
  remove(name: string): void {
    const at = this.#names.indexOf(name)
    if (at !== -1) this.#byId[at] = undefined
  }

  tick(now: number): void {
    for (const extension of this.#byId) extension?.onTick?.(now)
  }

  /** For {@link PeerExtensions}. */
  has(name: string): boolean {
    return this.#names.includes(name)
  }

  /** For {@link PeerExtensions}. */
  extension(id: number): Extension | undefined {
    return this.#byId[id - 1]
  }

  /** For {@link PeerExtensions}. */
  *all(): Iterable<Extension> {
    for (const extension of this.#byId) if (extension !== undefined) yield extension
  }
}

/** The extensions of one peer. */
export class PeerExtensions implements ExtensionPeer {
  readonly id: number
  readonly address: PeerAddress
  readonly #registry: ExtensionRegistry
  readonly #link: ExtensionLink
  readonly #theirs = new Map<string, number>()
  #gone = false

  constructor(registry: ExtensionRegistry, link: ExtensionLink) {
    this.id = link.id
    this.address = link.address
    this.#registry = registry
    this.#link = link
  }

  supports(name: string): boolean {
    return this.#theirs.has(name)
  }

  send(name: string, payload: Uint8Array): void {
    const id = this.#theirs.get(name)
    if (id !== undefined && !this.#gone) this.#link.sendExtended(id, payload)
  }

  close(fault: ProtocolError): void {
    if (!this.#gone) this.#link.close(fault.message, fault)
  }

  /** Theirs, the first or a later one. */
  onHandshake(handshake: ExtendedHandshake, now: number): void {
    for (const [name, id] of handshake.extensions) {
      // Of names that we do not know only what is asked for later would be of use: nothing, so nothing is kept.
      if (id === EXTENDED_HANDSHAKE) this.#theirs.delete(name)
      else if (this.#registry.has(name)) this.#theirs.set(name, id)
    }
    for (const extension of this.#registry.all()) {
      if (!this.#gone) extension.onHandshake?.(this, handshake, now)
    }
  }

  /** What it takes of what we know. */
  get theirNames(): readonly string[] {
    return [...this.#theirs.keys()]
  }

  /** For those who watch: messages to it go by its own numbers, and come by ours. */
  nameOf(direction: 'in' | 'out', id: number): string | undefined {
    if (direction === 'in') return this.#registry.extension(id)?.name
    for (const [name, theirs] of this.#theirs) if (theirs === id) return name
    return undefined
  }

  /** Whether it is one of ours. */
  knows(id: number): boolean {
    return this.#registry.extension(id) !== undefined
  }

  /** See {@link Extension.unmetered}. */
  isUnmetered(id: number): boolean {
    return this.#registry.extension(id)?.unmetered === true
  }

  /** Any other extended message; of ids that we never gave out nothing is known, and they are passed over. */
  onMessage(id: number, payload: Uint8Array, now: number): void {
    if (!this.#gone) this.#registry.extension(id)?.onMessage(this, payload, now)
  }

  /** The connection ended. */
  leave(): void {
    if (this.#gone) return
    this.#gone = true
    for (const extension of this.#registry.all()) extension.onPeerGone?.(this)
  }
}
