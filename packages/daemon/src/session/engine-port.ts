/** What the session needs of an engine; the one of `@shoal/engine` is one. Tests have a smaller one. */
import type {
  ConnectionCounts,
  DhtSnapshot,
  FetchProgress,
  FilePriority,
  LoadedTorrent,
  Metainfo,
  Overheard,
  PeerSnapshot,
  ShoalError,
  TorrentNames,
  TorrentState,
  TrackerSnapshot,
  Why,
} from '@shoal/engine'
import type { Rename } from './record.ts'

export interface SessionEngine {
  readonly port: number
  /** A torrent file, or a magnet link: that resolves when peers have told what is in it. */
  add(torrent: Uint8Array | string, options: EngineAddOptions): Promise<EngineTorrent>
  describe(link: string, options: EngineDescribeOptions): Promise<LoadedTorrent>
  /** 0 lifts a limit. */
  setLimits(limits: { download?: number; upload?: number; connections?: number }): void
  summary(): EngineSummary
  close(): Promise<void>
}

export interface EngineAddOptions {
  readonly dir: string
  readonly files: (file: unknown, index: number) => FilePriority
  readonly sequential: boolean
  readonly peers: readonly string[]
  /** Undefined: the torrent's own. */
  readonly trackerTiers: readonly (readonly string[])[] | undefined
  readonly names: EngineNames | undefined
  readonly check: 'auto' | 'always' | 'trust'
  /** 0: none. */
  readonly downloadLimitBytesPerSec: number
  readonly uploadLimitBytesPerSec: number
  readonly obeySharedLimits: boolean
  readonly maxConnections: number
  readonly uploadSlots: number
  readonly paused: boolean
  /** The next three are for magnet links. */
  readonly signal?: AbortSignal
  readonly onFetching?: EngineDescribeOptions['onFetching']
  readonly onDescribed?: (bytes: Uint8Array) => Promise<void>
}

export interface EngineDescribeOptions {
  readonly peers: readonly string[]
  readonly trackerTiers: readonly (readonly string[])[] | undefined
  readonly signal: AbortSignal
  readonly onFetching: (progress: Pick<FetchProgress, 'bytes' | 'totalBytes' | 'connections'>) => void
}

export type EngineNames = TorrentNames

export interface EngineTorrent {
  readonly metainfo: Metainfo
  /** Where its data really is, and under which names: a move may have ended without us. */
  readonly dir: string
  readonly names: EngineNames
  summary(): EngineTorrentSummary
  snapshot(): {
    readonly files: readonly { readonly path: string; readonly haveBytes: number }[]
    readonly peers: readonly EnginePeer[]
    readonly trackers: readonly TrackerSnapshot[]
  }
  pieces(): EnginePieces
  on(event: 'state' | 'done', listener: () => void): () => void
  on(event: 'error', listener: (error: ShoalError) => void): () => void
  on(event: 'warning', listener: (text: string) => void): () => void
  start(): void
  stop(): Promise<void>
  /** Takes it out of the engine; what the engine remembers of it stays for the next time. */
  detach(): Promise<void>
  /** Takes it out and forgets it, and its data where told. */
  remove(options?: { data?: boolean }): Promise<void>
  check(): Promise<void>
  move(
    dir: string,
    options?: {
      signal?: AbortSignal
      onProgress?: (progress: { doneBytes: number; totalBytes: number }) => void
    },
  ): Promise<void>
  /** Together, or none of them. */
  rename(what: readonly Rename[]): Promise<void>
  setFilePriority(index: number, priority: FilePriority): void
  setSequential(on: boolean): void
  setTrackers(tiers: readonly (readonly string[])[]): void
  setLimits(limits: { download?: number; upload?: number; obeyShared?: boolean }): void
  setMaxConnections(count: number): void
  setUploadSlots(count: number): void
  reannounce(): void
  addPeer(address: string): void
  overhear(address: string, listener: (heard: Overheard) => void): () => void
  stream(
    file: number,
    options: { start: number; end: number; signal: AbortSignal },
  ): AsyncIterable<Uint8Array>
}

export interface EnginePieces {
  readonly have: Uint8Array
  readonly active: readonly { readonly index: number; readonly receivedFraction: number }[]
  readonly availability: Uint16Array | undefined
}

export type EnginePeer = Pick<
  PeerSnapshot,
  | 'address'
  | 'client'
  | 'source'
  | 'direction'
  | 'downloadRate'
  | 'uploadRate'
  | 'downloadedBytes'
  | 'uploadedBytes'
  | 'progress'
  | 'requests'
> & { readonly flags: string; readonly connectedSeconds: number }

export interface EngineTorrentSummary {
  readonly name: string
  readonly state: TorrentState
  readonly error?: ShoalError | undefined
  readonly wantedBytes: number
  readonly haveBytes: number
  readonly leftBytes: number
  readonly checkedFraction: number
  /** Since it was added to the engine, as the next two. */
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly wastedBytes: number
  readonly downloadRate: number
  readonly uploadRate: number
  readonly etaSeconds?: number | undefined
  readonly connections: ConnectionCounts
  readonly seeds: number
  readonly peersSending: number
  readonly peersReceiving: number
  readonly availability: number | undefined
  readonly swarm: { readonly seeders: number | undefined; readonly leechers: number | undefined }
  readonly why?: Why | undefined
}

export interface EngineSummary {
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly connections: ConnectionCounts
  readonly incomingSeconds: number | undefined
  readonly externalIps: readonly string[]
  readonly dht: Pick<DhtSnapshot, 'nodes' | 'searches'> | undefined
}
