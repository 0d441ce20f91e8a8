/** `lt_donthave` (BEP 54): a peer no longer has a piece that it told it had. */
import { readUint32, writeUint32 } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import type { Extension, ExtensionPeer } from './extensions.ts'

export class DontHaveExtension implements Extension {
  readonly name = 'lt_donthave'
  readonly #pieceCount: () => number | undefined
  readonly #onDontHave: (peer: ExtensionPeer, piece: number, now: number) => void

  /**
   * `pieceCount`: undefined while it is not known, when nothing is told. Without BEP 6 the requests for that piece are
   * void then, with it the peer rejects them.
   */
  constructor(
    pieceCount: () => number | undefined,
    onDontHave: (peer: ExtensionPeer, piece: number, now: number) => void,
  ) {
    this.#pieceCount = pieceCount
    this.#onDontHave = onDontHave
  }

  onMessage(peer: ExtensionPeer, payload: Uint8Array, now: number): void {
    if (payload.length !== 4) {
      throw new ProtocolError('BAD_MESSAGE', `a donthave of ${payload.length} bytes instead of 4`)
    }
    const piece = readUint32(payload, 0)
    const count = this.#pieceCount()
    if (count === undefined) return
    if (piece >= count) throw new ProtocolError('BAD_INDEX', `donthave for piece ${piece} of ${count}`)
    this.#onDontHave(peer, piece, now)
  }

  /** Tells a peer that was told of `piece` that we have it no longer; nothing goes to peers that would not know. */
  tell(peer: ExtensionPeer, piece: number): void {
    if (!peer.supports(this.name)) return
    const payload = new Uint8Array(4)
    writeUint32(payload, 0, piece)
    peer.send(this.name, payload)
  }
}
