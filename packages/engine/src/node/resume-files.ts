/**
 * Resume records and their journals on disk: `<state folder>/resume/<key>` and `<key>.log`. A record replaces the one
 * before it by a rename after its bytes are on the disk, so neither a crash nor a power cut leaves half of one; the
 * journal of the old one goes then. A journal is only ever appended to.
 *
 * Nothing here rejects: a state folder that cannot be used is a pity, no reason to stop a download. What went wrong is
 * told to `onError`; a record that could not be written is tried again every few seconds.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, lstat, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ShoalError } from '../errors.ts'
import { type DiskOperation, diskError, errnoOf } from './disk-errors.ts'
import { syncFolder } from './durable.ts'

/** The tables of the DHT are kept like the records of torrents. */
export type RecordFolder = 'resume' | 'dht'

/** A record of a million files has some 40 MB; what is larger was not written by us. */
export const MAX_RECORD_BYTES: number = 64 * 1024 * 1024

/** Records name peers: they are nobody else's business. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
/** Journals that are written to every second stay open. */
const OPEN_JOURNALS = 16
const RETRY_MS = 5_000

/** Something to be done with one record, after what was asked for before. */
interface Job {
  readonly kind: 'save' | 'append' | 'other'
  readonly operation: DiskOperation
  readonly work: (path: string) => Promise<void>
  readonly done: Promise<void>
  readonly settle: () => void
}

interface Append extends Job {
  readonly kind: 'append'
  readonly chunks: Uint8Array[]
  durable: boolean
}

/**
 * The name of a torrent's record: the same torrent in another folder has another. `dir` need not exist yet; by
 * whatever links it is reached, it gives the same key.
 */
export async function resumeKey(infoHashHex: string, dir: string): Promise<string> {
  const hash = createHash('sha1').update(await realPath(resolve(dir)))
  return `${infoHashHex}-${hash.digest('hex').slice(0, 8)}`
}

export interface ResumeFilesOptions {
  /** Told once for a record that cannot be written, until it can. */
  readonly onError?: (error: ShoalError) => void
  /** What was appended to a journal is lost: a new record is needed. */
  readonly onLost?: (key: string) => void
}

export class ResumeFiles {
  readonly #folder: string
  readonly #options: ResumeFilesOptions
  /** What is to be done with each record, the first of which is being done. */
  readonly #lines = new Map<string, Job[]>()
  /** The least recently used first. */
  readonly #journals = new Map<string, FileHandle>()
  /** Records that could not be written, and when to try again; what they would have said of a journal. */
  readonly #failed = new Map<string, { retry: NodeJS.Timeout | undefined; lostEntries: boolean }>()

  constructor(stateDir: string, options: ResumeFilesOptions = {}, folder: RecordFolder = 'resume') {
    this.#folder = join(stateDir, folder)
    this.#options = options
  }

  /** The record, after what was given to `save` before; undefined when there is none. What cannot be read is put aside. */
  async load(key: string): Promise<Uint8Array | undefined> {
    return await this.#read(key, key)
  }

  /** The journal, as far as it was written. */
  async loadJournal(key: string): Promise<Uint8Array | undefined> {
    return await this.#read(key, journalOf(key))
  }

