/** A magnet link or info-hash on its way to a torrent, as commands watch it. */
import type { DhtSnapshot, FetchProgress, Magnet } from '@shoal/engine'
import { describeFetch, type FetchFigures, fetchName } from './terminal/fetch-view.ts'

export class Fetching {
  readonly source: string
  readonly magnet: Magnet
  /** Why it was not there when all was over. */
  why: string | undefined
  #progress: FetchProgress | undefined
  #arrivedBytes = 0
  #arrivedMs: number

  constructor(source: string, magnet: Magnet, nowMs: number) {
    this.source = source
    this.magnet = magnet
    this.#arrivedMs = nowMs
  }

  get infoHash(): string {
    return this.magnet.infoHashHex
  }

  /** What the link calls it, or its info-hash; safe to show. */
  get name(): string {
    return fetchName({ name: this.magnet.name, infoHash: this.infoHash })
  }

  take(progress: FetchProgress, nowMs: number): void {
    this.#progress = progress
    const bytes = progress.bytes ?? 0
    if (bytes === this.#arrivedBytes) return
    this.#arrivedBytes = bytes
    this.#arrivedMs = nowMs
  }

  /** Nothing has arrived for so long. */
  isStuck(giveUpSeconds: number | undefined, nowMs: number): boolean {
    return giveUpSeconds !== undefined && nowMs - this.#arrivedMs > giveUpSeconds * 1000
  }

  /** @param dht of the engine: undefined without DHT, or where this torrent is not to be looked for there */
  figures(dht: DhtSnapshot | undefined): FetchFigures {
    const { infoHash, magnet } = this
    const { connections, bytes, totalBytes, trackers } = this.#progress ?? before(magnet)
    return { infoHash, name: magnet.name, connections, bytes, totalBytes, trackers, dhtNodes: dht?.nodes }
  }

  /** One line without the name. */
  describe(dht: DhtSnapshot | undefined): string {
    return describeFetch(this.figures(dht))
  }
}

/** What came of a magnet link that nobody could tell more of. */
export const UNTOLD = 'nobody has told what is in it'

/** What the link itself tells. */
function before(magnet: Magnet): Pick<FetchProgress, 'connections' | 'bytes' | 'totalBytes' | 'trackers'> {
  return {
    connections: { connected: 0, connecting: 0, known: magnet.peers.length },
    bytes: undefined,
    totalBytes: undefined,
    trackers: magnet.trackers.flatMap((tier, at) => tier.map(url => ({ url, tier: at, state: 'idle' }))),
  }
}

/** The fields of a `fetching` event: stable names, plain numbers. */
export function fetchingEvent(figures: FetchFigures): object {
  const { infoHash, name, connections, bytes, totalBytes, dhtNodes } = figures
  const trackers = figures.trackers.map(({ url, state, message }) => ({ url, state, message }))
  return { infoHash, name, text: describeFetch(figures), bytes, totalBytes, connections, trackers, dhtNodes }
}
