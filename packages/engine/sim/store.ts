/**
 * {@link Storage} of one host in virtual time. What is on disk is kept as a set of pieces; their bytes are computed. The
 * SHA-1 of what comes to be written is the real one, and what is written is compared with what belongs there.
 *
 * Jobs are done one after another, as by one slow worker. What goes wrong is set on {@link SimStorage.faults} and may be
 * changed at any time.
 */
import { SLAB_BYTES } from '../src/bytes/slabs.ts'
import { ShoalError } from '../src/errors.ts'
import { BLOCK_BYTES } from '../src/metainfo/geometry.ts'
import type { DiskNeed, Run, RunOutcome, Storage, StoragePlan, Store, StoreHandler } from '../src/ports.ts'
import { SimDisk } from './disk.ts'
import type { SeededRandom } from './random.ts'
import { type SimTorrent, sha1 } from './torrent.ts'
import type { World } from './world.ts'

export interface StoreFaults {
  /** Free space; a run that does not fit fails with `DISK_FULL`. */
  freeBytes: number
  /** Part of the runs that fail with `DISK_WRITE`. */
  writeFails: number
  /** Part of the fetches that fail with `DISK_READ`. */
  readFails: number
  /** Part of the fetches in which a bit has flipped. */
  readCorrupts: number
  /** Opening fails with this. */
  openFails: ShoalError | undefined
  latencyMs: number
  bytesPerSec: number
}

export interface SimStorageOptions {
  readonly world: World
  /** Name of the host. */
  readonly place: string
  readonly torrents: readonly SimTorrent[]
  readonly memoryBytes: number
}

/** Bytes that a fetch brings into the cache, and how many fetches are kept. */
const FETCH_BYTES = 256 * 1024
const FETCHES_KEPT = 16

export class SimStorage implements Storage {
  readonly memory: Uint8Array
  readonly world: World
  readonly place: string
  readonly random: SeededRandom
  readonly faults: StoreFaults = {
    freeBytes: Number.POSITIVE_INFINITY,
    writeFails: 0,
    readFails: 0,
    readCorrupts: 0,
    openFails: undefined,
    latencyMs: 1,
    bytesPerSec: 200_000_000,
  }
  readonly #disks = new Map<string, SimDisk>()
  readonly #stores = new Set<SimStore>()

  constructor(options: SimStorageOptions) {
    this.world = options.world
    this.place = options.place
    this.random = options.world.randomFor(`store ${options.place}`)
    this.memory = new Uint8Array(options.memoryBytes)
    for (const torrent of options.torrents) {
      this.#disks.set(torrent.metainfo.infoHashHex, new SimDisk(options.world, torrent))
    }
  }

  /** What is on disk of a torrent, which outlives its stores. */
  disk(torrent: SimTorrent): SimDisk {
    return this.#diskOf(torrent.metainfo.infoHashHex)
  }

  /** Stores that are not closed yet. */
  get openStores(): number {
    return this.#stores.size
  }

  open(plan: StoragePlan, handler: StoreHandler): Store {
    const store = new SimStore(this, plan, this.#diskOf(plan.infoHash), handler, () => {
      this.#stores.delete(store)
    })
    this.#stores.add(store)
    return store
  }

  probe(plan: StoragePlan, need: DiskNeed, done: (obstacle: ShoalError | undefined) => void): void {
    const { faults, world, place } = this
    const stamps = this.#diskOf(plan.infoHash).stamps()
    world.after(faults.latencyMs, place, 'probe', () => {
      if (faults.openFails !== undefined) return done(faults.openFails)
      if (need.bytes > faults.freeBytes)
        return done(diskError('DISK_FULL', 'no space left on the simulated disk'))
      const isGone = need.files.length > 0 && need.files.every(file => stamps[file] === undefined)
      done(isGone ? diskError('DISK_READ', 'the simulated files are gone') : undefined)
    })
  }

  #diskOf(infoHash: string): SimDisk {
    const disk = this.#disks.get(infoHash)
    if (disk === undefined) return this.world.fail(`the simulated disk knows no torrent ${infoHash}`)
    return disk
  }
}

/** A piece whose last run has not come. */
interface Unfinished {
  readonly bytes: Uint8Array
  /** Given to be written; the next run begins here. */
  given: number
  /** Hashed and written. */
  done: number
}

class SimStore implements Store {
  readonly #storage: SimStorage
  readonly #plan: StoragePlan
  readonly #disk: SimDisk
  readonly #handler: StoreHandler
  readonly #onGone: () => void
  readonly #unfinished = new Map<number, Unfinished>()
  readonly #fetched = new Map<string, Uint8Array>()
  readonly #fetching = new Set<string>()
  readonly #lent: Uint8Array[] = []
  #lentIn = -1
  #prepared = false
  #closing = false
  #freeAtMs = 0

