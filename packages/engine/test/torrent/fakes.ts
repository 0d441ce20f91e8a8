/**
 * A torrent in a world of paper: time stands still until told otherwise, the disk says what the test wants, and the
 * other end of every connection is the test itself.
 */
import { createHash } from 'node:crypto'
import { formatAddress, type PeerAddress } from '../../src/bytes/address.ts'
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { readUint32 } from '../../src/bytes/bytes.ts'
import { toHex } from '../../src/bytes/hex.ts'
import { SLAB_BYTES, SlabPool } from '../../src/bytes/slabs.ts'
import type { ShoalError } from '../../src/errors.ts'
import { BLOCK_BYTES, Geometry } from '../../src/metainfo/geometry.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import type {
  DiskNeed,
  FileStamp,
  Link,
  LinkHandler,
  Ports,
  Run,
  RunOutcome,
  StoragePlan,
  Store,
  StoreHandler,
} from '../../src/ports.ts'
import { Blocklist } from '../../src/torrent/blocklist.ts'
import { OwnAddress } from '../../src/torrent/own-address.ts'
import type { Peer } from '../../src/torrent/peer.ts'
import { SendBuffers } from '../../src/torrent/send-buffers.ts'
import type { Swarm } from '../../src/torrent/swarm.ts'
import { TokenBucket } from '../../src/torrent/token-bucket.ts'
import { Torrent } from '../../src/torrent/torrent.ts'
import type { TorrentObserver } from '../../src/torrent/torrent-deps.ts'
import type { TorrentOptions } from '../../src/torrent/torrent-options.ts'
import type { AnnounceReply, AnnounceRequest } from '../../src/tracker/announce.ts'
import { describeMessage } from '../../src/wire/describe.ts'
import { encodeHandshake, reservedBits } from '../../src/wire/handshake.ts'
import { pieceHeader } from '../../src/wire/messages.ts'
import { splitMessages } from '../../src/wire/split.ts'
import { seeded } from './seeded.ts'

export const OUR_ID: Uint8Array = new Uint8Array(20).fill(0x55)
const TICK_MS = 100

/** A connection whose other end is the test. */
export class FakeLink implements Link {
  readonly remote: PeerAddress
  queuedBytes = 0
  /** The other end reads nothing: what is sent stays queued. */
  isStuck = false
  isClosed = false
  corks = 0
  readonly untaken: (() => void)[] = []
  readonly #pending: Uint8Array[] = []
  readonly #split: (chunk: Uint8Array) => void

  constructor(remote: PeerAddress, onMessage: (bytes: Uint8Array) => void) {
    this.remote = remote
    this.#split = splitMessages(1 << 20, onMessage)
  }

  send(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.isClosed) return
    if (this.isStuck) this.queuedBytes += bytes.length
    this.#pending.push(bytes)
    if (onTaken !== undefined) this.untaken.push(onTaken)
  }

  /** Only now is looked at what was sent: whoever changed it meanwhile sent something else. */
  read(): void {
    for (const bytes of this.#pending.splice(0)) this.#split(bytes)
  }

  /** A later turn: the system has taken what was sent. */
  take(): void {
    if (this.isStuck) return
    this.read()
    for (const onTaken of this.untaken.splice(0)) onTaken()
  }

  cork(): void {
    this.corks++
  }

  uncork(): void {
    this.corks--
  }

  close(): void {
    this.isClosed = true
  }
}

export interface Greeting {
  readonly fast?: boolean
  readonly extended?: boolean
  readonly infoHash?: Uint8Array
  readonly peerId?: Uint8Array
}

/** The other end of a connection: says what the test wants, and remembers what it heard. */
export class Remote {
  readonly link: FakeLink
  readonly key: string
  handler: LinkHandler | undefined
  #heard: Uint8Array[] = []

