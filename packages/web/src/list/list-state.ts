/**
 * The list as the page knows it: follows the address (sort, filters), asks the daemon for the window on the screen,
 * and keeps a signal a torrent, so that a change touches only the cells that show it.
 */
import type { Facets, ListQuery, SessionInfo, ShoalEvent, TorrentRow } from '@shoal/daemon/contract'
import {
  type Accessor,
  batch,
  createEffect,
  createSignal,
  on,
  onCleanup,
  type Signal,
  untrack,
} from 'solid-js'
import type { Api, ConnectionState } from '../api/api.ts'
import { follow } from '../api/follow.ts'
import { changedRow } from '../model/changed-row.ts'
import type { Pace } from '../model/front.ts'
import type { View } from '../model/location.ts'
import { NOTHING, type Selection } from '../model/selection.ts'
import { WindowModel } from '../model/window-model.ts'
import { type Range, windowFor } from '../model/window-range.ts'

/** While scrolling, the daemon is asked no more often than this, and not before it has answered. */
const SCROLL_MS = 70
/** Places kept around the window. */
const KEEP = 600

export interface ListState {
  readonly total: Accessor<number>
  readonly facets: Accessor<Facets | undefined>
  readonly connection: Accessor<ConnectionState | 'connecting'>
  /** False until the first answer to this view. */
  readonly ready: Accessor<boolean>
  /** What stands at a place; undefined: not known yet. */
  at(index: number): TorrentRow | undefined
  row(id: string): TorrentRow | undefined
  placeOf(id: string): number | undefined
  see(visible: Range): void
  readonly selection: Accessor<Selection>
  select(selection: Selection): void
  /** Of a range, asking the daemon for what is not on the screen. */
  idsOf(from: number, to: number): Promise<string[]>
  selectAll(): Promise<void>
}

export function listState(
  api: Api,
  view: Accessor<View>,
  pace: Accessor<Pace>,
  onSession: (changed: Partial<SessionInfo>) => void,
  onLog: (event: Extract<ShoalEvent, { type: 'log' }>) => void,
): ListState {
  const model = new WindowModel()
  const rows = new Map<string, Signal<TorrentRow>>()
  const [order, setOrder] = createSignal(0)
  const [total, setTotal] = createSignal(0)
  const [facets, setFacets] = createSignal<Facets>()
  const [ready, setReady] = createSignal(false)
  const [connection, setConnection] = createSignal<ConnectionState | 'connecting'>('connecting')
  const [selection, select] = createSignal(NOTHING)
  const [window, setWindow] = createSignal<Range>({ from: 0, to: 120 })
  let scrolling: ReturnType<typeof setTimeout> | undefined
  let seen: Range | undefined
  let isAnswered = false

  const query = (): ListQuery => view()

  createEffect(
    on(view, (_, before) => {
      if (before === undefined) return
      // What is on the screen stays until the answer is there, so that nothing flickers.
      setReady(false)
      seen = undefined
      setWindow(now => ({ from: 0, to: Math.min(120, now.to - now.from) }))
    }),
  )

  createEffect(() => {
    const { from, to } = window()
    const asked: ListQuery = { ...query(), offset: from, limit: to - from }
    const abort = new AbortController()
    let first = true
    isAnswered = false
    follow(api, pace(), {
      query: asked,
      signal: abort.signal,
      onState: state => !abort.signal.aborted && setConnection(state),
      onEvent: event => {
        if (abort.signal.aborted) return
        if (event.type === 'session') onSession(event.changed)
        else if (event.type === 'log') onLog(event)
        else if (event.type === 'window') {
          batch(() => {
            if (first && !untrack(ready)) model.clear()
            first = false
            take(from, event)
          })
        }
      },
    })
    onCleanup(() => abort.abort())
  })

  function take(offset: number, event: Extract<ShoalEvent, { type: 'window' }>): void {
    for (const delta of event.rows) {
      const known = rows.get(delta.id)
      if (known !== undefined) known[1](before => changedRow(before, delta))
      else if ('name' in delta) rows.set(delta.id, createSignal(delta as TorrentRow))
    }
    if (event.ids !== undefined) {
      model.set(offset, event.ids, event.total)
      model.retain(offset - KEEP, offset + event.ids.length + KEEP)
      for (const id of rows.keys()) if (model.placeOf(id) === undefined) rows.delete(id)
      setOrder(version => version + 1)
    } else model.total = event.total
    setTotal(event.total)
    if (event.facets !== undefined) setFacets(event.facets)
    setReady(true)
    isAnswered = true
    if (scrolling === undefined) moveWindow()
  }

  /** To what is on the screen by now. */
  function moveWindow(): void {
    scrolling = undefined
    if (isAnswered && seen !== undefined) setWindow(windowFor(seen, untrack(window)))
  }

  const idsOf = async (from: number, to: number): Promise<string[]> => {
    const known = model.range(from, to)
    if (known !== undefined) return known
    return (await api.pick({ ...query(), offset: from, limit: to - from }, [])).map(({ id }) => id)
  }

  return {
    total,
    facets,
    connection,
    ready,
    at(index) {
      order()
      const id = model.at(index)
      return id === undefined ? undefined : rows.get(id)?.[0]()
    },
    row: id => rows.get(id)?.[0](),
    placeOf(id) {
      order()
      return model.placeOf(id)
    },
    see(visible) {
      seen = visible
      scrolling ??= setTimeout(moveWindow, SCROLL_MS)
    },
    selection,
    select,
    idsOf,
    async selectAll() {
      const before = untrack(selection)
      const ids = await idsOf(0, total())
      if (untrack(selection) === before) select({ ids: new Set(ids), anchor: 0, focus: before.focus ?? 0 })
    },
  }
}
