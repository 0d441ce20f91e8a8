/** {@link Storage} on which calls go wrong as a {@link FaultPlan} says, within the laws of the port. */
import type { ErrorCode, ShoalError } from '../src/errors.ts'
import type { FileStamp, Run, RunOutcome, Storage, StoragePlan, Store, StoreHandler } from '../src/ports.ts'
import type { FaultPlan } from './faults.ts'
import type { SimHost } from './net.ts'

const SLOW_MS = 6_000
const OVERTAKEN_MS = 1_500
const FAILS_MS = 2

/** How disks fail. */
const CODES: Record<string, ErrorCode> = {
  full: 'DISK_FULL',
  EIO: 'DISK_WRITE',
  permission: 'DISK_PERMISSION',
}

export function faultyStorage(plan: FaultPlan, host: SimHost, inner: Storage): Storage {
  return {
    memory: inner.memory,
    probe: (torrent, need, done) => {
      const fault = plan.next(host, 'probe')
      if (fault === undefined) return inner.probe(torrent, need, done)
      const answer = (): void => {
        const code = CODES[fault]
        if (code === undefined) inner.probe(torrent, need, done)
        else done(plan.error(code, 'probe'))
      }
      host.world.after(fault === 'slow' ? SLOW_MS : FAILS_MS, host.name, `probe: ${fault}`, answer)
    },
    open: (torrent, handler) => new FaultyStore(plan, host, inner, torrent, handler),
  }
}

class FaultyStore implements Store, StoreHandler {
  readonly #plan: FaultPlan
  readonly #host: SimHost
  readonly #infoHash: string
  readonly #handler: StoreHandler
  readonly #inner: Store
  #closing = false
  /** Reads went wrong, and the answer is on its way. */
  #reading = false
  /** To be told in place of what was prepared, or after a check. */
  #prepareError: ShoalError | undefined
  #checkError: ShoalError | undefined
  /** Pieces of which a run failed, until they are begun anew. */
  readonly #broken = new Set<number>()
  /** Answers that wait, and for how many reasons; of runs only those of these pieces, or all. */
  readonly #waiting: (() => void)[] = []
  #reasons = 0
  readonly #latePieces = new Set<number>()
  #allLate = false

  constructor(plan: FaultPlan, host: SimHost, storage: Storage, torrent: StoragePlan, handler: StoreHandler) {
    this.#plan = plan
    this.#host = host
    this.#infoHash = torrent.infoHash
    this.#handler = handler
    const fault = plan.next(host, 'open')
    if (fault === 'slow') this.#wait(SLOW_MS)
    else this.#prepareError = this.#errorOf(fault, 'open')
    this.#inner = storage.open(torrent, this)
  }

