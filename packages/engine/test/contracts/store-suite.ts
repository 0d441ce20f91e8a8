/** What every implementation of the storage port has to do, whatever it stores bytes in. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SLAB_BYTES } from '../../src/bytes/slabs.ts'
import type { ShoalError } from '../../src/errors.ts'
import { BLOCK_BYTES, Geometry, type GeometryFile } from '../../src/metainfo/geometry.ts'
import type {
  FileStamp,
  Run,
  RunOutcome,
  Storage,
  StoragePlan,
  Store,
  StoreHandler,
} from '../../src/ports.ts'

/** A storage to test, and a back door to its files. */
export interface StoreWorld {
  /** With at least 32 slabs of memory. */
  readonly storage: Storage
  readonly dir: string
  /** The content of a file below `dir`; undefined when there is none. */
  readFile(path: readonly string[]): Uint8Array | undefined
  writeFile(path: readonly string[], bytes: Uint8Array): void
  /** Names in `dir`. */
  list(): string[]
  /** Lets the world go on until `holds`. */
  until(holds: () => boolean): Promise<void>
  close(): Promise<void>
}

export const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const KIB = 1024
const MIB = 1024 * 1024

/** Notes everything that a store says. */
export class Recorder implements StoreHandler {
  readonly calls: string[] = []
  readonly prepared: (readonly FileStamp[])[] = []
  readonly outcomes: { run: Run; outcome: RunOutcome }[] = []
  readonly readErrors: { piece: number; error: ShoalError }[] = []
  readonly checked = new Map<number, boolean>()
  readonly stamps: (readonly FileStamp[])[] = []
  changed: readonly number[] = []
  readonly errors: ShoalError[] = []
  readable = 0
  checksDone = 0
  closed = false

  onPrepared(found: readonly FileStamp[]): void {
    this.calls.push('prepared')
    this.prepared.push(found)
  }
  onRun(run: Run, outcome: RunOutcome): void {
    this.calls.push('run')
    this.outcomes.push({ run, outcome })
  }
  onReadable(): void {
    this.calls.push('readable')
    this.readable++
  }
  onReadError(piece: number, error: ShoalError): void {
    this.calls.push('readError')
    this.readErrors.push({ piece, error })
  }
  onChecked(piece: number, matches: boolean): void {
    this.calls.push('checked')
    this.checked.set(piece, matches)
  }
  onCheckDone(): void {
    this.calls.push('checkDone')
    this.checksDone++
  }
  onSynced(): void {
    this.calls.push('synced')
  }
  onStamps(stamps: readonly FileStamp[], changed: readonly number[]): void {
    this.calls.push('stamps')
    this.stamps.push(stamps)
    this.changed = changed
  }
  onError(error: ShoalError): void {
    this.calls.push('error')
    this.errors.push(error)
  }
  onClosed(): void {
    this.calls.push('closed')
    this.closed = true
  }
}

/** A torrent with known content, and what a test does with a store of it. */
export class Fixture {
  readonly world: StoreWorld
  readonly geometry: Geometry
  readonly content: Uint8Array
  readonly hashes: Uint8Array
  recorder = new Recorder()
  store!: Store

