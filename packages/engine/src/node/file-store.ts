/**
 * The files of one torrent, seen from the main thread: gives work to the store workers and keeps it in order.
 *
 *     write, abandon     go to a worker at once; the runs of a piece all to the same one
 *     prepare, select,   wait until every run given before them is answered, and hold back what comes after them:
 *     stamp, close       the next two belong to one order, `#queue`
 *     check              batches to all workers, two on the way to each; pauses for a select
 *     sync               beside all of that; a close waits for it
 *     read               from the cache, see read-cache.ts
 */
import { ShoalError } from '../errors.ts'
import type { FileSpan, Geometry } from '../metainfo/geometry.ts'
import type { Run, RunOutcome, StoragePlan, Store, StoreHandler } from '../ports.ts'
import { unpackError } from './disk-errors.ts'
import { syncPaths } from './durable.ts'
import { filePath, partsPath } from './file-plan.ts'
import type { ReadHandles } from './handles.ts'
import { PartsIndex } from './parts-index.ts'
import { PieceReader } from './piece-reader.ts'
import type { ReadCache, ReadSource } from './read-cache.ts'
import type { Answer, HeldExtent, TorrentPlan } from './store-messages.ts'
import { type KeptMark, type Mark, Witness } from './witness.ts'
import type { StoreWorker, WorkerPool } from './worker-pool.ts'

/** A batch of pieces to check: long enough to keep messages few, short enough to spread and to stop soon. */
const CHECK_BATCH_BYTES = 8 * 1024 * 1024
const CHECK_BATCH_PIECES = 256
/** One being hashed, one waiting. */
const CHECK_BATCHES_PER_WORKER = 2

/** What a storage lends to its stores. */
export interface Shared {
  readonly pool: WorkerPool
  readonly cache: ReadCache
  readonly handles: ReadHandles
}

type Entry =
  | { readonly type: 'run'; readonly run: Run; readonly digests: boolean }
  | { readonly type: 'abandon'; readonly piece: number }
  | { readonly type: 'select'; readonly wanted: readonly boolean[] }
  | { readonly type: 'prepare' | 'stamp' | 'close' }

export class FileStore implements Store {
  readonly #shared: Shared
  readonly #handler: StoreHandler
  readonly #geometry: Geometry
  readonly #plan: TorrentPlan
  readonly #parts: PartsIndex
  readonly #witness: Witness
  readonly #reader: PieceReader
  readonly #source: ReadSource
  readonly #onGone: () => void

  readonly #queue: Entry[] = []
  #runsInFlight = 0
  #syncs = 0
  /** Files whose names are durable. */
  readonly #namesSynced = new Set<string>()
  /** An operation of the queue that must be alone is going on. */
  #busy = false
  #closing = false

  /** Workers that hold the beginning of a piece. */
  readonly #workerOf = new Map<number, StoreWorker>()
  /** The first run that failed, of pieces that have one and no word since that it was given again: its begin and why. */
  readonly #gaps = new Map<number, { readonly begin: number; readonly error: ShoalError }>()
  #wanted: readonly boolean[]
  /** 1 for files whose bytes are in place: wanted, or found on disk. */
  readonly #inPlace: Uint8Array
  #allInPlace = true

  readonly #checks: Iterator<number>[] = []
  #batchesInFlight = 0
  #checkError: ShoalError | undefined

