/** Where the data of a torrent is, and under which names. */
import { lstat } from 'node:fs/promises'
import type { EngineNames, EngineTorrent } from './engine-port.ts'
import type { Item } from './item.ts'
import type { Rename } from './record.ts'

/** Takes over where the engine has it. @returns whether that is another place than was known */
export function takePlace(item: Item, { dir, names, metainfo }: EngineTorrent): boolean {
  const { record } = item
  if (record.place === dir && isSame(record.names ?? {}, names)) return false
  record.place = dir
  record.names = names
  record.name = names.root ?? metainfo.name
  item.onRenamed()
  return true
}

export function isRenamed(names: EngineNames, rename: Rename): boolean {
  if ('root' in rename) return names.root === rename.root
  return names.files?.[rename.file]?.join('/') === rename.path.join('/')
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

function isSame(a: EngineNames, b: EngineNames): boolean {
  const files = Object.entries(a.files ?? {})
  return (
    a.root === b.root &&
    files.length === Object.keys(b.files ?? {}).length &&
    files.every(([index, path]) => b.files?.[Number(index)]?.join('/') === path.join('/'))
  )
}
