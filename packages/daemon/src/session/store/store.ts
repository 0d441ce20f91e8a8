/**
 * What the session remembers, on disk. `session.ndjson` is a snapshot of everything, `session.log` a journal of what
 * changed since; both are of lines with a checksum each, and begin with a line that says version and generation.
 *
 * A line of the journal holds a record as a whole, so it does no harm to read one twice, or one that the snapshot has
 * already. A snapshot of generation n takes the place of snapshot and journal of generation n - 1: a journal that is
 * older than the snapshot beside it was overtaken, and is not read.
 *
 * {@link Store.commit} resolves when all that was put before would survive a power cut. Many who ask while the disk is
 * busy share one sync.
 */
import { copyFile, type FileHandle, mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ShoalError } from '@shoal/engine'
import { diskError, errnoOf } from '../disk-error.ts'
import { encodeRecord, type TorrentRecord } from '../record.ts'
import { FILE_MODE, FOLDER_MODE, replaceFile, syncFolder } from './durable.ts'
import { decodeLines, encodeLine } from './lines.ts'
import { type Meta, readState, type State, VERSION } from './state.ts'

const SNAPSHOT = 'session.ndjson'
const JOURNAL = 'session.log'

/** A journal is worth a new snapshot when it is as large as the last one was, and at least so large. */
const MIN_COMPACT_BYTES = 1024 * 1024
/** Records that are made into lines before others get a turn: some 2 ms. */
const RECORDS_AT_ONCE = 500

export interface StoreOptions {
  /** What is now: asked for when a snapshot is written. */
  readonly records: () => Iterable<TorrentRecord>
  readonly meta: () => Meta
}

export interface Opened {
  readonly store: Store
  readonly state: State
  /** What was found damaged, in words. */
  readonly warnings: readonly string[]
}

/**
 * @throws ShoalError `RESUME_INVALID` when it was written by a newer version, or what the disk did
 */
export async function openStore(stateDir: string, options: StoreOptions): Promise<Opened> {
  const path = join(stateDir, SNAPSHOT)
  try {
    await mkdir(stateDir, { recursive: true, mode: FOLDER_MODE })
    const snapshot = await read(path)
    const journal = await read(join(stateDir, JOURNAL))
    const state = readState(decodeLines(snapshot), decodeLines(journal))
    if (state.tooNew) {
      throw new ShoalError('RESUME_INVALID', `${path} was written by a newer version of Shoal`, {
        subject: path,
      })
    }
    const warnings: string[] = []
    for (const [name, damage] of [
      [SNAPSHOT, state.snapshotDamage],
      [JOURNAL, state.journalDamage],
    ] as const) {
      if (damage === undefined) continue
      const file = join(stateDir, name)
      if (!damage.isMissing) await copyFile(file, `${file}.bad`)
      const kept = damage.isMissing ? '' : `, and the file as it was is kept as ${name}.bad`
      warnings.push(`${file}: ${damage.text}; the rest is used${kept}`)
    }
    const store = new Store(stateDir, options, {
      generation: state.generation,
      snapshotBytes: snapshot.length,
      journalBytes: state.journalUsable ? journal.length : undefined,
    })
    return { store, state, warnings }
  } catch (cause) {
    throw diskError(cause, 'read', path)
  }
}

interface Found {
  readonly generation: number
  readonly snapshotBytes: number
  /** Undefined: nothing can be appended to it. */
  readonly journalBytes: number | undefined
}

export class Store {
  readonly #dir: string
  readonly #options: StoreOptions
  #generation: number
  #snapshotBytes: number
  #journalBytes: number
  #journal: FileHandle | undefined
  /** The journal cannot be gone on with: a new snapshot has to take its place. */
  #mustCompact: boolean
  /** Lines that are not on disk yet, and who waits for them. */
  #lines: string[] = []
  #waiting: { resolve: () => void; reject: (error: ShoalError) => void }[] = []
  #working: Promise<void> | undefined

  constructor(dir: string, options: StoreOptions, found: Found) {
    this.#dir = dir
    this.#options = options
    this.#generation = found.generation
    this.#snapshotBytes = found.snapshotBytes
    this.#journalBytes = found.journalBytes ?? 0
    this.#mustCompact = found.journalBytes === undefined
  }

  put(record: TorrentRecord): void {
    this.#lines.push(encodeLine({ put: encodeRecord(record) }))
  }

  delete(id: string): void {
    this.#lines.push(encodeLine({ del: id }))
  }

  putMeta(meta: Meta): void {
    this.#lines.push(encodeLine({ meta }))
  }

  /**
   * All that was put before is durable.
   *
   * @throws ShoalError what the disk did; it stays to be written with the next commit
   */
  commit(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
    this.#working ??= this.#work()
    return done
  }

  get isBusy(): boolean {
    return this.#working !== undefined
  }

  async close(): Promise<void> {
    await this.#working
    await this.#journal?.close()
    this.#journal = undefined
  }

  async #work(): Promise<void> {
    // Not in the turn of who asks: more may be asked for in it.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      const path = join(this.#dir, this.#mustCompact ? SNAPSHOT : JOURNAL)
      try {
        await this.#write()
        for (const { resolve } of waiting) resolve()
      } catch (cause) {
        const error = diskError(cause, 'write', path)
        for (const { reject } of waiting) reject(error)
      }
    }
    this.#working = undefined
  }

  async #write(): Promise<void> {
    const due = Math.max(MIN_COMPACT_BYTES, this.#snapshotBytes)
    if (this.#mustCompact || this.#journalBytes > due) await this.#compact()
    else if (this.#lines.length > 0) await this.#append()
  }

  async #append(): Promise<void> {
    // More are put while these are written.
    const count = this.#lines.length
    const bytes = Buffer.from(this.#lines.join(''))
    try {
      this.#journal ??= await open(join(this.#dir, JOURNAL), 'a', FILE_MODE)
      await this.#journal.appendFile(bytes)
      await this.#journal.datasync()
    } catch (cause) {
      // Half a line may be there, and what a sync has failed for is not there even if a second one succeeds.
      this.#mustCompact = true
      throw cause
    }
    this.#journalBytes += bytes.length
    this.#lines.splice(0, count)
  }

  /** Everything anew. Lines that wait go to the journal after it: what they say may not be among the records yet. */
  async #compact(): Promise<void> {
    const generation = this.#generation + 1
    let length = 0
    await replaceFile(join(this.#dir, SNAPSHOT), async file => {
      const write = async (lines: string[]): Promise<void> => {
        const bytes = Buffer.from(lines.join(''))
        length += bytes.length
        await file.appendFile(bytes)
      }
      await write([
        encodeLine({ shoal: 'session', version: VERSION, generation }),
        encodeLine({ meta: this.#options.meta() }),
      ])
      const lines: string[] = []
      let count = 0
      for (const record of [...this.#options.records()]) {
        lines.push(encodeLine({ put: encodeRecord(record) }))
        count++
        if (lines.length >= RECORDS_AT_ONCE) await write(lines.splice(0))
      }
      lines.push(encodeLine({ end: count }))
      await write(lines)
    })
    await syncFolder(this.#dir)
    await this.#journal?.close()
    this.#journal = undefined
    const header = encodeLine({ shoal: 'journal', version: VERSION, generation })
    await replaceFile(join(this.#dir, JOURNAL), file => file.writeFile(header))
    await syncFolder(this.#dir)
    this.#generation = generation
    this.#snapshotBytes = length
    this.#journalBytes = header.length
    this.#mustCompact = false
    if (this.#lines.length > 0) await this.#append()
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return new Uint8Array(0)
    throw cause
  }
}