  constructor(address: PeerAddress) {
    this.key = formatAddress(address)
    this.link = new FakeLink(address, bytes => this.#heard.push(bytes))
  }

  /** What was heard since last asked, a short text each: `request 2:1` is block 1 of piece 2. */
  heard(): string[] {
    return this.heardBytes().map(short)
  }

  heardBytes(): Uint8Array[] {
    this.link.read()
    return this.#heard.splice(0)
  }

  say(...parts: Uint8Array[]): this {
    for (const part of parts) this.handler?.onBytes(part)
    return this
  }

  greet(greeting: Greeting = {}): this {
    return this.say(handshakeOf(this.key, greeting))
  }

  /** The block as it belongs there, whole. */
  sayBlock(geometry: Geometry, piece: number, block: number): this {
    const length = geometry.blockSize(piece, block)
    return this.say(pieceHeader(piece, block * BLOCK_BYTES, length), new Uint8Array(length))
  }
}

export const INFO_HASH: Uint8Array = Uint8Array.from({ length: 20 }, (_, at) => at * 7)

/** The 68 bytes with which the peer of this address greets. */
export function handshakeOf(key: string, greeting: Greeting = {}): Uint8Array {
  const { fast = false, extended = false, infoHash = INFO_HASH, peerId = idOf(key) } = greeting
  return encodeHandshake({ infoHash, peerId, reserved: reservedBits({ fast, extended, dht: false }) })
}

export function idOf(name: string): Uint8Array {
  return createHash('sha1').update(name).digest()
}

/** Answers when the test says so. */
export class FakeStore implements Store {
  readonly plan: StoragePlan
  readonly handler: StoreHandler
  readonly calls: string[] = []
  /** Runs that wait for their answer. */
  readonly runs: Run[] = []
  readonly #scratch = new Uint8Array(128 * 1024)
  isClosing = false
  isClosed = false
  stamps: FileStamp[]
  /** Numbers of files that somebody changed, told with the stamps. */
  changed: number[] = []

  constructor(plan: StoragePlan, handler: StoreHandler) {
    this.plan = plan
    this.handler = handler
    this.stamps = plan.geometry.files.map(() => undefined)
  }

  prepared(found: readonly FileStamp[] = this.stamps): void {
    this.handler.onPrepared(found)
  }

  write(run: Run): void {
    if (this.isClosing) throw new Error('a run given to a store that closes is never answered')
    this.runs.push(run)
  }

  /** Answers the oldest run, or all. */
  answer(outcome?: RunOutcome): void {
    const run = this.runs.shift()!
    this.handler.onRun(
      run,
      outcome ?? (run.last ? { kind: 'stored', digests: undefined } : { kind: 'written' }),
    )
  }

  answerAll(): void {
    while (this.runs.length > 0) this.answer()
  }

  abandon(piece: number): void {
    this.calls.push(`abandon ${piece}`)
  }

  read(piece: number, _begin: number, length: number): Uint8Array | undefined {
    // Good until the turn ends, and no longer.
    return this.#scratch.subarray(0, length).fill(piece)
  }

  vouch(): void {}

  check(pieces: Iterable<number>): void {
    this.calls.push(`check ${[...pieces].join(' ')}`)
  }

  select(wanted: readonly boolean[]): void {
    this.calls.push(`select ${wanted.map(Number).join('')}`)
  }

  sync(pieces: readonly number[]): void {
    this.calls.push(`sync ${pieces.join(' ')}`.trim())
  }

  stamp(): void {
    this.calls.push('stamp')
  }

  close(): void {
    this.isClosing = true
  }

