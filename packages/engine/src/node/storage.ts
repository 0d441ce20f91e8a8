/** Files as the {@link Storage} of an engine: piece memory, store workers, read cache, one store a torrent. */
import { resolve } from 'node:path'
import { SLAB_BYTES } from '../bytes/slabs.ts'
import { ShoalError } from '../errors.ts'
import type { DiskNeed, Storage, StoragePlan, Store, StoreHandler } from '../ports.ts'
import { FileStore, type Shared } from './file-store.ts'
import { ReadHandles } from './handles.ts'
import { probeDisk } from './probe.ts'
import { ReadCache } from './read-cache.ts'
import { SharedMemory } from './shared-memory.ts'
import { defaultWorkers } from './store-threads.ts'
import { WorkerPool } from './worker-pool.ts'

export interface StorageOptions {
  /** Piece memory: a positive multiple of {@link SLAB_BYTES}. It becomes resident only as far as it is used. */
  readonly memoryBytes: number
  /** At most so many store workers; one for each processor up to 4 unless told. */
  readonly workers?: number | undefined
  /** Starts workers at once, so that they are there when the first torrent comes: one, or all where all is hashed. */
  readonly eager?: 'one' | 'all' | undefined
  /** What the read cache may hold; 16 MiB unless told. */
  readonly cacheBytes?: number | undefined
}

/** Throws OPTION_INVALID. Workers are started as they are needed; `close` closes open stores and ends them. */
export function createStorage(options: StorageOptions): Storage & { close(): Promise<void> } {
  const { memoryBytes } = options
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes <= 0 || memoryBytes % SLAB_BYTES !== 0) {
    throw new ShoalError('OPTION_INVALID', `memoryBytes must be a positive multiple of ${SLAB_BYTES}`)
  }
  const workers = options.workers ?? defaultWorkers()
  if (!Number.isInteger(workers) || workers < 1) {
    throw new ShoalError('OPTION_INVALID', 'workers must be a whole number of at least 1')
  }
  const pool = new WorkerPool(new SharedArrayBuffer(memoryBytes), workers)
  if (options.eager === 'one') pool.pick()
  if (options.eager === 'all') pool.all()
  return new FileStorage(pool, options.cacheBytes)
}

export class FileStorage implements Storage {
  readonly memory: Uint8Array
  readonly #shared: Shared
  readonly #stores = new Set<FileStore>()
  #nextId = 0
  #onEmpty: (() => void) | undefined

  constructor(pool: WorkerPool, cacheBytes: number | undefined) {
    this.memory = new SharedMemory(pool.memory)
    this.#shared = { pool, cache: new ReadCache(cacheBytes), handles: new ReadHandles() }
  }

  open(plan: StoragePlan, handler: StoreHandler): Store {
    // Relative to where we are now, wherever the process goes later.
    const absolute = { ...plan, dir: resolve(plan.dir) }
    const store = new FileStore(this.#nextId++, absolute, handler, this.#shared, () => {
      this.#stores.delete(store)
      if (this.#stores.size === 0) this.#onEmpty?.()
    })
    this.#stores.add(store)
    return store
  }

  probe(plan: StoragePlan, need: DiskNeed, done: (obstacle: ShoalError | undefined) => void): void {
    void probeDisk({ ...plan, dir: resolve(plan.dir) }, need).then(done)
  }

  async close(): Promise<void> {
    if (this.#stores.size > 0) {
      const empty = new Promise<void>(resolve => {
        this.#onEmpty = resolve
      })
      for (const store of this.#stores) store.close()
      await empty
    }
    await this.#shared.pool.close()
  }
}
