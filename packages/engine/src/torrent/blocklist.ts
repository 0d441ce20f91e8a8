/** Addresses that are never dialled, accepted or believed, whoever names them; one per engine. */
import type { IpRanges } from '../bytes/ip-ranges.ts'
import type { Datagrams } from '../ports.ts'

export class Blocklist {
  #ranges: IpRanges | undefined

  /** Ranges, as few as they can be. */
  get count(): number {
    return this.#ranges?.count ?? 0
  }

  set(ranges: IpRanges): void {
    this.#ranges = ranges
  }

  /** @param host an IP literal */
  has(host: string): boolean {
    return this.#ranges?.has(host) ?? false
  }
}

/** Sockets that neither send to what is blocked nor hear of it. */
export function withoutBlocked(datagrams: Datagrams, blocklist: Blocklist): Datagrams {
  return {
    open: (at, handler) => {
      const socket = datagrams.open(at, {
        onOpen: port => handler.onOpen(port),
        onDatagram: (bytes, from) => {
          if (!blocklist.has(from.host)) handler.onDatagram(bytes, from)
        },
        onError: error => handler.onError(error),
      })
      return {
        send: (bytes, to) => {
          if (!blocklist.has(to.host)) socket.send(bytes, to)
        },
        close: () => socket.close(),
      }
    },
  }
}