  closed(): void {
    this.answerAll()
    this.isClosed = true
    this.handler.onClosed()
  }
}

export interface BenchOptions extends Partial<TorrentOptions> {
  /** Pieces of 32 KiB unless {@link pieceLength} says otherwise; the last has 20 000 bytes. */
  readonly pieces?: number
  readonly pieceLength?: number
  readonly have?: readonly number[] | 'all'
  /** Names of files of equal length; one by default. */
  readonly files?: number
  readonly slabs?: number
  readonly trackers?: readonly (readonly string[])[]
  /** Not opened yet. */
  readonly cold?: boolean
}

export interface FakeAnnounce {
  readonly url: string
  readonly request: AnnounceRequest
  readonly done: (outcome: AnnounceReply | ShoalError) => void
  isCancelled: boolean
}

/** One torrent, active unless asked otherwise. */
export class Bench {
  now = 1_000_000
  readonly geometry: Geometry
  readonly metainfo: Metainfo
  readonly pool: SlabPool
  readonly torrent: Torrent
  readonly log: string[] = []
  readonly records: Uint8Array[] = []
  readonly journal: Uint8Array[] = []
  readonly announces: FakeAnnounce[] = []
  readonly probes: { need: DiskNeed; done: (obstacle: ShoalError | undefined) => void }[] = []
  readonly dialled: Remote[] = []
  readonly remotes: Remote[] = []
  readonly downloadLimit = new TokenBucket(undefined)
  readonly uploadLimit = new TokenBucket(undefined)
  readonly sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()
  readonly sendBuffers = new SendBuffers()
  readonly ownAddress = new OwnAddress()
  readonly blocklist = new Blocklist()
  store!: FakeStore
  #hosts = 0

  constructor(options: BenchOptions = {}) {
    const { pieces = 4, pieceLength = 2 * BLOCK_BYTES, files = 1, slabs = 64 } = options
    const total = (pieces - 1) * pieceLength + Math.min(20_000, pieceLength)
    const share = Math.floor(total / files)
    this.geometry = new Geometry(
      pieceLength,
      Array.from({ length: files }, (_, at) => ({
        path: [`file ${at}`],
        length: at < files - 1 ? share : total - share * (files - 1),
        pad: false,
      })),
    )
    this.pool = new SlabPool(new Uint8Array(slabs * SLAB_BYTES))
    this.metainfo = paperMetainfo(this.geometry)
    this.torrent = new Torrent(
      {
        ports: this.#ports(),
        pool: this.pool,
        downloadLimit: this.downloadLimit,
        uploadLimit: this.uploadLimit,
        sendBuffers: this.sendBuffers,
        peerId: OUR_ID,
        clientName: 'Paper 1.0',
        announceKey: 1,
        listenPort: () => 6881,
        ownAddress: this.ownAddress,
        blocklist: this.blocklist,
        observer: this.#observer(),
        dht: undefined,
        extensions: [],
        onNews: () => {},
      },
      this.metainfo,
      {
        dir: '/nowhere',
        filePriorities: this.geometry.files.map(() => 4),
        sequential: true,
        discovery: true,
        check: 'auto',
        allocation: 'sparse',
        readOnly: false,
        recover: false,
        resume: undefined,
        peers: [],
        trackers: [],
        maxConnections: 20,
        uploadSlots: 4,
        downloadLimit: undefined,
        uploadLimit: undefined,
        ...options,
      },
    )
    if (options.cold) return
    this.torrent.start()
    this.activate(options.have)
  }

  get swarm(): Swarm {
    return this.torrent.swarm!
  }

  /** The peer at our end of a connection. */
  peer(remote: Remote): Peer | undefined {
    for (const peer of this.swarm.peers.values()) if (peer.key === remote.key) return peer
    return undefined
  }

  /** opening → active */
  activate(have: readonly number[] | 'all' = []): void {
    const { pieceCount } = this.geometry
    const pieces = have === 'all' ? [...Bitfield.full(pieceCount)] : have
    if (pieces.length === 0) {
      this.store.prepared()
      return
    }
    this.store.prepared(this.geometry.files.map(({ length }) => ({ size: length, mtimeMs: 1 })))
    for (let piece = 0; piece < pieceCount; piece++)
      this.store.handler.onChecked(piece, pieces.includes(piece))
    this.store.handler.onCheckDone()
  }

  /** Someone connects to us; the address is new unless given. */
  visit(address: PeerAddress = this.address()): Remote {
    const remote = new Remote(address)
    this.remotes.push(remote)
    remote.handler = this.torrent.accept(remote.link)
    return remote
  }

  /** We connect to someone, who has not answered yet. */
  dial(address: PeerAddress = this.address()): Remote {
    this.torrent.addPeer(address)
    this.swarm.dial(this.now)
    return this.dialled.at(-1)!
  }

  address(): PeerAddress {
    return { host: `10.0.${this.#hosts >> 8}.${this.#hosts++ & 255}`, port: 6881 }
  }

