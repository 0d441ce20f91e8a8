/**
 * The whole outside world, as the core sees it. `node/` implements these over sockets, files and workers; `sim/`
 * implements them in virtual time. Two laws hold for every implementation:
 *
 * - a method never calls back in the same turn: what it causes arrives later, through a handler;
 * - nothing throws: what fails is told to the handler.
 */
import type { PeerAddress } from './bytes/address.ts'
import type { ShoalError } from './errors.ts'
import type { Geometry } from './metainfo/geometry.ts'
import type { AnnounceReply, AnnounceRequest, SwarmCounts } from './tracker/announce.ts'

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly sha1: Sha1
  readonly net: Net
  readonly datagrams: Datagrams
  readonly storage: Storage
  readonly trackers: Trackers
}

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  now(): number
  /** Seconds since 1970, for people; never for deciding. */
  unixTime(): number
  /** Calls `tick` every `intervalMs` until the returned function is called. */
  every(intervalMs: number, tick: () => void): () => void
}

export interface Random {
  bytes(length: number): Uint8Array
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number
}

/** The SHA-1 digest (20 bytes) of `bytes`, at once; for small inputs only, pieces are hashed in {@link Storage}. */
export type Sha1 = (bytes: Uint8Array) => Uint8Array

// ---------------------------------------------------------------------------------------------------- network

export interface Net {
  /** Opens a TCP connection; then `onOpen`, or `onClose` with the reason. */
  connect(to: PeerAddress, handler: LinkHandler): Link
  /** Accepts TCP connections until closed; `host` undefined: every address, IPv4 and IPv6; `port` 0: any. */
  listen(at: { host: string | undefined; port: number }, handler: ListenHandler): Listener
}

export interface Listener {
  close(): void
}

export interface ListenHandler {
  onListening(port: number): void
  /** A connection was accepted; what happens to it goes to the handler that is returned. Bytes come later. */
  onLink(link: Link): LinkHandler
  /** Listening failed or ended; it will not go on. */
  onError(error: ShoalError): void
}

/** A byte stream to a peer. */
export interface Link {
  readonly remote: PeerAddress
  /** Bytes given to `send` that the operating system has not taken yet. */
  readonly queuedBytes: number
  /**
   * Queues bytes. They must not be changed before `onTaken`, which comes in a later turn, when the operating system
   * has them; on a link that is closed it may never come. Does nothing once closed.
   */
  send(bytes: Uint8Array, onTaken?: () => void): void
  /** Between `cork` and `uncork` what is sent is gathered into one write. */
  cork(): void
  uncork(): void
  /** Ends the connection at once; `onClose` follows. */
  close(): void
}

export interface LinkHandler {
  onOpen(): void
  /** The chunk is the receiver's only until it returns: its memory is used again. */
  onBytes(chunk: Uint8Array): void
  /** All that was queued has been taken. */
  onDrain(): void
  /** Exactly once, also after our own `close`; nothing comes after it. */
  onClose(reason: Error | undefined): void
}

export interface Datagrams {
  /** Opens a UDP socket; then `onOpen`, or `onError`. `host` undefined: every address of the family; `port` 0: any. */
  open(
    at: { family: 4 | 6; host: string | undefined; port: number },
    handler: DatagramHandler,
  ): DatagramSocket
}

export interface DatagramSocket {
  /**
   * Sends to an IP literal of the socket's family, or drops: when it is not open, or when the operating system has not
   * taken much of what was sent before. Nobody is told of datagrams that get lost. The bytes must not be changed
   * afterwards.
   */
  send(bytes: Uint8Array, to: PeerAddress): void
  /** Nothing comes after it. */
  close(): void
}

export interface DatagramHandler {
  onOpen(port: number): void
  /** The bytes are the receiver's only until it returns. */
  onDatagram(bytes: Uint8Array, from: PeerAddress): void
  /** Opening failed, or the socket broke; nothing comes after it. */
  onError(error: ShoalError): void
}

// ---------------------------------------------------------------------------------------------------- storage

export interface Storage {
  /** Piece memory, shared with whoever hashes and writes; the engine hands out its slabs, and blocks get there by `set`. */
  readonly memory: Uint8Array
  /** Opens the data of one torrent. `onPrepared` or `onError` follows. */
  open(plan: StoragePlan, handler: StoreHandler): Store
  /**
   * Looks, without changing anything, whether a torrent whose store failed could go on; `done` is given what stands in
   * the way, if anything does that can be seen from here.
   */
  probe(plan: StoragePlan, need: DiskNeed, done: (obstacle: ShoalError | undefined) => void): void
}

/** What a torrent needs to go on. */
export interface DiskNeed {
  /** Room on the disk. */
  readonly bytes: number
  /**
   * Numbers of the files that had something in them. If none of them is there, what holds them is not: a disk that is
   * not mounted looks like an empty folder.
   */
  readonly files: readonly number[]
}

