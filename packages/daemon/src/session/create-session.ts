/** {@link createSession}: the daemon's torrents over an engine and a state folder. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Overheard, ShoalError } from '@shoal/engine'
import type {
  Action,
  AddOptions,
  AddResult,
  Ban,
  Category,
  Facets,
  FilePatch,
  FileRow,
  Inspection,
  ListQuery,
  LogLine,
  PeerRow,
  PiecesView,
  RateHistory,
  RowField,
  RowPart,
  SessionInfo,
  TorrentDetail,
  TorrentPage,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from '../contract/index.ts'
import { Adder } from './adder.ts'
import { openSource } from './adding.ts'
import { checkPeers } from './checks.ts'
import { type SessionClock, systemClock } from './clock.ts'
import { Core } from './core.ts'
import { act, move, patch, patchFiles, remove } from './edits.ts'
import type { SessionEngine } from './engine-port.ts'
import type { Item } from './item.ts'
import { facetsOf } from './list/facets.ts'
import { Pulse, STEP_MS } from './pulse.ts'
import { partOf } from './row.ts'
import { isScheduled, localTime } from './rules/timetable.ts'
import { type Changes, type Session, SessionError, type SessionSettings, type Terms } from './session.ts'
import {
  detailOf,
  filesOf,
  knownMetainfo,
  metainfoOf,
  pathOf,
  peersOf,
  piecesOf,
  termsOf,
  trackersOf,
} from './views.ts'

export interface SessionOptions {
  /** The session's from now on: it is closed with it. */
  readonly engine: SessionEngine
  /** For nobody else. */
  readonly stateDir: string
  readonly settings: SessionSettings
  readonly version?: string
  /** Told of each line, as it is written. */
  readonly log?: (line: LogLine) => void
  readonly clock?: SessionClock
  /** What is blocked is known to whoever gave it to the engine. */
  readonly blocklist?: () => SessionInfo['blocklist']
  /** ISO 3166 code of where a peer is, by `host:port`; null: not known. Asked for each peer of each list. */
  readonly countryOf?: (address: string) => string | null
  /** Told of all that are banned, at once and whenever that changes: the engine is to have nothing to do with them. */
  readonly onBans?: (addresses: readonly string[]) => void
}

/**
 * Everything that was remembered is there when it resolves; what is to run is started after that.
 *
 * @throws ShoalError what the disk did, `RESUME_INVALID` for a state folder of a newer version
 */
export async function createSession(options: SessionOptions): Promise<Session> {
  const {
    log = () => {},
    clock = systemClock,
    version = '0.1.0',
    blocklist = () => null,
    countryOf = () => null,
    onBans = () => {},
  } = options
  const core = new Core({ ...options, log, clock })
  await core.open(options.stateDir)
  const tellBans = (): void => onBans(core.bans.list.map(({ address }) => address))
  tellBans()
  const session = new TorrentSession(core, new Pulse(core, version, blocklist), countryOf, tellBans)
  session.begin()
  return session
}

/** Remembered of one torrent, the latest; as many as are given at a time. */
const MAX_PEERS = 1000

class TorrentSession implements Session {
  readonly #core: Core
  readonly #pulse: Pulse
  readonly #adder: Adder
  readonly #countryOf: (address: string) => string | null
  readonly #tellBans: () => void
  #endBeats: () => void = () => {}
  #closing: Promise<void> | undefined
  #facets: { readonly cursor: unknown; readonly facets: Facets } | undefined

  constructor(core: Core, pulse: Pulse, countryOf: (address: string) => string | null, tellBans: () => void) {
    this.#core = core
    this.#pulse = pulse
    this.#adder = new Adder(core)
    this.#countryOf = countryOf
    this.#tellBans = tellBans
  }

  begin(): void {
    this.#endBeats = this.#core.clock.every(STEP_MS, () => this.#pulse.beat())
    void this.#pulse.lookAtDisks()
  }

  get changes(): Changes {
    return this.#core.changes
  }

  info(): SessionInfo {
    this.#core.torrents.refresh()
    return this.#pulse.info()
  }

  history(): RateHistory {
    return this.#pulse.history.get()
  }

  list(query: ListQuery): TorrentPage {
    const { torrents, changes } = this.#core
    torrents.refresh()
    const { total, offset, items } = torrents.lists.window(torrents.ordered(), query)
    return {
      total,
      offset,
      items: items.map(({ row }) => row!),
      facets: this.facets(),
      cursor: changes.cursor,
    }
  }

