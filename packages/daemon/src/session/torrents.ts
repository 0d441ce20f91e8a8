/** All torrents: by id, in the order of the queue, and their rows as they were last looked at. */
import type { TorrentRow } from '../contract/index.ts'
import type { Item } from './item.ts'
import type { ChangeLog } from './list/changes.ts'
import { Lists } from './list/list.ts'
import { rowDelta, rowOf } from './row.ts'
import { SessionError } from './session.ts'
import type { WhyFacts } from './why.ts'

export class Torrents {
  readonly #items = new Map<string, Item>()
  readonly #touched = new Set<Item>()
  /** Gone for their owner, and being taken apart. */
  readonly #leaving = new Set<Item>()
  readonly lists: Lists<Item> = new Lists()
  readonly #changes: ChangeLog
  readonly #facts: () => WhyFacts
  #ordered: Item[] | undefined
  #version = 0

  constructor(changes: ChangeLog, facts: () => WhyFacts) {
    this.#changes = changes
    this.#facts = facts
  }

  get size(): number {
    return this.#items.size
  }

  /** Another one whenever a row changed, came or went. */
  get version(): number {
    return this.#version
  }

  find(id: string): Item | undefined {
    return this.#items.get(id)
  }

  /** @throws SessionError `NOT_FOUND` */
  get(id: string): Item {
    const item = this.#items.get(id)
    if (item === undefined) throw new SessionError('NOT_FOUND', `There is no torrent ${id}.`)
    return item
  }

  some(ids: readonly string[] | 'all'): Item[] {
    if (ids === 'all') return [...this.ordered()]
    return [...new Set(ids)].flatMap(id => this.#items.get(id) ?? [])
  }

  add(item: Item): void {
    this.#items.set(item.id, item)
    this.lists.onMembers()
    this.onOrder()
    this.touch(item)
  }

  /** Those that are leaving, too. */
  *all(): Generator<Item> {
    yield* this.#items.values()
    yield* this.#leaving
  }

  /** Nobody sees it any more. */
  hide(item: Item): void {
    this.#leaving.add(item)
    this.#forget(item)
  }

  delete(item: Item): void {
    this.#leaving.delete(item)
    this.#forget(item)
  }

  /** Something of it is not as it was. */
  touch(item: Item): void {
    this.#touched.add(item)
  }

  /** Somebody's place in the queue is not what it was. */
  onOrder(): void {
    this.#ordered = undefined
  }

  ordered(): readonly Item[] {
    if (this.#ordered === undefined) {
      this.#ordered = [...this.#items.values()].sort((a, b) => a.record.order - b.record.order)
      this.#ordered.forEach((item, index) => {
        if (item.position === index + 1) return
        item.position = index + 1
        this.#touched.add(item)
      })
    }
    return this.#ordered
  }

  /** Rows of those that were touched. */
  refresh(): void {
    this.ordered()
    if (this.#touched.size === 0) return
    const facts = this.#facts()
    for (const item of this.#touched) {
      if (this.#items.get(item.id) !== item) continue
      const row = rowOf(item, facts)
      const { row: before } = item
      if (before === undefined) {
        item.row = row
        this.#version++
        this.#changes.onAdded(row)
        continue
      }
      const delta = rowDelta(before, row)
      if (delta === undefined) continue
      item.row = row
      this.#version++
      this.#changes.onChanged(delta, row)
    }
    this.#touched.clear()
  }

  /** As of now. */
  rows(): TorrentRow[] {
    this.refresh()
    return this.ordered().map(({ row }) => row!)
  }

  #forget(item: Item): void {
    if (this.#items.get(item.id) !== item) return
    this.#items.delete(item.id)
    this.#touched.delete(item)
    this.#version++
    this.lists.onMembers()
    this.onOrder()
    if (item.row !== undefined) this.#changes.onRemoved(item.id)
    item.row = undefined
  }
}
