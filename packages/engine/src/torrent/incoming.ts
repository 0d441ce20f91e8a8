/**
 * A connection that someone opened to us, until it has said which torrent it wants: the first 48 bytes of the
 * handshake (BEP 3). From then on it only passes things on.
 */

import { ProtocolError } from '../errors.ts'
import type { Link, LinkHandler } from '../ports.ts'
import { checkProtocolHeader, INFO_HASH_END } from '../wire/handshake.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
const INFO_HASH_AT = 28

export interface IncomingDeps {
  /** Who handles connections for this torrent; undefined when it is not welcome. */
  readonly find: (infoHash: Uint8Array) => LinkHandler | undefined
  /** It no longer counts as undecided. */
  readonly onSettled: () => void
}

export class Incoming implements LinkHandler {
  readonly #link: Link
  readonly #deps: IncomingDeps
  readonly #since: number
  readonly #head = new Uint8Array(INFO_HASH_END)
  #filled = 0
  #handler: LinkHandler | undefined
  #closed = false

  constructor(link: Link, now: number, deps: IncomingDeps) {
    this.#link = link
    this.#since = now
    this.#deps = deps
  }

  /** Who it is, an IP literal. */
  get host(): string {
    return this.#link.remote.host
  }

  tick(now: number): void {
    if (now - this.#since > HANDSHAKE_TIMEOUT_MS) this.close()
  }

  close(): void {
    this.#closed = true
    this.#link.close()
    this.#deps.onSettled()
  }

  onOpen(): void {}

  onBytes(chunk: Uint8Array): void {
    if (this.#handler !== undefined) return this.#handler.onBytes(chunk)
    if (this.#closed) return
    const taken = Math.min(this.#head.length - this.#filled, chunk.length)
    this.#head.set(chunk.subarray(0, taken), this.#filled)
    const from = this.#filled
    this.#filled += taken
    try {
      checkProtocolHeader(this.#head, from, this.#filled)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return this.close()
    }
    if (this.#filled < this.#head.length) return
    const handler = this.#deps.find(this.#head.subarray(INFO_HASH_AT))
    if (handler === undefined) return this.close()
    this.#handler = handler
    this.#deps.onSettled()
    handler.onBytes(this.#head)
    if (taken < chunk.length) handler.onBytes(chunk.subarray(taken))
  }

  onDrain(): void {
    this.#handler?.onDrain()
  }

  onClose(reason: Error | undefined): void {
    if (this.#handler === undefined) this.#deps.onSettled()
    this.#handler?.onClose(reason)
  }
}
