/** Makes what was written survive a power cut: contents and sizes of files, and the names that lead to them. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskError, errnoOf } from './disk-errors.ts'
import { NO_FOLLOW } from './folders.ts'

/** Contents and size; a file that does not exist has nothing to lose. Throws DISK_WRITE and the like. */
export async function syncFile(path: string): Promise<void> {
  // Windows wants a handle that may write, other systems are content with any.
  const mode = process.platform === 'win32' ? constants.O_RDWR : constants.O_RDONLY
  await withHandle(path, mode | NO_FOLLOW, handle => handle.datasync())
}

/** The names in a folder. Windows has no such call, and some file systems refuse it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await withHandle(path, constants.O_RDONLY, async handle => {
    try {
      await handle.sync()
    } catch (cause) {
      if (errnoOf(cause) !== 'EINVAL' && errnoOf(cause) !== 'ENOTSUP') throw cause
    }
  })
}

/**
 * Files of a torrent below `dir`, one after another: what is asked of the disk is the same, and the threads of reading
 * stay free. `known` are those whose names are durable already; the rest are added to it.
 */
export async function syncPaths(paths: readonly string[], dir: string, known: Set<string>): Promise<void> {
  const folders = new Set<string>()
  for (const path of paths) {
    await syncFile(path)
    if (known.has(path)) continue
    // Up to the one that holds `dir`: that may be new, too.
    for (let folder = dirname(path); folder.length > dir.length; folder = dirname(folder)) folders.add(folder)
    folders.add(dir).add(dirname(dir))
  }
  for (const folder of folders) await syncFolder(folder)
  for (const path of paths) known.add(path)
}

async function withHandle(
  path: string,
  flags: number,
  work: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    const handle = await open(path, flags)
    try {
      await work(handle)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw diskError(cause, 'write', path)
  }
}
