/** What happens to files which nobody should have touched. */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { MIB } from './swarm.mjs'

const HUGE_BYTES = 3 * 1024 * MIB

/**
 * By name: (path, random, other) damages the file; `other` is the same kind of file of another torrent, if there is one.
 *
 * @type {Record<string, (path: string, random: import('../random.mjs').Random, other: string | undefined) => void>}
 */
export const DAMAGES = {
  empty: path => truncateSync(path, 0),
  truncated: (path, random) => change(path, bytes => bytes.subarray(0, random.below(bytes.length))),
  // Of a journal; others lose their last byte.
  'an entry less': path =>
    change(path, bytes => bytes.subarray(0, entryEnds(bytes).at(-2) ?? bytes.length - 1)),
  'first byte': (path, random) => change(path, bytes => flip(bytes, 0, random)),
  'last byte': (path, random) => change(path, bytes => flip(bytes, bytes.length - 1, random)),
  'bits flipped': (path, random) =>
    change(path, bytes => {
      for (let left = random.between(1, 8); left > 0; left--) flip(bytes, random.below(bytes.length), random)
      return bytes
    }),
  zeros: path => change(path, bytes => bytes.fill(0)),
  ones: path => change(path, bytes => bytes.fill(0xff)),
  garbage: (path, random) => change(path, bytes => random.bytes(Math.max(1, bytes.length))),
  doubled: path => change(path, bytes => Buffer.concat([bytes, bytes])),
  swapped: (path, random, other) => {
    if (other === undefined) return DAMAGES.garbage(path, random)
    const temporary = `${path}.swap`
    renameSync(path, temporary)
    renameSync(other, path)
    renameSync(temporary, other)
  },
  'old version': path => change(path, bytes => reversion(bytes, 0)),
  'future version': path => change(path, bytes => reversion(bytes, 9)),
  // Sparse: it takes no room, but nobody should read it.
  huge: path => truncateSync(path, HUGE_BYTES),
  'a folder': path => {
    rmSync(path)
    mkdirSync(path)
    writeFileSync(`${path}/something`, 'else')
  },
  'a dangling link': path => {
    rmSync(path)
    symlinkSync('/nowhere/at all', path)
  },
  'no permission': path => chmodSync(path, 0),
  'a tail of garbage': (path, random) =>
    change(path, bytes => Buffer.concat([bytes, random.bytes(random.between(1, 200))])),
  'line ends converted': path =>
    change(path, bytes => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')),
}

/** Where the entries of a journal end: `<length: 4 bytes><checksum: 4 bytes><payload>`; none when it is no journal. */
export function entryEnds(bytes) {
  const ends = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    at += 8 + bytes.readUInt32BE(at)
    if (at <= bytes.length) ends.push(at)
  }
  return ends
}

function change(path, edit) {
  const bytes = readFileSync(path)
  if (bytes.length > 0) writeFileSync(path, edit(bytes))
}

function flip(bytes, at, random) {
  bytes[at] ^= 1 << random.below(8)
  return bytes
}

/** The version that the file names, in bencoding, or the first digit of its first line. */
function reversion(bytes, version) {
  const text = bytes.toString('latin1')
  const inBencoding = /(7:versioni)\d+(e)/
  const changed = inBencoding.test(text)
    ? text.replace(inBencoding, `$1${version}$2`)
    : text.replace(/^([^\d\n]{0,32})\d+/, `$1${version}`)
  return Buffer.from(changed, 'latin1')
}
