import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { createTorrent } from '../../src/library/create.ts'
import { Relocation } from '../../src/library/relocation.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import type { TorrentNames } from '../../src/metainfo/other-names.ts'
import { stampOf } from '../../src/node/folders.ts'
import { type MoveDisk, moveDisk } from '../../src/node/move-disk.ts'
import type { NamedPlace } from '../../src/node/move-note.ts'
import { ResumeFiles, resumeKey } from '../../src/node/resume-files.ts'
import type { FileStamp } from '../../src/ports.ts'
import { decodeResume, encodeResume, reconcile, restamped } from '../../src/torrent/resume.ts'
import { atEnd, content } from './sandbox.ts'

const FILES = { 't/a': content(40_000), 't/x/b': content(30_000), 't/x/y/c': content(1), 't/z': content(0) }
const OTHER_NAMES: TorrentNames = { root: 'u', files: { 1: ['x', 'q', 'renamed'] } }

/** Every step is made durable: that is for the memory of the machine, where it has one that looks like a disk. */
const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let metainfo: Metainfo
let parts: string

function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const dir = mkdtempSync(join(BASE, 'shoal-move-'))
  atEnd(() => rmSync(dir, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), bytes)
  }
  return dir
}

/** A disk that can fail, and a machine that can lose its power. */
class Machine {
  readonly stateDir: string | undefined = folder()
  /** The old place, the new one, and others are on disks of their own. */
  crossesDisks: boolean
  /** How many more things are done. */
  steps = Number.POSITIVE_INFINITY
  resume: ResumeFiles | undefined

  constructor(crossesDisks = false, hasState = true) {
    this.crossesDisks = crossesDisks
    if (!hasState) this.stateDir = undefined
    this.restart()
  }

  restart(): void {
    this.steps = Number.POSITIVE_INFINITY
    if (this.stateDir !== undefined) this.resume = new ResumeFiles(this.stateDir)
  }

  get disk(): MoveDisk {
    const does = <A extends unknown[]>(work: (...args: A) => Promise<void>) => {
      return async (...args: A) => await this.does(async () => await work(...args))
    }
    return {
      rename: does(async (from, to) => {
        const isFar = this.crossesDisks && diskOf(from) !== diskOf(to)
        if (isFar) throw Object.assign(new Error('another disk'), { code: 'EXDEV' })
        await moveDisk.rename(from, to)
      }),
      copy: does(moveDisk.copy),
      remove: does(moveDisk.remove),
      makeFolders: does(moveDisk.makeFolders),
      removeFolders: does(moveDisk.removeFolders),
      syncFolder: does(moveDisk.syncFolder),
      write: does(moveDisk.write),
    }
  }

  async does(work: () => Promise<void>): Promise<void> {
    if (this.steps-- <= 0) throw new Error('no power')
    await work()
  }
}

/** Every sandbox is a disk. */
function diskOf(path: string): string {
  return path.slice(BASE.length + 1).split('/')[0]!
}

/** One life of the process. */
class Life {
  readonly machine: Machine
  readonly relocation: Relocation

  constructor(machine: Machine) {
    this.machine = machine
    const { stateDir, resume, disk } = machine
    this.relocation = new Relocation({ metainfo, stateDir, resume, disk })
  }

  place(dir: string, names: TorrentNames = {}): NamedPlace {
    return this.relocation.place(dir, names)
  }

  /** As the engine does it: the record is of the place where the data is. */
  async keep(place: NamedPlace): Promise<void> {
    const stamps = this.stamps(place)
    const record = encodeResume({
      infoHash: metainfo.infoHash,
      generation: 1,
      savedAt: 1,
      have: Bitfield.full(metainfo.geometry.pieceCount),
      unchecked: undefined,
      files: stamps.map(stamp => ({ stamp, priority: 4 })),
      uploadedBytes: 0,
      downloadedBytes: 0,
      corruptBytes: 0,
      addedAt: 1,
      completedAt: 1,
      peers: [],
    })
    await this.machine.resume?.save(await this.key(place), record)
  }

  async move(from: NamedPlace, to: NamedPlace, signal = new AbortController().signal): Promise<void> {
    const { resume } = this.machine
    let place = from
    const left = await this.relocation.move(from, to, {
      signal,
      switchTo: async (where, before, after) => {
        const record = await resume?.load(await this.key(place))
        place = where
        if (record === undefined) return
        const moved = encodeResume(restamped(decodeResume(record), before, after))
        const key = await this.key(where)
        await this.machine.does(async () => await resume?.save(key, moved))
      },
      onMoved: async () => {
        const keys = await Promise.all([this.key(from), this.key(to)])
        if (keys[0] !== keys[1]) await this.machine.does(async () => await resume?.remove(keys[0]))
      },
    })
    expect(left).toBeUndefined()
  }

