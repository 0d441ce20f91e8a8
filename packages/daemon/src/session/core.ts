/** What all parts of the session share: its torrents and their store, the engine, the settings. */
import { ShoalError } from '@shoal/engine'
import type { Category, LogLine, Reason, Totals } from '../contract/index.ts'
import { Bans } from './bans.ts'
import type { SessionClock } from './clock.ts'
import { Disks } from './disks.ts'
import { applyLimits } from './engine-options.ts'
import type { SessionEngine } from './engine-port.ts'
import { Inspections } from './inspections.ts'
import { Item, Live } from './item.ts'
import { ChangeLog } from './list/changes.ts'
import { LogRing } from './log-ring.ts'
import type { Counts } from './look.ts'
import { Namesakes } from './namesakes.ts'
import type { TorrentRecord } from './record.ts'
import { type GoalsInForce, goalsInForce } from './rules/goals.ts'
import { alternativeNow, type ByHand, isScheduled, localTime } from './rules/timetable.ts'
import { abort, Runner } from './runner.ts'
import { schedule } from './scheduler.ts'
import type { SessionSettings } from './session.ts'
import type { Meta } from './store/state.ts'
import { type Opened, openStore, type Store } from './store/store.ts'
import { TorrentFiles } from './torrent-files.ts'
import { Torrents } from './torrents.ts'

export interface CoreOptions {
  readonly engine: SessionEngine
  readonly stateDir: string
  readonly settings: SessionSettings
  readonly clock: SessionClock
  readonly log: (line: LogLine) => void
}

export class Core {
  readonly engine: SessionEngine
  readonly clock: SessionClock
  readonly files: TorrentFiles
  readonly changes: ChangeLog = new ChangeLog()
  readonly torrents: Torrents
  readonly categories: Map<string, Category> = new Map()
  bans: Bans = new Bans([])
  readonly disks: Disks = new Disks()
  readonly logRing: LogRing = new LogRing()
  readonly session: { downloadedBytes: number; uploadedBytes: number } = {
    downloadedBytes: 0,
    uploadedBytes: 0,
  }
  settings: SessionSettings
  /** Before this session. */
  before: Totals = { downloadedBytes: 0, uploadedBytes: 0 }
  byHand: ByHand | undefined
  alternative: { readonly active: boolean; readonly by: 'hand' | 'timetable' | null } = {
    active: false,
    by: null,
  }
  /** Nobody has ever come to our port. */
  readonly inspections: Inspections = new Inspections()
  unreachable = false
  closed = false
  heldBy: (item: Item) => Reason | undefined = () => undefined
  readonly #tell: (line: LogLine) => void
  #store: Store | undefined
  #runner: Runner | undefined
  #scheduling = false
  readonly #leaving = new Map<string, { readonly gone: Promise<void>; readonly onGone: () => void }>()

  constructor(options: CoreOptions) {
    this.engine = options.engine
    this.clock = options.clock
    this.settings = options.settings
    this.files = new TorrentFiles(options.stateDir)
    this.#tell = options.log
    this.torrents = new Torrents(this.changes, () => ({
      alternative: this.alternative.active,
      unreachable: this.unreachable,
    }))
  }

  get store(): Store {
    return this.#store!
  }

  get runner(): Runner {
    return this.#runner!
  }

  get meta(): Meta {
    return {
      ever: this.ever,
      categories: [...this.categories.values()],
      alternative: this.byHand,
      bans: this.bans.list,
    }
  }

  get ever(): Totals {
    return {
      downloadedBytes: this.before.downloadedBytes + this.session.downloadedBytes,
      uploadedBytes: this.before.uploadedBytes + this.session.uploadedBytes,
    }
  }

  now(): number {
    return this.clock.now()
  }