  write(run: Run, digests: boolean): void {
    const fault = this.#plan.next(this.#host, 'write')
    if (run.begin === 0) this.#broken.delete(run.piece)
    const after = this.#broken.has(run.piece) ? this.#plan.error('DISK_WRITE', 'write') : undefined
    const error = after ?? this.#errorOf(fault, 'write')
    if (error !== undefined) {
      if (run.begin > 0) this.#inner.abandon(run.piece)
      this.#broken.add(run.piece)
      this.#answerLater(() => {
        this.#tell(error)
        this.#handler.onRun(run, { kind: 'failed', error })
      })
      return
    }
    if (fault === 'slow') this.#wait(SLOW_MS)
    if (fault === 'overtaken') this.#wait(OVERTAKEN_MS, run.piece)
    this.#inner.write(run, digests)
  }

  abandon(piece: number): void {
    if (!this.#broken.delete(piece)) this.#inner.abandon(piece)
  }

  read(piece: number, begin: number, length: number): Uint8Array | undefined {
    const fault = this.#plan.next(this.#host, 'read')
    if (fault === undefined || this.#closing) return this.#inner.read(piece, begin, length)
    // Those who wait ask again all together: one answer is enough for them.
    if (this.#reading) return undefined
    this.#reading = true
    const { world, name } = this.#host
    const delayMs = fault === 'slow' ? SLOW_MS : FAILS_MS
    world.after(delayMs, name, `read of piece ${piece}: ${fault}`, () => {
      this.#reading = false
      if (this.#closing) return
      if (fault !== 'EIO') return this.#handler.onReadable()
      const error = this.#plan.error('DISK_READ', 'read')
      this.#tell(error)
      this.#handler.onReadError(piece, error)
    })
    return undefined
  }

  vouch(pieces: Iterable<number>): void {
    this.#inner.vouch(pieces)
  }

  check(pieces: Iterable<number>): void {
    const fault = this.#plan.next(this.#host, 'check')
    const list = [...pieces]
    if (fault === 'slow') this.#wait(SLOW_MS)
    if (fault === 'reversed') list.reverse()
    if (fault === 'EIO') {
      this.#checkError = this.#plan.error('DISK_READ', 'check')
      list.length >>= 1
    }
    this.#inner.check(list)
  }

  select(wanted: readonly boolean[]): void {
    const fault = this.#plan.next(this.#host, 'select')
    if (fault === 'slow') this.#wait(SLOW_MS)
    else this.#prepareError = this.#errorOf(fault, 'select')
    this.#inner.select(wanted)
  }

  sync(pieces: readonly number[]): void {
    const fault = this.#plan.next(this.#host, 'sync')
    if (fault === 'slow') this.#wait(SLOW_MS)
    if (fault !== 'EIO') return this.#inner.sync(pieces)
    const error = this.#plan.error('DISK_WRITE', 'sync')
    this.#answerLater(() => {
      this.#tell(error)
      this.#handler.onError(error)
    })
  }

  stamp(): void {
    const fault = this.#plan.next(this.#host, 'stamp')
    if (fault === 'slow') this.#wait(SLOW_MS)
    if (fault !== 'EIO') return this.#inner.stamp()
    const error = this.#plan.error('DISK_READ', 'stamp')
    this.#answerLater(() => {
      this.#tell(error)
      this.#handler.onError(error)
    })
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#plan.next(this.#host, 'close') === 'slow') this.#wait(SLOW_MS)
    this.#inner.close()
  }

  // -------------------------------------------------------------------------------------------- StoreHandler

  onPrepared(found: readonly FileStamp[]): void {
    const error = this.#prepareError
    this.#prepareError = undefined
    this.#answer(() => {
      if (error === undefined) return this.#handler.onPrepared(found)
      this.#tell(error)
      this.#handler.onError(error)
    })
  }

  onRun(run: Run, outcome: RunOutcome): void {
    const answer = (): void => {
      if (outcome.kind === 'failed') this.#tell(outcome.error)
      this.#handler.onRun(run, outcome)
    }
    if (this.#allLate || this.#latePieces.has(run.piece)) this.#waiting.push(answer)
    else answer()
  }

  onReadable(): void {
    this.#unlessClosing(() => this.#handler.onReadable())
  }

  onReadError(piece: number, error: ShoalError): void {
    this.#unlessClosing(() => {
      this.#tell(error)
      this.#handler.onReadError(piece, error)
    })
  }

  onChecked(piece: number, matches: boolean): void {
    this.#unlessClosing(() => this.#handler.onChecked(piece, matches))
  }

  onCheckDone(): void {
    const error = this.#checkError
    this.#checkError = undefined
    this.#unlessClosing(() => {
      if (error !== undefined) {
        this.#tell(error)
        this.#handler.onError(error)
      }
      this.#handler.onCheckDone()
    })
  }

  onSynced(): void {
    this.#answer(() => this.#handler.onSynced())
  }

  onStamps(stamps: readonly FileStamp[], changed: readonly number[]): void {
    this.#answer(() => this.#handler.onStamps(stamps, changed))
  }

  onError(error: ShoalError): void {
    this.#answer(() => {
      this.#tell(error)
      this.#handler.onError(error)
    })
  }

  onClosed(): void {
    this.#answer(() => this.#handler.onClosed())
  }

  // ------------------------------------------------------------------------------------------------- helpers

  #errorOf(fault: string | undefined, operation: string): ShoalError | undefined {
    const code = fault === undefined ? undefined : CODES[fault]
    return code === undefined ? undefined : this.#plan.error(code, operation)
  }

  #tell(error: ShoalError): void {
    this.#plan.tell(this.#host.name, this.#infoHash, error)
  }

  /** Of a job that all runs before it precede. */
  #answer(answer: () => void): void {
    if (this.#reasons > 0) this.#waiting.push(answer)
    else answer()
  }

  #answerLater(answer: () => void): void {
    this.#waiting.push(answer)
    this.#wait(FAILS_MS, -1)
  }

  #unlessClosing(answer: () => void): void {
    if (this.#allLate) this.#waiting.push(() => this.#unlessClosing(answer))
    else if (!this.#closing) answer()
  }

  /** Answers wait for so long: those of runs only if of this piece. */
  #wait(delayMs: number, piece?: number): void {
    this.#reasons++
    if (piece === undefined) this.#allLate = true
    else this.#latePieces.add(piece)
    this.#host.world.after(delayMs, this.#host.name, 'the disk answers', () => {
      if (--this.#reasons > 0) return
      this.#allLate = false
      this.#latePieces.clear()
      for (const answer of this.#waiting.splice(0)) answer()
    })
  }
}