  constructor(world: StoreWorld, pieceLength: number, files: readonly GeometryFile[]) {
    this.world = world
    this.geometry = new Geometry(pieceLength, files)
    this.content = contentOf(this.geometry)
    this.hashes = new Uint8Array(this.geometry.pieceCount * 20)
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) {
      this.hashes.set(sha1(this.piece(piece)), piece * 20)
    }
  }

  /** Opens without waiting. */
  begin(options: Partial<StoragePlan> = {}): void {
    this.recorder = new Recorder()
    this.store = this.world.storage.open(
      {
        dir: this.world.dir,
        geometry: this.geometry,
        hashes: this.hashes,
        wanted: this.geometry.files.map(() => true),
        allocation: 'sparse',
        readOnly: false,
        infoHash: INFO_HASH,
        ...options,
      },
      this.recorder,
    )
  }

  async open(options: Partial<StoragePlan> = {}): Promise<void> {
    this.begin(options)
    await this.world.until(() => this.recorder.prepared.length + this.recorder.errors.length > 0)
    if (this.recorder.errors.length > 0) throw this.recorder.errors[0]
  }

  async close(): Promise<void> {
    this.store.close()
    await this.world.until(() => this.recorder.closed)
  }

  piece(index: number): Uint8Array {
    const start = this.geometry.pieceOffset(index)
    return this.content.slice(start, start + this.geometry.pieceSize(index))
  }

  file(index: number): Uint8Array {
    const { offset, length } = this.geometry.files[index]!
    return this.content.subarray(offset, offset + length)
  }

  onDisk(index: number): Uint8Array | undefined {
    return this.world.readFile(this.geometry.files[index]!.path)
  }

  /** Gives a piece in runs of at most `slabsPerRun` slabs; the outcome of each. */
  async write(
    piece: number,
    { bytes = this.piece(piece), digests = false, slabsPerRun = 32 } = {},
  ): Promise<RunOutcome[]> {
    const from = this.recorder.outcomes.length
    const memory = this.world.storage.memory
    for (let begin = 0; begin < bytes.length; begin += slabsPerRun * SLAB_BYTES) {
      const length = Math.min(slabsPerRun * SLAB_BYTES, bytes.length - begin)
      // Slabs in descending order: a run may not rely on neighbours being neighbours.
      const slabs = Array.from({ length: Math.ceil(length / SLAB_BYTES) }, (_, at) => 31 - at)
      slabs.forEach((slab, at) => {
        const start = begin + at * SLAB_BYTES
        memory.set(bytes.subarray(start, Math.min(start + SLAB_BYTES, begin + length)), slab * SLAB_BYTES)
      })
      const answered = this.recorder.outcomes.length
      this.store.write({ piece, begin, length, slabs, last: begin + length === bytes.length }, digests)
      await this.world.until(() => this.recorder.outcomes.length > answered)
    }
    return this.recorder.outcomes.slice(from).map(({ outcome }) => outcome)
  }

  async writeAll(slabsPerRun = 32): Promise<void> {
    for (let piece = 0; piece < this.geometry.pieceCount; piece++) {
      const outcomes = await this.write(piece, { slabsPerRun })
      expect(outcomes.at(-1)).toEqual({ kind: 'stored', digests: undefined })
      for (const outcome of outcomes.slice(0, -1)) expect(outcome).toEqual({ kind: 'written' })
    }
  }

  async read(piece: number, begin: number, length: number): Promise<Uint8Array | ShoalError> {
    for (;;) {
      const bytes = this.store.read(piece, begin, length)
      if (bytes !== undefined) return bytes
      const { readable } = this.recorder
      const errors = this.recorder.readErrors.length
      await this.world.until(
        () => this.recorder.readable > readable || this.recorder.readErrors.length > errors,
      )
      const failed = this.recorder.readErrors.slice(errors).find(each => each.piece === piece)
      if (failed !== undefined) return failed.error
    }
  }

  /** Reads every block of a piece and compares. */
  async expectReadable(piece: number): Promise<void> {
    const bytes = this.piece(piece)
    for (let begin = 0; begin < bytes.length; begin += BLOCK_BYTES) {
      const length = Math.min(BLOCK_BYTES, bytes.length - begin)
      const got = await this.read(piece, begin, length)
      if (!(got instanceof Uint8Array)) throw got
      expect(Buffer.compare(got, bytes.subarray(begin, begin + length))).toBe(0)
    }
  }

  /** Checks all pieces: a string of one character a piece, `#` for a match. */
  async check(): Promise<string> {
    const done = this.recorder.checksDone
    this.recorder.checked.clear()
    const pieces = Array.from({ length: this.geometry.pieceCount }, (_, piece) => piece)
    this.store.check(pieces)
    await this.world.until(() => this.recorder.checksDone > done)
    return pieces.map(piece => (this.recorder.checked.get(piece) ? '#' : '.')).join('')
  }
}

