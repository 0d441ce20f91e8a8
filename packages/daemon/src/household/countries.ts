/**
 * In which countries peers are, where somebody gave a database. It is read again when the file is another one than
 * before; one that is of no use leaves the old one in force, and the daemon goes on without where there is none.
 */
import { open, stat } from 'node:fs/promises'
import { CountryDatabase, DatabaseUnusable } from './country-database.ts'
import type { HouseholdLog } from './household-log.ts'

/** It is kept in memory. Those of cities all over the world have some 120 MiB, those of countries 8. */
const MAX_BYTES = 256 * 1024 * 1024
/** Hosts whose country is remembered: more than are connected at once, so that lists look nothing up again. */
const MAX_KNOWN = 10_000

export interface CountriesDeps {
  readonly log: HouseholdLog
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Times are milliseconds since 1970. */
export interface CountriesState {
  readonly source: string
  /** What is in force calls itself so, and was made then; null: nothing is. */
  readonly type: string | null
  readonly builtAt: number | null
  readonly loadedAt: number | null
  /** Why the last try to read it was of no use. */
  readonly error: string | null
}

export class Countries {
  readonly #deps: CountriesDeps
  #source: string | null = null
  #database: CountryDatabase | undefined
  #loadedAt: number | null = null
  #error: string | null = null
  /** How the file looked when it was last read, of use or not. */
  #stamp: string | undefined
  readonly #known = new Map<string, string | null>()
  /** Files are read one after another. */
  #work: Promise<void> = Promise.resolve()

  constructor(deps: CountriesDeps) {
    this.#deps = deps
  }

  /** Null: nobody gave a database. */
  state(): CountriesState | null {
    if (this.#source === null) return null
    return {
      source: this.#source,
      type: this.#database?.type ?? null,
      builtAt: this.#database === undefined ? null : this.#database.builtAt * 1000,
      loadedAt: this.#loadedAt,
      error: this.#error,
    }
  }

  /** @param path null: none. Never rejects: what is wrong is told in the log. */
  async use(path: string | null): Promise<void> {
    if (path === this.#source) return
    this.#source = path
    this.#take(undefined)
    this.#loadedAt = null
    this.#error = null
    this.#stamp = undefined
    await this.look()
  }

  /** Reads the file if it is not as it was. Never rejects. */
  async look(): Promise<void> {
    const work = this.#work.then(() => this.#look())
    this.#work = work
    await work
  }

  /** @param address `host:port` or `[v6]:port`; ISO 3166 code, null: not known */
  of(address: string): string | null {
    if (this.#database === undefined) return null
    const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
    const known = this.#known.get(host)
    if (known !== undefined) return known
    // The oldest goes; whoever is still connected is looked up again.
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    const country = this.#ask(this.#database, host)
    this.#known.set(host, country)
    return country
  }

  #ask(database: CountryDatabase, host: string): string | null {
    try {
      return database.countryOf(host) ?? null
    } catch (error) {
      if (!(error instanceof DatabaseUnusable)) throw error
      // Once, not for every peer.
      if (this.#error === null) this.#tell(this.#source!, error.message)
      return null
    }
  }

  async #look(): Promise<void> {
    const source = this.#source
    if (source === null) return
    const stamp = await stampOf(source)
    if (stamp === this.#stamp || this.#source !== source) return
    this.#stamp = stamp
    try {
      const database = new CountryDatabase(await read(source))
      if (this.#source !== source) return
      this.#take(database)
      this.#loadedAt = this.#deps.now()
      this.#error = null
      this.#deps.log.info(`countries of peers: ${source} (${database.type})`)
    } catch (error) {
      if (!(error instanceof DatabaseUnusable)) throw error
      if (this.#source === source) this.#tell(source, error.message)
    }
  }

  #take(database: CountryDatabase | undefined): void {
    this.#database = database
    this.#known.clear()
  }

  #tell(source: string, error: string): void {
    this.#error = error
    const still =
      this.#database === undefined ? 'peers are shown without countries' : 'the old one stays in use'
    this.#deps.log.warn(`countries of peers: ${source}: ${error}; ${still}`)
  }
}

/** Other than before when the file was written to, or replaced. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )
  return typeof found === 'string' ? found : `${found.ino} ${found.size} ${found.mtimeMs}`
}

async function read(path: string): Promise<Buffer> {
  try {
    // What is no file, as a pipe, could wait for ever.
    if (!(await stat(path)).isFile()) throw new DatabaseUnusable('it is not a file')
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > MAX_BYTES) throw new DatabaseUnusable(`it is larger than ${MAX_BYTES / 2 ** 20} MiB`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(error instanceof Error ? error.message : String(error))
  }
}
