/**
 * Connections that have not shown yet that they may come in. There is room for so many; for one more, another one goes.
 * So those that say nothing, or say it slowly, cannot keep out anybody who has something to say.
 */
import type { Socket } from 'node:net'

/** More than there are slow clients in any attack of one machine; a handle and some KiB each. */
const MAX_STRANGERS = 1024

export class Strangers {
  readonly #sockets = new Set<Socket>()

  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#sockets.size > MAX_STRANGERS) this.#makeRoom()
  }

  /** It has shown a token or a cookie. */
  admit(socket: Socket): void {
    this.#sockets.delete(socket)
  }

  /** The oldest goes, of the address that has most. */
  #makeRoom(): void {
    const counts = new Map<string, number>()
    for (const { remoteAddress = '' } of this.#sockets)
      counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const socket of this.#sockets) {
      if (counts.get(socket.remoteAddress ?? '') !== most) continue
      this.#sockets.delete(socket)
      socket.destroy()
      return
    }
  }
}
