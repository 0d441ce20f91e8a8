/**
 * Names of files that were made to do harm, through the code that reads torrents and the code that makes files: none
 * leads out of the torrent's folder, none is the file of another on any system, none is refused by Windows. Some are
 * really made, and looked for on the disk.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix, win32 } from 'node:path'
import { ShoalError } from '../../../packages/engine/dist/errors.js'
import { parseTorrent } from '../../../packages/engine/dist/metainfo/parse.js'
import { filePath } from '../../../packages/engine/dist/node/file-plan.js'
import { inspectFoldersSync, makeFolders, NO_FOLLOW } from '../../../packages/engine/dist/node/folders.js'
import { Random } from '../random.mjs'
import { dict, encoded, textOf, utf8 } from '../support/bencode.mjs'
import { sha1 } from '../support/decoders.mjs'

export const title = 'names of files'

const FILES_A_TORRENT = 20
/** Of so many torrents one is made on disk. */
const MADE_EVERY = 25
/** Many files of one name must not take long (a message of a peer's can bring them). */
const MAX_MS = 50

const PARTS = [
  'a', 'A', 'b', 'foo', 'Foo', 'FOO', '.txt', '.TXT', '.mkv', '.', '..', '...', ' ', '  ', '/', '\\', '//', '\\\\', ':', '::$DATA',
  'con', 'CON', 'prn', 'AUX', 'nul', 'NUL', 'com1', 'COM9', 'COM¹', 'lpt³', 'LPT0', 'clock$', 'CONIN$', 'conout$', 'C:', '~', '$', '%',
  '*', '?', '"', '<', '>', '|', '\0', '\x01', '\t', '\r\n', '\x1b[31m', '\x7f', '\x85', '\x9b', '\u202e', '\u202a', '\u2066', '\u200b',
  '\u200d', '\u200f', '\ufeff', '\u206a', '\u061c', '\u180e', '\u2028', '\u00ad', '\ufe0f', '\u034f', '\u00e9', 'e\u0301', 'E\u0301',
  '\u00c5', '\u212b', 'A\u030a', '\u212a', 'K', 'k', 'ß', 'ss', 'SS', 'ẞ', 'İ', 'ı', 'i', 'I', 'i\u0307', 'ﬁ', 'fi', 'Σ', 'σ', 'ς',
  'Ω', 'Ω', 'ǆ', 'ǅ', 'Ǆ', '\u0345', '\u03b9', 'ᾳ', 'ᾼ', '가', '가', '\u0323\u0307', '\u0307\u0323', '日', '😀', '👨\u200d👩', '\uffff',
  '\ue000', '\u{e0001}', '\u{10ffff}', '_', '_1', '.1', '.2', '.pad', '_____padding_file_', '.part', '．', '／', '＼', '․', '‥', '∕',
  'x'.repeat(90), '日'.repeat(60), '😀'.repeat(60), 'e\u0301'.repeat(80), '.e'.repeat(60), ' '.repeat(300), '.'.repeat(300),
] // biome-ignore format: a table
/** Bytes that are no text. */
const RAW = [
  '\xff',
  '\xc0\xaf',
  '\xc0\xae\xc0\xae',
  '\xed\xa0\x80',
  '\xed\xb0\x80',
  '\xf4\x90\x80\x80',
  '\xe2\x80',
  '\x80',
  '\xfe\xff',
]

export async function run({ full, seed, work, log }) {
  const names = full ? 1_000_000 : 100_000
  const notes = []
  const counts = { names: 0, refused: 0, changed: 0, made: 0 }
  for (let n = 0; counts.names < names && notes.length < 5; n++) {
    const random = Random.named(seed, `torrent ${n}`)
    const torrent = makeTorrent(random)
    counts.names += torrent.names
    try {
      const metainfo = parseTorrent(torrent.bytes, sha1)
      if (metainfo.warnings.length > 0) counts.changed++
      checkAll(metainfo)
      if (n % MADE_EVERY === 0) counts.made += make(metainfo, join(work, `${n}`))
    } catch (error) {
      if (error instanceof ShoalError && error.message.includes('info.name: is empty')) counts.refused++
      else notes.push(`torrent ${n}: ${error?.stack}`)
    }
  }
  const slowest = manyOfOneName(notes)
  log(
    `${counts.changed} torrents had names changed, ${counts.refused} have no name; 501 of one name: ${slowest.toFixed(1)} ms`,
  )
  return {
    ok: notes.length === 0,
    count: `${Math.round(counts.names / 1000)} k names`,
    figure: `${counts.made} files made, none outside`,
    notes,
  }
}

