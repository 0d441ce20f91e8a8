/** The piece hashes of files on disk, for making a torrent: spread over store workers. */
import { stat } from 'node:fs/promises'
import { ShoalError } from '../errors.ts'
import { diskError, unpackError } from './disk-errors.ts'
import type { HashFile } from './store-messages.ts'
import { defaultWorkers } from './store-threads.ts'
import { WorkerPool } from './worker-pool.ts'

const DIGEST_BYTES = 20
/** What one job hashes: some ten milliseconds of work, so progress is smooth and stopping is quick. */
const JOB_BYTES = 16 * 1024 * 1024
const JOBS_PER_WORKER = 2

export interface HashFilesOptions {
  /** Told after every few MiB. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The SHA-1 of every piece, 20 bytes each, of `files` one after another; none may change meanwhile. Rejects with
 * ShoalError: DISK_READ for a file whose size is not `length`, ABORTED, and what the disk says.
 */
export async function hashFiles(
  files: readonly HashFile[],
  pieceLength: number,
  options: HashFilesOptions = {},
): Promise<Uint8Array> {
  const filled = files.filter(file => file.length > 0)
  const pool = new WorkerPool(new SharedArrayBuffer(0), defaultWorkers())
  try {
    const hashes = await hashAll(pool, filled, pieceLength, options)
    for (const file of files) await assertSize(file)
    return hashes
  } finally {
    await pool.close()
  }
}

function hashAll(
  pool: WorkerPool,
  files: readonly HashFile[],
  pieceLength: number,
  { onProgress, signal }: HashFilesOptions,
): Promise<Uint8Array> {
  const totalBytes = files.reduce((sum, file) => sum + file.length, 0)
  const count = Math.ceil(totalBytes / pieceLength)
  const hashes = new Uint8Array(count * DIGEST_BYTES)
  const perJob = Math.max(1, Math.floor(JOB_BYTES / pieceLength))
  return new Promise((resolve, reject) => {
    const aborted = (): void =>
      reject(new ShoalError('ABORTED', 'hashing was ended', { cause: signal?.reason }))
    if (signal?.aborted) return aborted()
    if (count === 0) return resolve(hashes)
    signal?.addEventListener('abort', aborted, { once: true })
    const cursor = new FileCursor(files)
    let next = 0
    let doneBytes = 0
    let ended = false

    const end = (error: ShoalError | undefined): void => {
      ended = true
      signal?.removeEventListener('abort', aborted)
      if (error === undefined) resolve(hashes)
      else reject(error)
    }
    const give = (): void => {
      if (next >= count || ended || signal?.aborted) return
      const first = next
      const pieces = Math.min(perJob, count - first)
      next += pieces
      const from = first * pieceLength
      const bytes = Math.min(pieces * pieceLength, totalBytes - from)
      const { spanned, offset } = cursor.span(from, bytes)
      pool.pick().run({ type: 'hash', files: spanned, offset, pieceLength, length: bytes }, bytes, answer => {
        if (ended) return
        if (answer.kind === 'failed') return end(unpackError(answer.error))
        if (answer.kind === 'hashes') hashes.set(answer.hashes, first * DIGEST_BYTES)
        doneBytes += bytes
        onProgress?.(doneBytes, totalBytes)
        if (doneBytes === totalBytes) end(undefined)
        else give()
      })
    }
    for (let at = pool.all().length * JOBS_PER_WORKER; at > 0; at--) give()
  })
}

/** Walks through the files once, so that a job names only those it reads. */
class FileCursor {
  readonly #files: readonly HashFile[]
  #at = 0
  #start = 0

  constructor(files: readonly HashFile[]) {
    this.#files = files
  }

  /** The files of a range, and where it begins in the first of them. Ranges are asked for in ascending order. */
  span(from: number, bytes: number): { spanned: HashFile[]; offset: number } {
    while (this.#start + this.#files[this.#at]!.length <= from) this.#start += this.#files[this.#at++]!.length
    const spanned: HashFile[] = []
    let end = this.#start
    for (let at = this.#at; end < from + bytes; at++) {
      const file = this.#files[at]!
      spanned.push(file)
      end += file.length
    }
    return { spanned, offset: from - this.#start }
  }
}

async function assertSize(file: HashFile): Promise<void> {
  let size: number
  try {
    size = (await stat(file.path)).size
  } catch (cause) {
    throw diskError(cause, 'read', file.path)
  }
  if (size === file.length) return
  throw new ShoalError('DISK_READ', `${file.path} changed its size while it was hashed`, {
    operation: 'read',
    subject: file.path,
  })
}