  /** Everything that was remembered; what is to run goes on. */
  async open(stateDir: string): Promise<void> {
    let found: Opened | undefined
    const records = (): Iterable<TorrentRecord> => [...this.torrents.all()].map(({ record }) => record)
    found = await openStore(stateDir, { records, meta: () => this.meta })
    await this.files.open()
    this.#store = found.store
    this.#runner = new Runner({
      engine: this.engine,
      store: found.store,
      files: this.files,
      inspections: this.inspections,
      now: () => this.now(),
      settings: () => this.settings,
      category: name => this.category(name),
      namesakes: () => this.namesakes(),
      onChange: item => this.wake(item),
      onCounted: counts => this.count(counts),
      onRemoved: item => {
        this.torrents.delete(item)
        this.#leaving.get(item.id)?.onGone()
        this.#leaving.delete(item.id)
      },
      log: (level, text, item) => this.log(level, text, item.id),
    })
    const { meta } = found.state
    this.before = meta.ever
    this.byHand = meta.alternative
    this.bans = new Bans(meta.bans)
    for (const category of meta.categories) this.categories.set(category.name, category)
    for (const text of found.warnings) this.log('error', text)
    for (const record of found.state.records.values()) {
      const item = new Item(record)
      this.torrents.add(item)
      if (item.isWanted || item.hasWork) item.live = new Live()
    }
    this.applyAlternative()
    for (const item of [...this.torrents.ordered()])
      if (item.record.pending.remove !== undefined) void this.leave(item)
    this.torrents.refresh()
    this.changes.begin()
    this.scheduleSoon()
  }

  /** Takes a torrent apart that was recorded as removed; resolves when nothing is left of it. */
  leave(item: Item): Promise<void> {
    item.live ??= new Live()
    abort(item)
    let onGone: () => void = () => {}
    const gone = new Promise<void>(resolve => {
      onGone = resolve
    })
    this.#leaving.set(item.id, { gone, onGone })
    this.torrents.hide(item)
    this.runner.steer(item)
    return gone
  }

  /** Nobody waits for what will go on after the next start. */
  end(): void {
    this.closed = true
    for (const { onGone } of this.#leaving.values()) onGone()
  }

  /** Until a torrent that was removed is out of the way. */
  async gone(id: string): Promise<void> {
    await this.#leaving.get(id)?.gone
  }

  category(name: string | undefined): Category | undefined {
    return name === undefined ? undefined : this.categories.get(name)
  }

  goalsOf({ goals, category }: TorrentRecord): GoalsInForce {
    return goalsInForce(goals, this.category(category)?.goals, this.settings.goals)
  }

  log(level: LogLine['level'], text: string, id: string | null = null): void {
    const line: LogLine = { at: Math.floor(this.now() / 1000), level, id, text }
    this.logRing.push(line)
    this.changes.onLog(line)
    this.#tell(line)
  }

  count({ downloadedBytes, uploadedBytes }: Counts): void {
    this.session.downloadedBytes += downloadedBytes
    this.session.uploadedBytes += uploadedBytes
  }

  /** Something about it is not as it was: its row, what it should be doing, who else may. */
  wake(item: Item): void {
    if (this.closed) return
    this.torrents.touch(item)
    this.scheduleSoon()
  }

  /** As {@link wake}, after its owner has asked for something. */
  wakeWanted(item: Item): void {
    if ((item.isWanted || item.hasWork) && item.live === undefined) item.live = new Live()
    this.wake(item)
    if (item.live !== undefined) this.runner.steer(item)
  }

  scheduleSoon(): void {
    if (this.#scheduling) return
    this.#scheduling = true
    // After all that happens in this turn.
    setImmediate(() => {
      this.#scheduling = false
      if (!this.closed) this.schedule()
    })
  }

  schedule(): void {
    const live = this.live().filter(({ record }) => record.pending.remove === undefined)
    const { settings, heldBy } = this
    for (const item of schedule(live, { now: this.now(), settings, heldBy })) {
      this.torrents.touch(item)
      if (item.live?.doing?.kind === 'fetching' && !item.live.mayRun) abort(item)
      this.runner.steer(item)
    }
  }

  get isBusy(): boolean {
    return this.#scheduling || this.runner.isBusy || this.store.isBusy
  }

  /** In the order of the queue. */
  live(): Item[] {
    return this.torrents.ordered().filter(({ live }) => live !== undefined)
  }

  /** Resolves when it would survive a power cut. @throws ShoalError */
  async save(items: Iterable<Item>): Promise<void> {
    for (const { record } of items) this.store.put(record)
    await this.store.commit()
  }

  async saveMeta(): Promise<void> {
    this.store.putMeta(this.meta)
    await this.store.commit()
  }

  /** What cannot be written now is with the next that can. */
  saveLater(work: Promise<void>): void {
    work.catch((cause: unknown) => {
      if (!(cause instanceof ShoalError)) throw cause
      this.log('error', cause.message)
    })
  }

  /** Limits over all torrents, as the hand and the timetable say now. */
  applyAlternative(): void {
    const { settings } = this
    const scheduled = isScheduled(settings.alternative.timetable, localTime(this.now()))
    const { active, by, byHand } = alternativeNow(this.byHand, scheduled)
    const hasChanged = byHand !== this.byHand
    this.byHand = byHand
    if (hasChanged) this.saveLater(this.saveMeta())
    const { download, upload } = active ? settings.alternative : settings.limits
    this.engine.setLimits({
      download: download ?? 0,
      upload: upload ?? 0,
      connections: settings.limits.connections,
    })
    if (active !== this.alternative.active) for (const item of this.live()) this.torrents.touch(item)
    this.alternative = { active, by }
  }

  /** Of all torrents there are now. */
  namesakes(): Namesakes {
    const namesakes = new Namesakes()
    for (const { record } of this.torrents.all()) namesakes.add(record)
    return namesakes
  }

  applyLimitsOf(item: Item): void {
    const { torrent } = item.live ?? {}
    if (torrent !== undefined)
      applyLimits(torrent, item.record, this.category(item.record.category), this.settings)
  }
}
