/** A small file that a person named, read whole; what is no file, or too large, is not read at all. */
import { createReadStream, readFile, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { concatBytes } from '../bytes/bytes.ts'
import { ShoalError } from '../errors.ts'
import { errnoOf } from './disk-errors.ts'

const READ_BYTES = 1024 * 1024

/**
 * The bytes of a file or of a pipe, whose end is waited for.
 *
 * @param path also as a `file:` URL
 * @throws ShoalError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `TORRENT_INVALID` for more than `maxBytes`; whatever the
 *   signal's reason is when it is aborted
 */
export async function readSourceFile(
  path: string | URL,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const name = pathOf(path)
  let stats: Stats
  try {
    stats = await stat(name)
  } catch (cause) {
    throw sourceError(cause, name)
  }
  signal?.throwIfAborted()
  if (stats.isDirectory()) throw unreadable(name, 'is a folder, not a torrent file')
  if (!stats.isFile() && !stats.isFIFO()) throw unreadable(name, 'is not a regular file')
  if (stats.size > maxBytes) throw tooLarge(name, maxBytes)
  // Some that count as empty have no end, such as those of the kernel.
  const isPlain = stats.isFile() && stats.size > 0
  return await (isPlain ? readPlain(name, maxBytes, signal) : readStream(name, maxBytes, signal))
}

/** In one go, up to where the file ends when it is opened. */
function readPlain(name: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    readFile(name, { signal }, (cause, bytes) => {
      if (signal?.aborted) reject(signal.reason)
      else if (cause !== null) reject(sourceError(cause, name))
      else if (bytes.length > maxBytes) reject(tooLarge(name, maxBytes))
      else resolve(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    })
  })
}

/** Not `for await`: nobody can end the opening of a pipe without a writer, so it is left alone when aborted. */
function readStream(name: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(name, { highWaterMark: READ_BYTES })
    const chunks: Uint8Array[] = []
    let length = 0
    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', abort)
      stream.destroy()
      settle()
    }
    const abort = (): void => end(() => reject(signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    stream.on('error', cause => end(() => reject(sourceError(cause, name))))
    stream.on('end', () => end(() => resolve(concatBytes(chunks))))
    stream.on('data', chunk => {
      chunks.push(chunk as Buffer)
      length += chunk.length
      // A file may grow, and a pipe has no size.
      if (length > maxBytes) end(() => reject(tooLarge(name, maxBytes)))
    })
  })
}

function pathOf(path: string | URL): string {
  if (typeof path === 'string') return path
  try {
    return fileURLToPath(path)
  } catch (cause) {
    throw new ShoalError('SOURCE_UNREADABLE', `${path.href} is not the URL of a file on this machine`, {
      operation: 'load',
      subject: path.href,
      cause,
    })
  }
}

function sourceError(cause: unknown, path: string): ShoalError {
  const details = { operation: 'load', subject: path, cause }
  switch (errnoOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ShoalError('SOURCE_NOT_FOUND', `${path} does not exist`, details)
    case 'EACCES':
    case 'EPERM':
      return new ShoalError('SOURCE_UNREADABLE', `${path} may not be read: permission denied`, details)
    default: {
      const words = cause instanceof Error ? cause.message : String(cause)
      return new ShoalError('SOURCE_UNREADABLE', `${path} cannot be read: ${words}`, details)
    }
  }
}

function unreadable(path: string, problem: string): ShoalError {
  return new ShoalError('SOURCE_UNREADABLE', `${path} ${problem}`, { operation: 'load', subject: path })
}

function tooLarge(path: string, maxBytes: number): ShoalError {
  const mebibytes = maxBytes / 2 ** 20
  return new ShoalError('TORRENT_INVALID', `${path} is larger than ${mebibytes} MiB: no torrent file is`, {
    operation: 'load',
    subject: path,
  })
}
