/**
 * A torrent's life, from the first look at its files to the last word to its trackers.
 *
 *     stopped ──start──▶ opening ──onPrepared──▶ checking ──onCheckDone──▶ active
 *        ▲ ▲                └──────── nothing to check ────────────────────▶ │
 *        │ └────────── closing ◀──────────── stop, or an error ──────────────┘
 *        └─ or error ◀──┘
 *
 * Data exists only in the phase that has it. What survives a restart is in the resume record, which is made while
 * active every few seconds and once more when closing, after all writes.
 */

import type { PeerAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { equalBytes } from '../bytes/bytes.ts'
import type { SlabPool } from '../bytes/slabs.ts'
import { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FileStamp, Link, Ports, Run, RunOutcome, Store, StoreHandler } from '../ports.ts'
import type { TrackerStatus } from '../tracker/announcer.ts'
import { Announces } from './announces.ts'
import type { CustomExtension } from './custom-extension.ts'
import { RateLimit } from './limits.ts'
import type { OwnAddress } from './own-address.ts'
import type { Peer } from './peer.ts'
import { PeerBook, type PeerSource } from './peer-book.ts'
import { decodeResume, encodeResume, type ResumeRecord } from './resume.ts'
import type { SendBuffers } from './send-buffers.ts'
import { piecePriorities, piecesToCheck, piecesTrusted } from './start-up.ts'
import { Swarm } from './swarm.ts'
import { TokenBucket } from './token-bucket.ts'
import type { TorrentDht } from './torrent-dht.ts'

/** So much may have to be hashed again after a crash. */
const RESUME_EVERY_MS = 5_000
/** With fewer peers than this the trackers are asked before their interval is over. */
const FEW_PEERS = 5
const NEED_PEERS_EVERY_MS = 15_000
const ENOUGH_PEERS = 20
/** DHT nodes forget us after half an hour. */
const LOOKUP_MS = 5 * 60_000
const LOOKUP_ALONE_MS = 60_000
const LOOKUP_ENOUGH_MS = 15 * 60_000

export interface TorrentOptions {
  /** The folder that holds, or will hold, the torrent's file or folder. */
  readonly dir: string
  /** One a file: 0 skip, 1 low, 4 normal, 7 high. */
  readonly filePriorities: readonly number[]
  readonly sequential: boolean
  /** `auto` hashes what the resume record does not vouch for, `always` everything, `trust` nothing. */
  readonly check: 'auto' | 'always' | 'trust'
  readonly allocation: 'sparse' | 'full'
  /** Nothing is created or written: what is there is shared. */
  readonly readOnly: boolean
  /** A saved resume record. */
  readonly resume: Uint8Array | undefined
  readonly peers: readonly PeerAddress[]
  /** Whether peers may come from the DHT and from other peers; never of private torrents (BEP 27). */
  readonly discovery: boolean
  /** Tiers besides the torrent's own. */
  readonly trackers: readonly (readonly string[])[]
  readonly maxConnections: number
  readonly uploadSlots: number
  readonly downloadLimit: number | undefined
  readonly uploadLimit: number | undefined
}

/** What the engine gives to each of its torrents. */
export interface TorrentDeps {
  readonly ports: Ports
  readonly pool: SlabPool
  readonly sendBuffers: SendBuffers
  readonly downloadLimit: TokenBucket
  readonly uploadLimit: TokenBucket
  readonly peerId: Uint8Array
  readonly clientName: string
  /** See `AnnounceRequest.key`. */
  readonly announceKey: number
  readonly listenPort: () => number | undefined
  readonly ownAddress: OwnAddress
  readonly dht: TorrentDht | undefined
  /** The embedding program's own; those that `checkExtensions` lets pass. */
  readonly extensions: readonly CustomExtension[]
  readonly observer: TorrentObserver
  /** There is someone to dial, or an end: the engine need not wait for its tick to look. */
  readonly onNews: () => void
}

/** Told at once, from within the engine: whoever listens must not call back into it in the same turn. */
export interface TorrentObserver {
  onPhase(phase: TorrentPhase['name']): void
  onPiece(piece: number): void
  onDone(): void
  onError(error: ShoalError): void
  onWarning(text: string): void
  onTracker(url: string, message: string): void
  /** The record to keep for the next start. */
  onResume(record: Uint8Array): void
}

export type TorrentPhase =
  | { readonly name: 'stopped' }
  | { readonly name: 'opening'; readonly store: Store }
  | {
      readonly name: 'checking'
      readonly store: Store
      readonly have: Bitfield
      left: number
      readonly total: number
    }
  | { readonly name: 'active'; readonly store: Store; readonly swarm: Swarm }
  | {
      readonly name: 'closing'
      readonly store: Store
      readonly swarm: Swarm | undefined
      readonly error: ShoalError | undefined
    }
  | { readonly name: 'error'; readonly error: ShoalError }

export class Torrent implements StoreHandler {
  readonly metainfo: Metainfo
  readonly book: PeerBook
  readonly downloadLimit: RateLimit
  readonly uploadLimit: RateLimit
  readonly filePriorities: number[]

  readonly #deps: TorrentDeps
  readonly #options: TorrentOptions
  readonly #announces: Announces
  /** Undefined for private torrents, and where the user wants none. */
  readonly #dht: TorrentDht | undefined
  #cancelLookup: (() => void) | undefined
  #lookedUpAt = Number.NEGATIVE_INFINITY
  #phase: TorrentPhase = { name: 'stopped' }
  #record: ResumeRecord | undefined
  /** What is had, while there is no swarm to ask. */
  #have: Bitfield
  /** What was asked for while closing, to be done when closed. */
  #then: 'start' | 'stop' | undefined
  /** The files that the store was last told to be wanted. */
  #selected: readonly boolean[] = []
  #checkAll: boolean
  /** Of swarms that ended. */
  #downloadedBytes = 0
  #uploadedBytes = 0
  #wastedBytes = 0
  #isDirty = false
  #stamping = false
  #savedAt = 0
  #neededPeersAt = 0
  #addedAt: number
  #completedAt: number | undefined
  #wasComplete = false

  constructor(deps: TorrentDeps, metainfo: Metainfo, options: TorrentOptions) {
    const { ports } = deps
    this.#deps = deps
    this.#options = options
    this.metainfo = metainfo
    this.filePriorities = [...options.filePriorities]
    this.#have = new Bitfield(metainfo.geometry.pieceCount)
    this.#checkAll = options.check === 'always'
    this.#addedAt = ports.clock.unixTime()
    this.downloadLimit = new RateLimit(deps.downloadLimit, new TokenBucket(options.downloadLimit))
    this.uploadLimit = new RateLimit(deps.uploadLimit, new TokenBucket(options.uploadLimit))
    const open = options.discovery && !metainfo.private
    this.#dht = open ? deps.dht : undefined
    this.#announces = new Announces([...metainfo.trackers, ...options.trackers], {
      trackers: ports.trackers,
      random: ports.random,
      infoHash: metainfo.infoHash,
      peerId: deps.peerId,
      key: deps.announceKey,
      listenPort: deps.listenPort,
      now: () => this.#now(),
      stats: () => ({
        uploadedBytes: this.uploadedBytes,
        downloadedBytes: this.downloadedBytes,
        leftBytes: this.#leftBytes(),
      }),
      onPeers: (peers, now) => {
        for (const { host, port, peerId } of peers) this.book.add({ host, port }, 'tracker', now, { peerId })
      },
      onExternalIp: (url, ip) => deps.ownAddress.onTracker(url, ip),
      onMessage: (url, message) => deps.observer.onTracker(url, message),
      onEnd: () => deps.onNews(),
    })
    this.book = new PeerBook({ random: ports.random })
    for (const address of options.peers) this.book.add(address, 'given', ports.clock.now())
    if (options.resume !== undefined) this.#readRecord(options.resume)
  }

  // ------------------------------------------------------------------------------------------------ what is so

  get geometry(): Geometry {
    return this.metainfo.geometry
  }

  get phase(): TorrentPhase {
    return this.#phase
  }

  /** Pieces verified and on disk; read only. */
  get have(): Bitfield {
    const phase = this.#phase
    if (phase.name === 'checking') return phase.have
    return this.#swarm?.picker.have ?? this.#have
  }

  get swarm(): Swarm | undefined {
    return this.#phase.name === 'active' ? this.#phase.swarm : undefined
  }

  get downloadedBytes(): number {
    return this.#downloadedBytes + (this.#swarm?.download.total ?? 0)
  }

  get uploadedBytes(): number {
    return this.#uploadedBytes + (this.#swarm?.upload.total ?? 0)
  }

  get wastedBytes(): number {
    return this.#wastedBytes + (this.#swarm?.wastedBytes ?? 0)
  }

  get trackers(): readonly TrackerStatus[] {
    return this.#announces.status
  }

  /** All that is wanted is there. Always so for a torrent that never writes. */
  get isComplete(): boolean {
    const { have } = this
    if (have.isFull || this.#options.readOnly) return true
    const priorities = this.#priorities()
    return priorities.every((priority, piece) => priority === 0 || have.has(piece))
  }

  /** Neither at work nor finishing work, trackers told as far as they answer. */
  get isIdle(): boolean {
    const { name } = this.#phase
    return (name === 'stopped' || name === 'error') && this.#announces.isIdle
  }

  // ------------------------------------------------------------------------------------------------- commands

  /** stopped, error → opening */
  start(): void {
    const { name } = this.#phase
    if (name === 'closing') this.#then = 'start'
    if (name !== 'stopped' && name !== 'error') return
    this.#stamping = false
    this.#selected = this.#wanted()
    const store = this.#deps.ports.storage.open(
      {
        dir: this.#options.dir,
        geometry: this.geometry,
        hashes: this.metainfo.pieceHashes,
        wanted: this.#selected,
        allocation: this.#options.allocation,
        readOnly: this.#options.readOnly,
        infoHash: this.metainfo.infoHashHex,
      },
      this,
    )
    this.#enter({ name: 'opening', store })
  }

  /** any → stopped, by way of closing */
  stop(): void {
    if (this.#phase.name === 'closing') this.#then = 'stop'
    this.#close(undefined)
    if (this.#phase.name === 'error') this.#enter({ name: 'stopped' })
  }

  /** Gives up on trackers that have not answered yet. */
  cancelAnnounces(): void {
    this.#announces.cancel()
  }

  setFilePriority(file: number, priority: number): void {
    if (this.filePriorities[file] === priority) return
    this.filePriorities[file] = priority
    this.#isDirty = true
    const phase = this.#phase
    if (phase.name !== 'active') return
    this.#select(phase.store)
    phase.swarm.setPriorities(this.#priorities())
    // Without what is no longer wanted it may be done.
    if (this.isComplete) this.#onComplete()
    else this.#wasComplete = false
  }

  addPeer(address: PeerAddress, source: PeerSource = 'given'): void {
    this.book.add(address, source, this.#now())
    this.#deps.onNews()
  }

  /**
   * A connection that asked for this torrent; undefined when it is not welcome. `isFull`: only if another of its peers
   * makes room.
   */
  accept(link: Link, isFull = false): Peer | undefined {
    return this.swarm?.accept(link, isFull)
  }

  tick(now: number): void {
    const { swarm } = this
    if (swarm !== undefined) {
      swarm.tick(now)
      if (swarm.peers.size < FEW_PEERS && now - this.#neededPeersAt > NEED_PEERS_EVERY_MS) {
        this.#neededPeersAt = now
        this.#announces.needPeers(now)
      }
      if (this.#isDirty && !this.#stamping && now - this.#savedAt > RESUME_EVERY_MS) this.#stamp()
    }
    this.#announces.tick(now)
    if (swarm !== undefined) this.#lookUp(swarm, now)
  }

  // --------------------------------------------------------------------------------------------- StoreHandler

  /** opening → checking, or at once → active */
  onPrepared(found: readonly FileStamp[]): void {
    const phase = this.#phase
    if (phase.name !== 'opening') return
    const { store } = phase
    if (this.#options.check === 'trust' && this.#record === undefined) {
      return this.#activate(store, piecesTrusted(this.geometry, found))
    }
    const record = this.#checkAll ? undefined : this.#record
    const { have, check } = piecesToCheck(record, this.geometry, found)
    if (check.length === 0) return this.#activate(store, have)
    this.#enter({ name: 'checking', store, have, left: check.length, total: check.length })
    store.check(check)
  }

  onChecked(piece: number, matches: boolean): void {
    const phase = this.#phase
    if (phase.name !== 'checking') return
    phase.left--
    if (matches) phase.have.add(piece)
  }

  /** checking → active */
  onCheckDone(): void {
    const phase = this.#phase
    if (phase.name !== 'checking') return
    this.#isDirty = true
    this.#activate(phase.store, phase.have)
  }

  onRun(run: Run, outcome: RunOutcome): void {
    this.#swarm?.onRun(run, outcome)
  }

  onReadable(): void {
    this.swarm?.onReadable()
  }

  onReadError(_piece: number, error: ShoalError): void {
    this.#fail(error)
  }

  onStamps(stamps: readonly FileStamp[]): void {
    this.#stamping = false
    this.#saveRecord(stamps)
    const phase = this.#phase
    if (phase.name !== 'closing') return
    // Asked for before the last runs: what these bring is to be in the record as well.
    if (this.#hasRuns) this.#stamp()
    else this.#closeStore(phase.store)
  }

  onError(error: ShoalError): void {
    // It may have been the stamp that failed.
    this.#stamping = false
    const phase = this.#phase
    if (phase.name === 'closing') this.#closeStore(phase.store)
    else this.#fail(error)
  }

  /** closing → stopped, error */
  onClosed(): void {
    const phase = this.#phase
    if (phase.name !== 'closing') return
    const { swarm, error } = phase
    if (swarm !== undefined) {
      swarm.release()
      this.#have = swarm.picker.have
      this.#downloadedBytes += swarm.download.total
      this.#uploadedBytes += swarm.upload.total
      this.#wastedBytes += swarm.wastedBytes
    }
    this.#enter(error === undefined ? { name: 'stopped' } : { name: 'error', error })
    if (error !== undefined) this.#deps.observer.onError(error)
    const then = this.#then
    this.#then = undefined
    if (then === 'start') this.start()
    else if (then === 'stop') this.stop()
    this.#deps.onNews()
  }

  // --------------------------------------------------------------------------------------------------- helpers

  /** The swarm at work, or the one whose last writes are awaited. */
  get #swarm(): Swarm | undefined {
    const phase = this.#phase
    return phase.name === 'active' || phase.name === 'closing' ? phase.swarm : undefined
  }

  /** The store has data in hand whose fate is open. */
  get #hasRuns(): boolean {
    return (this.#swarm?.flow.runsInFlight ?? 0) > 0
  }

  #now(): number {
    return this.#deps.ports.clock.now()
  }

  #enter(phase: TorrentPhase): void {
    this.#phase = phase
    this.#deps.observer.onPhase(phase.name)
  }

  /** opening, checking → active */
  #activate(store: Store, have: Bitfield): void {
    this.#checkAll = false
    const { ports, pool, sendBuffers, peerId, clientName, listenPort, ownAddress, observer } = this.#deps
    const swarm = new Swarm(
      {
        ports,
        pool,
        sendBuffers,
        store,
        peerId,
        clientName,
        listenPort,
        ownAddress,
        dht: this.#dht,
        peerExchange: this.#options.discovery && !this.metainfo.private,
        extensions: this.#deps.extensions,
        metainfo: this.metainfo,
        book: this.book,
        downloadLimit: this.downloadLimit,
        uploadLimit: this.uploadLimit,
        events: {
          onPiece: piece => {
            this.#isDirty = true
            observer.onPiece(piece)
          },
          onComplete: () => this.#onComplete(),
          onDiskError: error => this.#fail(error),
          onWarning: text => observer.onWarning(text),
        },
      },
      {
        have,
        priorities: this.#priorities(),
        sequential: this.#options.sequential,
        maxConnections: this.#options.maxConnections,
        uploadSlots: this.#options.uploadSlots,
      },
    )
    const now = this.#now()
    this.#savedAt = now
    this.#neededPeersAt = now
    this.#enter({ name: 'active', store, swarm })
    this.#select(store)
    this.#announces.start(now)
    this.#wasComplete = swarm.picker.isComplete
    if (this.#wasComplete) observer.onDone()
    this.#deps.onNews()
  }

  #onComplete(): void {
    if (this.#wasComplete) return
    this.#wasComplete = true
    this.#isDirty = true
    this.#completedAt = this.#deps.ports.clock.unixTime()
    // BEP 3: the event means the whole torrent, not the files that were chosen.
    if (this.have.isFull) this.#announces.complete(this.#now())
    this.#deps.observer.onDone()
  }

  #fail(error: ShoalError): void {
    this.#close(error)
  }

  /** opening, checking, active → closing */
  #close(error: ShoalError | undefined): void {
    const phase = this.#phase
    if (phase.name !== 'opening' && phase.name !== 'checking' && phase.name !== 'active') return
    const swarm = phase.name === 'active' ? phase.swarm : undefined
    this.#enter({ name: 'closing', store: phase.store, swarm, error })
    if (swarm === undefined) return this.#closeStore(phase.store)
    swarm.close('stopping')
    this.#announces.stop(this.#now())
    this.#cancelLookup?.()
    this.#cancelLookup = undefined
    this.#lookedUpAt = Number.NEGATIVE_INFINITY
    if (this.#isDirty || this.#hasRuns) this.#stamp()
    else this.#closeStore(phase.store)
  }

  #closeStore(store: Store): void {
    store.close()
  }

  /** Asks the DHT now and then: a lookup finds new peers, and keeps us known to others. */
  #lookUp(swarm: Swarm, now: number): void {
    const peers = swarm.peers.size
    const everyMs = peers === 0 ? LOOKUP_ALONE_MS : peers < ENOUGH_PEERS ? LOOKUP_MS : LOOKUP_ENOUGH_MS
    if (this.#dht === undefined || now - this.#lookedUpAt < everyMs) return
    this.#lookedUpAt = now
    this.#cancelLookup?.()
    this.#cancelLookup = this.#dht.findPeers(this.metainfo.infoHash, this.isComplete, peers => {
      for (const address of peers) this.book.add(address, 'dht', this.#now())
      this.#deps.onNews()
    })
  }

  /** BEP 3: of the whole torrent. */
  #leftBytes(): number {
    const { geometry, have } = this
    let bytes = have.count * geometry.pieceLength
    const last = geometry.pieceCount - 1
    if (have.has(last)) bytes -= geometry.pieceLength - geometry.pieceSize(last)
    return geometry.totalLength - bytes
  }

  #priorities(): Uint8Array {
    if (this.#options.readOnly) return new Uint8Array(this.geometry.pieceCount)
    return piecePriorities(this.geometry, this.filePriorities)
  }

  #wanted(): boolean[] {
    return this.filePriorities.map((priority, file) => priority > 0 || this.geometry.files[file]!.pad)
  }

  #select(store: Store): void {
    const wanted = this.#wanted()
    if (wanted.every((is, file) => is === this.#selected[file])) return
    this.#selected = wanted
    store.select(wanted)
  }

  #stamp(): void {
    const phase = this.#phase
    if (phase.name !== 'active' && phase.name !== 'closing') return
    if (this.#stamping) return
    this.#stamping = true
    phase.store.stamp()
  }

  #saveRecord(stamps: readonly FileStamp[]): void {
    this.#isDirty = false
    this.#savedAt = this.#now()
    this.#record = {
      infoHash: this.metainfo.infoHash,
      have: this.have.clone(),
      files: stamps.map((stamp, index) => ({ stamp, priority: this.filePriorities[index]! })),
      uploadedBytes: this.uploadedBytes,
      downloadedBytes: this.downloadedBytes,
      corruptBytes: this.#swarm?.flow.corruptBytes ?? 0,
      addedAt: this.#addedAt,
      completedAt: this.#completedAt,
      peers: this.#usefulPeers(),
    }
    this.#deps.observer.onResume(encodeResume(this.#record))
  }

  #usefulPeers(): PeerAddress[] {
    return this.book
      .snapshot()
      .filter(entry => entry.usefulAt !== undefined || entry.state === 'connected')
      .sort((a, b) => (b.usefulAt ?? 0) - (a.usefulAt ?? 0))
      .slice(0, 200)
      .map(entry => entry.address)
  }

  #readRecord(bytes: Uint8Array): void {
    try {
      const record = decodeResume(bytes)
      this.#assertOurs(record)
      this.#record = record
      this.#addedAt = record.addedAt
      this.#completedAt = record.completedAt
      // Who helped before is neither this session's tracker nor a given peer.
      if (!this.#options.discovery) return
      for (const address of record.peers) this.book.add(address, 'tracker', this.#now())
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error
      this.#deps.observer.onWarning(`${error.message}; the data is checked instead`)
    }
  }

  #assertOurs({ infoHash, have, files }: ResumeRecord): void {
    const { geometry, metainfo } = this
    const fits = have.length === geometry.pieceCount && files.length === geometry.files.length
    if (fits && equalBytes(infoHash, metainfo.infoHash)) return
    throw new ShoalError('RESUME_INVALID', 'the resume record is of another torrent', { operation: 'resume' })
  }
}