  constructor(
    storage: SimStorage,
    plan: StoragePlan,
    disk: SimDisk,
    handler: StoreHandler,
    onGone: () => void,
  ) {
    this.#storage = storage
    this.#plan = plan
    this.#disk = disk
    this.#handler = handler
    this.#onGone = onGone
    this.#prepare(plan.wanted)
  }

  write(run: Run, digests: boolean): void {
    const { world } = this.#storage
    world.check(
      this.#prepared && !this.#closing,
      'a store is written to after it is prepared, before it is closed',
    )
    world.check(!this.#plan.readOnly, 'a store opened for reading is not written to')
    world.check(!this.#disk.stored.has(run.piece), `piece ${run.piece} is not written twice`)
    const unfinished = this.#continue(run)
    const given = this.#bytesOf(run)
    unfinished.bytes.set(given, run.begin)
    unfinished.given = run.begin + run.length
    this.#job(`run of piece ${run.piece}`, run.length, () => {
      if (Buffer.compare(given, this.#bytesOf(run)) !== 0) {
        world.fail(`memory of piece ${run.piece} was changed while it was with the store`)
      }
      const outcome = this.#outcome(run, unfinished, digests)
      this.#handler.onRun(run, outcome)
    })
  }

  abandon(piece: number): void {
    this.#unfinished.delete(piece)
  }

  read(piece: number, begin: number, length: number): Uint8Array | undefined {
    const { world } = this.#storage
    world.check(
      this.#disk.stored.has(piece) || this.#disk.damaged.has(piece),
      `piece ${piece} is read, which is not stored`,
    )
    if (this.#closing) return undefined
    const from = begin - (begin % FETCH_BYTES)
    const parts: Uint8Array[] = []
    for (let at = from; at < begin + length; at += FETCH_BYTES) {
      const key = `${piece}:${at}`
      const bytes = this.#fetched.get(key)
      if (bytes === undefined) this.#fetch(piece, at, key)
      else parts.push(bytes)
    }
    if (parts.length < Math.ceil((begin + length - from) / FETCH_BYTES)) return undefined
    const lent = new Uint8Array(length)
    for (const [at, part] of parts.entries()) {
      const start = from + at * FETCH_BYTES
      const wanted = part.subarray(Math.max(0, begin - start), begin + length - start)
      lent.set(wanted, Math.max(0, start - begin))
    }
    this.#lend(lent)
    return lent
  }

  vouch(): void {}

  check(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#job(`check of piece ${piece}`, this.#plan.geometry.pieceSize(piece), () => {
        if (!this.#closing) this.#handler.onChecked(piece, this.#disk.stored.has(piece))
      })
    }
    this.#job('check done', 0, () => {
      if (!this.#closing) this.#handler.onCheckDone()
    })
  }

  select(wanted: readonly boolean[]): void {
    this.#prepare(wanted)
  }

  sync(): void {
    this.#job('sync', 0, () => this.#handler.onSynced())
  }

  stamp(): void {
    this.#job('stamp', 0, () => this.#handler.onStamps(this.#disk.stamps(), []))
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#job('close', 0, () => {
      this.#onGone()
      this.#handler.onClosed()
    })
  }

  // ------------------------------------------------------------------------------------------------------ jobs

  #job(what: string, bytes: number, done: () => void): void {
    const { world, place, faults, random } = this.#storage
    const costMs = faults.latencyMs * (0.5 + random.below(1000) / 1000) + (bytes * 1000) / faults.bytesPerSec
    this.#freeAtMs = Math.max(this.#freeAtMs, world.nowMs) + costMs
    world.after(this.#freeAtMs - world.nowMs, place, what, done)
  }

  #prepare(wanted: readonly boolean[]): void {
    this.#job('prepare', 0, () => {
      const { openFails } = this.#storage.faults
      if (openFails !== undefined) return this.#handler.onError(openFails)
      const found = this.#disk.stamps()
      if (!this.#plan.readOnly) this.#disk.create(wanted)
      this.#prepared = true
      this.#handler.onPrepared(found)
    })
  }

  // --------------------------------------------------------------------------------------------------- writing

  #continue(run: Run): Unfinished {
    const size = this.#plan.geometry.pieceSize(run.piece)
    const { world } = this.#storage
    world.check(run.begin % SLAB_BYTES === 0, 'a run begins with a slab')
    world.check(run.last === (run.begin + run.length === size), 'the last run ends its piece')
    world.check(run.slabs.length === Math.ceil(run.length / SLAB_BYTES), 'a run has the slabs it needs')
    const known = this.#unfinished.get(run.piece)
    if (run.begin === 0) {
      const fresh = { bytes: new Uint8Array(size), given: 0, done: 0 }
      this.#unfinished.set(run.piece, fresh)
      return fresh
    }
    if (known?.given !== run.begin) {
      return world.fail(
        `a run of piece ${run.piece} begins at ${run.begin}, not where the last ended (${known?.given})`,
      )
    }
    return known
  }

  #outcome(run: Run, piece: Unfinished, digests: boolean): RunOutcome {
    const { faults, random, world } = this.#storage
    const failed = this.#failure(run.length)
    if (failed !== undefined || piece.done !== run.begin) {
      this.#forget(run.piece, piece)
      return { kind: 'failed', error: failed ?? diskError('DISK_WRITE', 'a run before it failed') }
    }
    if (random.chance(faults.writeFails)) {
      this.#forget(run.piece, piece)
      return { kind: 'failed', error: diskError('DISK_WRITE', 'the simulated disk failed') }
    }
    piece.done = run.begin + run.length
    if (!run.last) {
      faults.freeBytes -= run.length
      return { kind: 'written' }
    }
    this.#forget(run.piece, piece)
    const expected = this.#plan.hashes.subarray(run.piece * 20, run.piece * 20 + 20)
    if (Buffer.compare(sha1(piece.bytes), expected) !== 0)
      return { kind: 'corrupt', digests: digestsOf(piece.bytes) }
    if (Buffer.compare(piece.bytes, this.#disk.torrent.piece(run.piece)) !== 0) {
      world.fail(`piece ${run.piece} was stored with other bytes than belong there`)
    }
    faults.freeBytes -= run.length
    this.#disk.store(run.piece)
    return { kind: 'stored', digests: digests ? digestsOf(piece.bytes) : undefined }
  }

  #failure(bytes: number): ShoalError | undefined {
    if (bytes <= this.#storage.faults.freeBytes) return undefined
    return diskError('DISK_FULL', 'no space left on the simulated disk')
  }

  /** Unless the piece was begun anew meanwhile. */
  #forget(index: number, piece: Unfinished): void {
    if (this.#unfinished.get(index) === piece) this.#unfinished.delete(index)
  }

  #bytesOf(run: Run): Uint8Array {
    const bytes = new Uint8Array(run.length)
    for (const [at, slab] of run.slabs.entries()) {
      const length = Math.min(SLAB_BYTES, run.length - at * SLAB_BYTES)
      const from = slab * SLAB_BYTES
      bytes.set(this.#storage.memory.subarray(from, from + length), at * SLAB_BYTES)
    }
    return bytes
  }

  // --------------------------------------------------------------------------------------------------- reading

  /** What is lent is good until this turn ends: whoever looks at it later shall notice. */
  #lend(bytes: Uint8Array): void {
    const { eventCount } = this.#storage.world
    if (eventCount !== this.#lentIn) for (const old of this.#lent.splice(0)) old.fill(0xa5)
    this.#lentIn = eventCount
    this.#lent.push(bytes)
  }

  #fetch(piece: number, begin: number, key: string): void {
    if (this.#fetching.has(key)) return
    this.#fetching.add(key)
    this.#job(`fetch of piece ${piece}`, FETCH_BYTES, () => {
      this.#fetching.delete(key)
      if (this.#closing) return
      const { faults, random } = this.#storage
      if (random.chance(faults.readFails) || !this.#disk.stored.has(piece)) {
        this.#handler.onReadError(piece, diskError('DISK_READ', 'the simulated disk could not be read'))
        return
      }
      let bytes = this.#disk.torrent.piece(piece).subarray(begin, begin + FETCH_BYTES)
      if (random.chance(faults.readCorrupts)) {
        bytes = bytes.slice()
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
      }
      const [oldest] = this.#fetched.keys()
      if (this.#fetched.size >= FETCHES_KEPT && oldest !== undefined) this.#fetched.delete(oldest)
      this.#fetched.set(key, bytes)
      this.#handler.onReadable()
    })
  }
}

function digestsOf(piece: Uint8Array): Uint8Array {
  const digests = new Uint8Array(Math.ceil(piece.length / BLOCK_BYTES) * 20)
  for (let at = 0, block = 0; at < piece.length; at += BLOCK_BYTES, block++) {
    digests.set(sha1(piece.subarray(at, at + BLOCK_BYTES)), block * 20)
  }
  return digests
}

function diskError(code: 'DISK_FULL' | 'DISK_WRITE' | 'DISK_READ', message: string): ShoalError {
  return new ShoalError(code, message, { operation: code === 'DISK_READ' ? 'read' : 'write' })
}
