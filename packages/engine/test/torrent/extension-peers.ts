import type { PeerAddress } from '../../src/bytes/address.ts'
import type { ProtocolError } from '../../src/errors.ts'
import { decodeExtendedHandshake, type ExtendedHandshake } from '../../src/torrent/extended-handshake.ts'
import type { Extension, ExtensionPeer } from '../../src/torrent/extensions.ts'

export const NOTHING_TOLD: ExtendedHandshake = decodeExtendedHandshake(new Uint8Array())

/** A peer that supports everything, as an extension sees it; what it is sent is kept. */
export class FakeExtensionPeer implements ExtensionPeer {
  readonly id: number
  readonly address: PeerAddress
  readonly sent: Uint8Array[] = []
  supported = true
  closed: ProtocolError | undefined
  #extension: Extension

  constructor(extension: Extension, id: number, host = `10.0.0.${id}`) {
    this.#extension = extension
    this.id = id
    this.address = { host, port: 6881 }
  }

  supports(): boolean {
    return this.supported
  }

  send(_: string, payload: Uint8Array): void {
    if (this.closed === undefined) this.sent.push(payload)
  }

  close(fault: ProtocolError): void {
    if (this.closed !== undefined) return
    this.closed = fault
    this.#extension.onPeerGone?.(this)
  }

  shake(told: Partial<ExtendedHandshake>, now: number): void {
    this.#guarded(() => this.#extension.onHandshake?.(this, { ...NOTHING_TOLD, ...told }, now))
  }

  /** A message from it. */
  says(payload: Uint8Array, now: number): void {
    if (this.closed === undefined) this.#guarded(() => this.#extension.onMessage(this, payload, now))
  }

  /** What it was sent since the last time. */
  take(): Uint8Array[] {
    return this.sent.splice(0)
  }

  /** As the connection does: what is thrown is the peer's fault. */
  #guarded(action: () => void): void {
    try {
      action()
    } catch (fault) {
      if ((fault as Error).name !== 'ProtocolError') throw fault
      this.close(fault as ProtocolError)
    }
  }
}
