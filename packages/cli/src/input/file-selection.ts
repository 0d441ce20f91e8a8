/** `--files 1,3-5` and `--files '*.mkv'`: which files of a torrent are wanted. */
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

export function numberFiles(files: readonly TorrentFile[]): NumberedFile[] {
  const numbered: NumberedFile[] = []
  files.forEach((file, index) => {
    if (!file.pad) numbered.push({ number: numbered.length + 1, index, file })
  })
  return numbered
}

/**
 * The indices of the files that any of `specs` names; a spec is a list of numbers, ranges and globs with commas between.
 * A glob with a slash is held against the path below the torrent's folder, one without against the file's name alone;
 * `*` and `?` stop at slashes, `**` does not; upper and lower case are the same.
 *
 * @throws Failure (usage) for a number that no file has, or a glob that no file matches
 */
export function selectFiles(
  files: readonly TorrentFile[],
  singleFile: boolean,
  specs: readonly string[],
  option = '--files',
): Set<number> {
  const numbered = numberFiles(files)
  const selected = new Set<number>()
  for (const spec of specs) {
    for (const item of spec.split(',').map(part => part.trim())) {
      if (item === '') continue
      const matches = isNumeric(item)
        ? byNumber(numbered, item, option)
        : byGlob(numbered, singleFile, item, option)
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

function byNumber(numbered: readonly NumberedFile[], item: string, option: string): readonly NumberedFile[] {
  const dash = item.indexOf('-')
  const first = Number(dash < 0 ? item : item.slice(0, dash) || '1')
  const last = Number(dash < 0 ? item : item.slice(dash + 1) || String(numbered.length))
  if (first < 1 || last > numbered.length || first > last)
    throw new Failure(
      EXIT.usage,
      `${option}: there is no file ${item}, they go from 1 to ${numbered.length}`,
      'see shoal info --files',
    )
  return numbered.slice(first - 1, last)
}

function byGlob(
  numbered: readonly NumberedFile[],
  singleFile: boolean,
  glob: string,
  option: string,
): readonly NumberedFile[] {
  const pattern = globPattern(glob)
  const nameOnly = !glob.includes('/')
  const matches = numbered.filter(({ file }) => {
    if (nameOnly) return pattern.test(file.path.at(-1) ?? '')
    const below = singleFile ? file.path : file.path.slice(1)
    return pattern.test(below.join('/')) || pattern.test(file.path.join('/'))
  })
  if (matches.length === 0)
    throw new Failure(EXIT.usage, `${option}: no file matches '${glob}'`, 'see shoal info --files')
  return matches
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
