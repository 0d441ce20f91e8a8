/** How many torrents there are of each kind. */
import type { Facets, StateFilter, TorrentRow } from '../../contract/index.ts'

const NO_STATES: Readonly<Record<StateFilter, number>> = {
  fetching: 0,
  checking: 0,
  moving: 0,
  downloading: 0,
  seeding: 0,
  queued: 0,
  stopped: 0,
  error: 0,
  active: 0,
  inactive: 0,
  complete: 0,
  incomplete: 0,
  running: 0,
}

export function facetsOf(rows: Iterable<TorrentRow>): Facets {
  const states = { ...NO_STATES }
  const categories = new Map<string, number>()
  const labels = new Map<string, number>()
  const trackers = new Map<string, number>()
  let all = 0
  for (const row of rows) {
    all++
    states[row.state]++
    states[row.downloadRate > 0 || row.uploadRate > 0 ? 'active' : 'inactive']++
    states[row.complete ? 'complete' : 'incomplete']++
    if (row.intent !== 'stop') states.running++
    count(categories, row.category ?? '')
    count(trackers, row.tracker ?? '')
    for (const label of row.labels) count(labels, label)
    if (row.labels.length === 0) count(labels, '')
  }
  return {
    all,
    states,
    categories: record(categories),
    labels: record(labels),
    trackers: record(trackers),
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Names are anybody's choice: `__proto__` is one. */
function record(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries(counts)
}