  /** Lets time pass. */
  wait(ms: number): void {
    const end = this.now + ms
    while (this.now < end) {
      this.now = Math.min(end, this.now + TICK_MS)
      for (const { link } of this.remotes) link.take()
      this.torrent.tick(this.now)
    }
  }

  /** What must hold at any time. */
  check(): void {
    this.torrent.swarm?.checkInvariants()
  }

  /** Answers what the store was asked for last, until it is asked for nothing more. */
  settleStore(): void {
    for (let seen = -1; seen < this.store.calls.length; ) {
      seen = this.store.calls.length
      const last = this.store.calls.at(-1)
      if (last?.startsWith('sync')) this.store.handler.onSynced()
      else if (last === 'stamp') this.store.handler.onStamps(this.store.stamps, this.store.changed)
      if (this.store.calls.length === seen) break
    }
  }

  /** Stops to the end; all memory is back then. */
  stop(): void {
    this.torrent.stop()
    // With runs in flight it would ask for one more sync after each.
    this.store.answerAll()
    this.settleStore()
    this.store.closed()
  }

  #ports(): Ports {
    return {
      clock: { now: () => this.now, unixTime: () => 1_700_000_000, every: () => () => {} },
      random: seeded(7),
      sha1: this.sha1,
      net: {
        connect: (to, handler) => {
          const remote = new Remote(to)
          remote.handler = handler
          this.dialled.push(remote)
          this.remotes.push(remote)
          return remote.link
        },
        listen: () => ({ close: () => {} }),
      },
      datagrams: { open: () => ({ send: () => {}, close: () => {} }) },
      storage: {
        memory: this.pool.memory,
        open: (plan, handler) => {
          this.store = new FakeStore(plan, handler)
          return this.store
        },
        probe: (_plan, need, done) => this.probes.push({ need, done }),
      },
      trackers: {
        announce: (url, request, done) => {
          const announce: FakeAnnounce = { url, request, done, isCancelled: false }
          this.announces.push(announce)
          return () => {
            announce.isCancelled = true
          }
        },
        // Nobody in a torrent scrapes.
        scrape: () => () => {},
      },
    }
  }

  #observer(): TorrentObserver {
    return {
      onPhase: name => this.log.push(name),
      onPiece: piece => this.log.push(`piece ${piece}`),
      onDone: () => this.log.push('done'),
      onError: error => this.log.push(`failed ${error.code}`),
      onWarning: () => this.log.push('warning'),
      onTracker: () => {},
      onResume: record => this.records.push(record),
      onJournal: entry => this.journal.push(entry),
      onDamaged: (what, rest) =>
        this.log.push(`damaged ${what}${rest === undefined ? '' : `, ${rest.length} bytes are not`}`),
      onCheckEnd: outcome =>
        this.log.push(`checked: ${typeof outcome === 'string' ? outcome : outcome.code}`),
      onTorn: rest => this.log.push(`torn after ${rest.length}`),
    }
  }
}

function paperMetainfo(geometry: Geometry): Metainfo {
  return {
    infoHash: INFO_HASH,
    infoHashHex: toHex(INFO_HASH),
    infoBytes: new Uint8Array(0),
    name: 'paper',
    singleFile: geometry.files.length === 1,
    files: [],
    geometry,
    pieceHashes: new Uint8Array(geometry.pieceCount * 20),
    private: false,
    source: undefined,
    trackers: [],
    webSeeds: [],
    httpSeeds: [],
    nodes: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    warnings: [],
  }
}

function short(bytes: Uint8Array): string {
  const { name } = describeMessage(bytes, 'in')
  if (name === 'request' || name === 'cancel' || name === 'reject' || name === 'piece') {
    const begin = readUint32(bytes, 9)
    const at = begin % BLOCK_BYTES === 0 ? `${begin / BLOCK_BYTES}` : `+${begin}`
    return `${name} ${readUint32(bytes, 5)}:${at}`
  }
  return name === 'have' || name === 'allowed fast' ? `${name} ${readUint32(bytes, 5)}` : name
}
