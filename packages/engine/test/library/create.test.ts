import { symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import type { CreateOptions } from '../../src/library/types/torrent-file.ts'
import { verifyTorrent } from '../../src/library/verify.ts'
import { pathsOf, sha1 } from '../metainfo/build.ts'
import { content, folder } from './sandbox.ts'

const KIB_16 = 16_384

describe('a torrent of a folder', () => {
  it('holds its files in the order of their bytes, element by element, and no hidden ones', async () => {
    const dir = folder({
      'album/b': 'b',
      'album/a/z': 'z',
      'album/a.txt': 'a',
      'album/B': 'B',
      'album/é': 'e',
      'album/\u{10000}': 'x',
      'album/\uff5e': 'y',
      'album/empty': '',
      'album/.DS_Store': 'hidden',
      'album/.git/config': 'hidden',
    })
    // As some systems ignore case, `B` and `b` cannot be in one torrent.
    await expect(createTorrent(join(dir, 'album'))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    const other = folder({
      z: '',
      'a/z': 'z',
      'a.txt': 'a',
      B: 'B',
      é: 'e',
      '\u{10000}': 'x',
      '\uff5e': 'y',
      '.x': '',
    })
    const { metainfo } = await createTorrent(other, { name: 'album' })
    expect(pathsOf(metainfo).map(path => path.slice(6))).toEqual([
      'B',
      'a/z',
      'a.txt',
      'z',
      'é',
      '\uff5e',
      '\u{10000}',
    ])
  })

  it('has the same bytes each time, its pieces those of the files, and is verified', async () => {
    const files = { one: content(100_000), 'two/three': content(50_000), 'two/none': '' }
    const dir = folder({})
    const [first, second] = [folder(files), folder(files)]
    const options: CreateOptions = { name: basename(dir), pieceLength: KIB_16 }
    const { bytes, metainfo } = await createTorrent(first, options)
    expect((await createTorrent(second, options)).bytes).toEqual(bytes)
    expect(metainfo.pieceHashes.subarray(0, 20)).toEqual(
      new Uint8Array(sha1(content(100_000).subarray(0, KIB_16))),
    )
    expect(metainfo).toMatchObject({ createdBy: undefined, creationDate: undefined, warnings: [] })
    const own = await createTorrent(first)
    expect(await verifyTorrent(own.metainfo, join(first, '..'))).toMatchObject({ ok: true })
  })

  it('is refused when there is nothing in it', async () => {
    for (const dir of [folder(), folder({ empty: '' }), folder({ '.hidden': 'x' })]) {
      await expect(createTorrent(dir)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    }
  })

  it.skipIf(process.platform === 'win32')(
    'is refused for links and names that would be changed',
    async () => {
      const linked = folder({ file: 'x' })
      symlinkSync('file', join(linked, 'link'))
      await expect(createTorrent(linked)).rejects.toThrow(/link is a symbolic link/)
      await expect(createTorrent(folder({ 'a: b': 'x' }))).rejects.toThrow(/rename it, for example to "a_ b"/)
      await expect(createTorrent(folder({ x: 'x' }), { name: 'aux' })).rejects.toThrow(/such as "_aux"/)
      await expect(createTorrent(folder({ 'x\ufffd': 'x' }))).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      })
    },
  )
})

it('makes a torrent of one file with all that was asked for', async () => {
  const path = join(folder({ 'disk.iso': content(40_000) }), 'disk.iso')
  const progress: number[] = []
  const { metainfo } = await createTorrent(path, {
    trackers: [['http://t.example/announce', 'udp://t.example:80'], ['http://u.example/announce']],
    webSeeds: ['http://w.example/disk.iso'],
    private: true,
    comment: 'a comment',
    source: 'S',
    onProgress: ({ hashedBytes, totalBytes }) => progress.push(hashedBytes / totalBytes),
  })
  expect(metainfo).toMatchObject({
    name: 'disk.iso',
    singleFile: true,
    trackers: [['http://t.example/announce', 'udp://t.example:80'], ['http://u.example/announce']],
    webSeeds: ['http://w.example/disk.iso'],
    private: true,
    comment: 'a comment',
    source: 'S',
  })
  expect(metainfo.geometry).toMatchObject({ pieceLength: KIB_16, pieceCount: 3, totalLength: 40_000 })
  expect(progress.at(-1)).toBe(1)
})

it.each<[CreateOptions]>([
  [{ pieceLength: 1000 }],
  [{ pieceLength: 8192 }],
  [{ pieceLength: 3 * KIB_16 }],
  [{ pieceLength: 2 ** 30 }],
  [{ trackers: [['tracker.example']] }],
  [{ trackers: [['']] }],
  [{ webSeeds: ['ftp://example.org/'] }],
  [{ name: '' }],
  [{ name: 'a/b' }],
])('refuses %j', async options => {
  await expect(createTorrent(folder({ x: 'x' }), options)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})

it('fails for what is not there, and when it is aborted', async () => {
  const dir = folder({ x: content(100_000) })
  await expect(createTorrent(join(dir, 'none'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  const signal = AbortSignal.abort()
  await expect(createTorrent(dir, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
  const controller = new AbortController()
  const creating = createTorrent(dir, { signal: controller.signal })
  controller.abort()
  await expect(creating).rejects.toMatchObject({ code: 'ABORTED' })
})
