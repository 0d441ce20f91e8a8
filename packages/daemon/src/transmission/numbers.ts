/**
 * What Transmission knows of torrents and the session does not: numbers that count from 1 and hold as long as we run,
 * when each started and last changed, which ones went recently, and figures that are set but do not count.
 */
import type { TorrentRow } from '../contract/index.ts'
import type { ChangeStep, Session } from '../session/session.ts'

/** As long as Transmission calls activity recent. */
const RECENT_SECONDS = 60
/** Removed within that time; who asks is told of no more. */
const MAX_REMOVED = 100_000

export interface Entry {
  readonly number: number
  readonly id: string
  /** Last, in seconds since 1970. 0: not since we run. */
  startedAt: number
  isStopped: boolean
  changedAt: number
  /** Limits that were told while they are off, by setting. */
  readonly figures: Map<string, number>
}

export class Numbers {
  readonly #session: Session
  readonly #now: () => number
  readonly #byId = new Map<string, Entry>()
  readonly #byNumber = new Map<number, Entry>()
  #removed: { readonly number: number; readonly at: number }[] = []
  #last = 0
  readonly #beganAt: number
  readonly #unsubscribe: () => void

  constructor(session: Session, now: () => number) {
    this.#session = session
    this.#now = now
    this.#beganAt = session.info().startedAt
    for (const row of [...session.rows()].sort((a, b) => a.addedAt - b.addedAt)) this.of(row)
    this.#unsubscribe = session.changes.subscribe(step => this.#onStep(step))
  }

  close(): void {
    this.#unsubscribe()
  }

  of(row: TorrentRow): Entry {
    const known = this.#byId.get(row.id)
    if (known !== undefined) return known
    const since = Math.max(row.addedAt, this.#beganAt)
    const entry: Entry = {
      number: ++this.#last,
      id: row.id,
      startedAt: row.state === 'stopped' ? 0 : since,
      isStopped: row.state === 'stopped',
      changedAt: Math.max(row.addedAt, row.activeAt ?? 0),
      figures: new Map(),
    }
    this.#byId.set(row.id, entry)
    this.#byNumber.set(entry.number, entry)
    return entry
  }

  idOf(number: number): string | undefined {
    return this.#byNumber.get(number)?.id
  }

  isRecent(row: TorrentRow): boolean {
    return this.of(row).changedAt >= this.#now() - RECENT_SECONDS
  }

  /** Numbers of those that went. */
  removed(): readonly number[] {
    const since = this.#now() - RECENT_SECONDS
    this.#removed = this.#removed.filter(({ at }) => at >= since)
    return this.#removed.map(({ number }) => number)
  }

  /** They were removed: the same torrents, added again, get new numbers. */
  forget(ids: readonly string[]): void {
    const now = this.#now()
    for (const id of ids) this.#forget(id, now)
  }

  #onStep(step: ChangeStep): void {
    const now = this.#now()
    if (step.removed.length > 0) {
      // One that is here was added anew since.
      const there = new Set(this.#session.rows().map(row => row.id))
      this.forget(step.removed.filter(id => !there.has(id)))
    }
    for (const row of step.added) this.of(row).changedAt = now
    for (const { id, state } of step.changed) {
      const entry = this.#byId.get(id)
      if (entry === undefined) continue
      entry.changedAt = now
      if (state === undefined) continue
      const isStopped = state === 'stopped'
      if (entry.isStopped && !isStopped) entry.startedAt = now
      entry.isStopped = isStopped
    }
  }

  #forget(id: string, now: number): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    this.#byId.delete(id)
    this.#byNumber.delete(entry.number)
    this.#removed.push({ number: entry.number, at: now })
    if (this.#removed.length > MAX_REMOVED) this.#removed.shift()
  }
}
