/**
 * An extension of the embedding program's own, in plain data and callbacks: nothing of the engine's insides shows, and
 * whatever its callbacks do, the engine goes on.
 */
import { formatAddress } from '../bytes/address.ts'
import { ProtocolError, ShoalError } from '../errors.ts'
import type { Extension, ExtensionPeer } from './extensions.ts'

/** What the engine accepts of a peer is what it sends to one; more does not pass as one message. */
export const MAX_CUSTOM_MESSAGE_BYTES: number = 128 * 1024

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
  /** `host:port` of the connection. */
  readonly address: string
  /** False when it is not sent: the peer is gone or does not support it. Throws OPTION_INVALID above 128 KiB. */
  send(payload: Uint8Array): boolean
  /** Ends the connection, the peer having broken the rules of this extension. */
  close(reason: string): void
}

/** Names that the engine uses itself, now or soon; taking them would break how it talks to peers. */
const RESERVED: readonly string[] = ['ut_metadata', 'ut_pex', 'ut_holepunch', 'lt_donthave', 'upload_only']

/**
 * The extension as the registry takes it. What its callbacks throw goes to `onError`.
 *
 * @throws ShoalError OPTION_INVALID for a bad name
 */
export function adaptExtension(custom: CustomExtension, onError: (error: unknown) => void): Extension {
  if (!/^[A-Za-z0-9]{1,2}_[A-Za-z0-9_-]{2,29}$/.test(custom.name) || RESERVED.includes(custom.name)) {
    throw new ShoalError('OPTION_INVALID', `not a name for an extension of your own: ${custom.name}`)
  }
  return new Adapter(custom, onError)
}

class Adapter implements Extension {
  readonly name: string
  readonly #custom: CustomExtension
  readonly #onError: (error: unknown) => void
  readonly #peers = new Map<number, CustomExtensionPeer>()

  constructor(custom: CustomExtension, onError: (error: unknown) => void) {
    this.name = custom.name
    this.#custom = custom
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
