/** Torrent files, and data that is compared with them, without an engine. */
import type { Metainfo } from '../../metainfo/metainfo.ts'

/** Bounded and cancellable. */
export interface LoadOptions {
  readonly signal?: AbortSignal | undefined
}

export interface LoadedTorrent {
  readonly metainfo: Metainfo
  /** The torrent file itself. */
  readonly bytes: Uint8Array
}

export interface MagnetLinkOptions {
  /** False leaves the trackers out. */
  readonly trackers?: boolean | undefined
  /** Peers to name in the link, as `host:port` (`[v6]:port`). */
  readonly peers?: readonly string[] | undefined
}

export interface HashProgress {
  readonly hashedBytes: number
  readonly totalBytes: number
}

export interface CreateOptions {
  /** A power of two from 16 KiB; chosen by size unless told. */
  readonly pieceLength?: number | undefined
  /** Tiers of URLs (BEP 12). */
  readonly trackers?: readonly (readonly string[])[] | undefined
  /** BEP 19. */
  readonly webSeeds?: readonly string[] | undefined
  readonly private?: boolean | undefined
  readonly comment?: string | undefined
  /** Tells copies of one torrent for several trackers apart: it changes the info-hash. */
  readonly source?: string | undefined
  /** The name of the file or folder unless told. */
  readonly name?: string | undefined
  readonly onProgress?: ((progress: HashProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CreatedTorrent {
  readonly bytes: Uint8Array
  readonly metainfo: Metainfo
}

export interface VerifyOptions {
  readonly onProgress?: ((progress: HashProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VerifyReport {
  /** Every piece matches and every file has its size. */
  readonly ok: boolean
  readonly pieces: { readonly good: number; readonly total: number }
  readonly badPieces: readonly number[]
  readonly files: readonly VerifiedFile[]
}

export interface VerifiedFile {
  /** Elements joined by `/`, below the download folder. */
  readonly path: string
  readonly state: 'ok' | 'missing' | 'damaged' | 'wrong size'
  /** How many pieces that touch this file do not match. */
  readonly badPieces: number
}

export type ParseTorrent = (bytes: Uint8Array) => Metainfo

export type LoadTorrent = (source: string | URL, options?: LoadOptions) => Promise<LoadedTorrent>

export type CreateTorrent = (path: string, options?: CreateOptions) => Promise<CreatedTorrent>

export type VerifyTorrent = (
  metainfo: Metainfo,
  dir: string,
  options?: VerifyOptions,
) => Promise<VerifyReport>
