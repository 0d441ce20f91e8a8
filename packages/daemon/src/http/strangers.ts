/**
 * Connections that have not shown yet that they may come in. There is room for so many; for one more, the oldest goes.
 * So those that say nothing, or say it slowly, cannot keep out anybody who has something to say.
 */
import type { Socket } from 'node:net'

/** Well below the 1,024 handles that many systems allow a process, of which torrents need most. */
export const MAX_STRANGERS = 200

export class Strangers {
  readonly #sockets = new Set<Socket>()

  get count(): number {
    return this.#sockets.size
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#sockets.size <= MAX_STRANGERS) return
    const oldest = this.#sockets.values().next().value!
    this.#sockets.delete(oldest)
    oldest.destroy()
  }

  /** It has shown a token or a cookie. */
  admit(socket: Socket): void {
    this.#sockets.delete(socket)
  }
}
