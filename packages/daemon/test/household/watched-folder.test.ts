import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AddOptions, AddResult } from '../../src/contract/index.ts'
import { WatchedFolder, type WatchFolder } from '../../src/household/watched-folder.ts'

const MAGNET = 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567'

let folder: string
let added: { source: string; options: AddOptions }[]
let told: string[]
/** What the session says of anything that does not begin with `good` or is a link. */
let failure: { code: string; text: string }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-watch-'))
  added = []
  told = []
  failure = { code: 'TORRENT_INVALID', text: 'it is no torrent file' }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function watched(more: Partial<WatchFolder> = {}): WatchedFolder {
  const options = { folder, dir: null, category: null, labels: [], start: null, after: 'rename' as const }
  const log = {
    info: (text: string) => told.push(text),
    warn: (text: string) => told.push(`warning: ${text}`),
  }
  return new WatchedFolder({ ...options, ...more }, { add, log })
}

async function add(
  sources: readonly (string | Uint8Array)[],
  options: AddOptions,
): Promise<readonly AddResult[]> {
  return sources.map(each => {
    const source = Buffer.from(each).toString()
    if (!/^good|^magnet/.test(source)) return { outcome: 'failed', source, ...failure }
    added.push({ source, options })
    return { outcome: 'added', id: '00', name: 'A name' }
  })
}

function put(name: string, content: string): void {
  writeFileSync(join(folder, name), content)
}

test('a torrent file that has been the same for a moment is added once, and renamed', async () => {
  const each = watched({ dir: '/data', category: 'tv', labels: ['new'], start: false })
  put('a.torrent', 'good')
  put('b.txt', 'good')
  put('.c.torrent', 'good')
  mkdirSync(join(folder, 'd.torrent'))
  expect(await each.look(0)).toBe(true)
  expect(added).toEqual([])
  await each.look(1000)
  expect(added).toEqual([
    { source: 'good', options: { dir: '/data', category: 'tv', labels: ['new'], start: false } },
  ])
  expect(await each.look(2000)).toBe(false)
  expect(readdirSync(folder).sort()).toEqual(['.c.torrent', 'a.torrent.added', 'b.txt', 'd.torrent'])
  expect(told).toEqual([`${join(folder, 'a.torrent')}: added A name`])
})

test('a file that still grows is waited for', async () => {
  const each = watched()
  put('a.torrent', 'go')
  for (let ms = 0; ms < 20_000; ms += 1000) {
    await each.look(ms)
    if (ms < 10_000) appendFileSync(join(folder, 'a.torrent'), 'o')
    else if (ms === 10_000) put('a.torrent', 'good, and longer than before')
  }
  expect(added.map(({ source }) => source)).toEqual(['good, and longer than before'])
  expect(told).toHaveLength(1)
})

test('one that stays unreadable is renamed, with the reason, and not tried again', async () => {
  const each = watched()
  put('a.torrent', 'bad')
  for (let ms = 0; ms < 60_000; ms += 1000) await each.look(ms)
  expect(readdirSync(folder)).toEqual(['a.torrent.failed'])
  expect(told).toEqual([`warning: ${join(folder, 'a.torrent')}: cannot be added: it is no torrent file`])
})

test('what fails for another reason than the file stays, and is tried again after a minute', async () => {
  const each = watched()
  failure = { code: 'DISK_FULL', text: 'no space left' }
  put('a.torrent', 'bad')
  for (let ms = 0; ms < 60_000; ms += 1000) await each.look(ms)
  expect(readdirSync(folder)).toEqual(['a.torrent'])
  expect(told).toHaveLength(1)
  put('a.torrent', 'good')
  for (let ms = 60_000; ms < 70_000; ms += 1000) await each.look(ms)
  expect(readdirSync(folder)).toEqual(['a.torrent.added'])
})

test('a file of magnet links is added link by link; other lines make it fail', async () => {
  const each = watched({ after: 'delete' })
  put('a.magnet', `# two\n${MAGNET}\n\n${MAGNET}&dn=x\n`)
  put('b.magnet', `${MAGNET}\nhttp://example.org/x.torrent\n`)
  for (let ms = 0; ms < 12_000; ms += 1000) await each.look(ms)
  expect(added.map(({ source }) => source)).toEqual([MAGNET, `${MAGNET}&dn=x`])
  expect(readdirSync(folder)).toEqual(['b.magnet.failed'])
  expect(told.at(-1)).toContain("'http://example.org/x.torrent' is no magnet link")
})

test('a folder that is not there is told once, and again when it is back', async () => {
  const path = join(folder, 'later')
  const each = watched({ folder: path })
  await each.look(0)
  await each.look(1000)
  mkdirSync(path)
  await each.look(2000)
  expect(told).toEqual([
    expect.stringMatching(/^warning: watch folder .*later cannot be read: ENOENT/),
    `watch folder ${path} is there again`,
  ])
})
