/** Files that are whole after a power cut. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { errnoOf } from '../disk-error.ts'

/** State names what a person downloads: it is nobody else's business. */
export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

/** In place of what is there: all of it or nothing. The name itself is durable after {@link syncFolder}. */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w', FILE_MODE)
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    // On a full disk the room is needed.
    await rm(temporary, { force: true }).catch(() => {})
    throw cause
  }
}

/** The names in a folder. Windows has no such call, and some file systems refuse it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (cause) {
    if (errnoOf(cause) !== 'EINVAL' && errnoOf(cause) !== 'ENOTSUP') throw cause
  } finally {
    await folder.close()
  }
}
