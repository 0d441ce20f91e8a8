/**
 * The published face of the engine, as types: what goes in, what comes out, and what can be watched meanwhile.
 * Everything that comes out is a copy of plain data; nothing here is called once per block.
 */
import type { IpRange, PackedRanges } from '../bytes/ip-ranges.ts'
import type { ShoalError } from '../errors.ts'
import type { Metainfo, TorrentFile } from '../metainfo/metainfo.ts'
import type { Rename, TorrentNames } from '../metainfo/other-names.ts'
import type { CustomExtension } from '../torrent/custom-extension.ts'
import type { Why } from '../torrent/why.ts'

export type { Reasons, Why } from '../torrent/why.ts'

// ----------------------------------------------------------------------------------------------------- engine

export interface EngineOptions {
  /** TCP port to listen on; 0 is any. Not given: 6881, or one of the next nine if that is taken. */
  readonly port?: number | undefined
  /** The address of this machine to listen on and to connect from. Not given: all of them, IPv4 and IPv6. */
  readonly bind?: string | undefined
  /** Where resume records and the DHT's table are kept. Not given: nothing is remembered beyond the data itself. */
  readonly stateDir?: string | undefined
  /**
   * Whether the state folder is for whoever comes: where another process has it, a numbered folder inside of it is
   * used, and one that cannot be used is a warning. Otherwise both are errors.
   */
  readonly shareState?: boolean | undefined
  /** Find peers by the DHT, at the UDP port of the same number or at any; true unless told. */
  readonly dht?: boolean | undefined
  /**
   * Nodes to enter the DHT by, as `host:port`, in place of the well-known ones. Those are not asked by an engine that is
   * bound to the loopback address.
   */
  readonly dhtBootstrap?: readonly string[] | undefined
  /** Peers connected at once, over all torrents. */
  readonly maxConnections?: number | undefined
  /** Over all torrents; not given or 0 is no limit. */
  readonly downloadLimitBytesPerSec?: number | undefined
  /** Over all torrents; not given or 0 is no limit. */
  readonly uploadLimitBytesPerSec?: number | undefined
  /** Whether peers on the local network are looked for, of torrents that are not private. True unless told (BEP 14). */
  readonly lsd?: boolean | undefined
  /** Of your own, to the protocol that peers speak (BEP 10), for every torrent. */
  readonly extensions?: readonly CustomExtension[] | undefined
  /** Memory for pieces on their way to and from the disk. */
  readonly memoryBytes?: number | undefined
  /** Threads that hash and write. */
  readonly workers?: number | undefined
  /** Closes the engine. */
  readonly signal?: AbortSignal | undefined
}

/** Bytes a second; undefined leaves a limit as it is, 0 lifts it. */
export interface Limits {
  readonly download?: number | undefined
  readonly upload?: number | undefined
}

export interface TorrentLimits extends Limits {
  /** Whether the engine's limits of rates count for this torrent, too; true unless told. */
  readonly obeyShared?: boolean | undefined
}

export interface EngineLimits extends Limits {
  /** Peers connected at once, over all torrents; those beyond are let go. */
  readonly connections?: number | undefined
}

export interface Engine extends AsyncDisposable {
  /** The TCP port that is listened on. */
  readonly port: number
  readonly torrents: readonly Torrent[]
  /** @param infoHash 40 hex digits */
  get(infoHash: string): Torrent | undefined
  /**
   * Adds a torrent and starts it.
   *
   * @param source path or http(s) URL of a torrent file, its bytes, what {@link Metainfo} it holds, a magnet link, or an
   *   info-hash; of the last two, resolves when peers have told what is in the torrent
   * @throws ShoalError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `TORRENT_INVALID`, `TORRENT_UNSUPPORTED`,
   *   `TORRENT_DUPLICATE`, `OPTION_INVALID`, `CLOSED`, `ABORTED`
   */
  add(source: string | URL | Uint8Array | Metainfo, options?: AddOptions): Promise<Torrent>
  /**
   * What is in a torrent, without adding it; of a magnet link or info-hash, fetched from peers.
   *
   * @throws ShoalError as {@link add}
   */
  describe(source: string | URL, options?: DescribeOptions): Promise<LoadedTorrent>
  /** Over all torrents. @throws ShoalError `OPTION_INVALID` */
  setLimits(limits: EngineLimits): void
  /**
   * Addresses that are never dialled, accepted or believed, in place of those set before: in any order, overlapping or not,
   * at most two million ranges; `[]` lifts it. Whoever is connected from there is left. Trackers are not concerned.
   *
   * @throws ShoalError `OPTION_INVALID`
   */
  setBlocklist(ranges: readonly IpRange[] | PackedRanges): void
  snapshot(): EngineSnapshot
  /** The snapshot without what there is of each torrent. */
  summary(): EngineSummary
  /** Saves what is needed to resume, tells the trackers (for at most 4 s), closes. Never rejects. */
  close(): Promise<void>
}

