/**
 * A torrent's life, from the first look at its files to the last word to its trackers.
 *
 *     stopped ──start──▶ opening ──onPrepared──▶ checking ──onCheckDone──▶ active
 *        ▲ ▲                └──────── nothing to check ────────────────────▶ │
 *        │ └────────── closing ◀──────────── stop, or an error ──────────────┘
 *        └─ or error ◀──┘
 *
 * A check that somebody asks for goes the same way: what is at work is closed and opened again, and what was stopped ends
 * after `checking`.
 *
 * After an error of the disk that may pass, it looks now and then whether it has, and starts by itself (recovery.ts). What
 * is in files that failed to be read or written is hashed again then.
 *
 * Data exists only in the phase that has it. What survives a restart is the {@link Keeper}'s.
 *
 * Below, a torrent is looked at, checked, active, failed and closed, in this order. What it consists of is put together in
 * wiring.ts.
 */

import type { PeerAddress } from '../bytes/address.ts'
import { Bitfield } from '../bytes/bitfield.ts'
import { assert, ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FileStamp, Link, Run, RunOutcome, StoragePlan, Store, StoreHandler } from '../ports.ts'
import type { TrackerStatus, TrackersSummary } from '../tracker/announcer.ts'
import type { Announces } from './announces.ts'
import type { FileProgress } from './file-progress.ts'
import type { Keeper } from './keeper.ts'
import { RateLimit } from './limits.ts'
import type { Lookups } from './lookups.ts'
import { fileWasLost, Losses, piecesWereLost } from './losses.ts'
import type { Peer } from './peer.ts'
import { PeerBook, type PeerSource } from './peer-book.ts'
import type { Reader } from './readers.ts'
import { Reading } from './reading.ts'
import { Recovery } from './recovery.ts'
import { readRemembered } from './remembered.ts'
import type { ResumeRecord } from './resume.ts'
import { piecesToCheck, piecesTrusted, piecesUntouched, stampsBeforeCheck } from './start-up.ts'
import type { Swarm } from './swarm.ts'
import { TokenBucket } from './token-bucket.ts'
import type { TorrentDeps } from './torrent-deps.ts'
import type { TorrentDht } from './torrent-dht.ts'
import type { TorrentOptions } from './torrent-options.ts'
import { Totals } from './totals.ts'
import { WantedFiles } from './wanted-files.ts'
import { makeAnnounces, makeKeeper, makeLookups, makeSwarm } from './wiring.ts'

/** Free space that is worth going on for. */
const WORTHWHILE_BYTES = 16 * 1024 * 1024

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
  /** `retryAt`: when it looks whether it can go on, infinite while it looks; undefined: it goes on when told to. */
  | { readonly name: 'error'; readonly error: ShoalError; readonly retryAt: number | undefined }

