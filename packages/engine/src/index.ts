/**
 * `@shoal/engine`: a complete BitTorrent peer to embed. Begin with {@link createEngine}.
 *
 * Everything that comes out is a copy of plain data; nothing is called once per block.
 *
 * @module
 */
import type { Dht, DhtOptions } from './library/types/dht.ts'
import type { Engine, EngineOptions } from './library/types/engine.ts'
import type { PeekEvent, PeekOptions } from './library/types/peek.ts'
import type {
  ScrapeOptions,
  ScrapeResult,
  TrackerServer,
  TrackerServerOptions,
} from './library/types/tracker.ts'
import type { Metainfo } from './metainfo/metainfo.ts'

export type { IpRange, PackedRanges } from './bytes/ip-ranges.ts'
export { type ErrorCode, ProtocolError, type ProtocolErrorCode, ShoalError } from './errors.ts'
export { createTorrent } from './library/create.ts'
export { createDhtKey, parseDhtKey } from './library/dht-key.ts'
export { loadTorrent } from './library/load.ts'
export { magnetOf } from './library/magnet-link.ts'
export { parseTorrent } from './library/parse.ts'
export type * from './library/types/add.ts'
export type * from './library/types/dht.ts'
export type * from './library/types/engine.ts'
export * from './library/types/overheard.ts'
export * from './library/types/peek.ts'
export type * from './library/types/snapshots.ts'
export type * from './library/types/torrent.ts'
export type * from './library/types/torrent-file.ts'
export type * from './library/types/tracker.ts'
export { verifyTorrent } from './library/verify.ts'
export type { Geometry } from './metainfo/geometry.ts'
export { type FileRange, type Magnet, type MagnetFields, parseMagnet } from './metainfo/magnet.ts'
export type { Metainfo, TorrentFile } from './metainfo/metainfo.ts'
export type { Rename, TorrentNames } from './metainfo/other-names.ts'
export type { CustomExtension, CustomExtensionPeer } from './torrent/custom-extension.ts'
export type { Reasons, Why } from './torrent/why.ts'

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

/** Fetches one block from whoever gives it, and tells each step; its code is loaded by the first call. */
export async function* peek(metainfo: Metainfo, options: PeekOptions = {}): AsyncGenerator<PeekEvent> {
  const library = await import('./library/peek.ts')
  yield* library.peek(metainfo, options)
}

/**
 * What each tracker says of a torrent's swarm (BEP 48), in the torrent's order; its code is loaded by the first call.
 *
 * @throws ShoalError `OPTION_INVALID`, `ABORTED`
 */
export async function scrapeTorrent(
  metainfo: Metainfo,
  options: ScrapeOptions = {},
): Promise<readonly ScrapeResult[]> {
  const library = await import('./library/scrape.ts')
  return await library.scrapeTorrent(metainfo, options)
}

/** A small HTTP tracker, in memory; its code is loaded by the first call. */
export async function startTracker(options: TrackerServerOptions = {}): Promise<TrackerServer> {
  const library = await import('./node/tracker-server.ts')
  return await library.startTracker(options)
}
