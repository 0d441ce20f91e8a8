/** What a disk, other programs and other users do to a torrent's files. */
import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLAB_BYTES } from '../../src/bytes/slabs.ts'
import { createStorage, FileStorage } from '../../src/node/storage.ts'
import type { Answer } from '../../src/node/store-messages.ts'
import { WorkerPool } from '../../src/node/worker-pool.ts'
import { Fixture, file, INFO_HASH, type StoreWorld } from '../contracts/store-suite.ts'
import { makeWorld, worldIn } from './disk-world.ts'

const KIB = 1024
const MIB = 1024 * 1024

describe('stamps', () => {
  it('tell which files somebody else has changed since they were found, and not those that we wrote to', async () => {
    const world = await makeWorld(1)
    const torrent = new Fixture(world, 64 * KIB, [file('t/mine', 64 * KIB), file('t/theirs', 64 * KIB)])
    world.writeFile(['t', 'theirs'], torrent.file(1))
    await torrent.open()
    await torrent.write(0)
    appendFileSync(join(world.dir, 't', 'theirs'), 'and more')
    torrent.store.stamp()
    await world.until(() => torrent.recorder.stamps.length > 0)
    expect(torrent.recorder.changed).toEqual([1])
    // Neither has been hashed as it is now.
    expect(torrent.recorder.stamps[0]!.map(stamp => stamp?.mark)).toEqual([undefined, undefined])
    await torrent.close()
    await world.close()
  })
})

describe('what stands in the way', () => {
  let world: StoreWorld
  let torrent: Fixture
  beforeEach(async () => {
    world = await makeWorld(1)
    torrent = new Fixture(world, 64 * KIB, [file('t/sub/one', 100_000), file('t/two', 50_000)])
  })
  afterEach(() => world.close())

  it('is named when it is a folder where a file belongs', async () => {
    mkdirSync(join(world.dir, 't', 'two'), { recursive: true })
    await expect(torrent.open()).rejects.toMatchObject({
      code: 'PATH_CONFLICT',
      subject: join(world.dir, 't', 'two'),
    })
    await torrent.close()
  })

  it('is named when it is a file where a folder belongs', async () => {
    world.writeFile(['t', 'sub'], new Uint8Array(1))
    await expect(torrent.open()).rejects.toMatchObject({
      code: 'PATH_CONFLICT',
      subject: join(world.dir, 't', 'sub'),
    })
    await torrent.close()
  })

  it('does not matter as long as the file is not wanted', async () => {
    mkdirSync(join(world.dir, 't', 'two'), { recursive: true })
    await torrent.open({ wanted: [true, false] })
    for (const piece of [0, 1]) await torrent.write(piece)
    expect(await torrent.check()).toBe('##.')
    expect(lstatSync(join(world.dir, 't', 'two')).isDirectory()).toBe(true)
    await torrent.close()
  })

  it.each(['t', 't/sub', 't/two'])('is never followed when it is a symbolic link: %s', async path => {
    const outside = mkdtempSync(join(tmpdir(), 'shoal-outside-'))
    const isFile = path === 't/two'
    if (isFile) writeFileSync(join(outside, 'target'), '')
    if (path !== 't') mkdirSync(join(world.dir, 't'))
    symlinkSync(isFile ? join(outside, 'target') : outside, join(world.dir, path))
    await expect(torrent.open()).rejects.toMatchObject({ code: 'PATH_CONFLICT' })
    await torrent.close()
    expect(isFile ? readFileSync(join(outside, 'target'), 'utf8') : readdirSync(outside).join()).toBe('')
    rmSync(outside, { recursive: true })
  })

  it('is not followed when a folder becomes a symbolic link later', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'shoal-outside-'))
    await torrent.open()
    await torrent.write(2)
    rmSync(join(world.dir, 't', 'sub'), { recursive: true, force: true })
    symlinkSync(outside, join(world.dir, 't', 'sub'))
    expect(await torrent.write(0)).toMatchObject([{ kind: 'failed', error: { code: 'PATH_CONFLICT' } }])
    writeFileSync(join(outside, 'one'), torrent.file(0))
    expect(await torrent.read(0, 0, 10)).toMatchObject({ code: 'PATH_CONFLICT' })
    expect(await torrent.check()).toBe('..#')
    expect(torrent.recorder.errors).toMatchObject([{ code: 'PATH_CONFLICT' }])
    await torrent.close()
    expect(readdirSync(outside)).toEqual(['one'])
    rmSync(outside, { recursive: true })
  })

  it('is refused when a path would lead out of the folder', async () => {
    for (const path of [['..', 'x'], ['a', '..', '..', 'x'], ['a/b'], ['a\0b'], ['']]) {
      const evil = new Fixture(world, 16 * KIB, [{ path, length: 10, pad: false }])
      await expect(evil.open()).rejects.toMatchObject({ code: 'PATH_CONFLICT' })
      await evil.close()
    }
    expect(readdirSync(world.dir)).toEqual([])
  })

  it('is thrown away when it is a damaged parts file', async () => {
    world.writeFile([`.${INFO_HASH}.parts`], new Uint8Array(1000).fill(7))
    await torrent.open({ wanted: [true, false] })
    for (const piece of [0, 1]) await torrent.write(piece)
    await torrent.close()
    await torrent.open({ wanted: [true, false] })
    expect(await torrent.check()).toBe('##.')
    await torrent.close()
  })
})

