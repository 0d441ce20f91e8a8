/** What one kind of client is sent after each step. */
import type { Facets, ListQuery, RowDelta, ShoalEvent, TorrentRow } from '../../contract/index.ts'
import type { ChangeStep, Session } from '../../session/session.ts'

/** As server-sent events; the last one carries the cursor, so that whoever is cut off in between gets all of them again. */
export function encode(events: readonly ShoalEvent[], cursor: string): Buffer {
  const frames = events.map((event, at) => {
    const id = at === events.length - 1 ? `id: ${cursor}\n` : ''
    return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  })
  return Buffer.from(frames.join(''))
}

/** All torrents: the step as it is. */
export function eventsOf(step: ChangeStep): ShoalEvent[] {
  const { added, changed, removed } = step
  const events: ShoalEvent[] = []
  if (added.length + changed.length + removed.length > 0) {
    events.push({ type: 'torrents', added, changed, removed })
  }
  return [...events, ...generalEvents(step)]
}

/** One window of the sorted list, shared by all that look at the same one. */
export class WindowFeed {
  readonly #session: Session
  readonly #query: ListQuery
  #rows: ReadonlyMap<string, TorrentRow> = new Map()
  #ids: readonly string[] = []
  #total = 0
  #facets: Facets | undefined
  #facetsText = ''

  constructor(session: Session, query: ListQuery) {
    this.#session = session
    this.#query = query
    this.#look()
  }

  /** For whoever comes new. */
  whole(): ShoalEvent {
    const rows = [...this.#rows.values()]
    return {
      type: 'window',
      total: this.#total,
      ids: this.#ids,
      rows,
      ...(this.#facets === undefined ? {} : { facets: this.#facets }),
    }
  }

  step(step: ChangeStep): ShoalEvent[] {
    const general = generalEvents(step)
    if (step.added.length + step.changed.length + step.removed.length === 0) return general
    const [rows, ids, total, facets] = [this.#rows, this.#ids, this.#total, this.#facetsText]
    this.#look()
    const changed: RowDelta[] = []
    for (const row of this.#rows.values()) {
      const before = rows.get(row.id)
      const delta = before === undefined ? row : difference(before, row)
      if (delta !== undefined) changed.push(delta)
    }
    const isReordered = ids.length !== this.#ids.length || ids.some((id, at) => id !== this.#ids[at])
    const hasFacets = facets !== this.#facetsText
    if (changed.length === 0 && !isReordered && !hasFacets && total === this.#total) return general
    const window: ShoalEvent = {
      type: 'window',
      total: this.#total,
      ...(isReordered ? { ids: this.#ids } : {}),
      rows: changed,
      ...(hasFacets && this.#facets !== undefined ? { facets: this.#facets } : {}),
    }
    return [window, ...general]
  }

  #look(): void {
    const page = this.#session.list(this.#query)
    this.#rows = new Map(page.items.map(row => [row.id, row]))
    this.#ids = page.items.map(row => row.id)
    this.#total = page.total
    this.#facets = page.facets
    this.#facetsText = JSON.stringify(page.facets)
  }
}

function generalEvents({ session, log }: ChangeStep): ShoalEvent[] {
  const events: ShoalEvent[] = []
  if (session !== undefined) events.push({ type: 'session', changed: session })
  if (log.length > 0) events.push({ type: 'log', lines: log })
  return events
}

/** Undefined: they are the same. */
function difference(before: TorrentRow, after: TorrentRow): RowDelta | undefined {
  if (before === after) return undefined
  const delta: Record<string, unknown> = { id: after.id }
  let differs = false
  for (const [key, value] of Object.entries(after)) {
    const old: unknown = before[key as keyof TorrentRow]
    if (old === value) continue
    if (typeof value === 'object' && typeof old === 'object' && JSON.stringify(old) === JSON.stringify(value))
      continue
    delta[key] = value
    differs = true
  }
  return differs ? (delta as unknown as RowDelta) : undefined
}