  /** All is there, and nothing of it has to be hashed again. */
  async expectWhole(place: NamedPlace): Promise<void> {
    for (const [index, path] of this.relocation.paths(place).entries()) {
      const name = metainfo.files[index]!.path.join('/') as keyof typeof FILES
      expect(readFileSync(join(place.dir, ...path)).equals(FILES[name]), name).toBe(true)
    }
    expect(readFileSync(join(place.dir, parts), 'utf8')).toBe('parts')
    const record = await this.machine.resume?.load(await this.key(place))
    if (record === undefined) return expect(this.machine.resume).toBeUndefined()
    const { have, recheck } = reconcile(decodeResume(record), metainfo.geometry, this.stamps(place))
    expect([have.isFull, recheck]).toEqual([true, []])
  }

  stamps(place: NamedPlace): FileStamp[] {
    return this.relocation.paths(place).map(path => stampOf(place.dir, path))
  }

  async key({ dir }: NamedPlace): Promise<string> {
    return await resumeKey(metainfo.infoHashHex, dir)
  }
}

/** All files below; links are not followed. */
function filesIn(dir: string, above = ''): string[] {
  if (!existsSync(dir)) return []
  const entries = readdirSync(join(dir, above), { withFileTypes: true })
  return entries
    .flatMap(entry => {
      const path = above + entry.name
      return entry.isDirectory() ? [`${path}/`, ...filesIn(dir, `${path}/`)] : [path]
    })
    .sort()
}

function seeded(): string {
  const dir = folder({ ...FILES, [parts]: 'parts', mine: 'm' })
  // What was there for some time: a time that no copy has by chance.
  for (const name of Object.keys(FILES)) utimesSync(join(dir, name), 1_700_000_000, 1_700_000_000.123)
  return dir
}

beforeAll(async () => {
  const { metainfo: made } = await createTorrent(join(folder(FILES), 't'), { pieceLength: 16_384 })
  metainfo = made
  parts = `.${made.infoHashHex}.parts`
})