export interface StoragePlan {
  /** The folder that holds the torrent's file or folder. */
  readonly dir: string
  readonly geometry: Geometry
  /** 20 bytes a piece. */
  readonly hashes: Uint8Array
  /** One per file of the geometry: false for files that nobody asked for. */
  readonly wanted: readonly boolean[]
  /** `full` reserves the disk space of wanted files beforehand. */
  readonly allocation: 'sparse' | 'full'
  /** Seeding only: nothing is created or written. */
  readonly readOnly: boolean
  /** Lower-case hex, names the file for pieces that cross into unwanted files. */
  readonly infoHash: string
}

/** What is on disk for one file of the torrent: undefined where there is none. */
export type FileStamp =
  | {
      readonly size: number
      readonly mtimeMs: number
      /** Another one after anything that is done to the file, or when another file stands there; not everywhere known. */
      readonly mark?: string | undefined
    }
  | undefined

/** Consecutive bytes of one piece in consecutive slabs, all full but perhaps the last. */
export interface Run {
  readonly piece: number
  /** First byte within the piece: a multiple of the slab size. */
  readonly begin: number
  readonly length: number
  readonly slabs: readonly number[]
  /** This run ends the piece. */
  readonly last: boolean
}

export type RunOutcome =
  /** Not the last run: hashed so far, its bytes are where they belong. */
  | { readonly kind: 'written' }
  /** Last run: the piece matches its hash and is on disk. */
  | { readonly kind: 'stored'; readonly digests: Uint8Array | undefined }
  /** Last run: the piece does not match its hash. */
  | { readonly kind: 'corrupt'; readonly digests: Uint8Array }
  /** The world failed. */
  | { readonly kind: 'failed'; readonly error: ShoalError }

export interface Store {
  /**
   * Hashes and writes a run; `onRun` answers each exactly once. The runs of a piece come in order, from begin 0.
   * `digests` asks for the SHA-1 of every block (20 bytes each) with a `stored` outcome; `corrupt` always has them.
   */
  write(run: Run, digests: boolean): void
  /** Forgets the runs of an unfinished piece. */
  abandon(piece: number): void
  /**
   * The bytes if they are in the read cache; otherwise they are fetched, with what follows them, and `onReadable` or
   * `onReadError` comes. Only for pieces that are stored. The bytes are good until this turn ends: their memory is
   * used again.
   */
  read(piece: number, begin: number, length: number): Uint8Array | undefined
  /** Nothing was done to the files of these pieces since they were hashed in an earlier life: they need no proof to be read. */
  vouch(pieces: Iterable<number>): void
  /** Hashes what is on disk of these pieces: `onChecked` for each in any order, then `onCheckDone`. */
  check(pieces: Iterable<number>): void
  /** Changes which files are wanted; pieces already stored stay readable. `onPrepared` or `onError` follows. */
  select(wanted: readonly boolean[]): void
  /**
   * Makes these pieces, stored or found to match, durable against a power cut: `onSynced`, or `onError`. Writing goes on
   * meanwhile.
   */
  sync(pieces: readonly number[]): void
  /** Sizes and times now, after all writes so far: `onStamps`. */
  stamp(): void
  /** Lets writes finish, closes files; `onClosed` is the last call. */
  close(): void
}

export interface StoreHandler {
  /** One stamp per file: what was found, before anything was created. */
  onPrepared(found: readonly FileStamp[]): void
  onRun(run: Run, outcome: RunOutcome): void
  onReadable(): void
  onReadError(piece: number, error: ShoalError): void
  onChecked(piece: number, matches: boolean): void
  onCheckDone(): void
  onSynced(): void
  /**
   * One stamp per file, with a mark only where nothing needs a proof to be read. `changed`: numbers of files that somebody
   * else wrote to since they were found, and that were not hashed since.
   */
  onStamps(stamps: readonly FileStamp[], changed: readonly number[]): void
  /** Opening, creating, checking or selecting failed. */
  onError(error: ShoalError): void
  onClosed(): void
}

// --------------------------------------------------------------------------------------------------- trackers

export interface Trackers {
  /** Announces once (retransmissions included); `done` is called once unless the returned function cancels it. */
  announce(
    url: string,
    request: AnnounceRequest,
    done: (outcome: AnnounceReply | ShoalError) => void,
  ): () => void
  /**
   * Asks once what the tracker at this announce URL knows of a torrent (20 bytes of info-hash); `done` is called as
   * for `announce`. A tracker that does not know the torrent is an error.
   */
  scrape(url: string, infoHash: Uint8Array, done: (outcome: SwarmCounts | ShoalError) => void): () => void
}
