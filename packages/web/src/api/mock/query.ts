/** Sorts, filters and counts as the daemon does. */
import type { Facets, ListQuery, StateFilter, TorrentRow } from '@shoal/daemon/contract'

const STATES: Readonly<Record<StateFilter, (row: TorrentRow) => boolean>> = {
  fetching: row => row.state === 'fetching',
  checking: row => row.state === 'checking',
  moving: row => row.state === 'moving',
  downloading: row => row.state === 'downloading',
  seeding: row => row.state === 'seeding',
  queued: row => row.state === 'queued',
  stopped: row => row.state === 'stopped',
  error: row => row.state === 'error',
  active: row => row.downloadRate + row.uploadRate > 0,
  inactive: row => row.downloadRate + row.uploadRate === 0,
  complete: row => row.complete,
  incomplete: row => !row.complete,
  running: row => row.intent !== 'stop',
}

export function matching(rows: Iterable<TorrentRow>, query: ListQuery): TorrentRow[] {
  const words = (query.text ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const ids = query.ids === undefined ? undefined : new Set(query.ids)
  const found: TorrentRow[] = []
  for (const row of rows) {
    if (ids !== undefined && !ids.has(row.id)) continue
    if (query.state?.length && !query.state.some(state => STATES[state](row))) continue
    if (query.category?.length && !query.category.includes(row.category ?? '')) continue
    if (
      query.label?.length &&
      !query.label.some(label => (label === '' ? row.labels.length === 0 : row.labels.includes(label)))
    )
      continue
    if (query.tracker?.length && !query.tracker.includes(row.tracker ?? '')) continue
    const name = words.length === 0 ? '' : row.name.toLowerCase()
    if (!words.every(word => name.includes(word))) continue
    found.push(row)
  }
  const key = query.sort ?? 'queue'
  const sign = query.order === 'desc' ? -1 : 1
  return found.sort((a, b) => sign * compare(a[key], b[key]) || (a.id < b.id ? -1 : 1))
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  return a < b ? -1 : 1
}

export function facetsOf(rows: ReadonlyMap<string, TorrentRow>): Facets {
  const states = Object.fromEntries(Object.keys(STATES).map(state => [state, 0])) as Record<
    StateFilter,
    number
  >
  const categories = new Map<string, number>()
  const labels = new Map<string, number>()
  const trackers = new Map<string, number>()
  const count = (into: Map<string, number>, key: string): void => {
    into.set(key, (into.get(key) ?? 0) + 1)
  }
  for (const row of rows.values()) {
    for (const [state, is] of Object.entries(STATES)) if (is(row)) states[state as StateFilter]++
    count(categories, row.category ?? '')
    count(trackers, row.tracker ?? '')
    for (const label of row.labels) count(labels, label)
    if (row.labels.length === 0) count(labels, '')
  }
  return {
    all: rows.size,
    states,
    // Names are anybody's choice: `__proto__` is one.
    categories: Object.fromEntries(categories),
    labels: Object.fromEntries(labels),
    trackers: Object.fromEntries(trackers),
  }
}
