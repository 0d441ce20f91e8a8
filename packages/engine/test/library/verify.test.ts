import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import { verifyTorrent } from '../../src/library/verify.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { content, folder } from './sandbox.ts'

// Pieces: a is 0-1, b 1-3 (its last 2,000 bytes in 3), c 3, empty none.
let dir: string
let at: (name: string) => string
let metainfo: Metainfo
beforeEach(async () => {
  const top = folder({ a: content(20_000), b: content(31_152), c: content(10_000), empty: '' })
  dir = dirname(top)
  at = name => join(top, name)
  metainfo = (await createTorrent(top, { pieceLength: 16_384 })).metainfo
})

async function states(): Promise<{ ok: boolean; bad: readonly number[]; states: string }> {
  const { ok, badPieces, files } = await verifyTorrent(metainfo, dir)
  return { ok, bad: badPieces, states: files.map(file => `${file.state} ${file.badPieces}`).join(', ') }
}

it('finds nothing wrong where nothing is, and creates nothing', async () => {
  const before = readdirSync(at('.'))
  const progress: number[] = []
  const report = await verifyTorrent(metainfo, dir, {
    onProgress: ({ hashedBytes, totalBytes }) => progress.push(hashedBytes / totalBytes),
  })
  expect(report).toMatchObject({ ok: true, pieces: { good: 4, total: 4 }, badPieces: [] })
  expect(report.files[0]).toEqual({ path: `${metainfo.name}/a`, state: 'ok', badPieces: 0 })
  expect(progress.at(-1)).toBe(1)
  expect(readdirSync(at('.'))).toEqual(before)
})

it('tells a damaged file and its pieces', async () => {
  const bytes = content(31_152)
  bytes[15_000]! ^= 1
  writeFileSync(at('b'), bytes)
  expect(await states()).toEqual({ ok: false, bad: [2], states: 'ok 0, damaged 1, ok 0, ok 0' })
})

it('tells files that are missing, too short or too long', async () => {
  rmSync(at('empty'))
  truncateSync(at('c'), 9_999)
  appendFileSync(at('a'), 'x')
  expect(await states()).toEqual({
    ok: false,
    bad: [3],
    states: 'wrong size 0, damaged 1, wrong size 1, missing 0',
  })
})

it.skipIf(process.platform === 'win32')(
  'counts a folder or a link in place of a file as missing',
  async () => {
    rmSync(at('a'))
    mkdirSync(at('a'))
    rmSync(at('c'))
    symlinkSync(at('b'), at('c'))
    expect(await states()).toEqual({
      ok: false,
      bad: [0, 1, 3],
      states: 'missing 2, damaged 2, missing 1, ok 0',
    })
  },
)

it('finds all missing where there is no folder', async () => {
  const report = await verifyTorrent(metainfo, join(dir, 'none'))
  expect(report.pieces).toEqual({ good: 0, total: 4 })
  expect(report.files.map(file => file.state)).toEqual(['missing', 'missing', 'missing', 'missing'])
})

it('ends when it is aborted, before or while it runs', async () => {
  const signal = AbortSignal.abort()
  await expect(verifyTorrent(metainfo, dir, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  const controller = new AbortController()
  const verifying = verifyTorrent(metainfo, dir, { signal: controller.signal })
  controller.abort()
  await expect(verifying).rejects.toMatchObject({ code: 'ABORTED' })
})
