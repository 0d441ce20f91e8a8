/** A torrent in the engine: what can be done with it, and what can be watched. */
import type { ShoalError } from '../../errors.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import type { Rename, TorrentNames } from '../../metainfo/other-names.ts'
import type { FilePriority } from './add.ts'
import type { TorrentLimits } from './engine.ts'
import type { Overheard } from './overheard.ts'
import type { PeerSnapshot, PieceMap, TorrentSnapshot, TorrentSummary } from './snapshots.ts'

export type TorrentState = 'stopped' | 'checking' | 'downloading' | 'seeding' | 'error'

/** What each event of a {@link Torrent} carries. Coarse: never one a block. */
export interface TorrentEvents {
  readonly state: TorrentState
  /** A piece is verified and on disk. */
  readonly piece: { readonly index: number }
  /** All wanted files are complete and on disk. */
  readonly done: undefined
  /** Now in state `error`; `retrySeconds` of the snapshot tells whether it goes on by itself. */
  readonly error: ShoalError
  readonly warning: string
  readonly tracker: { readonly url: string; readonly message: string }
}

export interface Torrent {
  readonly metainfo: Metainfo
  /** 40 lower-case hex digits. */
  readonly infoHash: string
  /** The folder that holds, or will hold, its file or folder; absolute. */
  readonly dir: string
  /** Other names on disk than the torrent has. To be kept, with {@link dir}, by whoever adds it again later. */
  readonly names: TorrentNames
  /**
   * Resolves when all wanted files are complete and on disk. Rejects with a ShoalError when the torrent fails and does
   * not go on by itself, is removed (`CLOSED`) or aborted (`ABORTED`). Not watching it is fine.
   */
  readonly done: Promise<void>
  snapshot(): TorrentSnapshot
  /** The same without what is of variable length. Cheap: for lists of thousands, once a second. */
  summary(): TorrentSummary
  pieces(): PieceMap
  /**
   * The bytes of a file, as they become available: what is read next is fetched first as long as somebody reads, the
   * further ahead the faster it is read. Only what is verified and on disk comes out, in chunks of at most 128 KiB; the
   * next is read when the next is asked for. Several readers may read at once, at different places.
   *
   * Each chunk is the receiver's own. Waits while the torrent opens or is checked. Fails with what stopped the torrent,
   * `CLOSED` when it is stopped (to read from it, start it), `OPTION_INVALID` when the file is skipped and not had,
   * `ABORTED`.
   *
   * @throws ShoalError `OPTION_INVALID`: there is no such file, or not such a range in it
   */
  stream(file: number, options?: StreamOptions): AsyncIterableIterator<Uint8Array>
  /**
   * Every message to and from a connected peer from now on, in plain words; thousands a second from a quick one. `atMs` is
   * counted from here. Costs nothing while nobody listens.
   *
   * @param address as in {@link PeerSnapshot}
   * @returns a function that ends it
   * @throws ShoalError `OPTION_INVALID`: no such peer is connected
   */
  overhear(address: string, listener: (heard: Overheard) => void): () => void
  /** @returns a function that ends it */
  on<Name extends keyof TorrentEvents>(
    event: Name,
    listener: (detail: TorrentEvents[Name]) => void,
  ): () => void
  start(): void
  stop(): Promise<void>
  /**
   * Hashes all of the data again, then goes on as it was before: stopped or not. Resolves when all was looked at; rejects
   * with `ABORTED` when the torrent is stopped before.
   */
  check(): Promise<void>
  /**
   * Moves the data to another folder: by renaming where that is on the same disk; else it is copied, made durable, read
   * again and compared before the original goes. The torrent stops, and then goes on as it was before. What belongs to
   * others stays, and nothing that is there is overwritten.
   *
   * After a crash at any point all data is in one of the two folders, and nothing has to be checked again: add the torrent
   * with either, {@link dir} tells where it is, and a copy that is asked for again goes on.
   *
   * Rejects with a ShoalError, `ABORTED` and `PATH_CONFLICT` among them: the data is where it was, then.
   */
  move(dir: string, options?: MoveOptions): Promise<void>
  /**
   * Gives the file or folder of the torrent another name, or one of its files another path below the folder; on disk, too.
   * A name has to be safe on every system, and free. Several are changed together, or none of them. As {@link move} in
   * all other respects.
   */
  rename(what: Rename | readonly Rename[]): Promise<void>
  /**
   * Takes the torrent out of the engine and forgets its resume record; the data stays unless told. Rejects when something
   * could not be deleted: the torrent is stopped then, and still there.
   */
  remove(options?: RemoveOptions): Promise<void>
  /** Stops the torrent and takes it out of the engine; its resume record stays, for when it is added again. */
  detach(): Promise<void>
  setLimits(limits: TorrentLimits): void
  /** Those beyond are let go, the least useful first. */
  setMaxConnections(count: number): void
  /** Peers that it uploads to at a time. */
  setUploadSlots(count: number): void
  /** Pieces in order, or the rarest first. */
  setSequential(on: boolean): void
  /**
   * Tiers of trackers (BEP 12) in place of all that there are. Those that stay keep what they told; those that are new
   * are announced to at once, while the torrent is active.
   *
   * @throws ShoalError `OPTION_INVALID`, which names the URL
   */
  setTrackers(tiers: readonly (readonly string[])[]): void
  /** Asks trackers and the DHT for peers now: a tracker that just answered as soon as it allows. */
  reannounce(): void
  /**
   * Parts with a peer, and keeps away from its host. A ban lasts until the torrent is removed or the engine closed.
   *
   * @param address an IP address, or `host:port` of a peer: it would come back from another port
   * @param seconds for how long; not given: without end
   * @throws ShoalError `OPTION_INVALID`
   */
  banPeer(address: string, seconds?: number): void
  setFilePriority(index: number, priority: FilePriority): void
  /** @param address `host:port` or `[v6]:port` */
  addPeer(address: string): void
}

export interface MoveOptions {
  /** Ends it: the data is where it was, then. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined
}

export interface MoveProgress {
  readonly doneBytes: number
  readonly totalBytes: number
}

export interface RemoveOptions {
  /**
   * Deletes the data as well: the files that the torrent names, then folders that became empty. Nothing else, and no link
   * is followed. False unless told.
   */
  readonly data?: boolean | undefined
}

export interface StreamOptions {
  /** First byte within the file; 0 unless told. */
  readonly start?: number | undefined
  /** The byte after the last; the end of the file unless told. */
  readonly end?: number | undefined
  readonly signal?: AbortSignal | undefined
}