// ------------------------------------------------------------------------------------------------------ making up

/** Bytes of UTF-8, mostly. */
function makeName(random, before) {
  const kind = random.below(10)
  // The same as another, to some systems.
  if (kind < 3 && before.length > 0) return variant(random.pick(before), random)
  if (kind === 3) return textOf(random.bytes(random.below(24)))
  if (kind === 4) return utf8(Array.from({ length: 1 + random.below(8) }, () => codePoint(random)).join(''))
  let name = ''
  for (let parts = 1 + random.below(5); parts > 0; parts--) {
    name += random.below(20) === 0 ? random.pick(RAW) : utf8(random.pick(PARTS))
  }
  return name
}

function codePoint(random) {
  const value = random.below(random.pick([128, 0x300, 0x3000, 0x110000]))
  return value >= 0xd800 && value < 0xe000 ? 'x' : String.fromCodePoint(value)
}

const fromUtf8 = text => new TextDecoder().decode(Buffer.from(text, 'latin1'))

function variant(name, random) {
  const text = fromUtf8(name)
  switch (random.below(12)) {
    case 0:
      return utf8(text.toUpperCase())
    case 1:
      return utf8(text.toLowerCase())
    case 2:
      return utf8(text.normalize('NFD'))
    case 3:
      return utf8(text.normalize('NFC'))
    case 4:
      return `${name}.`
    case 5:
      return `${name} `
    case 6:
      return utf8(`${text.slice(0, 1)}\u200b${text.slice(1)}`)
    case 7:
      return utf8(text.replace(/.$/u, ''))
    case 8:
      return `${name}.1`
    case 9:
      return `\\${name}`
    case 10:
      return utf8(`${text}\u206a`)
    default:
      return name
  }
}

function makeTorrent(random) {
  const before = []
  let names = 1
  const files = Array.from({ length: 1 + random.below(2 * FILES_A_TORRENT) }, () => {
    const path = Array.from({ length: 1 + random.below(random.below(4) === 0 ? 6 : 2) }, () => {
      names++
      const name = makeName(random, before)
      before.push(name)
      return name
    })
    return dict({ length: 1, path, attr: random.below(40) === 0 ? random.pick(['p', 'l', 'x']) : undefined })
  })
  const name = makeName(random, [])
  const isSingle = random.below(30) === 0
  const pieces = 'h'.repeat(20)
  const info = isSingle
    ? dict({ length: 1, name, 'piece length': 16384, pieces })
    : dict({
        files: [...files, dict({ length: 1, path: ['one that is safe'] })],
        name,
        'piece length': 16384,
        pieces,
      })
  return { bytes: encoded(dict({ info })), names: isSingle ? 1 : names }
}

// ------------------------------------------------------------------------------------------------------- checking

/** When two names are one file, by system. Written without the code that is judged. */
const SYSTEMS = {
  'NTFS: units in upper case': name =>
    Array.from({ length: name.length }, (_, at) => upperUnit(name[at])).join(''),
  'APFS: composed, in lower case': name => name.normalize('NFC').toLowerCase().normalize('NFC'),
  'APFS: decomposed, in upper case': name => name.normalize('NFD').toUpperCase().normalize('NFD'),
  'HFS+: decomposed, some characters ignored': name =>
    name
      .normalize('NFD')
      .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu, '')
      .toLowerCase(),
  'ext4 with casefold': name => name.normalize('NFD').toLowerCase().normalize('NFD'),
}

function upperUnit(unit) {
  const upper = unit.toUpperCase()
  return upper.length === 1 ? upper : unit
}

