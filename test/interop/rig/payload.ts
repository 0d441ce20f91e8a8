/** Contents and torrent files of the cases. */
import { createCipheriv, createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bencode, type Plain } from './bencode.ts'

const KIB = 1024
const MIB = 1024 * KIB

export interface Case {
  readonly title: string
  /** Of the file, or of the folder that holds the files. */
  readonly name: string
  readonly pieceBytes: number
  /** A size, or paths and sizes in the order of the torrent. */
  readonly files: number | readonly (readonly [path: string, bytes: number])[]
  readonly tracker: 'http' | 'udp'
  /** Who comes second finds the other at the tracker, and has to connect. */
  readonly dials: 'getter' | 'seeder'
}

export const CASES: readonly Case[] = [
  {
    title: 'a single file',
    name: 'single.bin',
    pieceBytes: 256 * KIB,
    files: 5 * MIB + 12_345,
    tracker: 'http',
    dials: 'getter',
  },
  {
    title: 'a single file of 1 MiB pieces',
    name: 'early.bin',
    pieceBytes: MIB,
    files: 3 * MIB + 1234,
    tracker: 'http',
    dials: 'seeder',
  },
  {
    title: 'many files, some empty, nested, in several scripts',
    name: 'Müll & много 文件',
    pieceBytes: 32 * KIB,
    files: [
      ['0-empty-first', 0],
      ['a/one byte', 1],
      ['a/b/c/d/deep.bin', 300 * KIB],
      ['a/b/пусто', 0],
      ['a/b/日本語/ファイル.dat', 40 * KIB + 7],
      ["it's 100% [fine] #1 + more.txt", 999],
      ['emoji 🐟/school.bin', 2 * MIB + 1],
      ['exactly a piece', 32 * KIB],
      ...Array.from({ length: 60 }, (_, i) => [`small/${i}.txt`, (i * 977) % 5000] as const),
      ['z-empty-last', 0],
    ],
    tracker: 'udp',
    dials: 'getter',
  },
  {
    title: 'pieces of one block (16 KiB)',
    name: 'blocks.bin',
    pieceBytes: 16 * KIB,
    files: 3 * MIB + 5 * KIB,
    tracker: 'udp',
    dials: 'getter',
  },
  {
    title: 'pieces of 16 MiB',
    name: 'large pieces.bin',
    pieceBytes: 16 * MIB,
    files: 33 * MIB + 4321,
    tracker: 'http',
    dials: 'getter',
  },
  {
    title: 'a last piece of one byte',
    name: 'one more.bin',
    pieceBytes: 256 * KIB,
    files: 2 * MIB + 1,
    tracker: 'udp',
    dials: 'getter',
  },
]

/** Writes the case's content into `dir` and gives the torrent's info dictionary. */
export function writePayload(of: Case, dir: string): { readonly [key: string]: Plain } {
  const single = typeof of.files === 'number'
  const files = typeof of.files === 'number' ? [['', of.files] as const] : of.files
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0)
  const content = noise(of.title, total)
  let at = 0
  for (const [path, bytes] of files) {
    const target = single ? join(dir, of.name) : join(dir, of.name, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content.subarray(at, at + bytes))
    at += bytes
  }
  const digests: Buffer[] = []
  for (let begin = 0; begin < total; begin += of.pieceBytes) {
    digests.push(sha1(content.subarray(begin, begin + of.pieceBytes)))
  }
  const layout = single
    ? { length: total }
    : { files: files.map(([path, length]) => ({ length, path: path.split('/') })) }
  return { name: of.name, 'piece length': of.pieceBytes, pieces: Buffer.concat(digests), ...layout }
}

/** A torrent file whose info-hash is its own: pairs that run at the same time must not find each other. */
export function makeTorrent(
  info: { readonly [key: string]: Plain },
  announce: string,
  unique: string,
): { readonly bytes: Buffer; readonly infoHash: Buffer } {
  const own = { ...info, source: unique }
  return { bytes: bencode({ announce, info: own }), infoHash: sha1(bencode(own)) }
}

/** The same for the same seed, and without repetitions that would hide blocks put in the wrong place. */
function noise(seed: string, bytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
