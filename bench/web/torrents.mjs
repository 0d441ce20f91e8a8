/** Thousands of small torrents, and one of very many files: the same for every client. */
import { createHash } from 'node:crypto'

const PIECE_BYTES = 16 * 1024 * 1024
const PIECES = 300
const WORDS = 'Night River Stone Garden Letters Harbour Winter Glass Mountain Orchard Station Silence'.split(
  ' ',
)
/** Half of the files are in one folder, the others in many: both are hard in their own way. */
const FILES_A_FOLDER = 100

/** @returns [{ bytes, id, name }]; the last one has `files` files, 0: it is like the others */
export function torrents(count, files) {
  const small = Array.from({ length: files === 0 ? count : count - 1 }, (_, number) => {
    const name = `The.${word(number)}.of.the.${word(number * 7 + 3)}.2160p.WEB.${number + 1}.mkv`
    return torrent(name, number, `6:lengthi${PIECES * PIECE_BYTES}e`, PIECES)
  })
  return files === 0 ? small : [...small, manyFiles(files, count)]
}

function manyFiles(files, number) {
  const entries = []
  for (let index = 0; index < files; index++) {
    const folder = index < files / 2 ? 'all of them' : `folder ${Math.floor(index / FILES_A_FOLDER)}`
    const name = `file number ${index}.dat`
    entries.push(`d6:lengthi65536e4:pathl${text(folder)}${text(name)}ee`)
  }
  const pieces = Math.ceil((files * 65_536) / PIECE_BYTES)
  return torrent('A torrent of very many files', number, `5:filesl${entries.join('')}e`, pieces)
}

function torrent(name, number, layout, pieces) {
  // Nothing of it is ever hashed. No tracker: nobody is asked.
  const hashes = Buffer.alloc(pieces * 20, createHash('sha1').update(String(number)).digest())
  const head = `d${layout}4:name${text(name)}12:piece lengthi${PIECE_BYTES}e6:pieces${hashes.length}:`
  const info = Buffer.concat([Buffer.from(head), hashes, Buffer.from('e')])
  const bytes = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
  return { bytes, id: createHash('sha1').update(info).digest('hex'), name }
}

function word(number) {
  return WORDS[number % WORDS.length]
}

function text(value) {
  return `${Buffer.byteLength(value)}:${value}`
}