// biome-ignore format: one line a rule
const WINDOWS_REFUSES = [
  /[<>:"/\\|?*]|\p{Cc}/u,
  /[. ]$/u,
  /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(?:$|[.:])/iu,
]

function checkAll({ name, files, singleFile }) {
  const stored = files.filter(({ pad }) => !pad)
  for (const { path } of files) {
    for (const element of path) checkElement(element)
    checkInside(path)
    if (!singleFile && path[0] !== name) throw new Error('a file is not in the folder of the torrent')
  }
  for (const [system, keyOf] of Object.entries(SYSTEMS)) {
    const taken = new Map()
    const folders = new Map()
    for (const { path } of stored) {
      const keys = path.map(keyOf)
      const key = keys.join('/')
      if (taken.has(key)) throw new Error(`${system}: one file: ${show(taken.get(key))} and ${show(path)}`)
      taken.set(key, path)
      for (let depth = 1; depth < keys.length; depth++) folders.set(keys.slice(0, depth).join('/'), path)
    }
    for (const [key, path] of taken) {
      if (folders.has(key))
        throw new Error(`${system}: a file and a folder: ${show(path)} and ${show(folders.get(key))}`)
    }
  }
}

function checkElement(element) {
  const problem =
    WINDOWS_REFUSES.some(rule => rule.test(element)) ||
    element === '' ||
    element === '.' ||
    element === '..' ||
    element.length > 255 ||
    Buffer.byteLength(element) > 255 ||
    Buffer.from(element).toString() !== element ||
    /[\u202a-\u202e\u2066-\u2069]/u.test(element)
  if (problem) throw new Error(`a name that is refused somewhere: ${JSON.stringify(element)}`)
}

function checkInside(path) {
  for (const [rules, root] of [
    [posix, '/downloads/here'],
    [win32, 'C:\\downloads\\here'],
    [win32, '\\\\server\\share'],
  ]) {
    const whole = rules.resolve(root, rules.join(root, ...path))
    const parts = rules.relative(root, whole).split(rules.sep)
    if (parts.length !== path.length || parts.some((part, at) => part !== path[at])) {
      throw new Error(`outside, or elsewhere: ${show(path)} is ${whole}`)
    }
  }
}

function show(path) {
  return JSON.stringify(path).replace(/[^ -~]/gu, char => `\\u{${char.codePointAt(0).toString(16)}}`)
}

// ------------------------------------------------------------------------------------------------------ on disk

/** Makes the files as a download does; how many, when they and nothing else are there. */
function make({ files }, folder) {
  const dir = join(folder, 'in', 'downloads')
  const canaries = [join(folder, 'canary'), join(folder, 'in', 'canary')]
  mkdirSync(dir, { recursive: true })
  for (const canary of canaries) writeFileSync(canary, 'untouched')
  const expected = new Set()
  for (const [index, { path, pad }] of files.entries()) {
    if (pad) continue
    makeFolders(dir, path)
    if (!inspectFoldersSync(dir, path)) throw new Error(`its folders are not there: ${show(path)}`)
    const place = filePath(dir, { path, index })
    closeSync(openSync(place, NO_FOLLOW | WRITE_NEW))
    expected.add(path.join('/'))
  }
  const found = filesOf(dir)
  for (const path of found) if (!expected.delete(path)) throw new Error(`nobody asked for ${show([path])}`)
  if (expected.size > 0) throw new Error(`not there: ${show([...expected])}`)
  for (const canary of canaries)
    if (readFileSync(canary, 'utf8') !== 'untouched') throw new Error(`${canary} was written to`)
  if (filesOf(folder).length !== found.length + canaries.length) throw new Error('something was made outside')
  rmSync(folder, { recursive: true })
  return found.length
}

/** Create, and fail where there is one: no two paths may be one file. */
const WRITE_NEW = 0o1 | 0o100 | 0o200

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
}

// --------------------------------------------------------------------------------------------------------- time

function manyOfOneName(notes) {
  let slowest = 0
  for (const name of ['a', 'x'.repeat(255), utf8('e\u0301'.repeat(80)), utf8('日'.repeat(84))]) {
    const files = Array.from({ length: 501 }, () => dict({ length: 1, path: [name] }))
    const bytes = encoded(
      dict({ info: dict({ files, name: 'n', 'piece length': 16384, pieces: 'h'.repeat(20) }) }),
    )
    let least = Number.POSITIVE_INFINITY
    for (let n = 0; n < 6; n++) {
      const before = process.cpuUsage()
      parseTorrent(bytes, sha1)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, (user + system) / 1000)
    }
    if (least > MAX_MS) notes.push(`501 files of one name take ${least.toFixed(0)} ms`)
    slowest = Math.max(slowest, least)
  }
  return slowest
}
