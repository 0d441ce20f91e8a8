/**
 * What changed, in steps: who was told of step n and asks again gets what came after it. Some steps are kept; who was
 * away for longer begins anew.
 */
import { randomBytes } from 'node:crypto'
import type { LogLine, RowDelta, SessionInfo, TorrentRow } from '../../contract/index.ts'
import type { ChangeStep, Changes } from '../session.ts'

/** Some minutes; a page that was asleep for longer may as well load everything. */
const KEPT_STEPS = 300
/** Over all steps that are kept: a row is some 300 bytes, a delta less. */
const KEPT_ENTRIES = 100_000

interface Kept {
  readonly step: ChangeStep
  readonly number: number
  readonly entries: number
}

export class ChangeLog implements Changes {
  /** Cursors of another run mean nothing here. */
  readonly #run = randomBytes(6).toString('hex')
  readonly #listeners = new Set<(step: ChangeStep) => void>()
  readonly #kept: Kept[] = []
  #entries = 0
  #number = 0
  #pending = new Gathered()

  get cursor(): string {
    return this.#cursorOf(this.#number)
  }

  onAdded(row: TorrentRow): void {
    this.#pending.add(row)
  }

  /** @param row as it is now */
  onChanged(delta: RowDelta, row: TorrentRow): void {
    this.#pending.change(delta, row)
  }

  onRemoved(id: string): void {
    this.#pending.remove(id)
  }

  onSession(changed: Partial<SessionInfo>): void {
    this.#pending.session = { ...this.#pending.session, ...changed }
  }

  onLog(line: LogLine): void {
    this.#pending.log.push(line)
  }

  /** Nobody is told of rows that were there before anybody could ask. */
  begin(): void {
    const { log } = this.#pending
    this.#pending = new Gathered()
    this.#pending.log.push(...log)
  }

  /** Ends a step, if anything has changed, and tells of it. */
  step(): void {
    const pending = this.#pending
    if (pending.isEmpty) return
    this.#pending = new Gathered()
    this.#number++
    const step = pending.step(this.cursor)
    const entries = pending.size
    this.#kept.push({ step, number: this.#number, entries })
    this.#entries += entries
    while (this.#kept.length > KEPT_STEPS || (this.#entries > KEPT_ENTRIES && this.#kept.length > 1)) {
      this.#entries -= this.#kept.shift()!.entries
    }
    for (const listener of [...this.#listeners]) listener(step)
  }

  since(cursor: string): ChangeStep | undefined {
    const [run, digits = ''] = cursor.split('-')
    if (run !== this.#run || !/^\d{1,15}$/.test(digits)) return undefined
    const number = Number(digits)
    const oldest = this.#kept[0]?.number ?? this.#number + 1
    if (number > this.#number || number < oldest - 1) return undefined
    const missed = this.#kept.filter(kept => kept.number > number)
    if (missed.length === 1) return missed[0]!.step
    const gathered = new Gathered()
    for (const { step } of missed) gathered.append(step)
    return gathered.step(this.cursor)
  }

  subscribe(listener: (step: ChangeStep) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #cursorOf(number: number): string {
    return `${this.#run}-${number}`
  }
}

/** Changes put together; a torrent is in one of the three at most, or was removed and added again. */
class Gathered {
  readonly #added = new Map<string, TorrentRow>()
  readonly #changed = new Map<string, RowDelta>()
  readonly #removed = new Set<string>()
  readonly log: LogLine[] = []
  session: Partial<SessionInfo> | undefined

  get size(): number {
    return this.#added.size + this.#changed.size + this.#removed.size + this.log.length
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.session === undefined
  }

  add(row: TorrentRow): void {
    this.#added.set(row.id, row)
  }

  change(delta: RowDelta, row: TorrentRow): void {
    if (this.#added.has(row.id)) this.#added.set(row.id, row)
    else this.#changed.set(row.id, { ...this.#changed.get(row.id), ...delta })
  }

  remove(id: string): void {
    this.#changed.delete(id)
    // Nobody was told of it yet, unless there was one of the same name before.
    if (!this.#added.delete(id) || this.#removed.has(id)) this.#removed.add(id)
  }

  append(step: ChangeStep): void {
    for (const id of step.removed) this.remove(id)
    for (const row of step.added) this.add(row)
    for (const delta of step.changed) {
      const row = this.#added.get(delta.id)
      if (row !== undefined) this.#added.set(delta.id, { ...row, ...delta })
      else this.#changed.set(delta.id, { ...this.#changed.get(delta.id), ...delta })
    }
    if (step.session !== undefined) this.session = { ...this.session, ...step.session }
    this.log.push(...step.log)
  }

  step(cursor: string): ChangeStep {
    return {
      cursor,
      added: [...this.#added.values()],
      changed: [...this.#changed.values()],
      removed: [...this.#removed],
      session: this.session,
      log: this.log,
    }
  }
}
