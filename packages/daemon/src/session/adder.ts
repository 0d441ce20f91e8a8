/** Adds torrents, many at once: all of them share one sync of the store. */
import { join } from 'node:path'
import type { AddOptions, AddResult } from '../contract/index.ts'
import {
  type AddContext,
  checkAddOptions,
  failedResult,
  type Opened,
  openSource,
  recordOf,
} from './adding.ts'
import type { Core } from './core.ts'
import { addTrackers } from './edits.ts'
import { Item } from './item.ts'
import { keepApart } from './namesakes.ts'
import { exists } from './place.ts'
import type { TorrentRecord } from './record.ts'
import { SessionError } from './session.ts'

/** Torrent files that are fetched, or written, at a time. */
const AT_ONCE = 16
/** As the API allows: each may be a file. */
const MAX_SOURCES = 10_000
/** Of the log: more at a time are told of together. */
const MAX_LINES = 20

type Source = string | URL | Uint8Array

export class Adder {
  readonly #core: Core
  /** Torrents that are on their way in. */
  readonly #coming = new Map<string, Coming>()

  constructor(core: Core) {
    this.#core = core
  }

  async add(sources: readonly Source[], options: AddOptions): Promise<readonly AddResult[]> {
    const core = this.#core
    checkAddOptions(options, core.categories)
    if (sources.length > MAX_SOURCES) {
      throw new SessionError('TOO_LARGE', `At most ${MAX_SOURCES} torrents are added at a time.`, 'sources')
    }
    const results: AddResult[] = new Array(sources.length)
    const prepared: Prepared[] = []
    const context: AddContext = {
      options,
      category: core.category(options.category),
      settings: core.settings,
      now: Math.floor(core.now() / 1000),
    }
    const ours = new Set<Coming>()
    try {
      await each(sources, async (source, index) => {
        try {
          const opened = await openSource(source, undefined)
          const known = await this.#claim(opened, ours, options.mergeTrackers === true)
          if (known !== undefined) results[index] = known
          else prepared.push({ index, source, opened, record: await this.#record(opened, context) })
        } catch (error) {
          results[index] = failedResult(source, error)
        }
      })
      prepared.sort((a, b) => a.index - b.index)
      this.#nameAll(prepared)
      await this.#keep(prepared, options, results)
    } finally {
      for (const coming of ours) {
        this.#coming.delete(coming.id)
        coming.settle()
      }
    }
    return results
  }

  /** Undefined: it is ours to add. A duplicate is told of, and nothing of it changes but its trackers, where told. */
  async #claim(opened: Opened, ours: Set<Coming>, merge: boolean): Promise<AddResult | undefined> {
    const { id } = opened
    for (;;) {
      await this.#core.gone(id)
      const known = this.#core.torrents.find(id)
      if (known?.record.pending.remove !== undefined) {
        // It leaves as soon as that is on disk.
        await this.#core.store.commit().catch(() => {})
        continue
      }
      if (known !== undefined) {
        const { name } = known.record
        if (!merge) return { outcome: 'duplicate', id, name }
        const trackers = 'metainfo' in opened ? opened.metainfo.trackers : opened.trackers
        return { outcome: 'duplicate', id, name, newTrackers: await addTrackers(this.#core, known, trackers) }
      }
      const coming = this.#coming.get(id)
      if (coming === undefined) break
      // Twice in one call: the first will be the one.
      if (ours.has(coming)) return { outcome: 'duplicate', id, name: coming.name }
      await coming.decided
    }
    let settle: () => void = () => {}
    const decided = new Promise<void>(resolve => {
      settle = resolve
    })
    const name = 'metainfo' in opened ? opened.metainfo.name : (opened.name ?? id)
    const coming: Coming = { id, name, decided, settle }
    this.#coming.set(id, coming)
    ours.add(coming)
    return undefined
  }

  async #record(opened: Opened, context: AddContext): Promise<TorrentRecord> {
    const record = recordOf(opened, 0, context)
    // Where it belongs there is something already: it may be this.
    const isElsewhere = record.place !== record.dir && record.magnet === undefined
    if (isElsewhere && (await exists(join(record.dir, record.name)))) record.place = record.dir
    return record
  }

  #nameAll(prepared: readonly Prepared[]): void {
    const namesakes = this.#core.namesakes()
    for (const { opened, record } of prepared) {
      if ('metainfo' in opened) keepApart(record, namesakes, opened.metainfo.singleFile)
      namesakes.add(record)
    }
  }

  /** On disk first, then in the list. */
  async #keep(prepared: readonly Prepared[], options: AddOptions, results: AddResult[]): Promise<void> {
    const { files, store, torrents } = this.#core
    const kept: Prepared[] = []
    await each(prepared, async one => {
      try {
        if ('bytes' in one.opened) await files.save(one.record.id, one.opened.bytes)
        kept.push(one)
      } catch (error) {
        results[one.index] = failedResult(one.source, error)
      }
    })
    if (kept.length === 0) return
    kept.sort((a, b) => a.index - b.index)
    const ordered = torrents.ordered()
    const first =
      options.queue === 'top'
        ? (ordered[0]?.record.order ?? 0) - kept.length
        : (ordered.at(-1)?.record.order ?? 0) + 1
    kept.forEach(({ record }, index) => {
      record.order = first + index
      store.put(record)
    })
    try {
      await store.commit()
    } catch (error) {
      // They are not here, and must not be after the next start.
      for (const { index, source, record } of kept) {
        store.delete(record.id)
        results[index] = failedResult(source, error)
      }
      await each(kept, ({ record }) => files.delete(record.id).catch(() => {}))
      return
    }
    for (const { index, record } of kept) {
      const item = new Item(record)
      torrents.add(item)
      this.#core.wakeWanted(item)
      results[index] = { outcome: 'added', id: record.id, name: record.name }
      if (kept.length <= MAX_LINES) this.#core.log('info', `${record.name} was added`, record.id)
    }
    if (kept.length > MAX_LINES) this.#core.log('info', `${kept.length} torrents were added`)
  }
}

interface Prepared {
  readonly index: number
  readonly source: Source
  readonly opened: Opened
  readonly record: TorrentRecord
}

interface Coming {
  readonly id: string
  readonly name: string
  readonly decided: Promise<void>
  readonly settle: () => void
}

/** All of them, some at a time. */
async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      await work(items[index]!, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
}