export type DescribeOptions = Pick<
  AddOptions,
  'peers' | 'trackers' | 'trackerTiers' | 'discovery' | 'signal' | 'onFetching'
>

/** All torrents together. */
export interface EngineSummary {
  readonly port: number
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly connections: ConnectionCounts
  /** How long ago somebody from the internet last came to our port; undefined: nobody did yet. */
  readonly incomingSeconds: number | undefined
  /** Our addresses as peers, trackers and the DHT see them, as far as they agree; one of a family at most. */
  readonly externalIps: readonly string[]
  /** Of the blocklist, after those that overlap became one. */
  readonly blockedRanges: number
  /** Undefined without DHT. */
  readonly dht: DhtSnapshot | undefined
}

export interface EngineSnapshot extends EngineSummary {
  readonly torrents: readonly TorrentSnapshot[]
}

// -------------------------------------------------------------------------------------------------------- DHT

/** IPv4 and IPv6 together. */
export interface DhtSnapshot {
  /** UDP; undefined while, or where, there is no socket. */
  readonly port: number | undefined
  /** Our address as other nodes see it. */
  readonly externalIps: readonly string[]
  readonly nodes: number
  /** Of those, the ones that have answered lately. */
  readonly goodNodes: number
  /** Going on now. */
  readonly searches: number
  /** What others keep with us. */
  readonly storedPeers: number
  readonly storedItems: number
  /** Datagrams. */
  readonly sent: number
  readonly received: number
  readonly dropped: number
}

export interface DhtOptions {
  /** UDP port; 0, any, unless told. */
  readonly port?: number | undefined
  /** The address of this machine to use. Not given: all of them. */
  readonly bind?: string | undefined
  /** As of {@link EngineOptions.dhtBootstrap}. */
  readonly bootstrap?: readonly string[] | undefined
  /** The state folder of an engine: its table is a way in; a node that is not read-only saves its own there. */
  readonly stateDir?: string | undefined
  /** Ask, but do not answer (BEP 43): for a node that is there for a moment only. */
  readonly readOnly?: boolean | undefined
}

/** A node of the DHT without torrents. All that it is asked fails with `NETWORK` where no node answers in time. */
export interface Dht extends AsyncDisposable {
  readonly port: number
  /** @param infoHash 40 hex digits */
  find(infoHash: string, options?: DhtFindOptions): Promise<DhtFound>
  /** Undefined: no answer. @throws ShoalError `OPTION_INVALID` */
  ping(address: string): Promise<DhtPong | undefined>
  /** Looks around, then names the nearest nodes that it knows. */
  nodes(options?: DhtSearchOptions): Promise<readonly DhtNodeInfo[]>
  /** Stores a byte string of at most 996 bytes (BEP 44) for some hours. Text goes as UTF-8. */
  put(value: string | Uint8Array, options?: DhtSearchOptions): Promise<DhtPut>
  /** @param target 40 hex digits; undefined when nobody has it */
  get(target: string, options?: DhtSearchOptions): Promise<DhtItem | undefined>
  /**
   * Stores a byte string of at most 996 bytes under a key, for some hours, in place of what the key's owner put before.
   *
   * @throws ShoalError `DHT_CONFLICT` when what is there is newer, or not what {@link DhtPutMutableOptions.cas} says
   */
  putMutable(value: string | Uint8Array, options: DhtPutMutableOptions): Promise<DhtPutMutable>
  /** The newest that the owner of the key has put; its signature is checked. @param publicKey 64 hex digits */
  getMutable(publicKey: string, options?: DhtGetMutableOptions): Promise<DhtItem | undefined>
  snapshot(): DhtSnapshot
  close(): Promise<void>
}

export interface DhtSearchOptions {
  /** 30 s unless told. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DhtFindOptions extends DhtSearchOptions {
  /** Tells the nodes that a peer listens here, at this TCP port. */
  readonly announcePort?: number | undefined
  /** As they are found, as `host:port`. */
  readonly onPeers?: ((peers: readonly string[]) => void) | undefined
}

