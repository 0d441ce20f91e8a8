import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TorrentFiles } from '../../src/session/torrent-files.ts'
import { testFolder, torrentBytes, torrentId } from '../support/test-session.ts'

test('trackers are known after the file has left the cache, once for all that have the same', async () => {
  const folder = testFolder()
  const files = new TorrentFiles(folder, 1)
  await files.open()
  const names = ['one', 'two', 'three']
  for (const name of names) {
    const trackers =
      name === 'three' ? ['http://other.example/a'] : ['http://a.example/a', 'udp://b.example:1']
    const options = { trackers }
    await files.save(torrentId(name, options), torrentBytes(name, options))
  }
  const ids = names.map(name => torrentId(name))
  const [one, two, three] = [
    await files.tiers(ids[0]!),
    await files.tiers(ids[1]!),
    await files.tiers(ids[2]!),
  ]
  expect(one).toEqual([['http://a.example/a'], ['udp://b.example:1']])
  expect(two).toBe(one)
  expect(three).toEqual([['http://other.example/a']])

  rmSync(join(folder, 'torrents'), { recursive: true })
  await expect(files.load(ids[0]!)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  expect(await files.tiers(ids[0]!)).toBe(one)
  // One that is gone may come back with others.
  await files.delete(ids[0]!)
  await expect(files.tiers(ids[0]!)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})