const layouts: { name: string; pieceLength: number; files: GeometryFile[] }[] = [
  { name: 'one file of small pieces', pieceLength: 16 * KIB, files: [file('one', 100_001)] },
  { name: 'one file shorter than a piece', pieceLength: 1 * MIB, files: [file('one', 5)] },
  { name: 'one file of pieces of 5 MiB', pieceLength: 5 * MIB, files: [file('one', 12 * MIB + 77)] },
  { name: 'pieces of 1.5 MiB', pieceLength: 1.5 * MIB, files: [file('one', 4 * MIB + 1)] },
  {
    name: 'many files within pieces',
    pieceLength: 64 * KIB,
    files: [
      file('t/a', 10),
      file('t/empty', 0),
      file('t/b/c', 70_000),
      file('t/b/d', 1),
      file('t/e', 200_000),
    ],
  },
  {
    name: 'pad files',
    pieceLength: 32 * KIB,
    files: [
      file('t/a', 40_000),
      { path: ['t', '.pad', '25536'], length: 25_536, pad: true },
      file('t/b', 32 * KIB),
      file('t/c', 1000),
      { path: ['t', '.pad', '31768'], length: 31_768, pad: true },
      file('t/d', 3),
    ],
  },
  { name: 'nothing but an empty file', pieceLength: 16 * KIB, files: [file('t/empty', 0)] },
]

/** Three files: pieces 1 and 3 cross borders of the middle one, piece 2 lies within it. */
const BORDERS = {
  pieceLength: 64 * KIB,
  files: [file('t/first', 100_000), file('t/middle', 120_000), file('t/last', 90_000)],
}
const PARTS = `.${INFO_HASH}.parts`