export interface DhtFound {
  readonly peers: readonly string[]
  /** Nodes asked, and answers. */
  readonly queries: number
  readonly replies: number
  /** Nodes that took our announce. */
  readonly announced: number
  readonly durationMs: number
}

export interface DhtPong {
  /** 40 hex digits. */
  readonly id: string
  readonly durationMs: number
}

export interface DhtNodeInfo {
  /** 40 hex digits. */
  readonly id: string
  readonly address: string
}

export interface DhtPut {
  /** 40 hex digits, to get it by. */
  readonly target: string
  /** Nodes that have it now. */
  readonly stored: number
}

/** An Ed25519 key, as `parseDhtKey` makes it of a PEM file; any other that signs will do. */
export interface DhtKey {
  /** 64 hex digits. */
  readonly publicKey: string
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

export interface DhtGetMutableOptions extends DhtSearchOptions {
  /** Tells several items of one key apart; at most 64 bytes, text as UTF-8. */
  readonly salt?: string | Uint8Array | undefined
}

export interface DhtPutMutableOptions extends DhtGetMutableOptions {
  readonly key: DhtKey
  /** The highest counts. Not given: one more than that of the item that is there, or 1. */
  readonly seq?: number | undefined
  /** Store only in place of the item with this seq, or of none. */
  readonly cas?: number | undefined
}

export interface DhtPutMutable extends DhtPut {
  /** 64 hex digits, to get it by. */
  readonly publicKey: string
  readonly seq: number
}

export interface DhtItem {
  /** The value as it is stored. */
  readonly bencoded: Uint8Array
  /** Where it is a byte string. Comes from anybody: not safe for a terminal as it is. */
  readonly bytes: Uint8Array | undefined
  /** Signed by the owner of a key, and may change. */
  readonly mutable: boolean
  /** Of a mutable one: the higher, the newer. */
  readonly seq: number | undefined
}

// ---------------------------------------------------------------------------------------------------- torrent

export type FilePriority = 'skip' | 'low' | 'normal' | 'high'

export interface AddOptions {
  /** The folder that holds, or will hold, the torrent's file or folder; '.' unless told. */
  readonly dir?: string | undefined
  /** Other names on disk than the torrent has, as {@link Torrent.names} was. Made safe like those of torrents. */
  readonly names?: TorrentNames | undefined
  /**
   * Asked once per file; not given, all are `normal`, or those that a magnet link selects. What it throws comes out of
   * adding.
   */
  readonly files?: ((file: TorrentFile, index: number, metainfo: Metainfo) => FilePriority) | undefined
  /** Pieces in order rather than the rarest first. */
  readonly sequential?: boolean | undefined
  /** Peers to connect to, as `host:port` (`[v6]:port`). */
  readonly peers?: readonly string[] | undefined
  /** False: only the torrent's own trackers and {@link peers}. True unless told. */
  readonly discovery?: boolean | undefined
  /** Trackers besides the torrent's own. */
  readonly trackers?: readonly string[] | undefined
  /** Tiers (BEP 12) in place of the torrent's own trackers and of {@link trackers}. */
  readonly trackerTiers?: readonly (readonly string[])[] | undefined
  /** `full` reserves the disk space beforehand; `sparse` unless told. */
  readonly allocation?: 'sparse' | 'full' | undefined
  /** Never create or write anything; what is not there is not shared. */
  readonly seedOnly?: boolean | undefined
  /**
   * `auto` hashes what no resume record vouches for, `always` everything, `trust` nothing: what has the right size
   * counts as there.
   */
  readonly check?: 'auto' | 'always' | 'trust' | undefined
  /**
   * After an error of the disk that may pass (it is full, a file was changed or removed, a folder is not mounted) the
   * torrent looks now and then, at most every 30 s, whether it can go on, and does; see `retrySeconds` of its snapshot.
   * True unless told; false: it stays in state `error` until it is started.
   */
  readonly recover?: boolean | undefined
  readonly downloadLimitBytesPerSec?: number | undefined
  readonly uploadLimitBytesPerSec?: number | undefined
  /** As of {@link TorrentLimits.obeyShared}. */
  readonly obeySharedLimits?: boolean | undefined
  readonly maxConnections?: number | undefined
  /** Peers that it uploads to at a time; 8 unless told. */
  readonly uploadSlots?: number | undefined
  /** Of a magnet link: how far the description is, at once and then some times a second until it is there. */
  readonly onFetching?: ((progress: FetchProgress) => void) | undefined
  /**
   * Of a magnet link: what peers have told is in the torrent, as a torrent file, before it is added; adding waits for it,
   * so that whoever keeps the file has it whatever happens next, and fails if it rejects.
   */
  readonly onDescribed?: ((bytes: Uint8Array) => void | Promise<void>) | undefined
  /** Added, but not started. */
  readonly paused?: boolean | undefined
  /** Gives up adding; once added, stops the torrent, whose `done` rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
}

/** A torrent of which peers are still to tell what is in it. */
export interface FetchProgress {
  /** 40 lower-case hex digits. */
  readonly infoHash: string
  /** What the link calls it; not safe as the name of a file. */
  readonly name: string | undefined
  readonly connections: ConnectionCounts
  /** Of the description, once a peer claims to know its size. */
  readonly bytes: number | undefined
  readonly totalBytes: number | undefined
  readonly trackers: readonly TrackerSnapshot[]
  /** How far it is, as a code and in one sentence. */
  readonly why: Why
}

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

export interface ConnectionCounts {
  readonly connected: number
  readonly connecting: number
  /** Addresses known, connected or not. */
  readonly known: number
}

/** What is heard of a connection: who is there, each message, and at last that it is over. */
export type Overheard =
  /** Comes first: what was agreed on before anybody listened. */
  | ({ readonly kind: 'met' } & Acquaintance)
  /** Up to {@link OVERHEARD_BYTES} of it. */
  | (PeekMessage & { readonly says: Said })
  /** The reason may come from the peer: not safe for a terminal as it is. */
  | { readonly kind: 'closed'; readonly reason: string }

/** A long greeting whole, and of everything else enough to see what it is. */
export const OVERHEARD_BYTES = 256

export interface Acquaintance {
  /** Name and version as far as they can be told. Comes from the peer: not safe for a terminal as it is. */
  readonly client: string
  /** It speaks the fast extension (BEP 6), the extension protocol (BEP 10), has a node of the DHT (BEP 5). */
  readonly fast: boolean
  readonly extended: boolean
  readonly dht: boolean
  /** Extensions that both of us know, by their names in the handshake: `ut_pex`. */
  readonly extensions: readonly string[]
  readonly pieceCount: number
  readonly pieceLength: number
}

/** What a message says, for programs with words of their own. Names and texts come from the peer. */
export type Said =
  | {
      readonly kind:
        | 'keep-alive'
        | 'choke'
        | 'unchoke'
        | 'interested'
        | 'not-interested'
        | 'have-all'
        | 'have-none'
        | 'malformed'
    }
  /** `dont-have`: has no longer (BEP 54). */
  | { readonly kind: 'have' | 'suggest' | 'allowed-fast' | 'dont-have'; readonly piece: number }
  /** `block` is what the protocol calls a piece message. */
  | {
      readonly kind: 'request' | 'block' | 'cancel' | 'reject'
      readonly piece: number
      readonly begin: number
      readonly length: number
    }
  | { readonly kind: 'bitfield'; readonly have: number }
  /** Of a node of the DHT. */
  | { readonly kind: 'port'; readonly port: number }
  /** The handshake of the extension protocol; undefined is what was not told. */
  | {
      readonly kind: 'extensions'
      readonly client: string | undefined
      readonly names: readonly string[]
      readonly requestQueue: number | undefined
      readonly port: number | undefined
      readonly metadataBytes: number | undefined
      readonly uploadOnly: boolean | undefined
      /** Where it sees the other. */
      readonly yourIp: string | undefined
    }
  /** Peer exchange (BEP 11). */
  | { readonly kind: 'peers'; readonly added: number; readonly dropped: number }
  /** A part of what is in the torrent (BEP 9). */
  | { readonly kind: 'metadata'; readonly what: 'request' | 'data' | 'reject'; readonly piece: number }
  | { readonly kind: 'extension'; readonly id: number; readonly name: string | undefined }
  | { readonly kind: 'unknown'; readonly id: number }

export interface StreamOptions {
  /** First byte within the file; 0 unless told. */
  readonly start?: number | undefined
  /** The byte after the last; the end of the file unless told. */
  readonly end?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** The figures of a torrent that lists show. */
export interface TorrentSummary {
  /** 40 lower-case hex digits. */
  readonly infoHash: string
  readonly name: string
  readonly state: TorrentState
  /** Only in state `error`. */
  readonly error?: ShoalError | undefined
  /** Only in state `error`: until it looks whether it can go on, 0 while it does; undefined: it waits for `start`. */
  readonly retrySeconds?: number | undefined
  readonly totalBytes: number
  /** Of all files that are not skipped. */
  readonly wantedBytes: number
  /** Wanted and verified. */
  readonly haveBytes: number
  readonly leftBytes: number
  /** 0 to 1: how far checking is. */
  readonly checkedFraction: number
  /** Payload received in this session. */
  readonly downloadedBytes: number
  /** Payload sent in this session. */
  readonly uploadedBytes: number
  /** Received but of no use: duplicates, pieces that did not match. */
  readonly wastedBytes: number
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  /** Undefined while it cannot be told. */
  readonly etaSeconds?: number | undefined
  /** Uploaded to downloaded; to the size of the data where nothing was downloaded. */
  readonly ratio: number
  readonly connections: ConnectionCounts
  /** Connected peers that have everything. */
  readonly seeds: number
  /** Connected peers that payload came from, or went to, within the last seconds. */
  readonly peersSending: number
  readonly peersReceiving: number
  /** Unix time in seconds, as the others: when it was first added. */
  readonly addedAt: number
  /** When all that is wanted was there, as far as it came by downloading. */
  readonly completedAt: number | undefined
  /** When payload last went either way, in this session. */
  readonly activeAt: number | undefined
  /** Copies of the whole among us and connected peers: 2.25 are two and a quarter of another. Undefined while not active. */
  readonly availability: number | undefined
  /** The most that any tracker said. */
  readonly swarm: { readonly seeders: number | undefined; readonly leechers: number | undefined }
  /** Of the first tracker that failed, if none works. Comes from the tracker: not safe for a terminal as it is. */
  readonly trackerMessage: string | undefined
  /** Why it is slow or not moving; undefined when all is well. */
  readonly why?: Why | undefined
  /** While its data is moved; the state is `stopped` then. */
  readonly moving?: MoveProgress | undefined
}

/** All that is known of a torrent. */
export interface TorrentSnapshot extends TorrentSummary {
  /** Hashed, in this session, to see what is there. */
  readonly checkedBytes: number
  readonly pieces: { readonly have: number; readonly total: number }
  readonly peers: readonly PeerSnapshot[]
  readonly trackers: readonly TrackerSnapshot[]
  readonly files: readonly FileSnapshot[]
}

/** What it takes to draw a map of the pieces. */
export interface PieceMap {
  /** Verified and on disk: a bit a piece, the first is the highest bit of the first byte. */
  readonly have: Uint8Array
  /** Begun and not on disk yet. */
  readonly active: readonly { readonly index: number; readonly receivedFraction: number }[]
  /** How many connected peers have each piece; undefined while not active. */
  readonly availability: Uint16Array | undefined
}

export interface PeerSnapshot {
  /** `host:port` or `[v6]:port`. */
  readonly address: string
  /** Name and version as far as they can be told. Comes from the peer: not safe for a terminal as it is. */
  readonly client: string
  /** Where we know it from: `tracker`, `incoming`, `given`, … */
  readonly source: string
  readonly direction: 'in' | 'out'
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  /** 0 to 1: how much of the torrent it has. */
  readonly progress: number
  readonly chokingUs: boolean
  readonly interestedInUs: boolean
  readonly choked: boolean
  readonly interesting: boolean
  /** Our requests that it has not answered yet. */
  readonly requests: number
  /** It let us wait for 20 s and more while we had requests outstanding. */
  readonly snubbed: boolean
  /** Its slot is lent to it, to find out whether it gives back. */
  readonly optimistic: boolean
  readonly encrypted: boolean
  readonly utp: boolean
  /** It has everything. */
  readonly seed: boolean
  readonly connectedSeconds: number
  /**
   * As letters, as other clients show them: `D` it sends or may, `d` we want something and it chokes us, `K` it lets us
   * ask and we want nothing; `U` `u` `?` the same of what we send; `O` optimistic, `S` snubbed, `I` it connected to us;
   * found by `H` the DHT, `X` peer exchange, `L` the local network.
   */
  readonly flags: string
}

export interface TrackerSnapshot {
  readonly url: string
  readonly tier: number
  readonly state: 'idle' | 'announcing' | 'ok' | 'failed'
  /** What it said last, or why it failed. Comes from the tracker: not safe for a terminal as it is. */
  readonly message?: string | undefined
  readonly seeders?: number | undefined
  readonly leechers?: number | undefined
  /** Peers that it told us last time. */
  readonly peers?: number | undefined
  /** Ago: it answered, or was given up. */
  readonly lastAnnounceSeconds?: number | undefined
  readonly nextAnnounceSeconds?: number | undefined
}

export interface FileSnapshot {
  /** Elements joined by `/`, below the download folder. */
  readonly path: string
  readonly length: number
  readonly haveBytes: number
  readonly priority: FilePriority
}

// ------------------------------------------------------------------------------- torrent files and their data

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

// ---------------------------------------------------------------------------------------------------- tracker

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

// ------------------------------------------------------------------------------------------------------- peek

export interface PeekOptions {
  /** Ask these peers, as `host:port`, and no tracker. Not given: the torrent's trackers are asked for peers. */
  readonly peers?: readonly string[] | undefined
  /** The block to fetch; the first 16 KiB of the torrent unless told. */
  readonly piece?: number | undefined
  readonly begin?: number | undefined
  readonly length?: number | undefined
  /** How long each peer gets to answer. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** One step of fetching one block from whoever gives it, as it happens. Ends with `block` or `gave-up`. */
export type PeekEvent =
  /** A tracker was asked. */
  | { readonly kind: 'tracker'; readonly url: string; readonly outcome: PeekTrackerOutcome }
  /** How it went with one peer; several are asked at once, and one `chosen`. */
  | {
      readonly kind: 'peer'
      readonly address: string
      /** Undefined where no handshake came. Comes from the peer: not safe for a terminal as it is. */
      readonly client: string | undefined
      readonly outcome: PeekPeerOutcome
    }
  /** One message of the dialogue with the chosen peer, in order; told after that peer is chosen. */
  | PeekMessage
  /** The bytes that were asked for. */
  | {
      readonly kind: 'block'
      readonly address: string
      readonly piece: number
      readonly begin: number
      readonly bytes: Uint8Array
    }
  /** Nobody gave the block. */
  | { readonly kind: 'gave-up'; readonly reason: string }

export type PeekTrackerOutcome =
  | {
      readonly ok: true
      readonly peers: number
      readonly seeders: number | undefined
      readonly leechers: number | undefined
    }
  | { readonly ok: false; readonly error: ShoalError }

export type PeekPeerOutcome =
  | { readonly ok: true; readonly chosen: boolean }
  /** Why not, in words: `connection refused`, `no answer within 10 s`, `does not have the piece`. */
  | { readonly ok: false; readonly reason: string }

export interface PeekMessage {
  readonly kind: 'message'
  /** `out` is from us. */
  readonly direction: 'in' | 'out'
  /** `handshake`, `bitfield`, `unchoke`, … */
  readonly name: string
  /** What it says, in plain words. */
  readonly text: string
  /** The bytes on the wire from their beginning, at most {@link PEEK_BYTES} of them. */
  readonly bytes: Uint8Array
  /** How long the message is on the wire. */
  readonly totalBytes: number
  /** Milliseconds since the peek began. */
  readonly atMs: number
}

/** Messages of a peek are shown up to this many bytes: a handshake whole, a bitfield in part. */
export const PEEK_BYTES = 128

// ---------------------------------------------------------------------------------- signatures of the functions

export type CreateEngine = (options?: EngineOptions) => Promise<Engine>
export type ParseTorrent = (bytes: Uint8Array) => Metainfo
export type LoadTorrent = (source: string | URL, options?: LoadOptions) => Promise<LoadedTorrent>
export type CreateTorrent = (path: string, options?: CreateOptions) => Promise<CreatedTorrent>
export type VerifyTorrent = (
  metainfo: Metainfo,
  dir: string,
  options?: VerifyOptions,
) => Promise<VerifyReport>
export type StartTracker = (options?: TrackerServerOptions) => Promise<TrackerServer>
export type CreateDht = (options?: DhtOptions) => Promise<Dht>
export type ScrapeTorrent = (metainfo: Metainfo, options?: ScrapeOptions) => Promise<ScrapeResult[]>
export type Peek = (metainfo: Metainfo, options?: PeekOptions) => AsyncIterable<PeekEvent>