  /** `onGone` is called when it is closed. */
  constructor(id: number, plan: StoragePlan, handler: StoreHandler, shared: Shared, onGone: () => void) {
    const { dir, geometry, infoHash, allocation, readOnly } = plan
    this.#shared = shared
    this.#handler = handler
    this.#geometry = geometry
    this.#onGone = onGone
    const hashes = new Uint8Array(new SharedArrayBuffer(plan.hashes.length))
    hashes.set(plan.hashes)
    const files = geometry.files.map(({ path, length, pad }) => ({ path, length, pad }))
    const cancel = new Int32Array(new SharedArrayBuffer(4))
    const { pieceLength } = geometry
    this.#plan = { id, dir, infoHash, pieceLength, files, hashes, allocation, readOnly, cancel }
    this.#wanted = plan.wanted
    this.#inPlace = new Uint8Array(files.length)
    this.#parts = new PartsIndex(geometry)
    this.#witness = new Witness(geometry)
    const about = { id, dir, infoHash, geometry, hashes }
    this.#reader = new PieceReader(about, this.#parts, shared.handles, this.#witness)
    this.#source = {
      id,
      geometry,
      fill: (piece, begin, into) => this.#reader.fill(piece, begin, into),
      onReadable: () => {
        if (!this.#closing) handler.onReadable()
      },
      onReadError: (piece, error) => {
        if (!this.#closing) handler.onReadError(piece, error)
      },
    }
    this.#push({ type: 'prepare' })
  }

  write(run: Run, digests: boolean): void {
    if (!this.#closing) this.#push({ type: 'run', run, digests })
  }

  abandon(piece: number): void {
    if (!this.#closing) this.#push({ type: 'abandon', piece })
  }

  read(piece: number, begin: number, length: number): Uint8Array | undefined {
    if (this.#closing) return undefined
    return this.#shared.cache.read(this.#source, piece, begin, length)
  }

  vouch(pieces: Iterable<number>): void {
    for (const piece of pieces) if (this.#isProvable(piece)) this.#witness.prove(piece)
  }

  check(pieces: Iterable<number>): void {
    if (this.#closing) return
    this.#checks.push(pieces[Symbol.iterator]())
    if (this.#checks.length === 1) setImmediate(() => this.#feedCheck())
  }

  select(wanted: readonly boolean[]): void {
    if (!this.#closing) this.#push({ type: 'select', wanted })
  }

  sync(pieces: readonly number[]): void {
    if (this.#closing) return
    this.#syncs++
    void this.#sync(pieces).then(error => {
      this.#syncs--
      if (this.#closing) return this.#pump()
      if (error === undefined) this.#handler.onSynced()
      else this.#handler.onError(error)
    })
  }

  stamp(): void {
    if (!this.#closing) this.#push({ type: 'stamp' })
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    Atomics.store(this.#plan.cancel, 0, 1)
    this.#checks.length = 0
    this.#push({ type: 'close' })
  }

  // --------------------------------------------------------------------------------------------- one at a time

  #push(entry: Entry): void {
    this.#queue.push(entry)
    this.#pump()
  }

  #pump(): void {
    while (!this.#busy) {
      const entry = this.#queue[0]
      if (entry === undefined) return
      const alone = entry.type !== 'run' && entry.type !== 'abandon'
      if (alone && this.#runsInFlight > 0) return
      if (entry.type === 'close' && this.#syncs > 0) return
      // What a check is reading must not be moved under it.
      if (entry.type === 'select' && this.#batchesInFlight > 0) return
      this.#queue.shift()
      this.#do(entry)
    }
  }

  #do(entry: Entry): void {
    switch (entry.type) {
      case 'run':
        this.#run(entry.run, entry.digests)
        break
      case 'abandon':
        this.#abandon(entry.piece)
        break
      case 'prepare':
        this.#prepare()
        break
      case 'select':
        this.#select(entry.wanted)
        break
      case 'stamp':
        this.#alone({ type: 'stamp', id: this.#plan.id }, answer => {
          if (answer.kind === 'stamps') this.#stamped(answer.stamps)
        })
        break
      case 'close':
        this.#release()
        break
    }
  }

  /** Does a job while nothing else of the queue goes on. */
  #alone(job: Parameters<StoreWorker['run']>[0], done: (answer: Answer) => void): void {
    this.#busy = true
    this.#worker().run(job, 0, answer => {
      this.#busy = false
      if (answer.kind === 'failed') this.#handler.onError(unpackError(answer.error))
      else done(answer)
      this.#pump()
      this.#feedCheck()
    })
  }

  #stamped(now: readonly (KeptMark | undefined)[]): void {
    const witness = this.#witness
    const { files } = this.#geometry
    const changed = files.filter(file => witness.isChanged(file, now[file.index]))
    this.#handler.onStamps(
      files.map(file => witness.stampOf(file, now[file.index])),
      changed.map(({ index }) => index),
    )
  }

  #prepare(): void {
    const wanted = this.#wanted
    this.#alone({ type: 'prepare', id: this.#plan.id, wanted }, answer => this.#prepared(answer, wanted))
  }

  #select(wanted: readonly boolean[]): void {
    const { held, spare } = this.#parts.content()
    this.#alone({ type: 'select', id: this.#plan.id, wanted, held, spare }, answer =>
      this.#prepared(answer, wanted),
    )
  }