  pick(query: ListQuery, fields: readonly RowField[]): RowPart[] {
    const { torrents } = this.#core
    torrents.refresh()
    const limit = query.limit ?? Number.POSITIVE_INFINITY
    const { items } = torrents.lists.window(torrents.ordered(), { ...query, limit }, limit)
    return items.map(({ row }) => partOf(row!, fields))
  }

  facets(): Facets {
    const { torrents } = this.#core
    torrents.refresh()
    if (this.#facets?.cursor !== torrents.version) {
      this.#facets = { cursor: torrents.version, facets: facetsOf(torrents.rows()) }
    }
    return this.#facets.facets
  }

  rows(): readonly TorrentRow[] {
    return this.#core.torrents.rows()
  }

  row(id: string): TorrentRow {
    const item = this.#core.torrents.get(id)
    this.#core.torrents.refresh()
    return item.row!
  }

  async detail(id: string): Promise<TorrentDetail> {
    const { torrents, files } = this.#core
    const item = torrents.get(id)
    torrents.refresh()
    return await detailOf(item, this.#core.goalsOf(item.record), files)
  }

  terms(id: string): Terms {
    const { record } = this.#core.torrents.get(id)
    return termsOf(record, this.#core.goalsOf(record))
  }

  async files(id: string): Promise<readonly FileRow[]> {
    return await filesOf(this.#core.torrents.get(id), this.#core.files)
  }

  peers(id: string): readonly PeerRow[] {
    return peersOf(this.#core.torrents.get(id), this.#countryOf)
  }

  async trackers(id: string): Promise<readonly TrackerRow[]> {
    return await trackersOf(this.#core.torrents.get(id), this.#core.files, this.#core.now())
  }

  async pieces(id: string): Promise<PiecesView> {
    return await piecesOf(this.#core.torrents.get(id), this.#core.files)
  }

  log(id?: string): readonly LogLine[] {
    return this.#core.logRing.get(id)
  }

  async torrentFile(id: string): Promise<Uint8Array> {
    const item = this.#core.torrents.get(id)
    await knownMetainfo(item, this.#core.files)
    return await this.#core.files.bytes(id)
  }

  async add(
    sources: readonly (string | URL | Uint8Array)[],
    options: AddOptions = {},
  ): Promise<readonly AddResult[]> {
    this.#assertOpen()
    return await this.#adder.add(sources, options)
  }

  async inspect(source: string | URL | Uint8Array, signal?: AbortSignal): Promise<Inspection> {
    this.#assertOpen()
    const opened = await openSource(source, signal)
    const { engine, inspections, torrents, files } = this.#core
    const known = torrents.find(opened.id)
    // What is here already need not be asked for.
    const here = known === undefined ? undefined : await metainfoOf(known, files)
    const metainfo =
      'metainfo' in opened
        ? opened.metainfo
        : (here ??
          (
            await inspections.run(
              opened.id,
              signal,
              async asking =>
                await engine.describe(opened.link, {
                  peers: [],
                  trackerTiers: undefined,
                  signal: asking,
                  onFetching: () => {},
                }),
            )
          ).metainfo)
    return {
      id: opened.id,
      name: metainfo.name,
      totalBytes: metainfo.geometry.totalLength,
      pieceLength: metainfo.geometry.pieceLength,
      private: metainfo.private,
      comment: metainfo.comment ?? null,
      trackers: metainfo.trackers,
      files: metainfo.files.map(({ path, length }) => ({ path: path.join('/'), length })),
      duplicate: known !== undefined,
    }
  }

  async patch(id: string, change: TorrentPatch): Promise<void> {
    await patch(this.#core, this.#item(id), change)
  }

  async patchFiles(id: string, changes: readonly FilePatch[]): Promise<void> {
    await patchFiles(this.#core, this.#item(id), changes)
  }

  async act(action: Action, ids: readonly string[] | 'all'): Promise<number> {
    this.#assertOpen()
    return await act(this.#core, action, ids)
  }

  async remove(ids: readonly string[], { data }: { readonly data: boolean }): Promise<number> {
    this.#assertOpen()
    return await remove(this.#core, ids, data)
  }

  async move(
    ids: readonly string[],
    dir: string,
    options: { readonly move?: boolean } = {},
  ): Promise<number> {
    this.#assertOpen()
    return await move(this.#core, ids, dir, options.move ?? true)
  }

  async addPeers(id: string, addresses: readonly string[]): Promise<void> {
    const core = this.#core
    const item = this.#item(id)
    const { record, live } = item
    checkPeers(addresses, 'addresses')
    const banned = addresses.find(address => core.bans.has(address))
    if (banned !== undefined)
      throw new SessionError('CONFLICT', `${banned} is banned: take that back first.`, 'addresses')
    record.peers = [...new Set([...record.peers, ...addresses])].slice(-MAX_PEERS)
    for (const address of addresses) live?.torrent?.addPeer(address)
    await core.save([item])
  }

  async banPeer(id: string, address: string): Promise<void> {
    this.#item(id)
    await this.#ban([address], 'address')
  }

  bans(): readonly Ban[] {
    return this.#core.bans.list
  }

  async ban(addresses: readonly string[]): Promise<void> {
    await this.#ban(addresses, 'addresses')
  }

  async unban(address: string): Promise<void> {
    this.#assertOpen()
    if (!this.#core.bans.remove(address))
      throw new SessionError('NOT_FOUND', `${address} is not banned.`, 'address')
    this.#tellBans()
    await this.#core.saveMeta()
  }

  overhear(id: string, address: string, listener: (heard: Overheard) => void): () => void {
    const { record, live } = this.#item(id)
    try {
      if (live?.torrent !== undefined) return live.torrent.overhear(address, listener)
    } catch (error) {
      if (!(error instanceof ShoalError) || error.code !== 'OPTION_INVALID') throw error
    }
    const text = `${record.name} is not connected to ${address} any more.`
    throw new SessionError('NOT_FOUND', text, 'path.address')
  }

  async *stream(
    id: string,
    file: number,
    options: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array> {
    const item = this.#item(id)
    const metainfo = await knownMetainfo(item, this.#core.files)
    if (metainfo.files[file] === undefined)
      throw new SessionError('NOT_FOUND', `There is no file ${file}.`, 'file')
    const { torrent } = item.live ?? {}
    if (torrent !== undefined) return yield* torrent.stream(file, options)
    if (item.record.leftBytes > 0) {
      const text = `${item.record.name} does not run and is not whole: start it to see what is in it.`
      throw new SessionError('CONFLICT', text)
    }
    const { start, end, signal } = options
    if (end <= start) return
    const path = join(item.record.place, ...pathOf(item, metainfo, file))
    yield* createReadStream(path, { start, end: end - 1, signal })
  }

  categories(): readonly Category[] {
    return [...this.#core.categories.values()]
  }

  async setCategory(category: Category): Promise<void> {
    const core = this.#core
    core.categories.set(category.name, category)
    for (const item of core.live()) if (item.record.category === category.name) core.applyLimitsOf(item)
    await core.saveMeta()
  }

  async removeCategory(name: string): Promise<void> {
    const core = this.#core
    if (!core.categories.delete(name)) throw new SessionError('NOT_FOUND', `There is no category ${name}.`)
    const items = core.torrents.some('all').filter(({ record }) => record.category === name)
    for (const item of items) {
      item.record.category = undefined
      core.applyLimitsOf(item)
      core.torrents.touch(item)
    }
    core.store.putMeta(core.meta)
    await core.save(items)
  }

  labels(): Readonly<Record<string, number>> {
    const { '': _, ...labels } = this.facets().labels
    return labels
  }

  async setAlternative(on: boolean | undefined): Promise<void> {
    const core = this.#core
    const scheduled = isScheduled(core.settings.alternative.timetable, localTime(core.now()))
    core.byHand = on === undefined ? undefined : { on, scheduled }
    core.applyAlternative()
    await core.saveMeta()
  }

  applySettings(settings: SessionSettings): void {
    const core = this.#core
    core.settings = settings
    core.applyAlternative()
    for (const item of core.live()) core.applyLimitsOf(item)
    void this.#pulse.lookAtDisks()
    core.scheduleSoon()
  }

  async settled(): Promise<void> {
    do await new Promise(resolve => setImmediate(resolve))
    while (this.#core.isBusy || this.#pulse.isLooking)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const core = this.#core
    core.end()
    this.#endBeats()
    core.runner.close()
    this.#pulse.lookAtAll()
    await core.engine.close()
    await core.saveMeta().catch(() => {})
    await core.store.close()
  }

  async #ban(addresses: readonly string[], where: string): Promise<void> {
    this.#assertOpen()
    const core = this.#core
    core.bans.add(addresses, Math.floor(core.now() / 1000), where)
    this.#tellBans()
    await core.saveMeta()
  }

  #item(id: string): Item {
    this.#assertOpen()
    return this.#core.torrents.get(id)
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ShoalError('CLOSED', 'the session is closed')
  }
}
