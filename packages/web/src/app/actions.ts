/** What is done to torrents, told at the edge of the page, with a way back where there is one. */
import type { Action, TorrentRow } from '@shoal/daemon/contract'
import type { Api } from '../api/api.ts'
import { t } from '../words/index.ts'
import type { Toasts } from './toasts.ts'

/** The daemon's largest page. */
const PAGE = 1000

export interface Actions {
  act(action: Action, ids: readonly string[]): Promise<void>
  setCategory(ids: readonly string[], category: string | null): Promise<void>
  setLabels(ids: readonly string[], labels: readonly string[]): Promise<void>
  remove(ids: readonly string[], data: boolean): Promise<void>
  move(ids: readonly string[], dir: string, move: boolean): Promise<void>
  /** As they are now, also those that are not on the screen. */
  rows(ids: readonly string[]): Promise<TorrentRow[]>
}

export function actions(api: Api, toasts: Toasts): Actions {
  const rows = async (ids: readonly string[]): Promise<TorrentRow[]> => {
    const found: TorrentRow[] = []
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = await api.list({ ids: ids.slice(at, at + PAGE), limit: PAGE })
      found.push(...page.items)
    }
    return found
  }

  /** Does it, and remembers how it was; one at a time, so that thousands are no flood. */
  const patchAll = async (
    ids: readonly string[],
    change: (id: string) => Promise<void>,
    text: string,
    back: (row: TorrentRow) => Promise<void>,
  ): Promise<void> => {
    const before = await rows(ids)
    for (const id of ids) await change(id)
    toasts.done(text, async () => {
      for (const row of before) await back(row)
    })
  }

  return {
    rows,
    async act(action, ids) {
      if (ids.length === 0) return
      const reversible = action === 'start' || action === 'stop' || action === 'force'
      const before = reversible ? await rows(ids) : []
      await api.act(action, ids)
      const text = (t().actions.done as Readonly<Record<string, unknown>>)[action]
      if (typeof text !== 'function') return
      toasts.done(
        (text as (count: number) => string)(ids.length),
        reversible
          ? async () => {
              for (const [intent, undo] of [
                ['run', 'start'],
                ['force', 'force'],
                ['stop', 'stop'],
              ] as const) {
                const those = before.filter(row => row.intent === intent).map(row => row.id)
                if (those.length > 0) await api.act(undo, those)
              }
            }
          : undefined,
      )
    },
    setCategory: (ids, category) =>
      patchAll(
        ids,
        id => api.patch(id, { category }),
        t().actions.done.category(ids.length),
        row => api.patch(row.id, { category: row.category }),
      ),
    setLabels: (ids, labels) =>
      patchAll(
        ids,
        id => api.patch(id, { labels }),
        t().actions.done.labels(ids.length),
        row => api.patch(row.id, { labels: row.labels }),
      ),
    async remove(ids, data) {
      await api.remove(ids, data)
      toasts.done(t().actions.done.remove(ids.length))
    },
    async move(ids, dir, move) {
      await api.move(ids, dir, move)
      toasts.done(t().actions.done.move(ids.length))
    },
  }
}
