/**
 * `@shoal/engine`: a complete BitTorrent peer to embed. Begin with {@link createEngine}.
 *
 * @module
 */
export { type ErrorCode, ProtocolError, type ProtocolErrorCode, ShoalError } from './errors.ts'
export { createTorrent } from './library/create.ts'
export { createEngine } from './library/engine.ts'
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
