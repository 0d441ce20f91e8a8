/** A small tracker, and what trackers know of a torrent. */
import type { ShoalError } from '../../errors.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'

export interface TrackerServerOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string | undefined
  /** 0, any, unless told. */
  readonly port?: number | undefined
}

export interface TrackerServer {
  /** The announce URL. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export interface ScrapeOptions {
  /** How long each tracker may take; 15 s unless told. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What one tracker knows of a torrent, or why it did not say. */
export type ScrapeResult =
  | {
      /** The announce URL, as the torrent has it. */
      readonly url: string
      readonly ok: true
      /** At least one of the three is known. */
      readonly seeders: number | undefined
      readonly leechers: number | undefined
      /** Downloads ever completed. */
      readonly downloads: number | undefined
    }
  | { readonly url: string; readonly ok: false; readonly error: ShoalError }

export type StartTracker = (options?: TrackerServerOptions) => Promise<TrackerServer>

export type ScrapeTorrent = (metainfo: Metainfo, options?: ScrapeOptions) => Promise<ScrapeResult[]>
