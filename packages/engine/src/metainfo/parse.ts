/** Reads a torrent file (BEP 3): what stands around the info dictionary is read here, the rest in `info.ts`. */
import { type Decoded, decode, MAX_BYTES } from '../bencode/decode.ts'
import { BencodeDict, isList } from '../bencode/value.ts'
import { ShoalError } from '../errors.ts'
import { invalid, repairedText, textsOf } from './fields.ts'
import { parseInfo } from './info.ts'
import type { Metainfo } from './metainfo.ts'
import { repairUtf8 } from './text.ts'
import type { DhtNode } from './urls.ts'

/** The largest torrent file that is read. */
export const MAX_TORRENT_BYTES: number = MAX_BYTES

/**
 * What a torrent file says, sanitised. Nothing of `bytes` is kept.
 *
 * Throws `TORRENT_INVALID` or `TORRENT_UNSUPPORTED`; the message names the field, or says what the file is instead.
 */
export function parseTorrent(bytes: Uint8Array, sha1: (bytes: Uint8Array) => Uint8Array): Metainfo {
  const { value: root, warnings } = decodeFile(bytes)
  if (!(root instanceof BencodeDict)) {
    throw new ShoalError('TORRENT_INVALID', 'this is not a torrent file: it does not begin with a dictionary')
  }
  const span = root.span('info')
  if (span === undefined) throw invalid('info', 'is missing')
  return parseInfo(bytes.subarray(span.start, span.end), sha1, {
    trackers: readTrackers(root),
    webSeeds: textsOf(root, 'url-list'),
    httpSeeds: textsOf(root, 'httpseeds'),
    nodes: readNodes(root),
    comment: repairedText(root, 'comment'),
    createdBy: repairedText(root, 'created by'),
    creationDate: root.int('creation date'),
    warnings,
  })
}

function decodeFile(bytes: Uint8Array): Decoded {
  if (bytes.length > MAX_TORRENT_BYTES) {
    const mebibytes = MAX_TORRENT_BYTES / 2 ** 20
    throw new ShoalError('TORRENT_INVALID', `this file is larger than ${mebibytes} MiB: no torrent file is`)
  }
  const other = whatElse(bytes)
  if (other !== undefined) throw new ShoalError('TORRENT_INVALID', other)
  try {
    return decode(bytes)
  } catch (cause) {
    throw new ShoalError('TORRENT_INVALID', `this torrent file is damaged: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Says what people opened by mistake; undefined for what may be bencoded. */
function whatElse(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'this file is empty'
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'this is compressed data (gzip), not a torrent file'
  const start = repairUtf8(bytes.subarray(0, 512))
    .replace(/^[\ufeff\s]+/u, '')
    .toLowerCase()
  if (start.startsWith('<?xml') && !start.includes('<html'))
    return 'this is an XML document, not a torrent file'
  if (start.startsWith('<')) return 'this is a web page (HTML), not a torrent file'
  if (start.startsWith('magnet:')) return 'this is a magnet link, not a torrent file'
  if (start.startsWith('{') || start.startsWith('[')) return 'this is JSON, not a torrent file'
  if (!/^[0-9dil]/u.test(start)) return 'this is not a torrent file: it does not begin with a dictionary'
  return undefined
}

/** BEP 12: `announce` counts only where `announce-list` names nobody. */
function readTrackers(root: BencodeDict): string[][] {
  const tiers: string[][] = []
  for (const tier of root.list('announce-list') ?? []) {
    // Some write a plain string for a tier of one.
    const entries = tier instanceof Uint8Array ? [tier] : isList(tier) ? tier : []
    const urls = entries.flatMap(url => (url instanceof Uint8Array ? [repairUtf8(url)] : []))
    if (urls.some(url => url.trim() !== '')) tiers.push(urls)
  }
  if (tiers.length > 0) return tiers
  const announce = root.bytes('announce')
  return announce === undefined ? [] : [[repairUtf8(announce)]]
}

/** BEP 5: pairs of host and port. */
function readNodes(root: BencodeDict): DhtNode[] {
  const nodes: DhtNode[] = []
  for (const pair of root.list('nodes') ?? []) {
    if (!isList(pair)) continue
    const [host, port] = pair
    if (host instanceof Uint8Array && typeof port === 'number') nodes.push({ host: repairUtf8(host), port })
  }
  return nodes
}
