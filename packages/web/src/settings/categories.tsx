/** Categories: their folders, limits and goals. */
import type { Category } from '@shoal/daemon/contract'
import { createEffect, createResource, For, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { countOf } from '../model/facets.ts'
import { Icon } from '../ui/icon.tsx'
import { f, t } from '../words/index.ts'

export function Categories(): JSX.Element {
  const app = useApp()
  const [categories, { refetch }] = createResource(() => app.attempt(() => app.api.categories()))
  // The dialog has made one.
  createEffect(on(app.dialog, now => now === undefined && void refetch(), { defer: true }))
  return (
    <div class="page-body">
      <Show
        when={(categories.latest?.length ?? 0) > 0}
        fallback={<p class="quiet">{categories.loading ? t().app.loading : t().category.empty}</p>}
      >
        <ul class="cards-list">
          <For each={categories.latest ?? []}>
            {category => (
              <li>
                <Icon name="folder" />
                <div>
                  <p>
                    <b>{category.name}</b>{' '}
                    <span class="quiet">
                      {f().number(countOf(app.list.facets()?.categories, category.name))}
                    </span>
                  </p>
                  <p class="quiet">{termsOf(category)}</p>
                </div>
                <button type="button" onClick={() => app.open({ kind: 'category', ids: [], category })}>
                  {t().category.edit}
                </button>
                <button
                  type="button"
                  onClick={() =>
                    void app.attempt(async () => {
                      await app.api.removeCategory(category.name)
                      app.toasts.done(t().category.removed(category.name))
                      await refetch()
                    })
                  }
                >
                  {t().category.remove}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => app.open({ kind: 'category', ids: [] })}>
          <Icon name="add" />
          {t().category.add}
        </button>
      </div>
    </div>
  )
}

/** Folder, limits and goals, as far as it has its own. */
function termsOf({ dir, limits, goals }: Category): string {
  const w = t()
  const { ratio, seedSeconds, idleSeconds } = goals
  const until = [
    typeof ratio === 'number' ? w.detail.goalRatio(f().number(ratio, 2)) : undefined,
    typeof seedSeconds === 'number' ? w.detail.goalTime(f().duration(seedSeconds)) : undefined,
    typeof idleSeconds === 'number' ? w.detail.goalIdle(f().duration(idleSeconds)) : undefined,
  ].filter(part => part !== undefined)
  return [
    dir ?? w.category.folderOfSettings,
    limits.download === null ? undefined : `↓ ${f().rate(limits.download)}`,
    limits.upload === null ? undefined : `↑ ${f().rate(limits.upload)}`,
    until.length === 0
      ? undefined
      : w.category.until(new Intl.ListFormat(f().locale, { type: 'disjunction' }).format(until)),
  ]
    .filter(part => part !== undefined)
    .join(' · ')
}
