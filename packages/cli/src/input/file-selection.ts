/** `--files 1,3-5` and `--files '*.mkv'`: which files of a torrent are meant. */
import type { TorrentFile } from '@shoal/engine'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** A file as people count: from 1, without padding. */
export interface NumberedFile {
  readonly number: number
  /** Its place in the torrent's list. */
  readonly index: number
  readonly file: TorrentFile
}

/** What is needed to choose one. */
export interface NamedFile {
  readonly number: number
  readonly index: number
  /** Elements below the torrent's folder; of several files also with it. */
  readonly path: readonly string[]
  readonly below?: readonly string[]
}

export function numberFiles(files: readonly TorrentFile[]): NumberedFile[] {
  const numbered: NumberedFile[] = []
  files.forEach((file, index) => {
    if (!file.pad) numbered.push({ number: numbered.length + 1, index, file })
  })
  return numbered
}

/**
 * The indices of the files of a torrent that any of `specs` names; see {@link selectNamed}.
 *
 * @throws Failure (usage) for a number that no file has, or a glob that no file matches
 */
export function selectFiles(
  files: readonly TorrentFile[],
  singleFile: boolean,
  specs: readonly string[],
  option = '--files',
): Set<number> {
  const named = numberFiles(files).map(({ number, index, file: { path } }) => ({
    number,
    index,
    path,
    below: singleFile ? path : path.slice(1),
  }))
  return selectNamed(named, specs, option, 'shoal info --files')
}

/**
 * The indices of the files that any of `specs` names; a spec is a list of numbers, ranges and globs with commas between.
 * A glob with a slash is held against the path below the torrent's folder, one without against the file's name alone;
 * `*` and `?` stop at slashes, `**` does not; upper and lower case are the same.
 *
 * @param option what the specs were given to
 * @param see the command that shows the numbers
 * @throws Failure (usage) for a number that no file has, or a glob that no file matches
 */
export function selectNamed(
  files: readonly NamedFile[],
  specs: readonly string[],
  option: string,
  see: string,
): Set<number> {
  const selected = new Set<number>()
  for (const spec of specs) {
    for (const item of spec.split(',').map(part => part.trim())) {
      if (item === '') continue
      const matches = isNumeric(item) ? byNumber(files, item) : byGlob(files, item)
      if (typeof matches === 'string') throw new Failure(EXIT.usage, `${option}: ${matches}`, `see ${see}`)
      for (const match of matches) selected.add(match.index)
    }
  }
  if (selected.size === 0)
    throw new Failure(EXIT.usage, `${option} names no file`, `try ${option} 1 or ${option} '*.mkv'`)
  return selected
}

function isNumeric(item: string): boolean {
  return /^\d+(-\d*)?$|^-\d+$/.test(item)
}

/** Or what is wrong. */
function byNumber(files: readonly NamedFile[], item: string): readonly NamedFile[] | string {
  const dash = item.indexOf('-')
  const first = Number(dash < 0 ? item : item.slice(0, dash) || '1')
  const last = Number(dash < 0 ? item : item.slice(dash + 1) || String(files.length))
  if (first < 1 || last > files.length || first > last)
    return `there is no file ${item}, they go from 1 to ${files.length}`
  return files.slice(first - 1, last)
}

function byGlob(files: readonly NamedFile[], glob: string): readonly NamedFile[] | string {
  const pattern = globPattern(glob)
  const nameOnly = !glob.includes('/')
  const matches = files.filter(({ path, below = path }) => {
    if (nameOnly) return pattern.test(path.at(-1) ?? '')
    return pattern.test(below.join('/')) || pattern.test(path.join('/'))
  })
  return matches.length === 0 ? `no file matches '${glob}'` : matches
}

function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/^\.?\//, '')
    .replace(/\/$/, '/**')
    .replace(/\*\*\/|\*+|\?|[.+^${}()|[\]\\]/g, token => {
      if (token === '**/') return '(?:.*/)?'
      if (token === '*') return '[^/]*'
      if (token.startsWith('*')) return '.*'
      if (token === '?') return '[^/]'
      return `\\${token}`
    })
  return new RegExp(`^${source}$`, 'iu')
}