  #prepared(answer: Answer, wanted: readonly boolean[]): void {
    if (answer.kind !== 'prepared') return
    this.#wanted = wanted
    this.#parts.replace(answer)
    this.#place(answer.found)
    // The parts file may be gone: nobody may go on with an old handle.
    for (const worker of this.#opened()) worker.post({ type: 'forget-parts', id: this.#plan.id })
    this.#reader.forgetParts()
    this.#shared.cache.forget(this.#source)
    this.#handler.onPrepared(answer.found)
  }

  #place(found: readonly (Mark | undefined)[]): void {
    this.#allInPlace = true
    for (const file of this.#geometry.files) {
      const stamp = found[file.index]
      this.#witness.see(file, stamp)
      // It is made, cut to size or filled from the parts file now.
      const isMade = stamp?.size !== file.length
      if (isMade && this.#wanted[file.index] === true && !this.#plan.readOnly) this.#witness.own(file)
      // One that is longer than in the torrent is somebody else's as long as nobody wants ours.
      const there = stamp !== undefined && stamp.size <= file.length
      const inPlace = file.pad || this.#wanted[file.index] === true || there
      this.#inPlace[file.index] = inPlace ? 1 : 0
      if (!inPlace) this.#allInPlace = false
    }
  }

  #release(): void {
    this.#busy = true
    this.#shared.cache.forget(this.#source)
    this.#reader.close()
    const workers = this.#opened()
    let left = workers.length
    const done = (): void => {
      if (--left > 0) return
      this.#onGone()
      this.#handler.onClosed()
    }
    if (left === 0) setImmediate(done)
    for (const worker of workers) worker.run({ type: 'release', id: this.#plan.id }, 0, done)
  }

  // ------------------------------------------------------------------------------------------------- writing

  #run(run: Run, digests: boolean): void {
    const { piece } = run
    const worker = this.#workerFor(piece)
    if (!run.last) this.#workerOf.set(piece, worker)
    this.#runsInFlight++
    const { begin, length, slabs, last } = run
    const held = this.#heldForWriting(piece)
    if (begin === 0) this.#own(piece)
    worker.run(
      { type: 'run', id: this.#plan.id, piece, begin, length, slabs, last, digests, held },
      length,
      answer => {
        this.#runsInFlight--
        // A last run that failed may be given again, to the one that has the hash so far.
        if (last && answer.kind !== 'failed') this.#workerOf.delete(piece)
        if (answer.kind === 'stored') this.#shared.cache.forgetPiece(this.#source, piece)
        this.#handler.onRun(run, this.#judge(run, outcomeOf(answer)))
        this.#pump()
      },
    )
  }

  #own(piece: number): void {
    const slices = this.#geometry.slices(this.#geometry.pieceOffset(piece), this.#geometry.pieceSize(piece))
    for (const { file } of slices) this.#witness.own(file)
  }

