/**
 * What moving a torrent's data asks of the disk: each method changes one thing, and may be the last before the process
 * is killed. Paths are absolute.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { ShoalError } from '../errors.ts'
import { syncFolder } from './durable.ts'
import { removeEmptyFolders } from './erase-data.ts'
import { makeFolders, NO_FOLLOW } from './folders.ts'
import { writeRecord } from './resume-files.ts'

/** Copied at a time: so much is done before an abort is noticed. */
const CHUNK_BYTES = 1024 * 1024
const ZEROES = Buffer.alloc(CHUNK_BYTES)

export interface MoveDisk {
  /** Throws system errors, among them EXDEV. */
  rename(from: string, to: string): Promise<void>
  /**
   * Copies to a file that need not be there, with the times of the original, makes it durable, and reads it again to see
   * that it is the same.
   */
  copy(from: string, to: string, options: CopyOptions): Promise<void>
  remove(path: string): Promise<void>
  makeFolders(dir: string, path: readonly string[]): Promise<void>
  removeFolders(dir: string, paths: readonly (readonly string[])[]): Promise<void>
  syncFolder(path: string): Promise<void>
  /** Replaces a small file, durably. */
  write(path: string, bytes: Uint8Array): Promise<void>
}

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
}

export const moveDisk: MoveDisk = {
  rename,
  copy: copyFile,
  remove: async path => await rm(path, { force: true }),
  makeFolders: async (dir, path) => makeFolders(dir, path),
  removeFolders: removeEmptyFolders,
  syncFolder,
  write: writeRecord,
}

async function copyFile(from: string, to: string, options: CopyOptions): Promise<void> {
  const source = await open(from, constants.O_RDONLY | NO_FOLLOW)
  try {
    const { atimeMs, mtimeMs, mode, size } = await source.stat()
    const target = await open(
      to,
      constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW,
      mode & 0o777,
    )
    try {
      const digest = await hashAll(source, options, async (bytes, position) => {
        // Holes stay holes: a file that is half there may be little more.
        const isHole = ZEROES.subarray(0, bytes.length).equals(bytes)
        for (let done = isHole ? bytes.length : 0; done < bytes.length; ) {
          const { bytesWritten } = await target.write(bytes, done, bytes.length - done, position + done)
          done += bytesWritten
        }
        options.onBytes?.(bytes.length)
      })
      await target.truncate(size)
      await target.utimes(atimeMs / 1000, mtimeMs / 1000)
      await target.sync()
      if (!digest.equals(await hashAll(target, options)))
        throw new ShoalError('DISK_WRITE', `${to} does not hold what was written to it`, {
          operation: 'move',
          subject: to,
        })
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Of all that is in the file; `take` gets it piece by piece, in memory that is used again. */
async function hashAll(
  file: FileHandle,
  { signal }: CopyOptions,
  take?: (bytes: Uint8Array, position: number) => Promise<void>,
): Promise<Buffer> {
  const hasher = createHash('sha1')
  const { size } = await file.stat()
  const chunk = new Uint8Array(Math.max(1, Math.min(CHUNK_BYTES, size)))
  for (let position = 0; ; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) return hasher.digest()
    const bytes = chunk.subarray(0, bytesRead)
    hasher.update(bytes)
    await take?.(bytes, position)
    position += bytesRead
  }
}

/** Whether two files hold the same bytes. */
export async function isSameContent(one: string, other: string, options: CopyOptions): Promise<boolean> {
  const digests: Buffer[] = []
  for (const path of [one, other]) {
    const file = await open(path, constants.O_RDONLY | NO_FOLLOW)
    try {
      digests.push(await hashAll(file, options))
    } finally {
      await file.close()
    }
  }
  return digests[0]!.equals(digests[1]!)
}
