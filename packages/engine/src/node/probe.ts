/** Looks whether a torrent whose disk failed could go on: at its folder, its files and the room there is. */
import { constants, type Stats } from 'node:fs'
import { access, lstat, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ShoalError } from '../errors.ts'
import type { FileSpan } from '../metainfo/geometry.ts'
import type { DiskNeed, StoragePlan } from '../ports.ts'
import { diskError, errnoOf, pathConflict, shortFile } from './disk-errors.ts'
import { filePath } from './file-plan.ts'
import { assertFile, inspectFolders } from './folders.ts'

/** What stands in the way; undefined: nothing that can be seen. Changes nothing, and never throws. */
export async function probeDisk(plan: StoragePlan, need: DiskNeed): Promise<ShoalError | undefined> {
  try {
    await probeFolder(plan, need)
    await probeFiles(plan, need)
    if (need.bytes > 0) await probeRoom(plan.dir, need.bytes)
    return undefined
  } catch (cause) {
    return diskError(cause, 'open', plan.dir)
  }
}

async function probeFolder({ dir, readOnly }: StoragePlan, need: DiskNeed): Promise<void> {
  try {
    await access(dir, constants.R_OK | (readOnly ? 0 : constants.W_OK) | constants.X_OK)
  } catch (cause) {
    // One that nothing was in yet is made when it is needed.
    if (errnoOf(cause) === 'ENOENT' && need.files.length === 0 && !readOnly) return
    throw diskError(cause, readOnly || errnoOf(cause) === 'ENOENT' ? 'open' : 'write', dir)
  }
}

async function probeFiles({ dir, geometry, wanted, readOnly }: StoragePlan, need: DiskNeed): Promise<void> {
  let gone: FileSpan | undefined
  const withData = new Set(need.files)
  let isAnyThere = need.files.length === 0
  for (const file of geometry.files) {
    if (file.pad || !wanted[file.index]) continue
    const path = filePath(dir, file)
    const stats = await look(dir, file, path)
    if (stats === undefined) {
      if (withData.has(file.index)) gone ??= file
      continue
    }
    if (stats.size > file.length) throw pathConflict(path, 'is longer than it should be')
    try {
      await access(path, constants.R_OK | (readOnly ? 0 : constants.W_OK))
    } catch (cause) {
      throw diskError(cause, 'open', path)
    }
    // Emptied is as good as gone.
    if (withData.has(file.index)) {
      if (stats.size > 0) isAnyThere = true
      else gone ??= file
    }
  }
  if (isAnyThere || gone === undefined) return
  const path = filePath(dir, gone)
  if ((await look(dir, gone, path)) !== undefined) throw shortFile(path)
  throw new ShoalError('DISK_READ', `${path} is gone; it is waited for`, { operation: 'open', subject: path })
}

/** Undefined when there is none. Throws for what stands in its place or on the way there. */
async function look(dir: string, file: FileSpan, path: string): Promise<Stats | undefined> {
  try {
    await inspectFolders(dir, file.path)
    const stats = await lstat(path)
    assertFile(path, stats)
    return stats
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw diskError(cause, 'open', path)
  }
}

async function probeRoom(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(await existing(dir))
  const free = bavail * bsize
  if (free >= bytes) return
  const mebibytes = (count: number): string => `${(count / 1024 / 1024).toFixed(1)} MiB`
  throw new ShoalError(
    'DISK_FULL',
    `could not write to ${dir}: no space is left on the disk (${mebibytes(free)} free, ${mebibytes(bytes)} needed to go on)`,
    { operation: 'write', subject: dir },
  )
}

/** The folder, or the nearest one above it that there is. */
async function existing(dir: string): Promise<string> {
  for (let path = dir; ; path = dirname(path)) {
    try {
      await stat(path)
      return path
    } catch (cause) {
      if (errnoOf(cause) !== 'ENOENT' || dirname(path) === path) throw cause
    }
  }
}
