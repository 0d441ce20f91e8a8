/** Peers on the local network (BEP 14) for the torrents of one engine that want them; private ones never may. */
import type { PeerAddress } from '../bytes/address.ts'
import { createLsd, type Lsd } from '../node/lsd.ts'
import { systemRandom } from '../node/system.ts'

export interface LocalPeersOptions {
  readonly bindHost: string | undefined
  /** Where the engine listens, once it does. */
  readonly port: () => number
  readonly onWarning: (text: string) => void
}

type OnPeer = (address: PeerAddress) => void

/** Opens no socket before the first torrent needs one. */
export class LocalPeers {
  readonly #options: LocalPeersOptions
  readonly #seekers = new Map<string, OnPeer>()
  #lsd: Lsd | undefined
  #isClosed = false

  constructor(options: LocalPeersOptions) {
    this.#options = options
  }

  /** Announces a torrent that is not private, and tells who else has it; until the returned function is called. */
  seek(infoHashHex: string, onPeer: OnPeer): () => void {
    if (this.#isClosed) return () => {}
    this.#lsd ??= this.#open()
    this.#seekers.set(infoHashHex, onPeer)
    this.#lsd.add(infoHashHex)
    return () => {
      // A torrent follows upon the fetching of its description, and may have begun before that has ended.
      if (this.#seekers.get(infoHashHex) !== onPeer) return
      this.#seekers.delete(infoHashHex)
      this.#lsd?.remove(infoHashHex)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#seekers.clear()
    this.#lsd?.close()
  }

  #open(): Lsd {
    const { bindHost, port, onWarning } = this.#options
    return createLsd({
      bindHost,
      port: port(),
      random: systemRandom,
      onPeer: (infoHashHex, address) => this.#seekers.get(infoHashHex)?.(address),
      onWarning,
    })
  }
}
