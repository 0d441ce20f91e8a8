/** A torrent as the embedder sees it: promises, events and copies over the core's {@link CoreTorrent}. */

import { canonicalIp, parseHostPort } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Torrent as CoreTorrent, TorrentObserver, TorrentPhase } from '../torrent/torrent.ts'
import type { Surroundings } from './diagnose.ts'
import { checkTiers, count, limit } from './options.ts'
import { PRIORITY, snapshotTorrent } from './snapshot.ts'
import { FileStream } from './stream.ts'
import { mapPieces, summarizeTorrent, torrentState } from './summary.ts'
import type {
  FilePriority,
  Limits,
  PieceMap,
  RemoveOptions,
  StreamOptions,
  Torrent,
  TorrentEvents,
  TorrentSnapshot,
  TorrentState,
  TorrentSummary,
} from './types.ts'

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
  /** It is stopped. */
  readonly eraseData: (core: CoreTorrent) => Promise<void>
  /** The torrent has stopped for good: out of the engine. */
  readonly release: (core: CoreTorrent) => void
  /** Its record goes, too. */
  readonly forget: () => Promise<void>
}

type Listener = (detail: never) => void

/** Warnings kept for the first who listens; many embedders never do. */
const MAX_EARLY = 20

export class TorrentHandle implements Torrent, TorrentObserver {
  readonly metainfo: Metainfo
  readonly infoHash: string
  readonly dir: string
  readonly done: Promise<void>
  readonly core: CoreTorrent
  readonly #deps: HandleDeps
  readonly #listeners = new Map<keyof TorrentEvents, Set<Listener>>()
  /** Wait for the torrent to be stopped. */
  readonly #stopped: (() => void)[] = []
  /** Wait for a check to be over. */
  readonly #checks: { resolve: () => void; reject: (error: ShoalError) => void }[] = []
  readonly #settle: { resolve: () => void; reject: (error: ShoalError) => void }
  #state: TorrentState = 'stopped'
  /** What nobody was there to hear: adding it had not come back yet. */
  #early: string[] = []

  constructor(metainfo: Metainfo, dir: string, deps: HandleDeps) {
    this.metainfo = metainfo
    this.infoHash = metainfo.infoHashHex
    this.dir = dir
    this.#deps = deps
    const { promise, resolve, reject } = withResolvers()
    this.done = promise
    this.#settle = { resolve, reject }
    // Nobody has to watch `done`.
    promise.catch(() => {})
    this.core = deps.open(this)
  }

  snapshot(): TorrentSnapshot {
    return snapshotTorrent(this.core, this.#deps.around())
  }

  summary(): TorrentSummary {
    return summarizeTorrent(this.core, this.#deps.around())
  }

  pieces(): PieceMap {
    return mapPieces(this.core)
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
    this.core.start()
  }

  stop(): Promise<void> {
    this.core.stop()
    if (this.core.phase.name === 'stopped') return Promise.resolve()
    return new Promise(resolve => this.#stopped.push(resolve))
  }

  check(): Promise<void> {
    // First: the end may come in the same turn.
    const end = new Promise<void>((resolve, reject) => this.#checks.push({ resolve, reject }))
    this.core.check()
    return end
  }

  async remove({ data = false }: RemoveOptions = {}): Promise<void> {
    await this.stop()
    // First the data: what could not be deleted can be tried again.
    if (data) await this.#deps.eraseData(this.core)
    this.fail(new ShoalError('CLOSED', `${this.metainfo.name} was removed`))
    this.#deps.release(this.core)
    await this.#deps.forget()
  }

  async detach(): Promise<void> {
    await this.stop()
    this.fail(new ShoalError('CLOSED', `${this.metainfo.name} was taken out of the engine`))
    this.#deps.release(this.core)
  }

  setLimits({ download, upload }: Limits): void {
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