export class Torrent implements StoreHandler {
  readonly metainfo: Metainfo
  readonly book: PeerBook
  readonly totals: Totals = new Totals(() => this.#swarm)
  readonly downloadLimit: RateLimit
  readonly uploadLimit: RateLimit

  readonly #deps: TorrentDeps
  readonly #options: TorrentOptions
  #dir: string
  #geometry: Geometry
  #sequential: boolean
  #maxConnections: number
  #uploadSlots: number

  readonly #wanted: WantedFiles
  readonly #reading: Reading
  readonly #losses: Losses
  readonly #recovery = new Recovery()
  readonly #keeper: Keeper
  readonly #announces: Announces
  /** Peers may come from elsewhere than trackers: not of private torrents (BEP 27), and not where the user wants none. */
  readonly #mayDiscover: boolean
  readonly #dht: TorrentDht | undefined
  readonly #lookups: Lookups

  #phase: TorrentPhase = { name: 'stopped' }
  /** What is had, while there is no swarm to ask. */
  #have: Bitfield
  /** What was asked for while closing, to be done when closed. */
  #then: 'start' | 'stop' | undefined
  #checkAll: boolean
  /** A check that somebody waits for; `thenStop`: the torrent was stopped before. */
  #asked: { thenStop: boolean } | undefined
  #failedAt = 0
  #addedAt: number
  #completedAt: number | undefined
  #wasComplete = false

  constructor(deps: TorrentDeps, metainfo: Metainfo, options: TorrentOptions) {
    const { clock, random } = deps.ports
    const { geometry } = metainfo
    this.metainfo = metainfo
    this.#deps = deps
    this.#options = options
    this.#dir = options.dir
    this.#geometry = options.paths === undefined ? geometry : geometry.withPaths(options.paths)
    this.#sequential = options.sequential
    this.#maxConnections = options.maxConnections
    this.#uploadSlots = options.uploadSlots
    this.#have = new Bitfield(geometry.pieceCount)
    this.#checkAll = options.check === 'always'
    this.#addedAt = clock.unixTime()
    this.downloadLimit = new RateLimit(deps.downloadLimit, new TokenBucket(options.downloadLimit))
    this.uploadLimit = new RateLimit(deps.uploadLimit, new TokenBucket(options.uploadLimit))
    this.#wanted = new WantedFiles(geometry, options.filePriorities, options.readOnly)
    this.#losses = new Losses(this.#wanted)
    this.#reading = new Reading(metainfo, this.#wanted, options.readOnly)
    this.#mayDiscover = options.discovery && !metainfo.private
    this.#dht = this.#mayDiscover ? deps.dht : undefined
    this.#lookups = makeLookups(this, deps, this.#dht)
    this.#announces = makeAnnounces(this, deps, options)
    this.book = new PeerBook({ random, isBlocked: host => deps.blocklist.has(host) })
    for (const address of options.peers) this.book.add(address, 'given', clock.now())
    this.#keeper = makeKeeper(this, deps, options)
    const record = readRemembered(this.#keeper, options, deps.observer)
    if (record !== undefined) this.#remember(record)
    this.#keeper.begin()
  }

  // ------------------------------------------------------------------------------------------------- what is so

  /** With the paths that files have on disk. */
  get geometry(): Geometry {
    return this.#geometry
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

  /** All that is wanted is there. Always so for a torrent that never writes. */
  get isComplete(): boolean {
    const { have } = this
    if (have.isFull || this.#options.readOnly) return true
    const { swarm } = this
    return swarm !== undefined ? swarm.picker.isComplete : this.#wanted.areComplete(have)
  }

  /** It closes only to open again. */
  get isReopening(): boolean {
    return this.#phase.name === 'closing' && this.#then === 'start'
  }

  /** Neither at work nor finishing work, trackers told as far as they answer. */
  get isIdle(): boolean {
    const { name } = this.#phase
    return (name === 'stopped' || name === 'error') && this.#announces.isIdle
  }

  /** One a file, see {@link TorrentOptions.filePriorities}. */
  get filePriorities(): readonly number[] {
    return this.#wanted.priorities
  }

  /** How much of the wanted files is there; good until the next call. */
  get progress(): Pick<FileProgress, 'wantedBytes' | 'haveBytes'> {
    return this.#wanted.progress(this.have)
  }

  /** Unix time in seconds. */
  get addedAt(): number {
    return this.#addedAt
  }

  /** Unix time in seconds; undefined until all that is wanted was there. */
  get completedAt(): number | undefined {
    return this.#completedAt
  }

  get trackers(): readonly TrackerStatus[] {
    return this.#announces.status
  }

  get trackersSummary(): TrackersSummary {
    return this.#announces.summary
  }

  /** Peers are looked for in the DHT. */
  get usesDht(): boolean {
    return this.#dht !== undefined
  }

  // ------------------------------------------------------------------------------------------ how it is steered

  /** stopped, error → opening */
  start(): void {
    const { name } = this.#phase
    if (this.#asked !== undefined) this.#asked.thenStop = false
    if (name === 'closing') this.#then = 'start'
    if (name === 'stopped' || name === 'error') this.#begin()
  }

  /** any → stopped, by way of closing */
  stop(): void {
    if (this.#phase.name === 'closing') this.#then = 'stop'
    this.#close(undefined)
    if (this.#phase.name === 'error') this.#enter({ name: 'stopped' })
    if (this.#asked !== undefined) this.#checkAll = false
    this.#endCheck('stopped')
  }

  /** Hashes everything again, and goes on as it was: at work or stopped. `onCheckEnd` follows. */
  check(): void {
    const phase = this.#phase
    const isStopping = phase.name === 'closing' && phase.error === undefined && this.#then !== 'start'
    this.#asked ??= { thenStop: phase.name === 'stopped' || isStopping }
    this.#checkAll = true
    if (phase.name === 'stopped' || phase.name === 'error') return this.#begin()
    // What is opening has not looked yet.
    if (phase.name === 'opening') return
    this.#then = 'start'
    this.#close(undefined)
  }

  tick(now: number): void {
    const { swarm } = this
    const phase = this.#phase
    if (phase.name === 'error' && phase.retryAt !== undefined && now >= phase.retryAt)
      this.#probe(phase.error)
    if (swarm !== undefined) {
      swarm.tick(now)
      this.#announces.hasPeers(swarm.peers.size, now)
      this.#keeper.uploaded(this.totals.everUploadedBytes)
    }
    this.#keeper.tick(now, this.#phase.name === 'active' ? this.#phase.store : undefined)
    this.#announces.tick(now)
    if (swarm !== undefined) this.#lookups.tick(now, swarm.peers.size)
  }

  // -------------------------------------------------------------------------------------------------- looked at

  /** stopped, error → opening */
  #begin(): void {
    this.#recovery.reset()
    this.#open()
  }

  #open(): void {
    this.#wanted.select()
    const store = this.#deps.ports.storage.open(this.#plan(), this)
    this.#enter({ name: 'opening', store })
  }

  #plan(): StoragePlan {
    const { allocation, readOnly } = this.#options
    const { metainfo, geometry } = this
    return {
      dir: this.#dir,
      geometry,
      hashes: metainfo.pieceHashes,
      wanted: this.#wanted.selected,
      allocation,
      readOnly,
      infoHash: metainfo.infoHashHex,
    }
  }

  /** opening → checking, or at once → active */
  onPrepared(found: readonly FileStamp[]): void {
    const phase = this.#phase
    if (phase.name !== 'opening') return
    const { store } = phase
    const mayTrust = this.#options.check === 'trust' && !this.#checkAll
    if (mayTrust && this.#options.resume === undefined && !this.#keeper.hasSuspects) {
      return this.#activate(store, piecesTrusted(this.geometry, found))
    }
    const record = this.#checkAll ? undefined : this.#keeper.recall(found)
    const { have, check } = piecesToCheck(record, this.geometry, found)
    store.vouch(piecesUntouched(record, this.geometry, found, have))
    if (check.length === 0) return this.#onLookedAt(store, have)
    const unchecked = new Bitfield(this.geometry.pieceCount)
    for (const piece of check) unchecked.add(piece)
    this.#keeper.beginCheck(have, unchecked, stampsBeforeCheck(record, found))
    this.#enter({ name: 'checking', store, have, left: check.length, total: check.length })
    store.check(check)
  }

  // ---------------------------------------------------------------------------------------------------- checked

  onChecked(piece: number, matches: boolean): void {
    const phase = this.#phase
    if (phase.name !== 'checking') return
    phase.left--
    this.totals.checkedBytes += this.geometry.pieceSize(piece)
    if (!matches) return this.#keeper.wrong(piece)
    phase.have.add(piece)
    this.#keeper.piece(piece)
  }

  /** checking → active */
  onCheckDone(): void {
    const phase = this.#phase
    if (phase.name !== 'checking') return
    this.#onLookedAt(phase.store, phase.have)
    this.#keeper.changed(true)
  }

  /** opening, checking → active; or, when that was all, → closing */
  #onLookedAt(store: Store, have: Bitfield): void {
    const asked = this.#asked
    if (!asked?.thenStop) {
      this.#activate(store, have)
      return this.#endCheck('done')
    }
    this.#checkAll = false
    this.#have = have
    this.#keeper.trust()
    this.#enter({ name: 'closing', store, swarm: undefined, error: undefined })
    this.#keeper.changed(true)
    this.#keeper.save(store)
  }

  #endCheck(outcome: 'done' | 'stopped' | ShoalError): void {
    if (this.#asked === undefined) return
    this.#asked = undefined
    this.#deps.observer.onCheckEnd(outcome)
  }

  // ----------------------------------------------------------------------------------------------------- active

  /** opening, checking → active */
  #activate(store: Store, have: Bitfield): void {
    const { observer } = this.#deps
    this.#checkAll = false
    const lost = this.#losses.onActive(have.count)
    this.#keeper.trust()
    if (lost > 0) observer.onWarning(piecesWereLost(lost, this.#options.readOnly))
    this.#recovery.onActive(this.#now())
    if (have.isFull) this.#recovery.onSuccess()
    const swarm = makeSwarm(
      this,
      this.#deps,
      {
        store,
        dht: this.#dht,
        peerExchange: this.#mayDiscover,
        readers: this.#reading.readers,
        events: {
          onPiece: piece => {
            this.#keeper.piece(piece)
            this.#recovery.onSuccess()
            observer.onPiece(piece)
          },
          onComplete: () => this.#onComplete(),
          onDiskError: error => this.#fail(error),
          onWarning: text => observer.onWarning(text),
        },
      },
      {
        have,
        priorities: this.#wanted.piecePriorities(),
        sequential: this.#sequential,
        maxConnections: this.#maxConnections,
        uploadSlots: this.#uploadSlots,
      },
    )
    const now = this.#now()
    this.#enter({ name: 'active', store, swarm })
    if (this.#wanted.select()) store.select(this.#wanted.selected)
    this.#announces.start(now)
    this.#wasComplete = swarm.picker.isComplete
    if (this.#wasComplete) observer.onDone()
    // A kill between the first write and the journal's first entry would leave a file that nobody knows of.
    else this.#keeper.touch()
    this.#deps.onNews()
  }

  onRun(run: Run, outcome: RunOutcome): void {
    this.#keeper.touch()
    if (outcome.kind === 'failed' && outcome.error.code !== 'DISK_FULL') this.#keeper.suspectPiece(run.piece)
    this.#swarm?.onRun(run, outcome)
  }

  #onComplete(): void {
    if (this.#wasComplete) return
    this.#wasComplete = true
    this.#keeper.changed(true)
    this.#completedAt = this.#deps.ports.clock.unixTime()
    // BEP 3: the event means the whole torrent, not the files that were chosen.
    if (this.have.isFull) this.#announces.complete(this.#now())
    // What is told to be done stays done.
    this.#keeper.flush()
    this.#deps.observer.onDone()
  }

  onReadable(): void {
    this.swarm?.onReadable()
  }

  onSynced(): void {
    const phase = this.#phase
    if (phase.name === 'active' || phase.name === 'closing') this.#keeper.onSynced(phase.store)
  }

  onStamps(stamps: readonly FileStamp[], changed: readonly number[]): void {
    const phase = this.#phase
    for (const file of changed) this.#keeper.suspect(file)
    const lost = phase.name === 'active' ? this.#losses.lostFile(stamps, this.geometry, this.have) : undefined
    if (lost !== undefined) this.#keeper.suspect(lost.index)
    this.#keeper.onStamps(stamps)
    if (lost !== undefined) return this.#fail(fileWasLost(lost))
    if (phase.name !== 'closing') return
    // Asked for before the last runs: what these bring is to be in the record as well.
    if (this.#hasRuns || this.#keeper.isDirty) this.#keeper.save(phase.store)
    else phase.store.close()
  }

  // ----------------------------------------------------------------------------------------------------- failed

  onReadError(piece: number, error: ShoalError): void {
    this.#keeper.suspectPiece(piece)
    this.#fail(error)
  }

  onError(error: ShoalError): void {
    // It may have been what the keeper waits for. A system that could not write what it had taken drops it.
    for (const piece of this.#keeper.onStoreGone()) this.#keeper.suspectPiece(piece)
    const phase = this.#phase
    if (phase.name === 'closing') phase.store.close()
    else this.#fail(error)
  }

  #fail(error: ShoalError): void {
    this.#close(error)
  }

  /** closing → error */
  #enterError(error: ShoalError): void {
    const retries = this.#options.recover && this.#recovery.mayPass(error.code)
    const retryAt = retries ? this.#recovery.afterFault(this.#now(), this.#failedAt) : undefined
    this.#enter({ name: 'error', error, retryAt })
    this.#deps.observer.onError(error, retries)
  }

  /** error → opening, when nothing stands in the way any more */
  #probe(error: ShoalError): void {
    const waiting: TorrentPhase = { name: 'error', error, retryAt: Number.POSITIVE_INFINITY }
    this.#phase = waiting
    const room = this.#options.readOnly ? 0 : Math.min(this.#wanted.leftBytes(this.#have), WORTHWHILE_BYTES)
    const need = { bytes: room, files: this.#wanted.withData(this.#have) }
    this.#wanted.select()
    this.#deps.ports.storage.probe(this.#plan(), need, obstacle => {
      // Meanwhile it was stopped, or started.
      if (this.#phase !== waiting) return
      if (obstacle === undefined) return this.#open()
      this.#phase = { name: 'error', error: obstacle, retryAt: this.#recovery.afterLook(this.#now()) }
    })
  }

  // ----------------------------------------------------------------------------------------------------- closed

  /** opening, checking, active → closing */
  #close(error: ShoalError | undefined): void {
    const phase = this.#phase
    if (phase.name !== 'opening' && phase.name !== 'checking' && phase.name !== 'active') return
    const swarm = phase.name === 'active' ? phase.swarm : undefined
    if (error !== undefined) {
      this.#failedAt = this.#now()
      this.#losses.onFailure(swarm?.picker.have.count ?? 0)
    }
    this.#enter({ name: 'closing', store: phase.store, swarm, error })
    this.#keeper.flush()
    if (swarm === undefined) return phase.store.close()
    swarm.close('stopping')
    this.#announces.stop(this.#now())
    this.#lookups.stop()
    this.#keeper.uploaded(this.totals.everUploadedBytes)
    if (this.#keeper.isDirty || this.#hasRuns) this.#keeper.save(phase.store)
    else phase.store.close()
  }

  /** closing → stopped, error */
  onClosed(): void {
    const phase = this.#phase
    if (phase.name !== 'closing') return
    const { swarm, error } = phase
    if (swarm !== undefined) {
      swarm.release()
      this.#have = swarm.picker.have
      this.totals.onEnd(swarm)
    }
    // On its way to be checked it is not seen to stop; what was only to be looked at has nothing to wait for.
    if (error === undefined && this.#asked !== undefined && this.#then === 'start')
      this.#phase = { name: 'stopped' }
    else if (error === undefined || this.#asked?.thenStop) this.#enter({ name: 'stopped' })
    else this.#enterError(error)
    if (error !== undefined) this.#endCheck(error)
    const then = this.#then
    this.#then = undefined
    if (then === 'start') this.#begin()
    else if (then === 'stop') this.stop()
    else this.#endCheck('done')
    this.#deps.onNews()
  }

  // ------------------------------------------------------------------------------------------------ what is set

  setFilePriority(file: number, priority: number): void {
    if (!this.#wanted.setPriority(file, priority)) return
    this.#keeper.changed(true)
    const phase = this.#phase
    if (phase.name !== 'active') return
    if (this.#wanted.select()) phase.store.select(this.#wanted.selected)
    phase.swarm.setPriorities(this.#wanted.piecePriorities())
    // Without what is no longer wanted it may be done.
    if (this.isComplete) this.#onComplete()
    else this.#wasComplete = false
  }

  /** Whether pieces are fetched in order. */
  setSequential(on: boolean): void {
    this.#sequential = on
    this.swarm?.setSequential(on)
  }

  /** Those beyond are let go, the least useful first. */
  setMaxConnections(count: number): void {
    this.#maxConnections = count
    this.swarm?.setMaxConnections(count)
  }

  setUploadSlots(count: number): void {
    this.#uploadSlots = count
    this.swarm?.setUploadSlots(count)
  }

  /** Other trackers in place of all; what is known of those that stay stays. */
  setTrackers(tiers: readonly (readonly string[])[]): void {
    this.#announces.setTiers(tiers, this.#now())
  }

  /** Its data is in another folder, or has other paths, one a file; stopped meanwhile. One stamp a file each. */
  relocate(
    dir: string,
    paths: readonly (readonly string[])[],
    before: readonly FileStamp[],
    after: readonly FileStamp[],
  ): void {
    assert(this.#phase.name === 'stopped', 'a torrent is stopped while its data is moved')
    this.#dir = dir
    this.#geometry = this.metainfo.geometry.withPaths(paths)
    this.#keeper.relocated(before, after)
  }

  /** What was last given to be kept is lost: it is given again. */
  keepAgain(): void {
    this.#keeper.changed(true)
  }

  // ------------------------------------------------------------------------------------------------------ peers

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

  /** Parts with a host, an IP literal, and stays away from it. */
  ban(host: string, ms: number): void {
    this.book.ban(host, this.#now(), ms)
    this.swarm?.leaveHosts(each => each === host, 'banned')
  }

  /** The blocklist is another one. */
  onBlocklist(): void {
    this.book.leaveBlocked()
    this.swarm?.leaveHosts(host => this.#deps.blocklist.has(host), 'blocked')
  }

  /** Asks for peers now, as far as trackers allow it. */
  reannounce(): void {
    const now = this.#now()
    this.#announces.announceNow(now)
    this.#lookups.again(now)
  }

  /** Gives up on trackers that have not answered yet. */
  cancelAnnounces(): void {
    this.#announces.cancel()
  }

  // ---------------------------------------------------------------------------------------------------- readers

  /**
   * Somebody reads from `start` to before `end`, bytes within the torrent, by {@link read}. What it needs next is fetched
   * first until {@link closeReader}. `onNews` comes, in any turn, when there may be more to read; it must not read at once.
   *
   * @throws ShoalError `OPTION_INVALID`
   */
  openReader(start: number, end: number, onNews: () => void): Reader {
    const reader = this.#reading.open(start, end, onNews)
    this.swarm?.onReader()
    return reader
  }

  closeReader(reader: Reader): void {
    this.#reading.readers.close(reader)
  }

  /**
   * The reader's next bytes, good until this turn ends, or undefined: then `onNews` comes. Only pieces that are had are
   * read. While the torrent opens or is checked, a reader waits.
   *
   * @throws ShoalError what stopped the torrent; `CLOSED` (it is stopped), `OPTION_INVALID` (a file is skipped)
   */
  read(reader: Reader): Uint8Array | undefined {
    const phase = this.#phase
    if (phase.name !== 'active') return this.#whyUnread()
    return this.#reading.read(reader, phase.store, phase.swarm.picker, this.geometry, this.#now())
  }

  /** Not active: whoever reads waits, or hears that it would wait for ever. */
  #whyUnread(): undefined {
    const phase = this.#phase
    if (phase.name === 'opening' || phase.name === 'checking' || this.isReopening) return undefined
    const error = phase.name === 'error' || phase.name === 'closing' ? phase.error : undefined
    throw error ?? new ShoalError('CLOSED', `${this.metainfo.name} is stopped: it has to run to be read`)
  }

  // ---------------------------------------------------------------------------------------------------- helpers

  /** The swarm at work, or the one whose last writes are awaited. */
  get #swarm(): Swarm | undefined {
    const phase = this.#phase
    return phase.name === 'active' || phase.name === 'closing' ? phase.swarm : undefined
  }

  /** The store has data in hand whose fate is open. */
  get #hasRuns(): boolean {
    return (this.#swarm?.flow.runsInFlight ?? 0) > 0
  }

  #remember(record: ResumeRecord): void {
    this.totals.remember(record)
    this.#addedAt = record.addedAt
    this.#completedAt = record.completedAt
    // Who helped before is neither this session's tracker nor a given peer.
    if (!this.#options.discovery) return
    for (const address of record.peers) this.book.add(address, 'tracker', this.#now())
  }

  #enter(phase: TorrentPhase): void {
    this.#phase = phase
    this.#reading.readers.news()
    this.#deps.observer.onPhase(phase.name)
  }

  #now(): number {
    return this.#deps.ports.clock.now()
  }
}
