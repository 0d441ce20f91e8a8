/** Looking before stepping: no symbolic link below the download folder is ever followed. */
import { constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, pathConflict } from './disk-errors.ts'
import { type KeptMark, keptMarkOf } from './witness.ts'

/**
 * Added to the flags of every open: a symbolic link as last element fails, and a pipe that somebody put there does not
 * block. Windows has neither.
 */
export const NO_FOLLOW: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const SEPARATORS = process.platform === 'win32' ? /[/\\:]/ : /\//

/** Creates what is missing of `dir` and of the folders in `elements` (the last is the file). Throws. */
export function makeFolders(dir: string, elements: readonly string[]): void {
  assertSafe(elements)
  mkdirSync(dir, { recursive: true })
  let path = dir
  for (const element of elements.slice(0, -1)) {
    path = join(path, element)
    const stats = statsOf(path)
    if (stats !== undefined) assertFolder(path, stats)
    else makeFolder(path)
  }
}

/** Refuses a link or a file among the folders that lead to the file `elements`. Throws, also for a missing one. */
export async function inspectFolders(dir: string, elements: readonly string[]): Promise<void> {
  assertSafe(elements)
  let path = dir
  for (const element of elements.slice(0, -1)) {
    path = join(path, element)
    const stats = await lstat(path)
    assertFolder(path, stats)
  }
}

/** The same, synchronously; false when one of the folders is missing. */
export function inspectFoldersSync(dir: string, elements: readonly string[]): boolean {
  assertSafe(elements)
  let path = dir
  for (const element of elements.slice(0, -1)) {
    path = join(path, element)
    const stats = statsOf(path)
    if (stats === undefined) return false
    assertFolder(path, stats)
  }
  return true
}

/** How the file looks, its stamp and more; undefined when there is none. Throws PATH_CONFLICT when it is not a regular file. */
export function stampOf(dir: string, elements: readonly string[]): KeptMark | undefined {
  if (!inspectFoldersSync(dir, elements)) return undefined
  const path = join(dir, ...elements)
  const stats = statsOf(path)
  if (stats === undefined) return undefined
  assertFile(path, stats)
  return keptMarkOf(stats)
}

/**
 * Refuses elements that could lead out of the folder. The metainfo parser makes them safe; this is the place where a
 * fault there would do harm, so they are looked at again, on the way to every file that is opened.
 */
function assertSafe(elements: readonly string[]): void {
  for (const element of elements) {
    const bad = element === '' || element === '.' || element === '..' || element.includes('\0')
    if (bad || SEPARATORS.test(element)) throw pathConflict(elements.join('/'), 'is not a safe path')
  }
}

/** Throws PATH_CONFLICT. */
export function assertFile(path: string, stats: Stats): void {
  if (stats.isFile()) return
  if (stats.isDirectory()) throw pathConflict(path, 'is a folder where a file belongs')
  if (stats.isSymbolicLink()) throw pathConflict(path, 'is a symbolic link where a file belongs')
  throw pathConflict(path, 'is not a regular file')
}

function assertFolder(path: string, stats: Stats): void {
  if (stats.isDirectory()) return
  if (stats.isSymbolicLink()) throw pathConflict(path, 'is a symbolic link where a folder belongs')
  throw pathConflict(path, 'is a file where a folder belongs')
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (cause) {
    // Another worker may have made it in the meantime.
    if (errnoOf(cause) !== 'EEXIST') throw cause
    assertFolder(path, lstatSync(path))
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