  /**
   * Replaces the record and ends its journal; resolves when it, or a newer one, is on disk or has failed. What else
   * waits to be written is overtaken by it. `bytes` must not be changed afterwards.
   */
  save(key: string, bytes: Uint8Array): Promise<void> {
    const line = this.#lines.get(key) ?? []
    const waiting = line.slice(1)
    const isOvertaken = (job: Job): boolean => job.kind !== 'other'
    const overtaken = waiting.every(isOvertaken) ? line.splice(1) : []
    const job = this.#enqueue(key, 'write', 'save', async path => {
      try {
        await writeRecord(path, bytes)
      } catch (cause) {
        this.#retryLater(key, bytes)
        throw cause
      }
      await this.#closeJournal(key)
      await rm(journalOf(path), { force: true })
      const failed = this.#failed.get(key)
      clearTimeout(failed?.retry)
      this.#failed.delete(key)
      if (failed?.lostEntries) this.#options.onLost?.(key)
    })
    for (const { settle } of overtaken) void job.done.then(settle)
    return job.done
  }

  /** Appends to the journal of the record that was saved last; `durable`: it, and all before it, to the disk itself. */
  append(key: string, bytes: Uint8Array, durable: boolean): void {
    const line = this.#lines.get(key)
    const last = line !== undefined && line.length > 1 ? line.at(-1) : undefined
    if (last?.kind === 'append') {
      const waiting = last as Append
      waiting.chunks.push(bytes)
      waiting.durable ||= durable
      return
    }
    const chunks = [bytes]
    const job: Append = Object.assign(
      this.#enqueue(key, 'write', 'append', path => this.#append(key, journalOf(path), job)),
      { kind: 'append' as const, chunks, durable },
    )
  }

  remove(key: string): Promise<void> {
    return this.#enqueue(key, 'write', 'other', async path => {
      await this.#closeJournal(key)
      await rm(path, { force: true })
      await rm(journalOf(path), { force: true })
      await syncFolder(dirname(path))
    }).done
  }

  /**
   * Puts a damaged record or journal aside as `….bad`, for whoever wants to know what became of it. `rest` is what of a
   * journal can be used.
   */
  quarantine(key: string, what: 'record' | 'journal', rest?: Uint8Array): Promise<void> {
    return this.#enqueue(key, 'write', 'other', async path => {
      if (what === 'record') return await putAside(path)
      await this.#closeJournal(key)
      await putAside(journalOf(path))
      if (rest !== undefined && rest.length > 0) await this.#replaceJournal(key, journalOf(path), rest)
    }).done
  }

  /** Leaves of the journal what is given, its beginning: more can be appended to it then. */
  cutJournal(key: string, rest: Uint8Array): Promise<void> {
    return this.#enqueue(key, 'write', 'other', async path => {
      await this.#closeJournal(key)
      if (rest.length > 0) await this.#replaceJournal(key, journalOf(path), rest)
      else await rm(journalOf(path), { force: true })
    }).done
  }

  /** Resolves when nothing is left to do; what could not be written is tried once more. */
  async settled(): Promise<void> {
    const idle = async (): Promise<void> => {
      while (this.#lines.size > 0) {
        await Promise.all([...this.#lines.values()].flatMap(line => line.map(({ done }) => done)))
      }
    }
    await idle()
    for (const { retry } of this.#failed.values()) clearTimeout(retry)
    this.#failed.clear()
    for (const key of [...this.#journals.keys()]) await this.#closeJournal(key)
  }

  async #read(key: string, name: string): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array | undefined
    await this.#enqueue(key, 'read', 'other', async path => {
      const file = join(dirname(path), name)
      try {
        bytes = await readRecord(file)
      } catch (cause) {
        await putAside(file).catch(() => {})
        throw cause
      }
    }).done
    return bytes
  }

  async #append(key: string, path: string, job: Append): Promise<void> {
    const failed = this.#failed.get(key)
    if (failed !== undefined) {
      // The entries belong to a record that is not there, or follow some that are not.
      failed.lostEntries = true
      return
    }
    try {
      const known = this.#journals.get(key)
      const journal = known ?? (await openJournal(path))
      this.#journals.delete(key)
      this.#journals.set(key, journal)
      await journal.writeFile(concat(job.chunks))
      if (job.durable) await journal.datasync()
      if (this.#journals.size > OPEN_JOURNALS) await this.#closeJournal(this.#journals.keys().next().value!)
    } catch (cause) {
      // Half an entry may be there: nothing may follow it.
      this.#giveUpJournal(key)
      throw cause
    }
  }

  async #replaceJournal(key: string, path: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeRecord(path, bytes)
    } catch (cause) {
      this.#giveUpJournal(key)
      throw cause
    }
  }

  /** Nothing may be appended to it: a new record ends it. */
  #giveUpJournal(key: string): void {
    this.#failed.set(key, { retry: undefined, lostEntries: false })
    setTimeout(() => this.#options.onLost?.(key), RETRY_MS).unref()
  }

  #retryLater(key: string, bytes: Uint8Array): void {
    const failed = this.#failed.get(key) ?? { retry: undefined, lostEntries: false }
    this.#failed.set(key, failed)
    clearTimeout(failed.retry)
    failed.retry = setTimeout(() => {
      // A newer one may be waiting already.
      if (!this.#lines.has(key)) void this.save(key, bytes)
    }, RETRY_MS).unref()
  }

  async #closeJournal(key: string): Promise<void> {
    const journal = this.#journals.get(key)
    this.#journals.delete(key)
    await journal?.close()
  }

  #enqueue(key: string, operation: DiskOperation, kind: Job['kind'], work: Job['work']): Job {
    let settle: () => void = () => {}
    const done = new Promise<void>(yes => {
      settle = yes
    })
    const job = { kind, operation, work, done, settle }
    const line = this.#lines.get(key)
    if (line !== undefined) {
      line.push(job)
    } else {
      const fresh = [job]
      this.#lines.set(key, fresh)
      void this.#work(key, fresh)
    }
    return job
  }

  /** One thing at a time for each record. */
  async #work(key: string, line: Job[]): Promise<void> {
    const path = join(this.#folder, key)
    for (;;) {
      const job = line[0]
      if (job === undefined) break
      const hadFailed = this.#failed.has(key)
      try {
        // Not in the turn of who asks: more may be asked for in it.
        await Promise.resolve()
        await job.work(path)
      } catch (cause) {
        if (!hadFailed || job.operation !== 'write')
          this.#options.onError?.(diskError(cause, job.operation, path))
      }
      line.shift()
      job.settle()
    }
    this.#lines.delete(key)
  }
}

function journalOf(key: string): string {
  return `${key}.log`
}

async function openJournal(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const journal = await open(path, 'a', FILE_MODE)
  await syncFolder(dirname(path))
  return journal
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

async function putAside(path: string): Promise<void> {
  try {
    await rm(`${path}.bad`, { recursive: true, force: true })
    await rename(path, `${path}.bad`)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
  }
}

/** Undefined when there is none. Throws for what is no file, or too large. */
export async function readRecord(path: string): Promise<Uint8Array | undefined> {
  try {
    // A link is none of ours, and one to nothing would look as if nothing had ever been there.
    const found = await lstat(path)
    if (!found.isFile()) throw new ShoalError('RESUME_INVALID', `${path} is no file`, { subject: path })
    if (found.size > MAX_RECORD_BYTES) {
      throw new ShoalError('RESUME_INVALID', `${path} is larger than any resume record`, { subject: path })
    }
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

/** Replaces the file, durably: nobody ever sees half of it. Makes its folder. */
export async function writeRecord(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w', FILE_MODE)
    try {
      await file.writeFile(bytes)
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
  await syncFolder(dirname(path))
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
