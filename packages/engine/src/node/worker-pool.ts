/**
 * The store workers: started when there is work for one more, each with a queue that leaves as one message a turn or,
 * while it is busy, less often (a message costs as much as hashing a block, so they are never sent one by one).
 */
import { availableParallelism } from 'node:os'
import { ShoalError } from '../errors.ts'
import { packError } from './disk-errors.ts'
import type { Answer, Job, Reply, TorrentPlan, ToWorker } from './store-messages.ts'
import { type StoreThread, takeThread } from './store-threads.ts'

/**
 * Waiting bytes before another worker is started for writing: half of the usual piece memory. One hashes and writes
 * a gigabyte a second; on two busy cores a second one took 15 % of the rate by being there.
 */
const START_BACKLOG_BYTES = 24 * 1024 * 1024
/**
 * While it has so many jobs to do, the next ones are told together, so many at once: each message wakes a thread and costs
 * a tenth of hashing a MiB.
 */
const BUSY_JOBS = 2
const BATCH_JOBS = 4
/** Workers that a job may outlive. One that does again is likely to be what kills them. */
const MAX_DEATHS = 3

interface Pending {
  readonly job: Job
  readonly bytes: number
  readonly done: (answer: Answer) => void
  /** Workers that died with it. */
  readonly deaths: number
}

/** What is left when a worker dies. */
interface Estate {
  readonly pending: readonly Pending[]
  readonly plans: ReadonlyMap<number, TorrentPlan>
}

export class WorkerPool {
  readonly memory: SharedArrayBuffer
  readonly #limit: number
  /**
   * Those that write leave a processor to the thread that talks to the peers. Two that write one file wait for each
   * other in the kernel, spinning: 12 % of a download on two processors.
   */
  readonly #writers: number
  #workers: StoreWorker[] = []
  #closed = false

  constructor(memory: SharedArrayBuffer, limit: number) {
    this.memory = memory
    this.#limit = limit
    this.#writers = Math.max(1, Math.min(limit, availableParallelism() - 1))
  }

  get running(): readonly StoreWorker[] {
    return this.#workers
  }

