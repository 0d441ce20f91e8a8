/**
 * Torrents that would write to the same place. Two of one name and one size in one folder are taken for the same data,
 * which people share to several trackers; any other namesake gets a name of its own, lest it writes over what is there.
 */
import type { TorrentRecord } from './record.ts'

type Placed = Pick<TorrentRecord, 'id' | 'name' | 'dir' | 'place' | 'totalBytes' | 'magnet'>

export class Namesakes {
  readonly #byPath = new Map<string, Placed[]>()

  add(record: Placed): void {
    // What is in it, and how large it is, is not known yet.
    if (record.magnet !== undefined) return
    for (const path of pathsOf(record, record.name)) {
      const known = this.#byPath.get(path)
      if (known === undefined) this.#byPath.set(path, [record])
      else known.push(record)
    }
  }

  /** Another name for its file or folder; undefined: it can have its own. */
  nameFor(record: Placed, isFile: boolean): string | undefined {
    if (!this.#isTaken(record, record.name)) return undefined
    const dot = isFile ? record.name.lastIndexOf('.') : -1
    const [head, tail] = dot > 0 ? [record.name.slice(0, dot), record.name.slice(dot)] : [record.name, '']
    for (let number = 2; ; number++) {
      const name = `${head} (${number})${tail}`
      if (!this.#isTaken(record, name)) return name
    }
  }

  /** Whether another torrent, but for `leaving`, has its data at the same place. */
  isShared(record: Placed, leaving: ReadonlySet<string>): boolean {
    return pathsOf(record, record.name).some(path =>
      this.#byPath.get(path)?.some(({ id }) => id !== record.id && !leaving.has(id)),
    )
  }

  #isTaken(record: Placed, name: string): boolean {
    return pathsOf(record, name).some(path =>
      this.#byPath.get(path)?.some(other => other.id !== record.id && other.totalBytes !== record.totalBytes),
    )
  }
}

/** Gives it another name where it needs one. Once others can see it, it is one of those. */
export function keepApart(record: TorrentRecord, namesakes: Namesakes, isFile: boolean): void {
  const name = namesakes.nameFor(record, isFile)
  if (name === undefined) return
  record.names = { ...record.names, root: name }
  record.name = name
}

/** Where its data is, and where it belongs; alike where file systems take them for the same. */
function pathsOf({ dir, place }: Placed, name: string): string[] {
  const folded = name.normalize('NFC').toLowerCase()
  return [...new Set([dir, place])].map(folder => `${folder}\0${folded}`)
}
