/** The files of an info dictionary (BEP 3, 47): lengths checked, paths safe and distinct. */
import { BencodeDict, isList } from '../bencode/value.ts'
import { invalid } from './fields.ts'
import type { TorrentFile } from './metainfo.ts'
import { safeElement } from './names.ts'
import { distinctPaths } from './paths.ts'
import { quoted, repairUtf8 } from './text.ts'

/** Folders within each other; file systems give up at some point below 4096 bytes. */
export const MAX_PATH_ELEMENTS = 100

/** BitComet names its pad files so, and does not mark them. */
const BITCOMET_PAD = '_____padding_file_'

/**
 * The files in the torrent's order. `name` is the safe name of the torrent.
 *
 * Links (attribute `l`) are kept as entries without bytes that nobody stores, so that files keep the numbers they have
 * in other clients; links are not created. Pad files need no path, and several may share one.
 */
export function readFiles(info: BencodeDict, name: string, warnings: string[]): TorrentFile[] {
  if (!info.has('files')) return [readSingle(info, name)]
  const list = info.list('files')
  if (list === undefined) throw invalid('info.files', 'is not a list')
  if (list.length === 0) throw invalid('info.files', 'is empty')
  const changed = new Changes()
  const files: TorrentFile[] = []
  let offset = 0
  for (const [at, entry] of list.entries()) {
    const field = `info.files[${at}]`
    if (!(entry instanceof BencodeDict)) throw invalid(field, 'is not a dictionary')
    const file = readFile(entry, field, name, offset, changed)
    offset += file.length
    if (!Number.isSafeInteger(offset)) throw invalid('info.files', 'the total length is too large')
    files.push(file)
  }
  const { paths, renamed } = distinctPaths(files.map(file => (file.pad ? undefined : file.path)))
  if (changed.count > 0) warnings.push(`unsafe paths changed: ${changed.count}, first ${changed.first}`)
  if (renamed > 0) warnings.push(`files renamed, as others have the same path: ${renamed}`)
  return files.map((file, at) => ({ ...file, path: paths[at] ?? file.path }))
}

class Changes {
  count = 0
  first = ''
}

function readSingle(info: BencodeDict, name: string): TorrentFile {
  const attributes = readAttributes(info)
  const length = attributes.link ? 0 : readLength(info, 'info.length')
  const { executable, hidden } = attributes
  return { path: [name], length, offset: 0, pad: false, executable, hidden }
}

function readFile(
  entry: BencodeDict,
  field: string,
  name: string,
  offset: number,
  changed: Changes,
): TorrentFile {
  const { pad, link, executable, hidden } = readAttributes(entry)
  const length = link ? 0 : readLength(entry, `${field}.length`)
  if (link) checkElements(entry, 'symlink path', field)
  const raw = readElements(entry, field) ?? (pad ? ['.pad', `${length}`] : undefined)
  if (raw === undefined) throw invalid(`${field}.path`, 'is missing')
  const elements = raw.map(safeElement)
  if (!pad && !link && raw.some((element, at) => element !== elements[at])) {
    if (changed.count++ === 0) changed.first = `${quoted(raw.join('/'))} to ${quoted(elements.join('/'))}`
  }
  return {
    path: [name, ...elements],
    length,
    offset,
    pad: pad || link || elements.some(element => element.includes(BITCOMET_PAD)),
    executable,
    hidden,
  }
}

function readLength(dict: BencodeDict, field: string): number {
  const length = dict.int('length')
  if (length === undefined) throw invalid(field, dict.has('length') ? 'is not an integer' : 'is missing')
  if (length < 0) throw invalid(field, 'is negative')
  return length
}

/** `path.utf-8` where there is one, else `path`; undefined when there is none or it is empty. */
function readElements(entry: BencodeDict, field: string): string[] | undefined {
  return checkElements(entry, 'path.utf-8', field) ?? checkElements(entry, 'path', field)
}

function checkElements(entry: BencodeDict, key: string, field: string): string[] | undefined {
  if (!entry.has(key)) return undefined
  const list = entry.get(key)
  if (!isList(list)) throw invalid(`${field}.${key}`, 'is not a list')
  if (list.length > MAX_PATH_ELEMENTS)
    throw invalid(`${field}.${key}`, `is more than ${MAX_PATH_ELEMENTS} deep`)
  const elements = list.map(element => {
    if (!(element instanceof Uint8Array))
      throw invalid(`${field}.${key}`, 'holds something that is not a string')
    return repairUtf8(element)
  })
  return elements.length > 0 ? elements : undefined
}

interface Attributes {
  readonly pad: boolean
  readonly link: boolean
  readonly executable: boolean
  readonly hidden: boolean
}

function readAttributes(dict: BencodeDict): Attributes {
  const letters = dict.text('attr') ?? ''
  return {
    pad: letters.includes('p'),
    link: letters.includes('l'),
    executable: letters.includes('x'),
    hidden: letters.includes('h'),
  }
}
