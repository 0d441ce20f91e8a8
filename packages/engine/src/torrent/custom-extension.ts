/**
 * An extension of the embedding program's own, in plain data and callbacks: nothing of the engine's insides shows, and
 * whatever its callbacks do, the engine goes on.
 */
import { formatAddress } from '../bytes/address.ts'
import { ProtocolError, ShoalError } from '../errors.ts'
import type { Extension, ExtensionPeer } from './extensions.ts'

/** What the engine accepts of a peer is what it sends to one; more does not pass as one message. */
export const MAX_CUSTOM_MESSAGE_BYTES: number = 128 * 1024

/**
 * The callbacks run while the engine is at work: they may send and close, whatever else they want of the engine has to
 * wait for a later turn (`queueMicrotask`). What they throw becomes a warning of the torrent.
 */
export interface CustomExtension {
  /**
   * Its name on the wire, such as `xy_chat`: two letters of the client that introduced it, an underscore and a word,
   * in ASCII letters, digits, `_` and `-`, 4 to 32 characters.
   */
  readonly name: string
  /** A peer that supports it connected. */
  onPeer?(peer: CustomExtensionPeer): void
  /** The bytes are the receiver's to keep. */
  onMessage(peer: CustomExtensionPeer, payload: Uint8Array): void
  /** Of every peer that `onPeer` or `onMessage` was called with, once. */
  onPeerGone?(peer: CustomExtensionPeer): void
}

/** The same object for the same connection, so it can be a key. */
export interface CustomExtensionPeer {
  /** Unique within the torrent. */
  readonly id: number
  /** Of the torrent, 40 lower-case hex digits. */
  readonly infoHash: string
  /** `host:port` of the connection. */
  readonly address: string
  /** False when it is not sent: the peer is gone or does not support it. Throws OPTION_INVALID above 128 KiB. */
  send(payload: Uint8Array): boolean
  /** Ends the connection, the peer having broken the rules of this extension. */
  close(reason: string): void
}

/** Names that the engine uses itself, now or soon; taking them would break how it talks to peers. */
const RESERVED: readonly string[] = ['ut_metadata', 'ut_pex', 'ut_holepunch', 'lt_donthave', 'upload_only']

/** Ids on the wire are a byte, and few peers would read a handshake that names more. */
const MAX_CUSTOM_EXTENSIONS = 32

/** @throws ShoalError OPTION_INVALID for a bad name, for one that is there twice, and for too many */
export function checkExtensions(extensions: readonly CustomExtension[]): void {
  if (extensions.length > MAX_CUSTOM_EXTENSIONS) {
    throw new ShoalError(
      'OPTION_INVALID',
      `${extensions.length} extensions are more than ${MAX_CUSTOM_EXTENSIONS}`,
    )
  }
  const names = new Set<string>()
  for (const { name } of extensions) {
    if (!/^[A-Za-z0-9]{1,2}_[A-Za-z0-9_-]{2,29}$/.test(name) || RESERVED.includes(name)) {
      throw new ShoalError('OPTION_INVALID', `not a name for an extension of your own: ${name}`)
    }
    if (names.has(name)) throw new ShoalError('OPTION_INVALID', `two extensions are named ${name}`)
    names.add(name)
  }
}

/** One that was checked, for one torrent, as the registry takes it. What its callbacks throw goes to `onError`. */
export function adaptExtension(
  custom: CustomExtension,
  infoHash: string,
  onError: (error: unknown) => void,
): Extension {
  return new Adapter(custom, infoHash, onError)
}

class Adapter implements Extension {
  readonly name: string
  readonly unmetered = true
  readonly #custom: CustomExtension
  readonly #infoHash: string
  readonly #onError: (error: unknown) => void
  readonly #peers = new Map<number, CustomExtensionPeer>()

  constructor(custom: CustomExtension, infoHash: string, onError: (error: unknown) => void) {
    this.name = custom.name
    this.#custom = custom
    this.#infoHash = infoHash
    this.#onError = onError
  }

  onHandshake(peer: ExtensionPeer): void {
    if (peer.supports(this.name)) this.#known(peer)
  }

  onMessage(peer: ExtensionPeer, payload: Uint8Array): void {
    const known = this.#known(peer)
    // `onPeer` may have closed it.
    if (this.#peers.has(peer.id)) this.#guard(() => this.#custom.onMessage(known, payload.slice()))
  }

  onPeerGone(peer: ExtensionPeer): void {
    const known = this.#peers.get(peer.id)
    if (known === undefined) return
    this.#peers.delete(peer.id)
    this.#guard(() => this.#custom.onPeerGone?.(known))
  }

  #known(peer: ExtensionPeer): CustomExtensionPeer {
    let known = this.#peers.get(peer.id)
    if (known !== undefined) return known
    const { name } = this
    known = {
      id: peer.id,
      infoHash: this.#infoHash,
      address: formatAddress(peer.address),
      send: payload => {
        if (payload.length > MAX_CUSTOM_MESSAGE_BYTES) {
          throw new ShoalError(
            'OPTION_INVALID',
            `a message of ${payload.length} bytes is more than the ${MAX_CUSTOM_MESSAGE_BYTES} allowed`,
          )
        }
        if (!this.#peers.has(peer.id) || !peer.supports(name)) return false
        peer.send(name, payload.slice())
        return true
      },
      close: reason => peer.close(new ProtocolError('BAD_MESSAGE', `${name}: ${reason}`)),
    }
    this.#peers.set(peer.id, known)
    const joined = known
    this.#guard(() => this.#custom.onPeer?.(joined))
    return joined
  }

  #guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#onError(error)
    }
  }
}
