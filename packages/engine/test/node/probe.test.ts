import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Geometry } from '../../src/metainfo/geometry.ts'
import { probeDisk } from '../../src/node/probe.ts'
import type { DiskNeed, StoragePlan } from '../../src/ports.ts'

const MORE_THAN_ANY_DISK = 2 ** 60

describe('probeDisk', () => {
  let base: string
  let dir: string
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'shoal-probe-'))
    dir = join(base, 'downloads')
    mkdirSync(join(dir, 't', 'sub'), { recursive: true })
    writeFileSync(join(dir, 't', 'sub', 'one'), Buffer.alloc(1000))
    writeFileSync(join(dir, 't', 'two'), Buffer.alloc(2000))
  })
  afterEach(() => rmSync(base, { recursive: true, force: true }))

  function probe(
    need: Partial<DiskNeed> = {},
    plan: Partial<StoragePlan> = {},
  ): ReturnType<typeof probeDisk> {
    const geometry = new Geometry(16 * 1024, [
      { path: ['t', 'sub', 'one'], length: 1000, pad: false },
      { path: ['t', 'two'], length: 2000, pad: false },
    ])
    const whole: StoragePlan = {
      dir,
      geometry,
      hashes: new Uint8Array(20),
      wanted: [true, true],
      allocation: 'sparse',
      readOnly: false,
      infoHash: '00',
    }
    return probeDisk({ ...whole, ...plan }, { bytes: 1, files: [0, 1], ...need })
  }

  it('finds nothing in the way when all is there', async () => {
    expect(await probe()).toBeUndefined()
    expect(await probe({}, { readOnly: true })).toBeUndefined()
  })

  it('misses room, on the disk where the folder will be as well', async () => {
    expect(await probe({ bytes: MORE_THAN_ANY_DISK })).toMatchObject({ code: 'DISK_FULL', subject: dir })
    rmSync(dir, { recursive: true })
    expect(await probe({ bytes: MORE_THAN_ANY_DISK, files: [] })).toMatchObject({ code: 'DISK_FULL' })
    expect(await probe({ files: [] })).toBeUndefined()
  })

  it('misses files only when none is left of those that had something in them', async () => {
    rmSync(join(dir, 't', 'two'))
    expect(await probe()).toBeUndefined()
    expect(await probe({ files: [1] })).toMatchObject({ code: 'DISK_READ', subject: join(dir, 't', 'two') })
    truncateSync(join(dir, 't', 'sub', 'one'), 0)
    expect(await probe()).toMatchObject({ code: 'DISK_READ', subject: join(dir, 't', 'sub', 'one') })
    rmSync(dir, { recursive: true })
    expect(await probe()).toMatchObject({ code: 'DISK_READ', subject: dir })
  })

  it.each([
    ['a folder', 'two', (path: string) => mkdirSync(path)],
    ['a link', 'two', (path: string) => symlinkSync('/dev/null', path)],
    ['more than belongs there', 'two', (path: string) => writeFileSync(path, Buffer.alloc(2001))],
    ['a link on the way', 'sub', (path: string) => symlinkSync('/tmp', path)],
  ])('names what stands in the way: %s', async (_what, name, put) => {
    const path = join(dir, 't', name)
    rmSync(path, { recursive: true })
    put(path)
    expect(await probe()).toMatchObject({ code: 'PATH_CONFLICT', message: expect.stringContaining(path) })
    // Not where nobody asked for it.
    expect(await probe({}, { wanted: name === 'two' ? [true, false] : [false, true] })).toBeUndefined()
  })

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'names what may not be used (skipped for root, who may use anything)',
    async () => {
      chmodSync(join(dir, 't', 'two'), 0)
      expect(await probe()).toMatchObject({ code: 'DISK_PERMISSION', subject: join(dir, 't', 'two') })
    },
  )

  it('sees that a file system is read-only, and that it may be', async ctx => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', dir], { stdio: 'ignore' })
    } catch {
      return ctx.skip('mounting a tmpfs takes root, on Linux')
    }
    try {
      expect(await probe({ files: [] })).toMatchObject({ code: 'DISK_PERMISSION', subject: dir })
      expect(await probe({ bytes: 0, files: [] }, { readOnly: true })).toBeUndefined()
      // What was below is gone.
      expect(await probe({ bytes: 0 }, { readOnly: true })).toMatchObject({ code: 'DISK_READ' })
    } finally {
      execFileSync('umount', ['-l', dir])
    }
  })
})