describe('files that change under a store', () => {
  let world: StoreWorld
  beforeEach(async () => {
    world = await makeWorld(1)
  })
  afterEach(() => world.close())

  it('give an error, and no bytes, when they are cut', async () => {
    const torrent = new Fixture(world, 2 * MIB, [file('one', 6 * MIB)])
    await torrent.open()
    await torrent.writeAll()
    truncateSync(join(world.dir, 'one'), 3 * MIB)
    await torrent.expectReadable(0)
    expect(await torrent.read(1, 1 * MIB, 16 * KIB)).toMatchObject({
      code: 'DISK_READ',
      subject: join(world.dir, 'one'),
    })
    expect(await torrent.read(2, 0, 16 * KIB)).toMatchObject({ code: 'DISK_READ' })
    // What is left of a piece cannot be told from what somebody else wrote.
    expect(await torrent.read(1, 1 * MIB - 16 * KIB, 16 * KIB)).toMatchObject({ code: 'DISK_READ' })
    expect(await torrent.check()).toBe('#..')
    await torrent.close()
  })

  const wrong: [string, (path: string) => void][] = [
    ['overwritten', path => writeAt(path, statSync(path).size / 2 + 20 * KIB)],
    [
      'overwritten, with the time they had before',
      path => {
        const { atime, mtime } = statSync(path)
        writeAt(path, statSync(path).size / 2 + 20 * KIB)
        utimesSync(path, atime, mtime)
      },
    ],
    [
      'replaced by another file of their size',
      path => {
        writeFileSync(`${path}.new`, new Uint8Array(statSync(path).size))
        renameSync(`${path}.new`, path)
      },
    ],
    [
      'replaced by a link to another file',
      path => {
        writeFileSync(`${path}.new`, new Uint8Array(statSync(path).size))
        rmSync(path)
        symlinkSync(`${path}.new`, path)
      },
    ],
    [
      'replaced by a folder',
      path => {
        rmSync(path)
        mkdirSync(path)
      },
    ],
    ['removed', path => rmSync(path)],
  ]
  describe.each([64 * KIB, 2 * MIB])('in pieces of %d bytes', pieceLength => {
    it.each(wrong)('never give bytes that do not match when they are %s', async (_how, change) => {
      for (const proven of [true, false]) {
        const torrent = new Fixture(world, pieceLength, [file('one', 4 * pieceLength)])
        const path = join(world.dir, 'one')
        rmSync(path, { recursive: true, force: true })
        world.writeFile(['one'], torrent.content)
        const later = Date.now() + 10_000
        const clock = proven ? vi.spyOn(Date, 'now').mockReturnValue(later) : undefined
        await torrent.open({ readOnly: true })
        expect(await torrent.check()).toBe('####')
        await torrent.expectReadable(1)
        clock?.mockRestore()
        change(path)
        expect(await torrent.read(2, 0, 16 * KIB)).toMatchObject({ subject: path })
        await torrent.close()
      }
    })
  })

  it.each([64 * KIB, 2 * MIB])(
    'go on being read when they only grow or are touched: pieces of %d',
    async length => {
      const torrent = new Fixture(world, length, [file('one', 2 * length)])
      world.writeFile(['one'], torrent.content)
      await torrent.open({ readOnly: true })
      await torrent.expectReadable(0)
      const path = join(world.dir, 'one')
      appendFileSync(path, 'more')
      utimesSync(path, 1, 1)
      await torrent.expectReadable(1)
      // Another with the same content, too.
      writeFileSync(`${path}.new`, torrent.content)
      renameSync(`${path}.new`, path)
      await torrent.expectReadable(0)
      await torrent.expectReadable(1)
      await torrent.close()
    },
  )

  it('are missed when they were removed: by writes and by checks', async () => {
    const torrent = new Fixture(world, 64 * KIB, [file('t/one', 128 * KIB)])
    await torrent.open()
    await torrent.write(0)
    rmSync(join(world.dir, 't', 'one'))
    expect(await torrent.write(1)).toMatchObject([{ kind: 'failed', error: { code: 'DISK_WRITE' } }])
    expect(await torrent.write(1)).toMatchObject([{ kind: 'stored' }])
    expect(await torrent.check()).toBe('.#')
    rmSync(join(world.dir, 't', 'one'))
    expect(await torrent.check()).toBe('..')
    await torrent.close()
  })

  it('are read anew when they come back', async () => {
    const torrent = new Fixture(world, 64 * KIB, [file('one', 64 * KIB)])
    world.writeFile(['one'], torrent.content)
    await torrent.open()
    renameSync(join(world.dir, 'one'), join(world.dir, 'two'))
    expect(await torrent.read(0, 0, 10)).toMatchObject({ code: 'DISK_READ' })
    renameSync(join(world.dir, 'two'), join(world.dir, 'one'))
    await torrent.expectReadable(0)
    await torrent.close()
  })
})

