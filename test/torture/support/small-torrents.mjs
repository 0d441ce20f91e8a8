/** Many torrents of one small file each. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTorrent } from '../../../packages/engine/dist/index.js'
import { Random } from '../random.mjs'
import { dict, encoded, textOf } from './bencode.mjs'
import { KIB } from './swarm.mjs'

const PIECE_BYTES = 64 * KIB
const PIECES = 4
export const SMALL_BYTES = PIECE_BYTES * PIECES

/**
 * @param dirOf the folder that the data of this one is written to, by chance
 * @returns what a Seeder takes, and: `id`, `bytes64` (the torrent file in base64), `sha256` of the content
 */
export function makeSmallTorrents(count, seed, dirOf) {
  return Array.from({ length: count }, (_, number) => {
    const random = Random.named(seed, `torrent ${number}`)
    const name = `data ${number}.bin`
    const content = random.bytes(SMALL_BYTES)
    const dir = dirOf(random)
    writeFileSync(join(dir, name), content)
    const hashes = Array.from({ length: PIECES }, (_, piece) =>
      createHash('sha1')
        .update(content.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES))
        .digest(),
    )
    const pieces = textOf(Buffer.concat(hashes))
    const info = dict({ length: SMALL_BYTES, name, 'piece length': PIECE_BYTES, pieces })
    const bytes = encoded(dict({ info }))
    const metainfo = parseTorrent(bytes)
    const bytes64 = Buffer.from(bytes).toString('base64')
    return { id: metainfo.infoHashHex, name, dir, metainfo, bytes64, sha256: sha256(content) }
  })
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
