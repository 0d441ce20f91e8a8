/** What is said on one connection, for those who watch it. Exists only while somebody does. */
import { type StreamPlace, tapMessages } from '../wire/tap.ts'

export interface Eavesdropper {
  /** A whole message, with its length; may be kept. Told at once: it must not call back into the engine. */
  onMessage(direction: 'in' | 'out', bytes: Uint8Array): void
  /** The connection is over. */
  onClosed(reason: string): void
}

/** We send whole messages. */
const BETWEEN: StreamPlace = { leftBytes: 0, head: new Uint8Array(0) }

export class Overheard {
  readonly onReceived: (chunk: Uint8Array) => void
  readonly onSent: (bytes: Uint8Array) => void
  readonly #listeners = new Set<Eavesdropper>()

  /** @param place where the stream of the other end is */
  constructor(place: StreamPlace) {
    this.onReceived = tapMessages(place, bytes => this.#tell('in', bytes))
    this.onSent = tapMessages(BETWEEN, bytes => this.#tell('out', bytes))
  }

  add(listener: Eavesdropper): void {
    this.#listeners.add(listener)
  }

  /** True when that was the last. */
  delete(listener: Eavesdropper): boolean {
    this.#listeners.delete(listener)
    return this.#listeners.size === 0
  }

  close(reason: string): void {
    for (const listener of this.#listeners) listener.onClosed(reason)
    this.#listeners.clear()
  }

  #tell(direction: 'in' | 'out', bytes: Uint8Array): void {
    for (const listener of this.#listeners) listener.onMessage(direction, bytes)
  }
}
