/** The paths of a torrent's files made distinct on every platform. */
import { ShoalError } from '../errors.ts'
import { fitName, nameKey } from './names.ts'

/** More files that share a path are no mistake but an attack. */
export const MAX_RENAMES = 500

/** How many numbers are tried for one file: keeps files named `a.1`, `a.2`, … from making this slow. */
const MAX_TRIES = 1000

/**
 * Renames files (`foo.txt` to `foo.1.txt`) until no two have the same path when case and accent forms are ignored, and
 * none has the path of another's folder. The first file with a path keeps it, and every path that is unique stays as
 * it is. Undefined entries are files that nobody stores: they stay undefined and take no path.
 *
 * Elements are safe already and each path has one at least. Throws `TORRENT_INVALID` beyond {@link MAX_RENAMES}.
 */
export function distinctPaths(paths: readonly (readonly string[] | undefined)[]): {
  paths: (readonly string[] | undefined)[]
  renamed: number
} {
  const tree = new Tree()
  const parents = paths.map(path => (path === undefined ? -1 : tree.folderOf(path)))
  const later: number[] = []
  for (const [at, path] of paths.entries()) {
    if (path !== undefined && !tree.claim(parents[at]!, path.at(-1)!)) later.push(at)
  }
  if (later.length > MAX_RENAMES) throw tooMany(`${later.length} files`)
  const distinct = [...paths]
  for (const at of later) {
    const path = paths[at]!
    distinct[at] = [...path.slice(0, -1), tree.claimRenamed(parents[at]!, path.at(-1)!)]
  }
  return { paths: distinct, renamed: later.length }
}

/** Folders by number, so that a deep path costs its own length and not that of all its beginnings. */
class Tree {
  readonly #folders = new Map<string, number>()
  readonly #files = new Set<string>()
  /** The last number given to a name: those below are not tried again for every file that has the same one. */
  readonly #numbers = new Map<string, number>()

  /** The number of the folder that holds `path`, which from now on is a folder. */
  folderOf(path: readonly string[]): number {
    let folder = 0
    for (const element of path.slice(0, -1)) {
      const key = entryKey(folder, element)
      let next = this.#folders.get(key)
      if (next === undefined) {
        next = this.#folders.size + 1
        this.#folders.set(key, next)
      }
      folder = next
    }
    return folder
  }

  /** Takes the name in the folder for a file; false when it is taken. */
  claim(folder: number, name: string): boolean {
    const key = entryKey(folder, name)
    if (this.#folders.has(key) || this.#files.has(key)) return false
    this.#files.add(key)
    return true
  }

  claimRenamed(folder: number, name: string): string {
    const key = entryKey(folder, name)
    for (let n = (this.#numbers.get(key) ?? 0) + 1; n <= MAX_TRIES; n++) {
      const other = fitName(name, `.${n}`)
      if (!this.claim(folder, other)) continue
      this.#numbers.set(key, n)
      return other
    }
    throw tooMany(`more than ${MAX_TRIES} files`)
  }
}

function entryKey(folder: number, name: string): string {
  return `${folder}/${nameKey(name)}`
}

function tooMany(count: string): ShoalError {
  return new ShoalError('TORRENT_INVALID', `info.files: ${count} share their path with another`)
}
