/**
 * `@shoal/engine`: a complete BitTorrent peer to embed. Begin with {@link createEngine}.
 *
 * @module
 */
import type { Dht, DhtOptions, Engine, EngineOptions } from './library/types.ts'

export { type ErrorCode, ProtocolError, type ProtocolErrorCode, ShoalError } from './errors.ts'
export { createTorrent } from './library/create.ts'
export { loadTorrent } from './library/load.ts'
export { magnetOf } from './library/magnet-link.ts'
export { parseTorrent } from './library/parse.ts'
export { peek } from './library/peek.ts'
export { scrapeTorrent } from './library/scrape.ts'
export * from './library/types.ts'
export { verifyTorrent } from './library/verify.ts'
export type { Geometry } from './metainfo/geometry.ts'
export { type FileRange, type Magnet, type MagnetFields, parseMagnet } from './metainfo/magnet.ts'
export type { Metainfo, TorrentFile } from './metainfo/metainfo.ts'
export { startTracker } from './node/tracker-server.ts'
export type { CustomExtension, CustomExtensionPeer } from './torrent/custom-extension.ts'

/**
 * An engine that listens and is ready for torrents. Its code is loaded by the first call: what only parses, creates or
 * verifies torrents starts sooner without.
 *
 * @throws ShoalError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `OPTION_INVALID`, `ABORTED`
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const library = await import('./library/engine.ts')
  return await library.createEngine(options)
}

/**
 * A node of the DHT without torrents; its code, too, is loaded by the first call.
 *
 * @throws ShoalError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `NETWORK`, `OPTION_INVALID`
 */
export async function createDht(options: DhtOptions = {}): Promise<Dht> {
  const library = await import('./library/dht.ts')
  return await library.createDht(options)
}
