/** Torrents for tests, built field by field; nothing here is checked, so they may be as wrong as a test wants. */
import { createHash } from 'node:crypto'
import { type Encodable, encode } from '../../src/bencode/encode.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { parseTorrent } from '../../src/metainfo/parse.ts'

export type Fields = { readonly [key: string]: Encodable | undefined }

export function sha1(bytes: Uint8Array): Uint8Array {
  return createHash('sha1').update(bytes).digest()
}

/** One character a byte. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, char => char.charCodeAt(0))
}

export function hashes(pieces: number): Uint8Array {
  return new Uint8Array(20 * pieces).map((_, at) => at)
}

/** An info dictionary of one file of 425 bytes, with `fields` in place of its own; undefined removes one. */
export function single(fields: Fields = {}): Fields {
  return { length: 425, name: 'temp', 'piece length': 16384, pieces: hashes(1), ...fields }
}

/** An info dictionary of files, each of 425 bytes unless it says otherwise, in a folder. */
export function multi(files: readonly Encodable[], fields: Fields = {}): Fields {
  return { files, name: 'temp', 'piece length': 16384, pieces: hashes(1), ...fields }
}

export function file(path: Encodable, fields: Fields = {}): Fields {
  return { length: 425, path, ...fields }
}

export function torrent(info: Encodable | undefined, fields: Fields = {}): Uint8Array {
  return encode({ ...fields, info })
}

export function parse(info: Encodable | undefined, fields: Fields = {}): Metainfo {
  return parseTorrent(torrent(info, fields), sha1)
}

/** Paths as people write them. */
export function pathsOf(metainfo: Metainfo): string[] {
  return metainfo.files.map(entry => entry.path.join('/'))
}