  /** What lies on disk for a run that failed is anybody's: a piece that does not match with it is nobody's fault. */
  #judge({ piece, begin, last }: Run, outcome: RunOutcome): RunOutcome {
    const gap = this.#gaps.get(piece)
    if (outcome.kind === 'failed') {
      if (gap === undefined || begin < gap.begin) this.#gaps.set(piece, { begin, error: outcome.error })
    } else if (gap !== undefined) {
      const isBehind = begin > gap.begin
      if (isBehind && outcome.kind === 'corrupt') return { kind: 'failed', error: gap.error }
      if (last || !isBehind) this.#gaps.delete(piece)
    }
    return outcome
  }

  #abandon(piece: number): void {
    // The piece stays with its worker: runs of it may still be waiting there, and must not overtake those of a retry.
    this.#workerOf.get(piece)?.post({ type: 'abandon', id: this.#plan.id, piece })
  }

  #heldForWriting(piece: number): readonly HeldExtent[] {
    if (this.#allInPlace) return this.#parts.ofPiece(piece)
    return this.#parts.reserve(piece, file => this.#inPlace[file] === 0)
  }

  /** The runs of a piece stay with one worker, which has its hash so far. */
  #workerFor(piece: number): StoreWorker {
    return this.#workerOf.get(piece)?.living ?? this.#worker()
  }

  #worker(): StoreWorker {
    const worker = this.#shared.pool.pick()
    worker.open(this.#plan)
    return worker
  }

  #opened(): StoreWorker[] {
    return this.#shared.pool.running.filter(worker => worker.hasOpened(this.#plan.id))
  }

  // ------------------------------------------------------------------------------------------------- syncing

  async #sync(pieces: readonly number[]): Promise<ShoalError | undefined> {
    const { dir, infoHash } = this.#plan
    const files = new Set<FileSpan>()
    for (const piece of pieces) {
      const slices = this.#geometry.slices(this.#geometry.pieceOffset(piece), this.#geometry.pieceSize(piece))
      for (const { file } of slices) if (!file.pad) files.add(file)
    }
    const paths = [...files].map(file => filePath(dir, file))
    if (this.#parts.size > 0) paths.push(partsPath(dir, infoHash))
    try {
      await syncPaths(paths, dir, this.#namesSynced)
      return undefined
    } catch (error) {
      if (error instanceof ShoalError) return error
      throw error
    }
  }

  // ------------------------------------------------------------------------------------------------ checking

  /** Keeps every worker supplied with batches; ends a check when its last batch is answered. */
  #feedCheck(): void {
    const pieces = this.#checks[0]
    if (pieces === undefined || this.#closing) return
    if (this.#busy || this.#queue[0]?.type === 'select') return
    const workers = this.#shared.pool.all()
    const limit = workers.length * CHECK_BATCHES_PER_WORKER
    while (this.#batchesInFlight < limit) {
      const batch = takeBatch(pieces, this.#geometry.pieceLength)
      if (batch.length === 0) break
      this.#checkBatch(batch)
    }
    if (this.#batchesInFlight > 0) return
    this.#checks.shift()
    const error = this.#checkError
    this.#checkError = undefined
    if (error !== undefined) this.#handler.onError(error)
    this.#handler.onCheckDone()
    if (this.#checks.length > 0) this.#feedCheck()
  }

  #checkBatch(pieces: readonly number[]): void {
    this.#batchesInFlight++
    const { changes } = this.#witness
    // As of now: what is read later may be of after a change that nobody could tell.
    const provable = pieces.map(piece => this.#isProvable(piece))
    const worker = this.#worker()
    const held = this.#parts.size === 0 ? [] : pieces.flatMap(piece => this.#parts.ofPiece(piece))
    const bytes = pieces.length * this.#geometry.pieceLength
    worker.run({ type: 'check', id: this.#plan.id, pieces, held }, bytes, answer => {
      this.#batchesInFlight--
      if (this.#closing) return
      this.#pump()
      if (answer.kind === 'failed') this.#checkError ??= unpackError(answer.error)
      const matches = answer.kind === 'checked' ? answer.matches : undefined
      if (answer.kind === 'checked' && answer.error) this.#checkError ??= unpackError(answer.error)
      for (let at = 0; at < pieces.length; at++) {
        const isGood = matches?.[at] === 1
        if (isGood && provable[at] && changes === this.#witness.changes) this.#witness.prove(pieces[at]!)
        if (!this.#closing) this.#handler.onChecked(pieces[at]!, isGood)
      }
      this.#feedCheck()
    })
  }

  /** Whether what is hashed now need not be hashed again to be served, as long as its files stay as they were before. */
  #isProvable(piece: number): boolean {
    return this.#parts.ofPiece(piece).length === 0 && this.#witness.isSettled(piece)
  }
}

function takeBatch(pieces: Iterator<number>, pieceLength: number): number[] {
  const limit = Math.max(1, Math.min(CHECK_BATCH_PIECES, Math.floor(CHECK_BATCH_BYTES / pieceLength)))
  const batch: number[] = []
  while (batch.length < limit) {
    const next = pieces.next()
    if (next.done) break
    batch.push(next.value)
  }
  return batch
}

function outcomeOf(answer: Answer): RunOutcome {
  switch (answer.kind) {
    case 'written':
    case 'stored':
    case 'corrupt':
      return answer
    case 'failed':
      return { kind: 'failed', error: unpackError(answer.error) }
    default:
      return { kind: 'failed', error: new ShoalError('DISK_WRITE', 'the store worker gave a wrong answer') }
  }
}
