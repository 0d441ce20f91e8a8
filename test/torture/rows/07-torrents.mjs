/** Strange torrents, from files and from peers: each is what it has to be, or refused as it has to be. */
import { ShoalError } from '../../../packages/engine/dist/errors.js'
import { wrapInfo } from '../../../packages/engine/dist/metainfo/create.js'
import { parseInfo } from '../../../packages/engine/dist/metainfo/info.js'
import { parseTorrent } from '../../../packages/engine/dist/metainfo/parse.js'
import { sha1 } from '../support/decoders.mjs'
import { exchangeMetadata } from '../support/machines.mjs'
import { bytesOf, difference, TORRENTS } from '../support/torrents.mjs'

const NOTHING_ELSE = { trackers: [], webSeeds: [] }

export const title = 'strange torrents'

export async function run({ log }) {
  const notes = []
  const counts = { libtorrent: 0, ours: 0, refused: 0 }
  let exchanged = 0
  for (const torrent of TORRENTS) {
    counts[torrent.origin]++
    if (torrent.error !== undefined) counts.refused++
    const { file, info } = bytesOf(torrent)
    const ways = [['from a file', () => parseTorrent(file, sha1), true]]
    if (info !== undefined) {
      // What is in it does not matter on the way: it is what was asked for, and judged then.
      const fromPeers = () => parseInfo(exchangeMetadata(info), sha1)
      ways.push(['from peers', fromPeers, false])
      // As it is kept for the next start.
      ways.push([
        'from peers, kept',
        () => parseTorrent(wrapInfo(fromPeers().infoBytes, NOTHING_ELSE), sha1),
        false,
      ])
      exchanged++
    }
    for (const [way, read, isFile] of ways) {
      const problem = judge(torrent, read, isFile)
      log(`${torrent.origin}: ${torrent.name}, ${way}: ${problem ?? 'as it should be'}`)
      if (problem !== undefined) notes.push(`${torrent.origin}: ${torrent.name}, ${way}: ${problem}`)
    }
  }
  return {
    ok: notes.length === 0,
    count: `${TORRENTS.length} torrents, ${exchanged} by peers too`,
    figure: `${counts.libtorrent} libtorrent's, ${counts.ours} ours; ${counts.refused} refused`,
    notes,
  }
}

function judge({ wanted, error, code = 'TORRENT_INVALID' }, read, isFile) {
  let metainfo
  try {
    metainfo = read()
  } catch (caught) {
    if (!(caught instanceof ShoalError)) return `threw ${caught?.stack}`
    if (error === undefined) return `refused: ${caught.message}`
    if (caught.code !== code) return `refused as ${caught.code}, and not ${code}`
    return caught.message.includes(error) ? undefined : `refused with other words: ${caught.message}`
  }
  return error === undefined ? difference(metainfo, wanted, isFile) : `loaded, and should not: ${error}`
}
