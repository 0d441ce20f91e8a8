/** Whether something has its new name on disk already. */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metainfo } from '@shoal/engine'
import type { Rename, TorrentRecord } from './record.ts'

/** The old one is gone, and the new one is there: it was renamed, and then the power went. */
export async function isRenamed(record: TorrentRecord, metainfo: Metainfo, rename: Rename): Promise<boolean> {
  const root = record.names?.root ?? metainfo.name
  const pathOf = (elements: readonly string[]): string => join(record.place, root, ...elements)
  const [before, after] =
    'root' in rename
      ? [join(record.place, rename.from), join(record.place, rename.root)]
      : [pathOf(rename.from), pathOf(rename.path)]
  return !(await exists(before)) && (await exists(after))
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}
