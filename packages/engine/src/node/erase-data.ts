/**
 * Deletes the data of one torrent: the files that it names, its parts file, then folders that became empty. Nothing else
 * goes, whatever stands where a file of the torrent belongs: no link is followed or removed, no folder is emptied.
 */
import { lstat, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ShoalError } from '../errors.ts'
import type { GeometryFile } from '../metainfo/geometry.ts'
import { diskError, errnoOf } from './disk-errors.ts'
import { type DataPlace, filePath, partsPath } from './file-plan.ts'
import { inspectFolders } from './folders.ts'

/** Throws DISK_WRITE and the like for the first file that could not be deleted, after all others are. */
export async function eraseData({ dir, infoHash, files }: DataPlace): Promise<void> {
  let failure: ShoalError | undefined
  const erase = async (path: string): Promise<void> => {
    try {
      await rm(path, { force: true })
    } catch (cause) {
      failure ??= diskError(cause, 'remove', path)
    }
  }
  for (const file of files) if (!file.pad && (await isOurs(dir, file))) await erase(filePath(dir, file))
  const parts = partsPath(dir, infoHash)
  if ((await lstat(parts).catch(() => undefined))?.isFile()) await erase(parts)
  await removeEmptyFolders(
    dir,
    files.map(file => file.path),
  )
  if (failure !== undefined) throw failure
}

/** Folders below `dir` that lead to these paths, as far as nothing is in them. Never fails: they are no data. */
export async function removeEmptyFolders(dir: string, paths: Iterable<readonly string[]>): Promise<void> {
  const folders = new Map<string, readonly string[]>()
  for (const path of paths) {
    for (let depth = path.length - 1; depth > 0; depth--) {
      const folder = join(dir, ...path.slice(0, depth))
      if (folders.has(folder)) break
      folders.set(folder, path.slice(0, depth))
    }
  }
  const deepestFirst = [...folders].sort(([, a], [, b]) => b.length - a.length)
  for (const [folder, elements] of deepestFirst) {
    try {
      await inspectFolders(dir, elements)
      await rmdir(folder)
    } catch {
      // Not empty, or not a folder, or gone.
    }
  }
}

/** Whether a regular file is there, reached through folders alone. */
async function isOurs(dir: string, file: GeometryFile): Promise<boolean> {
  const path = join(dir, ...file.path)
  try {
    await inspectFolders(dir, file.path)
    return (await lstat(path)).isFile()
  } catch (cause) {
    // What stands in the way is somebody else's.
    if (cause instanceof ShoalError || errnoOf(cause) === 'ENOENT') return false
    throw diskError(cause, 'remove', dirname(path))
  }
}