describe('a disk that is full', () => {
  withTmpfs(
    'size=4m',
    'fails runs, keeps answering and goes on when there is room',
    async (world, _remount) => {
      const torrent = new Fixture(world, 1 * MIB, [file('t/one', 6 * MIB)])
      await torrent.open()
      const ballast = join(world.dir, 'ballast')
      writeFileSync(ballast, new Uint8Array(3 * MIB))
      const kinds: string[] = []
      for (let piece = 0; piece < 3; piece++) {
        const [outcome] = await torrent.write(piece)
        kinds.push(outcome!.kind === 'failed' ? outcome!.error.code : outcome!.kind)
      }
      expect(kinds).toEqual(['stored', 'DISK_FULL', 'DISK_FULL'].slice(0, 3))
      rmSync(ballast)
      expect(await torrent.write(1)).toMatchObject([{ kind: 'stored' }])
      expect(await torrent.check()).toBe('##....')
      await torrent.close()
    },
  )

  withTmpfs('size=4m', 'lets the very run that failed be given again', async world => {
    const torrent = new Fixture(world, 2 * MIB, [file('one', 2 * MIB)])
    await torrent.open()
    world.storage.memory.set(torrent.content)
    const run = (begin: number): void => {
      const slabs = [0, 1, 2, 3].map(at => begin / SLAB_BYTES + at)
      torrent.store.write({ piece: 0, begin, length: MIB, slabs, last: begin > 0 }, false)
    }
    const { outcomes } = torrent.recorder
    run(0)
    await world.until(() => outcomes.length === 1)
    const ballast = join(world.dir, 'ballast')
    writeFileSync(ballast, new Uint8Array(2.5 * MIB))
    run(MIB)
    await world.until(() => outcomes.length === 2)
    rmSync(ballast)
    run(MIB)
    await world.until(() => outcomes.length === 3)
    expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(['written', 'failed', 'stored'])
    await torrent.close()
  })

  withTmpfs('size=4m', 'is known before anything is fetched when space is reserved', async world => {
    const torrent = new Fixture(world, 1 * MIB, [file('one', 6 * MIB)])
    await expect(torrent.open({ allocation: 'full' })).rejects.toMatchObject({ code: 'DISK_FULL' })
    await torrent.close()
  })
})

describe('a folder that must not be written', () => {
  withTmpfs(
    'size=4m',
    'is told as a lack of permission on a read-only file system',
    async (world, remount) => {
      const torrent = new Fixture(world, 64 * KIB, [file('t/one', 64 * KIB)])
      await torrent.open()
      remount('remount,ro')
      expect(await torrent.write(0)).toMatchObject([{ kind: 'failed', error: { code: 'DISK_PERMISSION' } }])
      remount('remount,rw')
      expect(await torrent.write(0)).toMatchObject([{ kind: 'stored' }])
      await torrent.close()
    },
  )

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'is told as a lack of permission (skipped for root, who may write anywhere)',
    async () => {
      const world = await makeWorld(1)
      const torrent = new Fixture(world, 64 * KIB, [file('t/one', 64 * KIB)])
      await torrent.open()
      chmodSync(world.dir, 0o555)
      expect(await torrent.write(0)).toMatchObject([{ kind: 'failed', error: { code: 'DISK_PERMISSION' } }])
      chmodSync(world.dir, 0o755)
      await torrent.close()
      await world.close()
    },
  )
})