export function storeSuite(name: string, make: () => Promise<StoreWorld>): void {
  describe(`${name} as a store`, () => {
    let world: StoreWorld

    beforeEach(async () => {
      world = await make()
    })
    afterEach(() => world.close())

    describe.each(layouts)('with $name', ({ pieceLength, files }) => {
      it('holds what was written: files, checks and reads agree, also after a restart', async () => {
        const torrent = new Fixture(world, pieceLength, files)
        await torrent.open()
        expect(torrent.recorder.prepared[0]).toEqual(files.map(() => undefined))
        await torrent.writeAll()
        for (const each of torrent.geometry.files) {
          if (each.pad) expect(torrent.onDisk(each.index)).toBeUndefined()
          else expect(Buffer.compare(torrent.onDisk(each.index)!, torrent.file(each.index))).toBe(0)
        }
        const all = '#'.repeat(torrent.geometry.pieceCount)
        expect(await torrent.check()).toBe(all)
        for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) await torrent.expectReadable(piece)
        await torrent.close()
        await torrent.open({ readOnly: true })
        const sizes = torrent.recorder.prepared[0]!.map(stamp => stamp?.size)
        expect(sizes).toEqual(files.map(each => (each.pad ? undefined : each.length)))
        expect(await torrent.check()).toBe(all)
        await torrent.close()
      })

      it('stores pieces that come in runs of one slab', async () => {
        const torrent = new Fixture(world, pieceLength, files)
        await torrent.open()
        await torrent.writeAll(1)
        expect(await torrent.check()).toBe('#'.repeat(torrent.geometry.pieceCount))
        await torrent.close()
      })
    })

    it('never calls back in the same turn', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('one', 100_000)])
      torrent.begin()
      torrent.store.check([0])
      torrent.store.stamp()
      torrent.store.read(0, 0, 1)
      torrent.store.select([true])
      expect(torrent.recorder.calls).toEqual([])
      await world.until(() => torrent.recorder.prepared.length === 2)
      const before = torrent.recorder.calls.length
      torrent.store.close()
      expect(torrent.recorder.calls.length).toBe(before)
      await world.until(() => torrent.recorder.closed)
    })

    it('answers a piece that does not match with the digest of every block and stores nothing', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('one', 100_000)])
      await torrent.open()
      const bytes = torrent.piece(1)
      bytes[20_000]! ^= 1
      expect(await torrent.write(1, { bytes })).toEqual([{ kind: 'corrupt', digests: digestsOf(bytes) }])
      expect(await torrent.check()).toBe('..')
      expect(await torrent.write(1)).toEqual([{ kind: 'stored', digests: undefined }])
      expect(await torrent.check()).toBe('.#')
      await torrent.close()
    })

    it('knows the digests of all blocks of a piece in several runs, matching or not', async () => {
      const torrent = new Fixture(world, 1 * MIB, [file('t/a', 300_000), file('t/b', 900_000)])
      await torrent.open()
      const bytes = torrent.piece(0)
      bytes[5]! ^= 1
      const wrong = await torrent.write(0, { bytes, slabsPerRun: 1 })
      expect(wrong.map(({ kind }) => kind)).toEqual(['written', 'written', 'written', 'corrupt'])
      expect(wrong.at(-1)).toEqual({ kind: 'corrupt', digests: digestsOf(bytes) })
      const right = await torrent.write(0, { slabsPerRun: 3, digests: true })
      expect(right.at(-1)).toEqual({ kind: 'stored', digests: digestsOf(torrent.piece(0)) })
      expect(await torrent.check()).toBe('#.')
      await torrent.close()
    })

    it('gives digests of a stored piece when asked', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('one', 100_000)])
      await torrent.open()
      const outcomes = await torrent.write(1, { digests: true })
      expect(outcomes).toEqual([{ kind: 'stored', digests: digestsOf(torrent.piece(1)) }])
      await torrent.close()
    })

    it('begins an abandoned piece anew', async () => {
      const torrent = new Fixture(world, 1 * MIB, [file('one', 1 * MIB)])
      await torrent.open()
      torrent.world.storage.memory.fill(1, 0, SLAB_BYTES)
      torrent.store.write({ piece: 0, begin: 0, length: SLAB_BYTES, slabs: [0], last: false }, false)
      torrent.store.abandon(0)
      await world.until(() => torrent.recorder.outcomes.length === 1)
      const outcomes = await torrent.write(0, { slabsPerRun: 2 })
      expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'stored'])
      await torrent.close()
    })

    it('answers all that it is given while it is busy, each in a turn of its own, though nothing follows', async () => {
      const pieces = [0, 1, 2, 3, 4, 5, 6]
      const torrent = new Fixture(world, SLAB_BYTES, [file('one', pieces.length * SLAB_BYTES)])
      await torrent.open()
      for (const piece of pieces) {
        world.storage.memory.set(torrent.piece(piece), piece * SLAB_BYTES)
        torrent.store.write({ piece, begin: 0, length: SLAB_BYTES, slabs: [piece], last: true }, false)
        await new Promise(resolve => setImmediate(resolve))
      }
      await world.until(() => torrent.recorder.outcomes.length === pieces.length)
      const stored = torrent.recorder.outcomes.filter(({ outcome }) => outcome.kind === 'stored')
      expect(stored.map(({ run }) => run.piece).sort()).toEqual(pieces)
    })

    it('answers pieces that are mixed with one another', async () => {
      const torrent = new Fixture(world, 512 * KIB, [file('one', 4 * MIB)])
      await torrent.open()
      torrent.world.storage.memory.set(torrent.content)
      for (const half of [0, 1]) {
        for (let piece = 0; piece < 8; piece++) {
          const slabs = [piece * 2 + half]
          const begin = half * SLAB_BYTES
          torrent.store.write({ piece, begin, length: SLAB_BYTES, slabs, last: half === 1 }, false)
        }
      }
      await world.until(() => torrent.recorder.outcomes.length === 16)
      expect(torrent.recorder.outcomes.filter(({ outcome }) => outcome.kind === 'stored').length).toBe(8)
      expect(await torrent.check()).toBe('########')
      await torrent.close()
    })

    it('finds damage, missing ends and missing files when checking', async () => {
      const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
      const first = torrent.file(0).slice()
      first[1]! ^= 1
      world.writeFile(['t', 'first'], first)
      world.writeFile(['t', 'middle'], torrent.file(1).subarray(0, 119_999))
      await torrent.open()
      expect(torrent.recorder.prepared[0]!.map(stamp => stamp?.size)).toEqual([100_000, 119_999, undefined])
      expect(await torrent.check()).toBe('.##..')
      expect(torrent.recorder.errors).toEqual([])
      await torrent.close()
    })

    it('tells a read of bytes that are not there, and never gives any', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('one', 200_000)])
      await torrent.open()
      await torrent.write(0)
      expect(await torrent.read(2, 0, 1000)).toMatchObject({ code: 'DISK_READ' })
      await torrent.write(2)
      await torrent.expectReadable(2)
      await torrent.expectReadable(0)
      await torrent.close()
    })

    it('reads what a later write has changed', async () => {
      const torrent = new Fixture(world, 16 * KIB, [file('one', 64 * KIB)])
      await torrent.open()
      for (const piece of [3, 0, 2, 1]) {
        await torrent.write(piece)
        await torrent.expectReadable(piece)
      }
      await torrent.close()
    })

    it('reads ranges that begin and end anywhere', async () => {
      const torrent = new Fixture(world, 3 * MIB, [file('one', 3 * MIB)])
      await torrent.open()
      await torrent.writeAll()
      for (const [begin, length] of [
        [1, 100],
        [1 * MIB - 5, 10],
        [2 * MIB - 16_000, 16 * KIB],
        [3 * MIB - 1, 1],
      ] as const) {
        const got = await torrent.read(0, begin, length)
        expect(got).toBeInstanceOf(Uint8Array)
        const same = Buffer.compare(got as Uint8Array, torrent.content.subarray(begin, begin + length))
        expect(same).toBe(0)
      }
      await torrent.close()
    })

    it('stamps after the writes before it', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('t/a', 64 * KIB), file('t/b', 10)])
      await torrent.open()
      world.storage.memory.set(torrent.piece(0))
      torrent.store.write({ piece: 0, begin: 0, length: 64 * KIB, slabs: [0], last: true }, false)
      torrent.store.stamp()
      await world.until(() => torrent.recorder.stamps.length === 1)
      expect(torrent.recorder.calls).toEqual(['prepared', 'run', 'stamps'])
      expect(torrent.recorder.stamps[0]!.map(stamp => stamp?.size)).toEqual([64 * KIB, undefined])
      await torrent.close()
    })

    it('lets writes finish when it is closed, and says nothing after that', async () => {
      const torrent = new Fixture(world, 64 * KIB, [file('one', 64 * KIB)])
      await torrent.open()
      world.storage.memory.set(torrent.piece(0))
      torrent.store.write({ piece: 0, begin: 0, length: 64 * KIB, slabs: [0], last: true }, false)
      await torrent.close()
      expect(torrent.recorder.calls).toEqual(['prepared', 'run', 'closed'])
      expect(Buffer.compare(torrent.onDisk(0)!, torrent.content)).toBe(0)
    })

    it('stops checking when it is closed', async () => {
      const torrent = new Fixture(world, 16 * KIB, [file('one', 16 * MIB)])
      world.writeFile(['one'], torrent.content)
      await torrent.open()
      torrent.store.check(Array.from({ length: 1024 }, (_, piece) => piece))
      await torrent.close()
      expect(torrent.recorder.checked.size).toBeLessThan(1024)
      expect(torrent.recorder.checksDone).toBe(0)
      expect(torrent.recorder.calls.at(-1)).toBe('closed')
    })

    it('creates nothing when it is read-only', async () => {
      const torrent = new Fixture(world, 16 * KIB, [file('t/a', 20_000), file('t/empty', 0)])
      await torrent.open({ readOnly: true })
      expect(await torrent.check()).toBe('..')
      await torrent.close()
      expect(world.list()).toEqual([])
    })

    it('reserves wanted files in full when told to', async () => {
      const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
      await torrent.open({ allocation: 'full', wanted: [true, false, true] })
      expect([0, 1, 2].map(index => torrent.onDisk(index)?.length)).toEqual([100_000, undefined, 90_000])
      await torrent.close()
    })

    it('refuses a file that is longer than in the torrent, and leaves it alone', async () => {
      const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
      world.writeFile(['t', 'middle'], new Uint8Array(120_001))
      await expect(torrent.open()).rejects.toMatchObject({ code: 'PATH_CONFLICT' })
      expect(torrent.recorder.errors[0]!.subject).toMatch(/middle$/)
      expect(torrent.onDisk(1)!.length).toBe(120_001)
      await torrent.close()
    })

    describe('with a file that nobody wants', () => {
      it('keeps what pieces have of it elsewhere, across restarts', async () => {
        const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
        await torrent.open({ wanted: [true, false, true] })
        for (const piece of [0, 1, 3, 4]) await torrent.write(piece)
        expect(torrent.onDisk(1)).toBeUndefined()
        expect(world.list().sort()).toEqual([PARTS, 't'])
        expect(await torrent.check()).toBe('##.##')
        for (const piece of [1, 3]) await torrent.expectReadable(piece)
        await torrent.close()
        await torrent.open({ wanted: [true, false, true] })
        expect(await torrent.check()).toBe('##.##')
        for (const piece of [1, 3]) await torrent.expectReadable(piece)
        await torrent.close()
      })

      it('moves it into place when it becomes wanted', async () => {
        const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
        await torrent.open({ wanted: [false, false, true] })
        for (const piece of [1, 3, 4]) await torrent.write(piece)
        torrent.store.select([false, true, true])
        await world.until(() => torrent.recorder.prepared.length === 2)
        expect(torrent.onDisk(0)).toBeUndefined()
        expect(torrent.onDisk(1)).toBeDefined()
        expect(await torrent.check()).toBe('.#.##')
        for (const piece of [1, 3, 4]) await torrent.expectReadable(piece)
        torrent.store.select([true, true, true])
        await world.until(() => torrent.recorder.prepared.length === 3)
        expect(world.list()).toEqual(['t'])
        await torrent.write(0)
        await torrent.write(2)
        expect(await torrent.check()).toBe('#####')
        await torrent.close()
      })

      it('moves it into place when it is wanted after a restart', async () => {
        const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
        await torrent.open({ wanted: [true, false, false] })
        for (const piece of [0, 1]) await torrent.write(piece)
        await torrent.close()
        await torrent.open()
        expect(world.list()).toEqual(['t'])
        expect(await torrent.check()).toBe('##...')
        await torrent.close()
      })

      it('is found by a check that is going on while it is moved', async () => {
        const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
        await torrent.open({ wanted: [true, false, true] })
        for (const piece of [0, 1, 3, 4]) await torrent.write(piece)
        const checking = torrent.check()
        torrent.store.select([true, true, true])
        expect(await checking).toBe('##.##')
        await world.until(() => torrent.recorder.prepared.length === 2)
        await torrent.close()
      })

      it('goes on using one that exists', async () => {
        const torrent = new Fixture(world, BORDERS.pieceLength, BORDERS.files)
        await torrent.open()
        await torrent.write(2)
        torrent.store.select([true, false, true])
        await torrent.write(1)
        await torrent.write(3)
        expect(world.list()).toEqual(['t'])
        expect(await torrent.check()).toBe('.###.')
        await torrent.close()
      })

      it('survives being selected and deselected between the runs of a piece', async () => {
        const torrent = new Fixture(world, 1 * MIB, [file('t/a', 300_000), file('t/b', 724_288 + 24_288)])
        await torrent.open({ wanted: [true, false] })
        const { memory } = world.storage
        memory.set(torrent.piece(0))
        for (const [at, wanted] of [true, false, true, true].entries()) {
          const run = { piece: 0, begin: at * SLAB_BYTES, length: SLAB_BYTES, slabs: [at], last: at === 3 }
          torrent.store.write(run, false)
          torrent.store.select([true, wanted])
        }
        await world.until(() => torrent.recorder.prepared.length === 5)
        expect(torrent.recorder.outcomes.map(({ outcome }) => outcome.kind)).toEqual([
          'written',
          'written',
          'written',
          'stored',
        ])
        expect(await torrent.check()).toBe('#')
        expect(world.list()).toEqual(['t'])
        await torrent.close()
      })
    })
  })
}

/** A file of a torrent, its path with slashes. */
export function file(path: string, length: number): GeometryFile {
  return { path: path.split('/'), length, pad: false }
}

export function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(bytes).digest())
}

function digestsOf(piece: Uint8Array): Uint8Array {
  const digests: Uint8Array[] = []
  for (let begin = 0; begin < piece.length; begin += BLOCK_BYTES) {
    digests.push(sha1(piece.subarray(begin, begin + BLOCK_BYTES)))
  }
  return new Uint8Array(Buffer.concat(digests))
}

/** Bytes that differ from block to block and piece to piece; zeroes in pad files. */
function contentOf(geometry: Geometry): Uint8Array {
  const content = new Uint8Array(geometry.totalLength)
  for (let at = 0; at < content.length; at++) content[at] = (at * 31 + (at >> 8) * 7 + (at >> 14)) & 255
  for (const { pad, offset, length } of geometry.files) if (pad) content.fill(0, offset, offset + length)
  return content
}
