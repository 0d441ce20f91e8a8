/** A torrent as the embedder sees it: promises, events and copies over the core's {@link CoreTorrent}. */

import { canonicalIp, parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { type Rename, renamed, type TorrentNames } from '../metainfo/other-names.ts'
import { absolutePath } from '../node/file-plan.ts'
import type { NamedPlace } from '../node/move-note.ts'
import type { Torrent as CoreTorrent, TorrentPhase } from '../torrent/torrent.ts'
import type { TorrentObserver } from '../torrent/torrent-deps.ts'
import type { Surroundings } from './diagnose.ts'
import { checkTiers, count, limit } from './options.ts'
import { overhear } from './overhear.ts'
import type { MoveJob } from './relocation.ts'
import { PRIORITY, snapshotTorrent } from './snapshot.ts'
import { FileStream } from './stream.ts'
import { mapPieces, summarizeTorrent, torrentState } from './summary.ts'
import type { FilePriority } from './types/add.ts'
import type { TorrentLimits } from './types/engine.ts'
import type { Overheard } from './types/overheard.ts'
import type { PieceMap, TorrentSnapshot, TorrentSummary } from './types/snapshots.ts'
import type {
  MoveOptions,
  MoveProgress,
  RemoveOptions,
  StreamOptions,
  Torrent,
  TorrentEvents,
  TorrentState,
} from './types/torrent.ts'

export interface HandleDeps {
  /** Adds the torrent to the core, with this handle as its observer. */
  readonly open: (observer: TorrentObserver) => CoreTorrent
  readonly around: () => Surroundings
  /** The torrent has begun to look for peers, or has ended it. */
  readonly onActive: (isActive: boolean) => void
  readonly saveResume: (record: Uint8Array) => void
  readonly appendJournal: (entry: Uint8Array, durable: boolean) => void
  /** Something of what was kept is damaged: to be put aside, with what can be used of it in its place. */
  readonly putAside: (what: 'record' | 'journal', rest?: Uint8Array) => void
  /** The journal goes on after this beginning. */
  readonly cutJournal: (rest: Uint8Array) => void
  readonly place: () => NamedPlace
  /** It is stopped, until this has ended. */
  readonly move: (
    core: CoreTorrent,
    to: NamedPlace,
    job: Pick<MoveJob, 'signal' | 'onProgress'>,
  ) => Promise<ShoalError | undefined>
  /** It is stopped. */
  readonly eraseData: (core: CoreTorrent) => Promise<void>
  /** The torrent has stopped for good: out of the engine. */
  readonly release: (core: CoreTorrent) => void
  /** Its record goes, too. */
  readonly forget: () => Promise<void>
}

/** Of its data, to another place. */
interface Moving {
  readonly abort: AbortController
  /** It is started when that is over. */
  goesOn: boolean
  progress: MoveProgress
}

type Listener = (detail: never) => void

/** Warnings kept for the first who listens; many embedders never do. */
const MAX_EARLY = 20

export class TorrentHandle implements Torrent, TorrentObserver {
  readonly metainfo: Metainfo
  readonly infoHash: string
  readonly done: Promise<void>
  readonly core: CoreTorrent
  readonly #deps: HandleDeps
  readonly #listeners = new Map<keyof TorrentEvents, Set<Listener>>()
  /** Wait for the torrent to be stopped. */
  readonly #stopped: (() => void)[] = []
  #moving: Moving | undefined
  /** That go on or wait. */
  #moves = 0
  /** Resolves when there are none. */
  #line: Promise<void> = Promise.resolve()
  #isLeaving = false
  /** Wait for a check to be over. */
  readonly #checks: { resolve: () => void; reject: (error: ShoalError) => void }[] = []
  readonly #settle: { resolve: () => void; reject: (error: ShoalError) => void }
  #state: TorrentState = 'stopped'
  /** What nobody was there to hear: adding it had not come back yet. */
  #early: string[] = []

  constructor(metainfo: Metainfo, deps: HandleDeps) {
    this.metainfo = metainfo
    this.infoHash = metainfo.infoHashHex
    this.#deps = deps
    const { promise, resolve, reject } = withResolvers()
    this.done = promise
    this.#settle = { resolve, reject }
    // Nobody has to watch `done`.
    promise.catch(() => {})
    this.core = deps.open(this)
  }

  get dir(): string {
    return this.#deps.place().dir
  }

  get names(): TorrentNames {
    return this.#deps.place().names
  }

  snapshot(): TorrentSnapshot {
    return this.#withMove(snapshotTorrent(this.core, this.#deps.around()))
  }

  summary(): TorrentSummary {
    return this.#withMove(summarizeTorrent(this.core, this.#deps.around()))
  }

  pieces(): PieceMap {
    return mapPieces(this.core)
  }

  overhear(address: string, listener: (heard: Overheard) => void): () => void {
    return overhear(this.core, address, listener)
  }

  stream(file: number, options: StreamOptions = {}): AsyncIterableIterator<Uint8Array> {
    return new FileStream(this.core, file, options)
  }

  on<Name extends keyof TorrentEvents>(
    event: Name,
    listener: (detail: TorrentEvents[Name]) => void,
  ): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    listeners.add(listener)
    if (event === 'warning') for (const text of this.#early.splice(0)) this.#emit('warning', text)
    return () => listeners.delete(listener)
  }

  start(): void {
    if (this.#moving === undefined) this.core.start()
    else this.#moving.goesOn = true
  }

  stop(): Promise<void> {
    if (this.#moving !== undefined) this.#moving.goesOn = false
    return this.#stopCore()
  }

  async check(): Promise<void> {
    if (this.#moves > 0) await this.#line
    // First: the end may come in the same turn.
    const end = new Promise<void>((resolve, reject) => this.#checks.push({ resolve, reject }))
    this.core.check()
    await end
  }

  async move(dir: string, options: MoveOptions = {}): Promise<void> {
    await this.#relocate(({ names }) => ({ dir: absolutePath(dir), names }), options)
  }

  async rename(what: Rename | readonly Rename[]): Promise<void> {
    await this.#relocate(({ dir, names }) => ({ dir, names: renamed(this.metainfo, names, what) }), {})
  }

  /** No move goes on, and none begins any more. */
  async endMoves(): Promise<void> {
    this.#isLeaving = true
    this.#moving?.abort.abort()
    await this.#line
  }

  async remove({ data = false }: RemoveOptions = {}): Promise<void> {
    await this.endMoves()
    await this.stop()
    // First the data: what could not be deleted can be tried again.
    if (data) {
      this.#isLeaving = false
      await this.#deps.eraseData(this.core)
    }
    this.fail(new ShoalError('CLOSED', `${this.metainfo.name} was removed`))
    this.#deps.release(this.core)
    await this.#deps.forget()
  }

  async detach(): Promise<void> {
    await this.endMoves()
    await this.stop()
    this.fail(new ShoalError('CLOSED', `${this.metainfo.name} was taken out of the engine`))
    this.#deps.release(this.core)
  }

  setLimits({ download, upload, obeyShared }: TorrentLimits): void {
    if (obeyShared !== undefined) {
      this.core.downloadLimit.obeysShared = obeyShared
      this.core.uploadLimit.obeysShared = obeyShared
    }
    if (download !== undefined) this.core.downloadLimit.own.setRate(limit(download))
    if (upload !== undefined) this.core.uploadLimit.own.setRate(limit(upload))
  }

  setFilePriority(index: number, priority: FilePriority): void {
    if (this.metainfo.files[index] === undefined) {
      throw new ShoalError('OPTION_INVALID', `there is no file ${index} in ${this.metainfo.name}`)
    }
    this.core.setFilePriority(index, PRIORITY[priority])
  }

  setSequential(on: boolean): void {
    this.core.setSequential(on)
  }

  setMaxConnections(connections: number): void {
    this.core.setMaxConnections(count('connections', connections, 1))
  }

  setUploadSlots(slots: number): void {
    this.core.setUploadSlots(count('uploadSlots', slots, 0))
  }

  setTrackers(tiers: readonly (readonly string[])[]): void {
    this.core.setTrackers(checkTiers(tiers))
  }

  reannounce(): void {
    this.core.reannounce()
  }

  banPeer(address: string, seconds: number = Number.POSITIVE_INFINITY): void {
    const host = parseHostPort(address)?.host ?? canonicalIp(address)
    if (host === undefined) {
      throw new ShoalError(
        'OPTION_INVALID',
        `${JSON.stringify(address)} is not an address like 10.0.0.1 or 10.0.0.1:6881`,
      )
    }
    if (!(seconds > 0)) throw new ShoalError('OPTION_INVALID', `${seconds} is no number of seconds`)
    this.core.ban(host, seconds * 1000)
  }

  addPeer(address: string): void {
    const parsed = parseHostPort(address)
    if (parsed === undefined) {
      throw new ShoalError(
        'OPTION_INVALID',
        `${JSON.stringify(address)} is not an address like 10.0.0.1:6881`,
      )
    }
    this.core.addPeer(parsed)
  }

  /** Ends `done`, if nothing has. */
  fail(error: ShoalError): void {
    this.#settle.reject(error)
  }

  // ------------------------------------------------------------------------------------------- TorrentObserver

  onPhase(phase: TorrentPhase['name']): void {
    if (phase === 'active' || phase === 'closing') this.#deps.onActive(phase === 'active')
    if (phase === 'stopped' || phase === 'error') for (const resolve of this.#stopped.splice(0)) resolve()
    this.#tellState()
  }

  onPiece(piece: number): void {
    this.#emit('piece', { index: piece })
  }

  onDone(): void {
    this.#tellState()
    this.#settle.resolve()
    this.#emit('done', undefined)
  }

  onError(error: ShoalError, retries: boolean): void {
    if (!retries) this.#settle.reject(error)
    this.#emit('error', error)
  }

  onWarning(text: string): void {
    if (this.#listeners.has('warning')) this.#emit('warning', text)
    else if (this.#early.length < MAX_EARLY) this.#early.push(text)
  }

  onCheckEnd(outcome: 'done' | 'stopped' | ShoalError): void {
    for (const { resolve, reject } of this.#checks.splice(0)) {
      if (outcome === 'done') resolve()
      else if (outcome === 'stopped') reject(new ShoalError('ABORTED', 'the torrent was stopped before'))
      else reject(outcome)
    }
  }

  onTracker(url: string, message: string): void {
    this.#emit('tracker', { url, message })
  }

  onResume(record: Uint8Array): void {
    this.#deps.saveResume(record)
  }

  onJournal(entry: Uint8Array, durable: boolean): void {
    this.#deps.appendJournal(entry, durable)
  }

  onDamaged(what: 'record' | 'journal', rest?: Uint8Array): void {
    this.#deps.putAside(what, rest)
  }

  onTorn(rest: Uint8Array): void {
    this.#deps.cutJournal(rest)
  }

  #stopCore(): Promise<void> {
    this.core.stop()
    if (this.core.phase.name === 'stopped') return Promise.resolve()
    return new Promise(resolve => this.#stopped.push(resolve))
  }

  #withMove<T extends TorrentSummary>(summary: T): T {
    return this.#moving === undefined ? summary : { ...summary, moving: this.#moving.progress }
  }

  /** One after another. */
  async #relocate(where: (from: NamedPlace) => NamedPlace, options: MoveOptions): Promise<void> {
    const before = this.#line
    const { promise, resolve } = withResolvers()
    this.#line = promise
    this.#moves++
    await before
    try {
      await this.#relocateNow(where, options)
    } finally {
      this.#moves--
      resolve()
    }
  }

  async #relocateNow(where: (from: NamedPlace) => NamedPlace, options: MoveOptions): Promise<void> {
    if (this.#isLeaving) throw new ShoalError('CLOSED', `${this.metainfo.name} was closed or removed`)
    const to = where(this.#deps.place())
    const moving: Moving = {
      abort: new AbortController(),
      goesOn: torrentState(this.core) !== 'stopped',
      progress: { doneBytes: 0, totalBytes: 0 },
    }
    const given = options.signal === undefined ? [] : [options.signal]
    const signal = AbortSignal.any([moving.abort.signal, ...given])
    const onProgress = (progress: MoveProgress): void => {
      moving.progress = progress
      options.onProgress?.(progress)
    }
    this.#moving = moving
    try {
      await this.#stopCore()
      const left = await this.#deps.move(this.core, to, { signal, onProgress })
      if (left !== undefined) this.onWarning(`moved, but what was left behind: ${left.message}`)
    } finally {
      this.#moving = undefined
      if (moving.goesOn && !this.#isLeaving) this.core.start()
    }
  }

  #tellState(): void {
    const state = torrentState(this.core)
    if (state === this.#state) return
    this.#state = state
    this.#emit('state', state)
  }

  /** In a later turn, so that a listener may do anything, and what it throws is its own. */
  #emit<Name extends keyof TorrentEvents>(event: Name, detail: TorrentEvents[Name]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined || listeners.size === 0) return
    queueMicrotask(() => {
      for (const listener of listeners) (listener as (detail: TorrentEvents[Name]) => void)(detail)
    })
  }
}

function withResolvers(): {
  promise: Promise<void>
  resolve: () => void
  reject: (error: ShoalError) => void
} {
  let resolve: () => void = () => {}
  let reject: (error: ShoalError) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
