/**
 * Resume records on disk: `<state folder>/resume/<key>`, whole or not at all. A record replaces the one before it by a
 * rename after its bytes are on the disk, so neither a crash nor a power cut leaves half of one.
 *
 * Nothing here rejects: a state folder that cannot be used is a pity, no reason to stop a download. What went wrong is
 * told to `onError`.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ShoalError } from '../errors.ts'
import { type DiskOperation, diskError, errnoOf } from './disk-errors.ts'

/** The tables of the DHT are kept like the records of torrents. */
export type RecordFolder = 'resume' | 'dht'

/** A record of a million files has some 40 MB; what is larger was not written by us. */
export const MAX_RECORD_BYTES: number = 64 * 1024 * 1024

/** Records name peers: they are nobody else's business. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** What is still to be done with one record, in order. */
interface Line {
  tail: Promise<void>
  /** The last of the line, as long as it has not begun: a newer record takes its place. */
  waiting: { bytes: Uint8Array; readonly done: Promise<void> } | undefined
}

/**
 * The name of a torrent's record: the same torrent in another folder has another. `dir` need not exist yet; by
 * whatever links it is reached, it gives the same key.
 */
export async function resumeKey(infoHashHex: string, dir: string): Promise<string> {
  const hash = createHash('sha1').update(await realPath(resolve(dir)))
  return `${infoHashHex}-${hash.digest('hex').slice(0, 8)}`
}

export class ResumeFiles {
  readonly #folder: string
  readonly #onError: (error: ShoalError) => void
  readonly #lines = new Map<string, Line>()

  constructor(
    stateDir: string,
    onError: (error: ShoalError) => void = () => {},
    folder: RecordFolder = 'resume',
  ) {
    this.#folder = join(stateDir, folder)
    this.#onError = onError
  }

  /** The record, after what was given to `save` before; undefined when there is none that can be read. */
  async load(key: string): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array | undefined
    await this.#enqueue(key, 'read', async path => {
      bytes = await readRecord(path)
    })
    return bytes
  }

  /**
   * Replaces the record; resolves when it, or a newer one, is on disk or has failed. Of several that wait, only the
   * newest is written. `bytes` must not be changed afterwards.
   */
  save(key: string, bytes: Uint8Array): Promise<void> {
    const waiting = this.#lines.get(key)?.waiting
    if (waiting !== undefined) {
      waiting.bytes = bytes
      return waiting.done
    }
    let job = { bytes, done: Promise.resolve() }
    const done = this.#enqueue(key, 'write', async path => {
      const line = this.#lines.get(key)
      if (line?.waiting === job) line.waiting = undefined
      await writeRecord(path, job.bytes)
    })
    job = { bytes, done }
    this.#lines.get(key)!.waiting = job
    return done
  }

  remove(key: string): Promise<void> {
    return this.#enqueue(key, 'write', async path => {
      await rm(path, { force: true })
    })
  }

  /** Puts a damaged record aside as `<key>.bad`, for whoever wants to know what became of it. */
  quarantine(key: string): Promise<void> {
    return this.#enqueue(key, 'write', async path => {
      try {
        await rename(path, `${path}.bad`)
      } catch (cause) {
        if (errnoOf(cause) !== 'ENOENT') throw cause
      }
    })
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(line => line.tail))
  }

  /** One thing at a time for each record. */
  #enqueue(key: string, operation: DiskOperation, work: (path: string) => Promise<void>): Promise<void> {
    const line = this.#lines.get(key) ?? { tail: Promise.resolve(), waiting: undefined }
    const path = join(this.#folder, key)
    const tail = line.tail.then(async () => {
      try {
        await work(path)
      } catch (cause) {
        this.#onError(diskError(cause, operation, path))
      }
      if (line.tail === tail) this.#lines.delete(key)
    })
    line.tail = tail
    line.waiting = undefined
    this.#lines.set(key, line)
    return tail
  }
}

async function readRecord(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path)
    if (size > MAX_RECORD_BYTES) {
      throw new ShoalError('RESUME_INVALID', `${path} is larger than any resume record`, { subject: path })
    }
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

async function writeRecord(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', FILE_MODE)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Makes the rename itself survive a power cut. Windows has no such call, and some file systems refuse it. */
async function syncFolder(path: string): Promise<void> {
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

/** Without links, as far as it exists. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realPath(parent), basename(path))
  }
}
