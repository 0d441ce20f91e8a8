/** The threads of store workers: started when one is needed or, to have it sooner, before. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** More than this many do not make disks faster, and each costs memory and open files. */
const WORKERS_LIMIT = 4
/** A worker's heap holds little: piece memory is shared and buffers are outside of it. */
const YOUNG_HEAP_MIB = 4

/** One for each processor, up to {@link WORKERS_LIMIT}. */
export function defaultWorkers(): number {
  return Math.max(1, Math.min(WORKERS_LIMIT, availableParallelism()))
}

export interface StoreThread {
  readonly worker: Worker
  /** It has begun to listen: the first message is that. */
  isLoaded: boolean
}

/** Started by {@link startThreadsAhead}, taken by nobody yet. */
const spare: StoreThread[] = []

/**
 * Starts threads that the next pools take. One that nobody takes costs its start and a few MiB, and does not keep the
 * process alive.
 *
 * @returns all that nobody has taken
 */
export function startThreadsAhead(count: number): readonly StoreThread[] {
  while (spare.length < count) {
    const thread = start()
    spare.push(thread)
    // Whoever has taken it by then hears it for itself; without a listener it would end the process.
    thread.worker.on('error', () => {})
    thread.worker.once('exit', () => {
      const at = spare.indexOf(thread)
      if (at !== -1) spare.splice(at, 1)
    })
  }
  return spare
}

export function takeThread(): StoreThread {
  return spare.shift() ?? start()
}

function start(): StoreThread {
  const worker = new Worker(workerUrl(), {
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
  })
  worker.unref()
  const thread = { worker, isLoaded: false }
  worker.once('message', () => {
    thread.isLoaded = true
  })
  return thread
}

/** Run from the TypeScript sources (tests), Node 20 cannot start a `.ts` worker: the built one is taken instead. */
function workerUrl(): URL {
  const fromSource = import.meta.url.endsWith('.ts')
  return new URL(fromSource ? '../../dist/node/store-worker.js' : './store-worker.js', import.meta.url)
}
