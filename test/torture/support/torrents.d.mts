import type { Metainfo } from '../../../packages/engine/src/metainfo/metainfo.ts'

export interface StrangeTorrent {
  readonly origin: 'libtorrent' | 'ours'
  readonly name: string
  /** What it loads as, field by field; undefined for one that is refused. */
  readonly wanted?: Readonly<Record<string, unknown>>
  /** Words that the error has. */
  readonly error?: string
  readonly code?: string
  /** Too much for a quick test. */
  readonly isLarge?: boolean
}

export const TORRENTS: readonly StrangeTorrent[]
export function bytesOf(torrent: StrangeTorrent): { file: Uint8Array; info: Uint8Array | undefined }
export function difference(
  metainfo: Metainfo,
  wanted: Readonly<Record<string, unknown>>,
  isFile: boolean,
): string | undefined
