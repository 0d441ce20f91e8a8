/** What happens once a second: a look at what runs, goals, the timetable, the disks, and a step of changes. */
import type { Reason, SessionInfo } from '../contract/index.ts'
import type { Core } from './core.ts'
import { LOOK_SECONDS } from './disks.ts'
import { addPending, stop } from './edits.ts'
import { History } from './history.ts'
import { infoDelta, infoOf, reachable } from './info.ts'
import type { Item } from './item.ts'
import { lookAt, passTime } from './look.ts'
import { ratioOf } from './row.ts'
import { isHeld, neededBytes } from './rules/disk-guard.ts'
import { reachedGoal } from './rules/goals.ts'
import { bytesText } from './words.ts'

export const STEP_MS = 1000
/** Figures that grow all the time are written this often, and when it ends. */
const SAVE_SECONDS = 60
/** A clock that was set, or a machine that slept, is no time that passed here. */
const MAX_ELAPSED_MS = 5_000

export class Pulse {
  readonly history: History = new History()
  readonly #core: Core
  readonly #version: string
  readonly #blocklist: () => SessionInfo['blocklist']
  readonly #startedAt: number
  #at: number
  #beats = 0
  #info: SessionInfo | undefined
  #looking: Promise<void> | undefined
  readonly #held = new Set<number>()

  constructor(core: Core, version: string, blocklist: () => SessionInfo['blocklist']) {
    this.#core = core
    this.#version = version
    this.#blocklist = blocklist
    this.#startedAt = Math.floor(core.now() / 1000)
    this.#at = core.now()
    core.heldBy = item => this.#heldBy(item)
  }

