/** Torrent files that are written: never over what exists unless told, and whole or not at all. */
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EXIT } from './exit-codes.ts'
import { Failure } from './failure.ts'

/**
 * Finds what would keep the file from being written: before the work for it, which may take an hour, not after.
 *
 * @param option what names the file on the command line
 * @throws Failure (write)
 */
export async function requireFree(output: string, force: boolean, option: string): Promise<void> {
  const found = await stat(output).catch(() => undefined)
  if (found?.isDirectory())
    throw new Failure(EXIT.write, `${output}: a folder stands there`, `name a file with ${option}`)
  if (found && !force)
    throw new Failure(
      EXIT.write,
      `${output} exists already`,
      `choose another name with ${option}, or replace it with --force`,
    )
  const folder = dirname(output)
  if (!found && !(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new Failure(
      EXIT.write,
      `${output}: there is no folder ${folder}`,
      `make it, or choose another with ${option}`,
    )
}

/** Whole or not at all: a torrent file cut short is worse than none. */
export async function writeWhole(output: string, bytes: Uint8Array, force: boolean): Promise<void> {
  const temporary = force ? join(dirname(output), `.${basename(output)}.${process.pid}.part`) : output
  const file = await open(temporary, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
    await file.close()
    if (force) await rename(temporary, output)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