describe('a run that could not be written', () => {
  it('makes its piece fail, not corrupt: nobody is to blame for what lies there instead', async () => {
    const world = await makeWorld(1)
    const torrent = new Fixture(world, 1 * MIB, [file('one', 2 * MIB)])
    await torrent.open()
    world.storage.memory.set(torrent.content)
    const { outcomes } = torrent.recorder
    const write = async (begin: number, last: boolean): Promise<unknown> => {
      const slab = begin / SLAB_BYTES
      const slabs = last ? [slab, slab + 1] : [slab]
      torrent.store.write({ piece: 0, begin, length: slabs.length * SLAB_BYTES, slabs, last }, false)
      const count = outcomes.length + 1
      await world.until(() => outcomes.length === count)
      return outcomes.at(-1)!.outcome
    }
    const path = join(world.dir, 'one')
    expect(await write(0, false)).toEqual({ kind: 'written' })
    truncateSync(path, 10)
    expect(await write(SLAB_BYTES, false)).toMatchObject({ kind: 'failed' })
    truncateSync(path, 2 * MIB)
    expect(await write(2 * SLAB_BYTES, true)).toMatchObject({ kind: 'failed', error: { code: 'DISK_WRITE' } })
    // Given again, all is well; and what is wrong then is wrong.
    expect(await write(0, false)).toEqual({ kind: 'written' })
    expect(await write(SLAB_BYTES, false)).toEqual({ kind: 'written' })
    world.storage.memory[2 * SLAB_BYTES]! ^= 1
    expect(await write(2 * SLAB_BYTES, true)).toMatchObject({ kind: 'corrupt' })
    await torrent.close()
    await world.close()
  })
})

describe('a worker that dies', () => {
  it('is replaced by another, which does what it had to do', async () => {
    const pool = new WorkerPool(new SharedArrayBuffer(32 * SLAB_BYTES), 1)
    const dir = mkdtempSync(join(tmpdir(), 'shoal-store-'))
    const world = worldIn(dir, new FileStorage(pool, undefined))
    const torrent = new Fixture(world, 1 * MIB, [file('one', 2 * MIB)])
    await torrent.open()
    world.storage.memory.set(torrent.content)
    const { outcomes } = torrent.recorder
    torrent.store.write({ piece: 0, begin: 0, length: 2 * SLAB_BYTES, slabs: [0, 1], last: false }, false)
    await world.until(() => outcomes.length === 1)
    await pool.running[0]!.thread.worker.terminate()
    torrent.store.write({ piece: 1, begin: 0, length: MIB, slabs: [4, 5, 6, 7], last: true }, false)
    await world.until(() => outcomes.length === 2)
    // The new worker reads back what the old one had written.
    const rest = { piece: 0, begin: 2 * SLAB_BYTES, length: 2 * SLAB_BYTES, slabs: [2, 3], last: true }
    torrent.store.write(rest, false)
    await world.until(() => outcomes.length === 3)
    expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(['written', 'stored', 'stored'])

    const killed = pool.running[0]!.thread.worker.terminate()
    torrent.store.write({ piece: 1, begin: 0, length: MIB, slabs: [4, 5, 6, 7], last: true }, false)
    await killed
    await world.until(() => outcomes.length === 4)
    expect(outcomes[3]!.outcome).toMatchObject({ kind: 'stored' })
    expect(await torrent.check()).toBe('##')
    await torrent.close()
    await world.close()
  })
})

