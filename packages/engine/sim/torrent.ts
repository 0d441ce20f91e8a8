/** Torrents whose content is a function of the place in them, so that nobody has to keep it. */
import { createHash } from 'node:crypto'
import { encodeTorrent } from '../src/metainfo/create.ts'
import type { Geometry } from '../src/metainfo/geometry.ts'
import type { Metainfo } from '../src/metainfo/metainfo.ts'
import { parseTorrent } from '../src/metainfo/parse.ts'
import type { Sha1 } from '../src/ports.ts'
import { mix } from './random.ts'

export const TRACKER_URL = 'http://tracker.sim/announce'

export interface TorrentShape {
  readonly name?: string
  readonly pieces: number
  /** Bytes; default 64 KiB. */
  readonly pieceLength?: number
  /** Bytes by which the last piece is shorter; default 5000. */
  readonly shortBy?: number
  /** Cuts the content into so many files of different lengths; default 1. */
  readonly files?: number
  readonly seed?: number
  /** Default true. */
  readonly hasTracker?: boolean
  readonly private?: boolean
}

/** A torrent and what it contains. */
export interface SimTorrent {
  readonly metainfo: Metainfo
  readonly geometry: Geometry
  /** The whole piece; shared, never to be changed. */
  piece(index: number): Uint8Array
}

export const sha1: Sha1 = bytes => new Uint8Array(createHash('sha1').update(bytes).digest())

/** Pieces that are kept once computed: in a swarm each is needed by every host in turn. */
const KEPT_BYTES = 48 * 1024 * 1024

export function makeTorrent(shape: TorrentShape): SimTorrent {
  const pieceLength = shape.pieceLength ?? 64 * 1024
  const total = shape.pieces * pieceLength - (shape.shortBy ?? 5000)
  const seed = mix((shape.seed ?? 1) >>> 0)
  const sizeOf = (index: number): number => Math.min(pieceLength, total - index * pieceLength)
  const piece = remembering(index => content(seed, index, sizeOf(index)), Math.ceil(KEPT_BYTES / pieceLength))
  const pieceHashes = new Uint8Array(shape.pieces * 20)
  for (let index = 0; index < shape.pieces; index++) pieceHashes.set(sha1(piece(index)), index * 20)
  const encoded = encodeTorrent({
    name: shape.name ?? 'content',
    files: shape.files === undefined || shape.files === 1 ? total : cutInto(shape.files, total),
    pieceLength,
    pieceHashes,
    trackers: shape.hasTracker === false ? [] : [[TRACKER_URL]],
    private: shape.private ?? false,
  })
  const metainfo = parseTorrent(encoded, sha1)
  return { metainfo, geometry: metainfo.geometry, piece }
}

/** Words that depend on their place, so that no two blocks are alike. */
function content(seed: number, index: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = mix((seed ^ Math.imul(index + 1, 0x9e3779b9)) >>> 0)
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[at] = state ^ (state >>> 15)
  }
  return new Uint8Array(words.buffer, 0, length)
}

function remembering(make: (index: number) => Uint8Array, most: number): (index: number) => Uint8Array {
  const kept = new Map<number, Uint8Array>()
  return index => {
    let bytes = kept.get(index)
    if (bytes !== undefined) return bytes
    bytes = make(index)
    const [oldest] = kept.keys()
    if (kept.size >= most && oldest !== undefined) kept.delete(oldest)
    kept.set(index, bytes)
    return bytes
  }
}

/** Files of growing lengths, whose borders fall into the midst of pieces; one of them is empty. */
function cutInto(count: number, total: number): { path: string[]; length: number }[] {
  const files: { path: string[]; length: number }[] = []
  let left = total
  const parts = (count * (count - 1)) / 2
  for (let at = 0; at < count; at++) {
    const length = at === count - 1 ? left : Math.floor((total * at) / parts)
    files.push({ path: [`part-${at}`], length })
    left -= length
  }
  return files
}