  /** The worker with the least to do; another one when all have much. */
  pick(): StoreWorker {
    let best: StoreWorker | undefined
    for (const worker of this.#workers) {
      if (best === undefined || worker.backlogBytes < best.backlogBytes) best = worker
    }
    if (
      best !== undefined &&
      (best.backlogBytes < START_BACKLOG_BYTES || this.#workers.length >= this.#writers)
    ) {
      return best
    }
    return this.#start()
  }

  /** All that there may be: for work that is worth starting them. */
  all(): readonly StoreWorker[] {
    while (this.#workers.length < this.#limit) this.#start()
    return this.#workers
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = this.#workers
    this.#workers = []
    await Promise.all(workers.map(worker => worker.end()))
  }

  #start(): StoreWorker {
    const worker = new StoreWorker(this.memory, estate => {
      this.#workers = this.#workers.filter(each => each !== worker)
      if (this.#closed || estate.pending.length === 0) return undefined
      // One takes it all: runs of a piece stay together and in order.
      const heir = this.pick()
      heir.inherit(estate)
      return heir
    })
    this.#workers.push(worker)
    return worker
  }
}

export class StoreWorker {
  readonly thread: StoreThread
  readonly #memory: SharedArrayBuffer
  readonly #pending = new Map<number, Pending>()
  readonly #opened = new Map<number, TorrentPlan>()
  readonly #onEnd: (estate: Estate) => StoreWorker | undefined
  #queue: ToWorker[] = []
  #flushing = false
  /** Somebody waits for what is in the queue. */
  #isPressing = false
  #alive = true
  #ending = false
  #backlogBytes = 0
  #nextNumber = 0
  #heir: StoreWorker | undefined

  /** `onEnd` names who does what is left. */
  constructor(memory: SharedArrayBuffer, onEnd: (estate: Estate) => StoreWorker | undefined) {
    this.#memory = memory
    this.#onEnd = onEnd
    this.thread = takeThread()
    const { worker } = this.thread
    worker.on('message', (replies: Reply[]) => {
      if (this.#ending) void worker.terminate()
      for (const reply of replies) this.#settle(reply.n, reply.answer)
      if (this.#queue.length > 0) this.#flushSoon()
      if (this.#pending.size === 0 && !this.#ending) worker.unref()
    })
    let reason = ''
    worker.on('error', error => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => this.#end(reason))
  }

  /** This worker, or the one that does what it had left when it died; undefined when nothing was. */
  get living(): StoreWorker | undefined {
    return this.#alive ? this : this.#heir?.living
  }

  /** Bytes of the jobs that are not answered yet. */
  get backlogBytes(): number {
    return this.#backlogBytes
  }

  /**
   * Stops it, whatever it does; resolves when it is gone. One that is stopped while it loads its modules would leave
   * them open in this process (Node.js 20 to 24): it is let to do that first.
   */
  end(): Promise<void> {
    return new Promise(resolve => {
      if (!this.#alive) return resolve()
      this.#ending = true
      const { worker, isLoaded } = this.thread
      worker.ref()
      worker.once('exit', () => resolve())
      if (isLoaded) void worker.terminate()
    })
  }

  /** Tells the worker of a torrent, once. */
  open(plan: TorrentPlan): void {
    if (this.#opened.has(plan.id)) return
    this.#opened.set(plan.id, plan)
    this.post({ type: 'open', plan, memory: this.#memory })
  }

  hasOpened(id: number): boolean {
    return this.#opened.has(id)
  }

  /**
   * Does a job of about `bytes`; `done` comes exactly once, in a later turn. When the worker dies, another does what can
   * be done again.
   */
  run(job: Job, bytes: number, done: (answer: Answer) => void): void {
    this.#give({ job, bytes, done, deaths: 0 })
  }

  inherit({ pending, plans }: Estate): void {
    for (const each of pending) {
      const plan = each.job.type === 'hash' ? undefined : plans.get(each.job.id)
      if (plan !== undefined) this.open(plan)
      this.#give(each)
    }
  }

  #give(pending: Pending): void {
    const { job, bytes } = pending
    if (job.type === 'release') this.#opened.delete(job.id)
    const n = this.#nextNumber++
    if (this.#pending.size === 0) this.thread.worker.ref()
    this.#pending.set(n, pending)
    this.#backlogBytes += bytes
    this.post({ type: 'job', n, job })
  }

  /** Says something that needs no answer. */
  post(message: ToWorker): void {
    this.#queue.push(message)
    if (message.type !== 'job' || message.job.type !== 'run') this.#isPressing = true
    this.#flushSoon()
  }

  #flushSoon(): void {
    const told = this.#pending.size - this.#queue.length
    const mayWait = !this.#isPressing && this.#queue.length < BATCH_JOBS && told >= BUSY_JOBS
    if (this.#flushing || mayWait) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = this.#isPressing = false
      const batch = this.#queue
      this.#queue = []
      if (this.#alive) this.thread.worker.postMessage(batch)
      else this.#fail('')
    })
  }

  #settle(n: number, answer: Answer): void {
    const pending = this.#pending.get(n)
    if (pending === undefined) return
    this.#pending.delete(n)
    this.#backlogBytes -= pending.bytes
    pending.done(answer)
  }

  #end(reason: string): void {
    this.#alive = false
    const left: Pending[] = []
    for (const [n, pending] of this.#pending) {
      if (!mayRepeat(pending)) continue
      this.#pending.delete(n)
      left.push({ ...pending, deaths: pending.deaths + 1 })
    }
    this.#heir = this.#onEnd({ pending: left, plans: this.#opened })
    // Nobody takes it when all is being closed.
    if (this.#heir === undefined) for (const pending of left) this.#pending.set(this.#nextNumber++, pending)
    this.#fail(reason)
  }

  #fail(reason: string): void {
    const words = reason === '' ? '' : `: ${reason}`
    const error = new ShoalError('DISK_WRITE', `a store worker ended unexpectedly${words}`)
    for (const n of [...this.#pending.keys()]) this.#settle(n, { kind: 'failed', error: packError(error) })
  }
}

/** Half of a `select` may be done, and its parts file gone; a `release` is what the death of the worker was. */
function mayRepeat({ job, deaths }: Pending): boolean {
  return job.type !== 'select' && job.type !== 'release' && deaths + 1 < MAX_DEATHS
}
