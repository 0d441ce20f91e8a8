/**
 * Strange torrents, libtorrent's and our own, through the parser. `npm run torture -- --only 7` has peers send them too,
 * and the largest.
 */
import { describe, expect, it } from 'vitest'
import { bytesOf, difference, TORRENTS } from '../../../../test/torture/support/torrents.mjs'
import { ShoalError } from '../../src/errors.ts'
import { parseInfo } from '../../src/metainfo/info.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { parseTorrent } from '../../src/metainfo/parse.ts'
import { sha1 } from './build.ts'

const accepted = TORRENTS.filter(({ error }) => error === undefined)
const refused = TORRENTS.filter(({ error, isLarge }) => error !== undefined && isLarge !== true)

describe('the collection of strange torrents', () => {
  it.each(accepted)('loads $name ($origin), from a file and from peers', torrent => {
    const { file, info } = bytesOf(torrent)
    const fromFile = parseTorrent(file, sha1)
    expect(difference(fromFile, torrent.wanted!, true)).toBeUndefined()
    const fromPeers = parseInfo(info ?? fromFile.infoBytes, sha1)
    expect(difference(fromPeers, torrent.wanted!, false)).toBeUndefined()
    expect(fromPeers.infoHash).toEqual(fromFile.infoHash)
    expect(fromPeers.files).toEqual(fromFile.files)
  })

  it.each(refused)('refuses $name ($origin), saying why', torrent => {
    const { file, info } = bytesOf(torrent)
    const code = torrent.code ?? 'TORRENT_INVALID'
    const failure = expect.objectContaining({ code, message: expect.stringContaining(torrent.error!) })
    expect(errorOf(() => parseTorrent(file, sha1))).toEqual(failure)
    if (info !== undefined) expect(errorOf(() => parseInfo(info, sha1))).toEqual(failure)
  })
})

function errorOf(read: () => Metainfo): ShoalError | undefined {
  try {
    read()
  } catch (error) {
    if (error instanceof ShoalError) return error
    throw error
  }
  return undefined
}
