/**
 * The blocklist in force. A new one takes the old one's place only if it is of use: what a server sends in place of a
 * list (a page that says sorry, nothing) must not open the doors.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { PackedRanges } from '@shoal/engine'
import { fetchList, isUrl, ListUnavailable, textOf } from './blocklist-source.ts'
import { parseBlocklist } from './blocklist-text.ts'
import type { HouseholdLog } from './household-log.ts'
import { rangeCount } from './ip-ranges.ts'

const NO_RANGES: PackedRanges = { v4: new Uint32Array(), v6: new Uint8Array() }
const NOTHING = { ranges: 0, loadedAt: null }

export interface BlocklistDeps {
  readonly apply: (ranges: PackedRanges) => void
  readonly log: HouseholdLog
  /** Where the last good list of a web server is kept: it counts after a restart without network as well. */
  readonly cache: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Times are milliseconds since 1970. */
export interface BlocklistState {
  readonly source: string
  readonly ranges: number
  /** Null: none was of use so far. */
  readonly loadedAt: number | null
  readonly triedAt: number | null
  /** Why the last try was of no use. */
  readonly error: string | null
  readonly loading: boolean
}

export class Blocklist {
  readonly #deps: BlocklistDeps
  #source: string | null = null
  #loaded: Pick<BlocklistState, 'ranges' | 'loadedAt'> = NOTHING
  #triedAt: number | null = null
  #error: string | null = null
  #loading = 0
  /** Lists are read one after another. */
  #work: Promise<void> = Promise.resolve()

  constructor(deps: BlocklistDeps) {
    this.#deps = deps
  }

  /** Null: there is no list. */
  state(): BlocklistState | null {
    if (this.#source === null) return null
    return {
      source: this.#source,
      ...this.#loaded,
      triedAt: this.#triedAt,
      error: this.#error,
      loading: this.#loading > 0,
    }
  }

  /** @param source path or URL; null lifts it. Resolves when it is in force, or known to be of no use. */
  async use(source: string | null): Promise<void> {
    if (source === this.#source) return
    const hadNone = this.#source === null
    this.#source = source
    this.#error = null
    if (source === null) {
      this.#loaded = NOTHING
      this.#deps.apply(NO_RANGES)
      await rm(this.#deps.cache, { force: true })
      return
    }
    // A start does not wait for a server when there is a list.
    if (hadNone && isUrl(source) && (await this.#useCache())) void this.reload()
    else await this.reload()
  }

  /** Reads it again. Never rejects: what is wrong is told in the log. */
  async reload(): Promise<void> {
    this.#loading++
    const work = this.#work.then(() => this.#load()).finally(() => this.#loading--)
    this.#work = work
    await work
  }

  async #load(): Promise<void> {
    const source = this.#source
    if (source === null) return
    this.#triedAt = this.#deps.now()
    try {
      const bytes = await fetchList(source)
      await this.#apply(source, bytes)
      if (this.#source === source) this.#error = null
      if (isUrl(source)) await this.#keep(bytes)
    } catch (error) {
      if (!(error instanceof ListUnavailable)) throw error
      if (this.#source === source) this.#error = error.message
      const still = this.#loaded.loadedAt === null ? 'no address is blocked' : 'the old one stays in force'
      this.#deps.log.warn(`blocklist ${source}: ${error.message}; ${still}`)
    }
  }

  async #apply(source: string, bytes: Buffer): Promise<void> {
    const { ranges, lines, bad, firstBad } = await parseBlocklist(await textOf(bytes))
    if (this.#source !== source) return
    const count = rangeCount(ranges)
    const example = firstBad === undefined ? '' : ` (line ${firstBad.line}: '${firstBad.text}')`
    if (count === 0 || bad > lines / 2)
      throw new ListUnavailable(
        `it is no list of addresses: ${bad} of ${lines} lines cannot be read${example}`,
      )
    this.#loaded = { ranges: count, loadedAt: this.#deps.now() }
    this.#deps.apply(ranges)
    this.#deps.log.info(`blocklist ${source}: ${count} ranges`)
    if (bad > 0) this.#deps.log.warn(`blocklist ${source}: ${bad} of ${lines} lines cannot be read${example}`)
  }

  /** False: there is none, or none of use. */
  async #useCache(): Promise<boolean> {
    try {
      await this.#apply(this.#source!, await readFile(this.#deps.cache))
      return true
    } catch {
      return false
    }
  }

  async #keep(bytes: Buffer): Promise<void> {
    try {
      await writeFile(`${this.#deps.cache}.new`, bytes, { mode: 0o600 })
      await rename(`${this.#deps.cache}.new`, this.#deps.cache)
    } catch (error) {
      this.#deps.log.warn(
        `the blocklist cannot be kept for the next start: ${error instanceof Error ? error.message : error}`,
      )
    }
  }
}