describe('workers that die again and again', () => {
  it('lose nothing of pieces that come in several runs, and keep their order', async () => {
    const pool = new WorkerPool(new SharedArrayBuffer(32 * SLAB_BYTES), 2)
    const world = worldIn(mkdtempSync(join(tmpdir(), 'shoal-store-')), new FileStorage(pool, undefined))
    const torrent = new Fixture(world, 1 * MIB, [file('one', 2 * MIB), file('two', 3 * MIB)])
    await torrent.open()
    world.storage.memory.set(torrent.content)
    const { outcomes } = torrent.recorder
    for (let piece = 0; piece < 5; piece++) {
      for (let at = 0; at < 4; at++) {
        const run = {
          piece,
          begin: at * SLAB_BYTES,
          length: SLAB_BYTES,
          slabs: [4 * piece + at],
          last: at === 3,
        }
        torrent.store.write(run, false)
        // Before it has begun, while it works, and in between.
        if ((piece + at) % 3 === 0) void pool.running[0]?.thread.worker.terminate()
        if (at === piece % 4) await world.until(() => outcomes.length === 4 * piece + at + 1)
      }
      await world.until(() => outcomes.length === 4 * piece + 4)
    }
    expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n % 4 === 3 ? 'stored' : 'written')),
    )
    expect(await torrent.check()).toBe('#####')
    await torrent.close()
    await world.close()
  })

  it('fail a job that kills them, and none that came later', async () => {
    const pool = new WorkerPool(new SharedArrayBuffer(SLAB_BYTES), 1)
    const answers: Answer[] = []
    // A store that no worker was told of is a fault of ours, which ends the worker.
    pool.pick().run({ type: 'stamp', id: 99 }, 0, answer => answers.push(answer))
    await expect.poll(() => answers.length).toBe(1)
    expect(answers).toMatchObject([
      { kind: 'failed', error: { code: 'DISK_WRITE', message: expect.stringContaining('was not opened') } },
    ])
    pool
      .pick()
      .run({ type: 'hash', files: [], offset: 0, pieceLength: 1, length: 0 }, 0, answer =>
        answers.push(answer),
      )
    await expect.poll(() => answers.length).toBe(2)
    expect(answers[1]).toMatchObject({ kind: 'hashes' })
    await pool.close()
  })

  it('are not replaced when all is being closed', async () => {
    const pool = new WorkerPool(new SharedArrayBuffer(SLAB_BYTES), 1)
    const answers: Answer[] = []
    pool.pick().run({ type: 'stamp', id: 99 }, 0, answer => answers.push(answer))
    await pool.close()
    expect(answers).toMatchObject([{ kind: 'failed' }])
    expect(pool.running).toEqual([])
  })
})

describe('what a store takes from the process', () => {
  it('is a bounded number of open files', async ctx => {
    if (process.platform !== 'linux') return ctx.skip('counts /proc/self/fd')
    const world = await makeWorld(2)
    const files = Array.from({ length: 300 }, (_, at) => file(`t/${at}`, 5000))
    const torrent = new Fixture(world, 16 * KIB, files)
    const before = readdirSync('/proc/self/fd').length
    await torrent.open()
    await torrent.writeAll()
    for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) await torrent.expectReadable(piece)
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(100)
    await torrent.close()
    await world.close()
  })

  it('does not keep it from ending once nothing is pending', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'shoal-store-'))
    const dist = new URL('../../dist/', import.meta.url).href
    const script = `
      import { createStorage } from '${dist}node/storage.js'
      import { Geometry } from '${dist}metainfo/geometry.js'
      const storage = createStorage({ memoryBytes: ${SLAB_BYTES} })
      const geometry = new Geometry(16384, [{ path: ['one'], length: 5, pad: false }])
      const plan = { dir: ${JSON.stringify(dir)}, geometry, hashes: new Uint8Array(20), wanted: [true],
        allocation: 'sparse', readOnly: false, infoHash: '00' }
      storage.open(plan, { onPrepared: () => console.log('prepared') })`
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { timeout: 50_000 })
    expect(stdout).toBe('prepared\n')
    rmSync(dir, { recursive: true })
  })

  it('is given back when the storage is closed with stores still open', async () => {
    const storage = createStorage({ memoryBytes: 32 * SLAB_BYTES, workers: 1 })
    const world = worldIn(mkdtempSync(join(tmpdir(), 'shoal-store-')), storage)
    const torrent = new Fixture(world, 64 * KIB, [file('one', 10)])
    await torrent.open()
    await world.close()
    expect(torrent.recorder.calls).toEqual(['prepared', 'closed'])
  })
})

function writeAt(path: string, position: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, 'somebody else', position)
  closeSync(fd)
}

/** A test in a small file system of its own; skipped where none can be mounted (that takes root, on Linux). */
function withTmpfs(
  options: string,
  name: string,
  test: (world: StoreWorld, remount: (options: string) => void) => Promise<void>,
): void {
  it(name, async ctx => {
    const dir = mkdtempSync(join(tmpdir(), 'shoal-tmpfs-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { stdio: 'ignore' })
    } catch {
      rmSync(dir, { recursive: true })
      return ctx.skip('mounting a tmpfs takes root, on Linux')
    }
    const storage = createStorage({ memoryBytes: 32 * SLAB_BYTES, workers: 1 })
    const inner = join(dir, 'downloads')
    mkdirSync(inner)
    const world = worldIn(inner, storage)
    try {
      await test(world, flags => execFileSync('mount', ['-o', flags, dir]))
    } finally {
      await world.close()
      execFileSync('umount', ['-l', dir])
      rmSync(dir, { recursive: true })
    }
  })
}
