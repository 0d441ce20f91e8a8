/** Other names on disk than a torrent has, made as safe and distinct as its own. */
import { ShoalError } from '../errors.ts'
import { MAX_PATH_ELEMENTS } from './files.ts'
import type { Metainfo } from './metainfo.ts'
import { safeElement, safeName } from './names.ts'
import { distinctPaths } from './paths.ts'
import { quoted } from './text.ts'

/** The root, or the path below it of one file. */
export type Rename = { readonly root: string } | { readonly file: number; readonly path: readonly string[] }

export interface TorrentNames {
  /** Of the file, or of the folder that holds all files. */
  readonly root?: string | undefined
  /** Paths below the root, by the number of the file. Not for a torrent of one file: that is the root. */
  readonly files?: Readonly<Record<number, readonly string[]>> | undefined
}

type Named = Pick<Metainfo, 'files' | 'singleFile' | 'name'>

/** One path per file. Throws OPTION_INVALID for what names no file, or where two files would have the same path. */
export function pathsOf(metainfo: Named, names: TorrentNames): (readonly string[])[] {
  const { root, files } = cleanNames(metainfo, names)
  const paths = metainfo.files.map(({ path, pad }, index) => {
    if (pad) return path
    const below = files?.[index] ?? path.slice(1)
    return [root ?? path[0]!, ...below]
  })
  // Nothing is renamed of what the torrent says itself: that is distinct.
  const { renamed } = distinctPaths(
    paths.map((path, index) => (metainfo.files[index]!.pad ? undefined : path)),
  )
  if (renamed > 0) throw refused('two files would have the same path, or a file that of a folder')
  return paths
}

/** The same names, safe, without those that are the torrent's own. */
export function cleanNames(metainfo: Named, names: TorrentNames): TorrentNames {
  const root = names.root === undefined ? undefined : safeElement(names.root)
  const files: Record<number, readonly string[]> = {}
  for (const [key, path] of Object.entries(names.files ?? {})) {
    const index = Number(key)
    const file = metainfo.files[index]
    if (file === undefined || file.pad) throw refused(`there is no file ${key} in ${metainfo.name}`)
    if (metainfo.singleFile) throw refused(`${metainfo.name} is one file: its name is the root's`)
    const elements = path.map(safeElement)
    checkDepth(elements)
    if (elements.join('/') !== file.path.slice(1).join('/')) files[index] = elements
  }
  const own = metainfo.files.find(file => !file.pad)?.path[0]
  return {
    ...(root === undefined || root === own ? {} : { root }),
    ...(Object.keys(files).length === 0 ? {} : { files }),
  }
}

/** Throws OPTION_INVALID for a name that would not be used as it is. */
function checkName(name: string): void {
  const safe = safeName(name)
  if (safe === name && name !== '') return
  const instead = safe === '' ? '' : `: ${quoted(safe)} can`
  throw refused(`${quoted(name)} cannot be the name of a file on every system${instead}`)
}

function checkDepth(path: readonly string[]): void {
  if (path.length === 0) throw refused('a path has at least one name')
  if (path.length >= MAX_PATH_ELEMENTS) throw refused(`a path of ${path.length} folders is too deep`)
}

/** The names after one of them is another. Throws OPTION_INVALID. */
export function renamed(
  metainfo: Named,
  names: TorrentNames,
  what: Rename | readonly Rename[],
): TorrentNames {
  let { root } = names
  const files: Record<number, readonly string[]> = { ...names.files }
  for (const each of ([] as Rename[]).concat(what)) {
    if ('root' in each) {
      checkName(each.root)
      root = each.root
    } else {
      for (const name of each.path) checkName(name)
      files[each.file] = each.path
    }
  }
  return cleanNames(metainfo, { root, files })
}

function refused(problem: string): ShoalError {
  return new ShoalError('OPTION_INVALID', problem, { operation: 'rename' })
}
