/** Peers that were banned by hand: addresses, over all torrents and restarts, until somebody takes it back. */
import { isIP } from 'node:net'
import type { Ban } from '../contract/index.ts'
import { SessionError } from './session.ts'

/** Nobody bans so many by hand; a list of addresses belongs in the blocklist. */
const MAX_BANS = 10_000

export class Bans {
  readonly #byAddress: Map<string, Ban>

  constructor(bans: readonly Ban[]) {
    this.#byAddress = new Map(bans.map(ban => [ban.address, ban]))
  }

  get list(): readonly Ban[] {
    return [...this.#byAddress.values()]
  }

  /** @param peer `host:port`, or a host */
  has(peer: string): boolean {
    const address = hostOf(peer)
    return address !== undefined && this.#byAddress.has(address)
  }

  /** All of them, or none. @throws SessionError `INVALID`, which says where */
  add(peers: readonly string[], at: number, where: string): void {
    const addresses = peers.map((peer, index) => {
      const address = hostOf(peer)
      if (address !== undefined) return address
      const place = peers.length === 1 ? where : `${where}[${index}]`
      throw new SessionError('INVALID', `${JSON.stringify(peer)} is not an IP address.`, place)
    })
    if (this.#byAddress.size + addresses.length > MAX_BANS) {
      const text = `More than ${MAX_BANS} addresses would be banned: make a blocklist of them.`
      throw new SessionError('CONFLICT', text, where)
    }
    for (const address of addresses) this.#byAddress.set(address, { address, at })
  }

  /** @returns whether it was banned */
  remove(peer: string): boolean {
    return this.#byAddress.delete(hostOf(peer) ?? peer)
  }
}

/** One way to write each address, whatever port it came from; undefined: it is none. */
function hostOf(peer: string): string | undefined {
  const host = isIP(peer) !== 0 ? peer : peer.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) === 4) return host
  if (isIP(host) !== 6 || host.includes('%')) return undefined
  const six = new URL(`http://[${host}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(six)
  if (mapped === null) return six
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
