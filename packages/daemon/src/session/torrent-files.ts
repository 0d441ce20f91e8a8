/**
 * `torrents/<info-hash>.torrent`: what is in each torrent, read when somebody asks. Of one that is stopped and not whole,
 * `<info-hash>.have` beside it says which pieces are there: for display only, the engine keeps its own record.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Metainfo, parseTorrent, ShoalError } from '@shoal/engine'
import { diskError, errnoOf } from './disk-error.ts'
import { FILE_MODE, FOLDER_MODE, replaceFile, syncFolder } from './store/durable.ts'

/** Torrents that somebody looks at, by the size of their files. */
const CACHE_BYTES = 16 * 1024 * 1024
/** Different lists of trackers that are remembered, by their characters: a few hundred of the longest that people make. */
const TIERS_CHARS = 4 * 1024 * 1024

interface Cached {
  readonly metainfo: Metainfo
  readonly bytes: Uint8Array
}

type Tiers = Metainfo['trackers']

export class TorrentFiles {
  readonly #dir: string
  /** The least recently used first. */
  readonly #cache = new Map<string, Cached>()
  #cachedBytes = 0
  readonly #cacheBytes: number
  /**
   * Trackers that files name, by torrent: programs ask for those of all torrents again and again. Most torrents of a
   * tracker have the same, which are kept once, by their text.
   */
  readonly #tiers = new Map<string, Tiers>()
  readonly #sharedTiers = new Map<string, Tiers>()
  #tiersChars = 0
  #syncing: Promise<void> | undefined

  constructor(stateDir: string, cacheBytes: number = CACHE_BYTES) {
    this.#cacheBytes = cacheBytes
    this.#dir = join(stateDir, 'torrents')
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: FOLDER_MODE })
  }

  /** Resolves when it would survive a power cut. @throws ShoalError what the disk did */
  async save(id: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(id)
    try {
      await replaceFile(path, file => file.writeFile(bytes))
      // Many that are added at once share it: one that begins later than the rename covers it.
      this.#syncing ??= this.#syncSoon()
      await this.#syncing
    } catch (cause) {
      throw diskError(cause, 'write', path)
    }
  }

  /** @throws ShoalError `SOURCE_NOT_FOUND`, `TORRENT_INVALID`, or what the disk did */
  async load(id: string): Promise<Cached> {
    const known = this.#cache.get(id)
    if (known !== undefined) {
      this.#cache.delete(id)
      this.#cache.set(id, known)
      return known
    }
    const bytes = await this.bytes(id)
    const metainfo = parseTorrent(bytes)
    if (metainfo.infoHashHex !== id) {
      const path = this.#pathOf(id)
      throw new ShoalError('TORRENT_INVALID', `${path} holds another torrent: ${metainfo.infoHashHex}`, {
        subject: path,
      })
    }
    this.#remember(id, { metainfo, bytes })
    return { metainfo, bytes }
  }

  /** @throws ShoalError as {@link load} */
  async tiers(id: string): Promise<Tiers> {
    return this.#tiers.get(id) ?? this.#rememberTiers(id, (await this.load(id)).metainfo.trackers)
  }

  async bytes(id: string): Promise<Uint8Array> {
    const path = this.#pathOf(id)
    try {
      return await readFile(path)
    } catch (cause) {
      if (errnoOf(cause) !== 'ENOENT') throw diskError(cause, 'read', path)
      throw new ShoalError('SOURCE_NOT_FOUND', `${path} is missing: add the torrent once more`, {
        operation: 'read',
        subject: path,
        cause,
      })
    }
  }

  async delete(id: string): Promise<void> {
    this.#forget(id)
    this.#tiers.delete(id)
    await rm(this.#pathOf(id), { force: true })
    await rm(this.#havePathOf(id), { force: true })
  }

  /** Undefined: nothing is kept, as of what is whole. */
  async loadHave(id: string): Promise<Uint8Array | undefined> {
    return await readFile(this.#havePathOf(id)).catch(() => undefined)
  }

  async saveHave(id: string, have: Uint8Array | undefined): Promise<void> {
    const path = this.#havePathOf(id)
    if (have === undefined) await rm(path, { force: true })
    else await writeFile(path, have, { mode: FILE_MODE })
  }

  /** Of the torrents that there are files of. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.#dir)
    return names.flatMap(name => /^([0-9a-f]{40})\.torrent$/.exec(name)?.[1] ?? [])
  }

  async #syncSoon(): Promise<void> {
    await Promise.resolve()
    this.#syncing = undefined
    await syncFolder(this.#dir)
  }

  #remember(id: string, cached: Cached): void {
    this.#cache.set(id, cached)
    this.#cachedBytes += cached.bytes.length
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedBytes <= this.#cacheBytes || oldest === id) break
      this.#forget(oldest)
    }
  }

  #rememberTiers(id: string, tiers: Tiers): Tiers {
    const text = JSON.stringify(tiers)
    let shared = this.#sharedTiers.get(text)
    if (shared === undefined) {
      if (this.#tiersChars + text.length > TIERS_CHARS) {
        this.#tiers.clear()
        this.#sharedTiers.clear()
        this.#tiersChars = 0
      }
      shared = tiers
      this.#sharedTiers.set(text, shared)
      this.#tiersChars += text.length
    }
    this.#tiers.set(id, shared)
    return shared
  }

  #forget(id: string): void {
    this.#cachedBytes -= this.#cache.get(id)?.bytes.length ?? 0
    this.#cache.delete(id)
  }

  #pathOf(id: string): string {
    return join(this.#dir, `${id}.torrent`)
  }

  #havePathOf(id: string): string {
    return join(this.#dir, `${id}.have`)
  }
}