  beat(): void {
    const core = this.#core
    const now = core.now()
    const elapsedSeconds = Math.max(0, Math.min(MAX_ELAPSED_MS, now - this.#at)) / 1000
    this.#at = now
    for (const item of core.live()) this.#lookAt(item, now, elapsedSeconds)
    core.applyAlternative()
    if (this.#beats % LOOK_SECONDS === 0) void this.lookAtDisks()
    if (this.#beats % SAVE_SECONDS === SAVE_SECONDS - 1) this.save()
    this.#beats++
    core.schedule()
    core.torrents.refresh()
    const info = this.info()
    this.history.note(info.downloadRate, info.uploadRate)
    const delta = this.#info === undefined ? info : infoDelta(this.#info, info)
    if (delta !== undefined) core.changes.onSession(delta)
    this.#info = info
    core.changes.step()
  }

  info(): SessionInfo {
    const core = this.#core
    const { settings } = core
    const engine = core.engine.summary()
    const dirs = new Set([settings.dir, ...(settings.incompleteDir === null ? [] : [settings.incompleteDir])])
    const facts = { engine, startedAt: this.#startedAt, now: Math.floor(core.now() / 1000) }
    core.unreachable = reachable(facts) === 'no'
    return infoOf(core.torrents.ordered(), {
      ...facts,
      version: this.#version,
      port: core.engine.port,
      settings,
      session: { ...core.session },
      ever: core.ever,
      alternative: core.alternative,
      folders: [...dirs].map(path => {
        const space = core.disks.space(path)
        return { path, freeBytes: space?.freeBytes ?? null, totalBytes: space?.totalBytes ?? null }
      }),
      blocklist: this.#blocklist(),
      why: [...this.#held].map(disk => this.#diskWhy(disk)),
    })
  }

  /** Figures of what runs, to be written when it suits. */
  save(): void {
    const core = this.#core
    const running = core.live().filter(({ live }) => live?.torrent !== undefined)
    if (running.length === 0) return
    for (const { record } of running) core.store.put(record)
    core.saveLater(core.saveMeta())
  }

  /** A last time. */
  lookAtAll(): void {
    for (const item of this.#core.live()) {
      this.#core.count(lookAt(item, this.#core.now()))
      this.#core.store.put(item.record)
    }
  }

  get isLooking(): boolean {
    return this.#looking !== undefined
  }

  lookAtDisks(): Promise<void> {
    this.#looking ??= this.#lookAtDisks().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  #lookAt(item: Item, now: number, elapsedSeconds: number): void {
    const core = this.#core
    const { record, live } = item
    if (live?.torrent !== undefined) {
      const wasWhole = record.leftBytes === 0
      core.count(lookAt(item, now))
      passTime(item, now, elapsedSeconds, core.settings.queue)
      const state = live.summary?.state
      if (!wasWhole && record.leftBytes === 0) core.saveLater(core.save([item]))
      if (state === 'seeding') this.#onSeeding(item, now)
    }
    core.torrents.touch(item)
  }

  #onSeeding(item: Item, now: number): void {
    const core = this.#core
    const { record, live } = item
    if (record.place !== record.dir && record.pending.moveTo === undefined) {
      addPending(item, { moveTo: record.dir })
      core.saveLater(core.save([item]))
    }
    if (record.intent !== 'run' || record.beyondGoals || live?.doing !== undefined) return
    const goals = core.goalsOf(record)
    const idleSeconds = (now - (live?.fedAt ?? now)) / 1000
    const reached = reachedGoal(goals, { ratio: ratioOf(item), seedSeconds: record.seedSeconds, idleSeconds })
    if (reached === undefined) return
    stop(item)
    record.reached = reached
    core.log('info', `${record.name}: ${reached.text}`, record.id)
    core.saveLater(core.save([item]))
    core.runner.steer(item)
  }

  async #lookAtDisks(): Promise<void> {
    const core = this.#core
    const { settings, disks } = core
    const dirs = new Set([settings.dir])
    if (settings.incompleteDir !== null) dirs.add(settings.incompleteDir)
    const rates = new Map<string, number>()
    for (const { record, live } of core.live()) {
      if (record.leftBytes === 0) continue
      dirs.add(record.place)
      rates.set(record.place, (rates.get(record.place) ?? 0) + (live?.summary?.downloadRate ?? 0))
    }
    await disks.look(dirs)
    const rateOf = new Map<number, number>()
    for (const [dir, rate] of rates) {
      const disk = disks.diskOf(dir)
      if (disk !== undefined) rateOf.set(disk, (rateOf.get(disk) ?? 0) + rate)
    }
    for (const dir of dirs) {
      const disk = disks.diskOf(dir)
      const space = disk === undefined ? undefined : disks.spaceOf(disk)
      if (disk === undefined || space === undefined) continue
      const held = isHeld({
        held: this.#held.has(disk),
        freeBytes: space.freeBytes,
        keepBytes: settings.keepFreeBytes,
        rateBytesPerSec: rateOf.get(disk) ?? 0,
        lookSeconds: LOOK_SECONDS,
      })
      if (held === this.#held.has(disk)) continue
      if (held) this.#held.add(disk)
      else this.#held.delete(disk)
      core.log(
        held ? 'warn' : 'info',
        held ? this.#diskWhy(disk).text : `There is room again at ${dir}: downloads go on.`,
      )
    }
    for (const disk of this.#held) if (disks.spaceOf(disk) === undefined) this.#held.delete(disk)
    if (!core.closed) core.scheduleSoon()
  }

  #heldBy({ record }: Item): Reason | undefined {
    if (this.#held.size === 0) return undefined
    const disk = this.#core.disks.diskOf(record.place)
    return disk !== undefined && this.#held.has(disk) ? this.#diskWhy(disk) : undefined
  }

  #diskWhy(disk: number): Reason {
    const free = this.#core.disks.spaceOf(disk)?.freeBytes ?? 0
    const { keepFreeBytes } = this.#core.settings
    const needed = neededBytes(keepFreeBytes)
    const text =
      `Held: ${bytesText(free)} are free on the disk and ${bytesText(keepFreeBytes)} are to stay free; ` +
      `it goes on by itself when there are ${bytesText(needed)}.`
    const facts = { freeBytes: free, keepBytes: keepFreeBytes, neededBytes: needed }
    return { code: 'DISK_SPACE', text, facts }
  }
}