describe.each([
  ['to another folder of the disk', false, true, {}],
  ['to other names on another disk', true, true, OTHER_NAMES],
  ['without a state folder', false, false, {}],
])('a move %s', (_, crossesDisks, hasState, names) => {
  test('takes all files of the torrent, and nothing else', async () => {
    const machine = new Machine(crossesDisks, hasState)
    const life = new Life(machine)
    const [a, b] = [life.place(seeded()), life.place(join(folder(), 'new/place'), names)]
    await life.keep(a)
    await life.move(a, b)
    await life.expectWhole(b)
    expect(filesIn(a.dir)).toEqual(['mine'])
    const expected = life.relocation.paths(b).map(path => path.join('/'))
    const left = filesIn(b.dir).filter(path => !path.endsWith('/'))
    expect(left).toEqual([parts, ...expected].sort())
  })

  test('that is ended leaves everything where it was', async () => {
    const life = new Life(new Machine(crossesDisks, hasState))
    const [a, b] = [life.place(seeded()), life.place(join(folder(), 'new'), names)]
    await life.keep(a)
    const before = filesIn(a.dir)
    const abort = new AbortController()
    const { disk } = life.machine
    const relocation = new Relocation({
      metainfo,
      stateDir: life.machine.stateDir,
      resume: life.machine.resume,
      disk: {
        ...disk,
        makeFolders: async (dir, path) => {
          if (path.at(-1) === b.names.files?.[1]?.at(-1) || path.at(-1) === 'b') abort.abort()
          await disk.makeFolders(dir, path)
        },
      },
    })
    const switchTo = async (): Promise<void> => {
      throw new Error('never')
    }
    const job = { signal: abort.signal, switchTo, onMoved: switchTo }
    await expect(relocation.move(a, b, job)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(filesIn(a.dir)).toEqual(before)
    expect(filesIn(b.dir)).toEqual([])
    await life.expectWhole(await new Life(life.machine).relocation.settle(a, undefined))
  })

  test('that loses power at any step can be found in one place, with nothing to be checked, and goes on', async () => {
    for (let steps = 0, isOver = false; !isOver; steps++) {
      for (const asksFor of ['old', 'new'] as const) {
        const machine = new Machine(crossesDisks, hasState)
        const life = new Life(machine)
        const [a, b] = [life.place(seeded()), life.place(join(folder(), 'new'), names)]
        await life.keep(a)
        machine.steps = steps
        const outcome = await life.move(a, b).then(
          () => 'moved',
          error => error.message,
        )
        isOver = outcome === 'moved'
        machine.restart()
        const next = new Life(machine)
        const hasBegun = filesIn(b.dir).length > 0
        const found = await next.relocation.settle(asksFor === 'old' || !hasBegun ? a : b, undefined)
        // Without a state folder nothing tells where it went, but for what lies in the new place.
        if (!hasState && asksFor === 'old') continue
        await next.expectWhole(found)
        if (hasBegun && asksFor === 'new') expect(found).toEqual(b)
        if (found.dir === b.dir) continue
        await next.move(found, b)
        await next.expectWhole(b)
        expect(filesIn(a.dir)).toEqual(['mine'])
        expect(filesIn(b.dir).filter(path => /\.mov(?:e|ing)$/.test(path))).toEqual([])
      }
    }
  })
})

describe('what is in the way', () => {
  test.each<[string, (dir: string) => void]>([
    ['another file', dir => writeFileSync(join(dir, 't/x/b'), 'mine')],
    ['a folder', dir => mkdirSync(join(dir, 't/x/b'))],
    ['a link', dir => symlinkSync('/nowhere', join(dir, 't/x/b'))],
    ['a link instead of a folder', dir => symlinkSync(folder({ b: 'b' }), join(dir, 't/x/y'))],
  ])('is named before anything is done: %s', async (_, put) => {
    const life = new Life(new Machine())
    const [a, b] = [life.place(seeded()), life.place(folder())]
    mkdirSync(join(b.dir, 't/x'), { recursive: true })
    put(b.dir)
    const before = [filesIn(a.dir), filesIn(b.dir)]
    const moving = life.move(a, b)
    await expect(moving).rejects.toMatchObject({ code: 'PATH_CONFLICT' })
    await expect(moving).rejects.toThrow(join(b.dir, 't/x'))
    expect([filesIn(a.dir), filesIn(b.dir)]).toEqual(before)
  })

  test('is none when it is the same, byte for byte', async () => {
    const life = new Life(new Machine())
    const [a, b] = [life.place(seeded()), life.place(folder({ 't/a': FILES['t/a'] }))]
    await life.keep(a)
    await life.move(a, b)
    await life.expectWhole(b)
    expect(filesIn(a.dir)).toEqual(['mine'])
  })

  test('is none where it is the torrent itself, by another way', async () => {
    const life = new Life(new Machine())
    const a = life.place(seeded())
    const link = join(folder(), 'link')
    symlinkSync(a.dir, link)
    await life.keep(a)
    const before = filesIn(a.dir)
    await life.move(a, life.place(link))
    expect(filesIn(a.dir)).toEqual(before)
    // What a folder that is mounted twice looks like: one file by two names.
    const b = life.place(folder())
    mkdirSync(join(b.dir, 't/x/y'), { recursive: true })
    for (const name of Object.keys(FILES)) linkSync(join(a.dir, name), join(b.dir, name))
    await life.move(a, b)
    await life.expectWhole(b)
    expect(filesIn(a.dir)).toEqual(before.filter(name => name !== parts))
  })

  test('may be a name that only the torrent still has', async () => {
    const life = new Life(new Machine())
    const a = life.place(seeded())
    expect(() => life.place(a.dir, { files: { 1: ['a'] } })).toThrow('two files would have the same path')
    expect(() => life.place(a.dir, { files: { 1: ['A'] } })).toThrow('two files would have the same path')
    expect(() => life.place(a.dir, { files: { 1: ['x'] } })).toThrow('the same path')
  })
})

test('copies of a move that was interrupted go when the torrent is moved elsewhere, or removed', async () => {
  for (const then of ['moved', 'removed']) {
    const machine = new Machine(true)
    const life = new Life(machine)
    const [a, b, c] = [life.place(seeded()), life.place(folder()), life.place(folder())]
    await life.keep(a)
    // Until the second file is there.
    machine.steps = 8
    await expect(life.move(a, b)).rejects.toThrow()
    expect(filesIn(b.dir).length).toBeGreaterThan(1)
    machine.restart()
    const next = new Life(machine)
    expect(await next.relocation.settle(a, undefined)).toEqual(a)
    if (then === 'moved') await next.move(a, c)
    else await next.relocation.forget(a)
    expect(filesIn(b.dir)).toEqual([])
    await next.expectWhole(then === 'moved' ? c : a)
  }
})

test('a file that was half there is half there afterwards, and its holes with it', async () => {
  const [a, b] = [join(folder(), 'a'), join(folder(), 'b')]
  writeFileSync(a, content(100_000))
  truncateSync(a, 5_000_000)
  await moveDisk.copy(a, b, {})
  expect(readFileSync(b).equals(readFileSync(a))).toBe(true)
  expect(statSync(b).blocks).toBeLessThanOrEqual(2_100)
})
