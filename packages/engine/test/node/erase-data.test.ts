import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eraseData } from '../../src/node/erase-data.ts'
import { folder } from '../library/sandbox.ts'

const INFO_HASH = 'ab'.repeat(20)
const PARTS = `.${INFO_HASH}.parts`

function place(dir: string, ...paths: string[]) {
  return {
    dir,
    infoHash: INFO_HASH,
    files: paths.map(path => ({ path: path.split('/'), length: 5, pad: path.includes('pad') })),
  }
}

/** All that is below; links are not followed. */
function left(dir: string, above = ''): string[] {
  const entries = readdirSync(join(dir, above), { withFileTypes: true })
  return entries
    .flatMap(entry => {
      const name = above + entry.name
      return entry.isDirectory() ? [name, ...left(dir, `${name}/`)] : [name]
    })
    .sort()
}

test('the files of the torrent go, its parts file, and the folders that are empty then', async () => {
  const dir = folder({ 't/a': 'a', 't/x/y/b': 'b', 't/x/c': 'longer', [PARTS]: 'p', other: 'o' })
  await eraseData(place(dir, 't/a', 't/x/y/b', 't/x/c', 't/never'))
  expect(left(dir)).toEqual(['other'])
})

test('what else is in its folders stays, with them', async () => {
  const dir = folder({ 't/a': 'a', 't/x/b': 'b', 't/x/mine': 'm', 't/.pad/5': 'p', '.other.parts': '' })
  mkdirSync(join(dir, 't/empty'))
  await eraseData(place(dir, 't/a', 't/x/b', 't/.pad/5'))
  expect(left(dir)).toEqual(['.other.parts', 't', 't/.pad', 't/.pad/5', 't/empty', 't/x', 't/x/mine'])
})

test('no link is followed or removed, and no folder that stands where a file belongs', async () => {
  const elsewhere = folder({ b: 'b', 'z/c': 'c', d: 'd' })
  const dir = folder({ 't/f/inside': 'i' })
  symlinkSync(elsewhere, join(dir, 't/x'))
  symlinkSync(join(elsewhere, 'd'), join(dir, 't/d'))
  symlinkSync(join(elsewhere, 'd'), join(dir, PARTS))
  await eraseData(place(dir, 't/x/b', 't/x/z/c', 't/d', 't/f'))
  expect(left(elsewhere)).toEqual(['b', 'd', 'z', 'z/c'])
  expect(left(dir)).toEqual([PARTS, 't', 't/d', 't/f', 't/f/inside', 't/x'])
})

test('a path that leads out of the folder deletes nothing', async () => {
  const outside = folder({ 'in/t': 't', victim: 'v' })
  await eraseData(place(join(outside, 'in'), '../victim', 't'))
  expect(existsSync(join(outside, 'victim'))).toBe(true)
  expect(left(join(outside, 'in'))).toEqual([])
})

test('what cannot be deleted is told of after the rest is gone', async context => {
  if (process.getuid?.() === 0) return context.skip('root may do everything')
  const dir = folder({ 't/x/a': 'a', 't/b': 'b' })
  chmodSync(join(dir, 't/x'), 0o500)
  await expect(eraseData(place(dir, 't/x/a', 't/b'))).rejects.toMatchObject({ code: 'DISK_PERMISSION' })
  chmodSync(join(dir, 't/x'), 0o700)
  expect(left(dir)).toEqual(['t', 't/x', 't/x/a'])
})
