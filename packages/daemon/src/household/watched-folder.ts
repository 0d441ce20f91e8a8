/**
 * One folder whose torrent files and magnet links are added. Each file goes one way:
 *
 *     seen ──unchanged for a moment──▶ added ──▶ ….added, or deleted
 *                                   ╲─ cannot be used ──▶ ….failed, and the reason in the log
 *                                   ╲─ not now (disk, daemon) ──▶ again after a minute
 *
 * Who writes a file is not known, so one that may be half there is waited for.
 */
import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { AddOptions, AddResult } from '../contract/index.ts'
import type { HouseholdLog } from './household-log.ts'

/** What is longer is no torrent file: the largest known ones have some 20 MiB. */
const MAX_TORRENT_BYTES = 64 * 1024 * 1024
const MAX_LINKS_BYTES = 256 * 1024
/** Files looked at in one go; the others get their turn once these are gone. */
const MAX_FILES = 1_000
/** A file is left alone until it has been the same for so long. */
const SETTLE_MS = 1_000
/** One that cannot be read as a torrent may still be half there for so long. */
const HALF_MS = 10_000
const RETRY_MS = 60_000

/** It is the file's fault: another try would end the same. */
const HOPELESS: ReadonlySet<string> = new Set([
  'TORRENT_INVALID',
  'TORRENT_UNSUPPORTED',
  'INVALID',
  'TOO_LARGE',
])

export interface WatchFolder {
  readonly folder: string
  readonly dir: string | null
  readonly category: string | null
  readonly labels: readonly string[]
  readonly start: boolean | null
  readonly after: 'rename' | 'delete'
}

export interface WatchDeps {
  readonly add: (
    sources: readonly (string | Uint8Array)[],
    options: AddOptions,
  ) => Promise<readonly AddResult[]>
  readonly log: HouseholdLog
}

interface Seen {
  readonly size: number
  readonly mtimeMs: number
  /** When it was first seen like this. */
  readonly sinceMs: number
  /** Not before; infinite: it is done with, and could not be renamed. */
  nextMs: number
}

export class WatchedFolder {
  readonly #folder: WatchFolder
  readonly #deps: WatchDeps
  #seen = new Map<string, Seen>()
  #isMissing = false

  constructor(folder: WatchFolder, deps: WatchDeps) {
    this.#folder = folder
    this.#deps = deps
  }

  /** Adds what is ready. @returns whether something waits, so that it should be looked at again soon */
  async look(nowMs: number): Promise<boolean> {
    const seen = new Map<string, Seen>()
    for (const name of await this.#names()) {
      const found = await this.#stat(name)
      if (found === undefined) continue
      const before = this.#seen.get(name)
      const isSame = before?.size === found.size && before.mtimeMs === found.mtimeMs
      const now = isSame ? before : { ...found, sinceMs: nowMs, nextMs: nowMs + SETTLE_MS }
      seen.set(name, now)
      if (isSame && nowMs >= now.nextMs) await this.#take(name, now, nowMs)
    }
    this.#seen = seen
    return [...seen.values()].some(({ nextMs }) => nextMs <= nowMs + HALF_MS)
  }

  async #names(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#folder.folder)
      if (this.#isMissing) this.#deps.log.info(`watch folder ${this.#folder.folder} is there again`)
      this.#isMissing = false
      return names.filter(name => /^[^.].*\.(torrent|magnet)$/i.test(name)).slice(0, MAX_FILES)
    } catch (error) {
      if (!this.#isMissing)
        this.#deps.log.warn(`watch folder ${this.#folder.folder} cannot be read: ${messageOf(error)}`)
      this.#isMissing = true
      return []
    }
  }

  async #stat(name: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
    try {
      const found = await stat(join(this.#folder.folder, name))
      return found.isFile() ? { size: found.size, mtimeMs: found.mtimeMs } : undefined
    } catch {
      // It went away meanwhile, or is a link to nothing.
      return undefined
    }
  }

  async #take(name: string, seen: Seen, nowMs: number): Promise<void> {
    const path = join(this.#folder.folder, name)
    const mayBeHalf = nowMs - seen.sinceMs < HALF_MS
    let results: readonly AddResult[]
    try {
      const sources = await sourcesIn(path, seen.size)
      results = await this.#deps.add(sources, this.#options())
    } catch (error) {
      if (!(error instanceof Unusable)) return this.#later(path, seen, nowMs, messageOf(error))
      if (mayBeHalf) return this.#wait(seen, nowMs)
      return await this.#finish(path, seen, [error.message])
    }
    const failures = results.filter(result => result.outcome === 'failed')
    const passing = failures.find(({ code }) => !HOPELESS.has(code))
    if (passing !== undefined) return this.#later(path, seen, nowMs, passing.text)
    if (failures.length > 0 && mayBeHalf) return this.#wait(seen, nowMs)
    for (const result of results) {
      if (result.outcome === 'failed') continue
      const text = result.outcome === 'added' ? 'added' : 'is here already:'
      this.#deps.log.info(`${path}: ${text} ${result.name}`, { event: 'watch', id: result.id })
    }
    await this.#finish(
      path,
      seen,
      failures.map(({ text }) => text),
    )
  }

  #options(): AddOptions {
    const { dir, category, labels, start } = this.#folder
    return {
      ...(dir === null ? {} : { dir }),
      ...(category === null ? {} : { category }),
      ...(start === null ? {} : { start }),
      labels,
    }
  }

  #wait(seen: Seen, nowMs: number): void {
    seen.nextMs = nowMs + SETTLE_MS
  }

  #later(path: string, seen: Seen, nowMs: number, why: string): void {
    seen.nextMs = nowMs + RETRY_MS
    this.#deps.log.warn(`${path}: cannot be added now: ${why}; it is tried again`)
  }

  async #finish(path: string, seen: Seen, failures: readonly string[]): Promise<void> {
    seen.nextMs = Number.POSITIVE_INFINITY
    for (const text of failures) this.#deps.log.warn(`${path}: cannot be added: ${text}`)
    try {
      if (failures.length > 0) await rename(path, `${path}.failed`)
      else if (this.#folder.after === 'delete') await unlink(path)
      else await rename(path, `${path}.added`)
    } catch (error) {
      // It stays known as done with, so that it is not added over and over.
      this.#deps.log.warn(`${path}: cannot be put aside: ${messageOf(error)}`)
    }
  }
}

/** What is wrong with the file itself. */
class Unusable extends Error {}

async function sourcesIn(path: string, size: number): Promise<readonly (string | Uint8Array)[]> {
  const isTorrent = /\.torrent$/i.test(path)
  const most = isTorrent ? MAX_TORRENT_BYTES : MAX_LINKS_BYTES
  if (size > most) throw new Unusable(`it is larger than ${most} bytes`)
  if (size === 0) throw new Unusable('it is empty')
  const bytes = await readFile(path)
  if (isTorrent) return [bytes]
  const links = bytes
    .toString('utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
  const wrong = links.find(link => !/^magnet:\?/i.test(link))
  if (wrong !== undefined) throw new Unusable(`'${wrong.slice(0, 60)}' is no magnet link`)
  if (links.length === 0) throw new Unusable('there is no magnet link in it')
  return links
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
