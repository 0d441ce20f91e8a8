/** Lists of torrents: filtered, sorted, a window of them. */
import type { ListQuery, SortKey, StateFilter, TorrentRow } from '../../contract/index.ts'

/** What is sorted: it has a row, and keeps what its name is when people look for it. */
export interface Listed {
  readonly row: TorrentRow | undefined
  /** Lower case; undefined: nobody has asked yet, or it was renamed. */
  foundName: string | undefined
  /** As people order names: numbers by their value. */
  sortName: string | undefined
}

export const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

export interface Window<T> {
  readonly total: number
  readonly offset: number
  readonly items: readonly T[]
}

/** Keeps the last order of each key: sorting what is nearly sorted takes a tenth of the time. */
export class Lists<T extends Listed> {
  readonly #sorted = new Map<string, { readonly items: T[]; readonly members: number }>()
  /** Counts who came and went. */
  #members = 0

  onMembers(): void {
    this.#members++
  }

  /** @param all in the order of the queue */
  window(all: readonly T[], query: ListQuery, maxLimit: number = MAX_LIMIT): Window<T> {
    const matches = matcher(query)
    const offset = Math.max(0, query.offset ?? 0)
    const limit = Math.max(0, Math.min(query.limit ?? DEFAULT_LIMIT, maxLimit))
    const sorted = this.#sort(all, query.sort ?? 'queue', query.order === 'desc')
    const found = matches === undefined ? sorted : sorted.filter(matches)
    return { total: found.length, offset, items: found.slice(offset, offset + limit) }
  }

  #sort(all: readonly T[], key: SortKey, descending: boolean): readonly T[] {
    if (key === 'queue') return descending ? [...all].reverse() : all
    const name = `${key} ${descending}`
    const known = this.#sorted.get(name)
    const sorted = known?.members === this.#members ? known.items : [...all]
    sorted.sort(comparer(key, descending ? -1 : 1))
    this.#sorted.set(name, { items: sorted, members: this.#members })
    return sorted
  }
}

/** Undefined: everything does. Lists of none are as good as not there. */
function matcher(query: ListQuery): ((item: Listed) => boolean) | undefined {
  const tests: ((row: TorrentRow, item: Listed) => boolean)[] = []
  const { state = [], category = [], label = [], tracker = [], text, ids } = query
  if (state.length > 0) tests.push(row => state.some(each => isOfState(row, each)))
  if (category.length > 0) tests.push(row => category.includes(row.category ?? ''))
  if (tracker.length > 0) tests.push(row => tracker.includes(row.tracker ?? ''))
  if (label.length > 0) {
    tests.push(({ labels }) =>
      label.some(each => (each === '' ? labels.length === 0 : labels.includes(each))),
    )
  }
  if (ids !== undefined) {
    const wanted = new Set(ids)
    tests.push(row => wanted.has(row.id))
  }
  const words =
    text
      ?.toLowerCase()
      .split(/\s+/u)
      .filter(word => word !== '') ?? []
  if (words.length > 0) {
    tests.push((_, item) => {
      const name = foundNameOf(item)
      return words.every(word => name.includes(word))
    })
  }
  return tests.length === 0 ? undefined : item => tests.every(test => test(item.row!, item))
}

export function isOfState(row: TorrentRow, filter: StateFilter): boolean {
  switch (filter) {
    case 'active':
      return row.downloadRate > 0 || row.uploadRate > 0
    case 'inactive':
      return row.downloadRate === 0 && row.uploadRate === 0
    case 'complete':
      return row.complete
    case 'incomplete':
      return !row.complete
    case 'running':
      return row.intent !== 'stop'
    default:
      return row.state === filter
  }
}

/** In either direction, what is not known comes last, and equals are in the order of the queue. */
function comparer(key: Exclude<SortKey, 'queue'>, direction: 1 | -1): (a: Listed, b: Listed) => number {
  const keyOf = key === 'name' ? sortNameOf : ({ row }: Listed) => row![key]
  return (a, b) => {
    const left = keyOf(a)
    const right = keyOf(b)
    if (left === right) return a.row!.queue - b.row!.queue
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -direction : direction
  }
}

function foundNameOf(item: Listed): string {
  item.foundName ??= item.row!.name.toLowerCase()
  return item.foundName
}

/** Without regard to case, and 2 before 10. */
function sortNameOf(item: Listed): string {
  item.sortName ??= foundNameOf(item).replace(/\d+/gu, digits => digits.padStart(10, '0'))
  return item.sortName
}
