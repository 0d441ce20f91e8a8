/** What is done to torrents, told at the edge of the page, with a way back where there is one. */
import type { Action, RowField } from '@shoal/daemon/contract'
import type { Api, Picked } from '../api/api.ts'
import { t } from '../words/index.ts'
import type { Toasts } from './toasts.ts'

export interface Actions {
  act(action: Action, ids: readonly string[]): Promise<void>
  setCategory(ids: readonly string[], category: string | null): Promise<void>
  setLabels(ids: readonly string[], labels: readonly string[]): Promise<void>
  remove(ids: readonly string[], data: boolean): Promise<void>
  move(ids: readonly string[], dir: string, move: boolean): Promise<void>
}

/** How they were, also those that are not on the screen. */
export async function picked<F extends RowField>(
  api: Api,
  ids: readonly string[],
  fields: readonly F[],
): Promise<readonly Picked<F>[]> {
  return ids.length === 0 ? [] : await api.pick({ ids }, fields)
}

export function actions(api: Api, toasts: Toasts): Actions {
  /** Does it, and remembers how it was; one at a time, so that thousands are no flood. */
  const patchAll = async <F extends 'category' | 'labels'>(
    ids: readonly string[],
    field: F,
    change: (id: string) => Promise<void>,
    text: string,
    back: (row: Picked<F>) => Promise<void>,
  ): Promise<void> => {
    const before = await picked(api, ids, [field])
    for (const id of ids) await change(id)
    toasts.done(text, async () => {
      for (const row of before) await back(row)
    })
  }

  return {
    async act(action, ids) {
      if (ids.length === 0) return
      const reversible = action === 'start' || action === 'stop' || action === 'force'
      const before = reversible ? await picked(api, ids, ['intent']) : []
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
        'category',
        id => api.patch(id, { category }),
        t().actions.done.category(ids.length),
        row => api.patch(row.id, { category: row.category }),
      ),
    setLabels: (ids, labels) =>
      patchAll(
        ids,
        'labels',
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
