/** Blocklist and countries: what is in force, since when, and what went wrong. */
import type { BlocklistStatus, CountriesStatus } from '@shoal/daemon/contract'
import { createEffect, createSignal, type JSX, on, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { Icon } from '../ui/icon.tsx'
import { poll } from '../ui/poll.ts'
import { f, t } from '../words/index.ts'

const EVERY_MS = 5000

export function ListStatus(props: {
  readonly list: 'blocklist' | 'countries'
  /** What the setting says: when that changes, it is asked for anew. */
  readonly source: unknown
}): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['lists'] => t().lists
  const lists = poll(() => app.api.lists(), EVERY_MS)
  const [busy, setBusy] = createSignal(false)
  createEffect(
    on(
      () => props.source,
      () => lists.refresh(),
      { defer: true },
    ),
  )
  const reload = async (): Promise<void> => {
    setBusy(true)
    await app.attempt(() => app.api.reloadLists())
    lists.refresh()
    setBusy(false)
  }
  const loading = (): boolean =>
    busy() || (props.list === 'blocklist' && lists.value()?.blocklist?.loading === true)
  return (
    <Show when={lists.value()?.[props.list]}>
      {status => (
        <div class="list-status" classList={{ failed: status().error !== null }}>
          <Icon name={status().error === null ? 'check' : 'warn'} />
          <div>
            <p>{summaryOf(status())}</p>
            <p class="quiet">
              {status().loadedAt === null ? '' : `${w().loaded(f().dateTime(status().loadedAt!))} · `}
              {status().source}
            </p>
            <Show when={status().error}>
              {error => (
                <p class="problem" role="alert">
                  {w().failed} {error()}.
                </p>
              )}
            </Show>
          </div>
          <button type="button" disabled={loading()} onClick={() => void reload()}>
            {loading() ? t().app.loading : w().again}
          </button>
        </div>
      )}
    </Show>
  )
}

function summaryOf(status: BlocklistStatus | CountriesStatus): string {
  const w = t().lists
  if ('ranges' in status) return status.loadedAt === null ? w.noRanges : w.ranges(status.ranges)
  if (status.type === null) return w.noCountries
  return w.countries(status.type, status.builtAt === null ? '' : f().dateTime(status.builtAt))
}
