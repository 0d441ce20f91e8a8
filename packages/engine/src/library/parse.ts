/** Reading torrents from memory. */
import type { Metainfo } from '../metainfo/metainfo.ts'
import { parseTorrent as parseWith } from '../metainfo/parse.ts'
import { sha1 } from '../node/system.ts'

/**
 * What a torrent file says, sanitised: names are safe for every platform. Nothing of `bytes` is kept.
 *
 * @throws ShoalError `TORRENT_INVALID`, `TORRENT_UNSUPPORTED`; the message names the field
 */
export function parseTorrent(bytes: Uint8Array): Metainfo {
  return parseWith(bytes, sha1)
}
