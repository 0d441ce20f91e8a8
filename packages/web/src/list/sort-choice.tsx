/** Where there are no heads of columns to press. */
import type { SortKey } from '@shoal/daemon/contract'
import { For, type JSX } from 'solid-js'
import { useApp } from '../app/context.ts'
import { COLUMNS } from '../model/columns.ts'
import { sortedBy } from '../model/location.ts'
import { Icon } from '../ui/icon.tsx'
import { Field } from '../ui/parts.tsx'
import { t } from '../words/index.ts'

export function SortChoice(): JSX.Element {
  const app = useApp()
  const view = (): ReturnType<typeof app.route.place>['view'] => app.route.place().view
  return (
    <Field label={t().list.sort}>
      <span class="joined">
        <select
          value={view().sort}
          onChange={event => app.route.go({ view: sortedBy(view(), event.currentTarget.value as SortKey) })}
        >
          <For each={COLUMNS.filter(column => column.sort !== null)}>
            {column => (
              <option value={column.sort!} selected={view().sort === column.sort}>
                {column.key === 'queue' ? t().actions.queue : t().columns[column.key]}
              </option>
            )}
          </For>
        </select>
        <button
          type="button"
          aria-label={t().list.turn}
          title={t().list.turn}
          onClick={() => app.route.go({ view: sortedBy(view(), view().sort) })}
        >
          <Icon name={view().order === 'asc' ? 'up' : 'down'} />
        </button>
      </span>
    </Field>
  )
}
