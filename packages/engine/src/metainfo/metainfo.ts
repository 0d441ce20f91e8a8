/** What a torrent file says, sanitised (BEP 3, 5, 12, 17, 19, 27, 47). */
import type { Geometry } from './geometry.ts'

export interface TorrentFile {
  /** Safe path elements below the download folder; a torrent of many files begins with its own folder. */
  readonly path: readonly string[]
  readonly length: number
  /** Byte within the torrent where it begins. */
  readonly offset: number
  /** Never stored: a pad file, or a link, which has no bytes (BEP 47). */
  readonly pad: boolean
  /** BEP 47 attributes. */
  readonly executable: boolean
  readonly hidden: boolean
}

export interface Metainfo {
  /** SHA-1 of {@link infoBytes}, 20 bytes. */
  readonly infoHash: Uint8Array
  /** The same as 40 lower-case hex digits. */
  readonly infoHashHex: string
  /** The info dictionary, byte for byte as it came. */
  readonly infoBytes: Uint8Array
  /** Safe for every platform: the name of the file, or of the folder. */
  readonly name: string
  /** One file named `name` rather than a folder of files. */
  readonly singleFile: boolean
  readonly files: readonly TorrentFile[]
  readonly geometry: Geometry
  /** 20 bytes a piece. */
  readonly pieceHashes: Uint8Array
  readonly private: boolean
  readonly source: string | undefined
  /** BEP 12 tiers in the file's order; `announce` alone is one tier of one. */
  readonly trackers: readonly (readonly string[])[]
  /** BEP 19. */
  readonly webSeeds: readonly string[]
  /** BEP 17. */
  readonly httpSeeds: readonly string[]
  /** BEP 5: DHT nodes of a trackerless torrent. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly comment: string | undefined
  readonly createdBy: string | undefined
  /** Seconds since 1970. */
  readonly creationDate: number | undefined
  /** What was tolerated or changed, in words: unsorted keys, renamed files, trailing data. */
  readonly warnings: readonly string[]
}
