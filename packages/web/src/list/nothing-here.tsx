/** What stands in place of the list where there is none: what to do about it. */
import { createSignal, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { DEFAULT_VIEW } from '../model/location.ts'
import { Empty } from '../ui/parts.tsx'
import { t } from '../words/index.ts'

export function NothingHere(): JSX.Element {
  const app = useApp()
  return (
    <Show when={(app.list.facets()?.all ?? 0) === 0} fallback={<NothingMatches />}>
      <NoTorrents />
    </Show>
  )
}

function NoTorrents(): JSX.Element {
  const app = useApp()
  const [busy, setBusy] = createSignal(false)
  const show = async (): Promise<void> => {
    setBusy(true)
    const demo = await app.attempt(() => app.api.demo())
    setBusy(false)
    if (demo === undefined) return
    app.route.go({ torrent: demo.id })
    app.toasts.done(t().first.begun)
  }
  return (
    <Empty icon="magnet" title={t().list.emptyTitle} text={t().list.emptyText}>
      <button type="button" class="primary" onClick={() => app.open({ kind: 'add', sources: [], files: [] })}>
        {t().app.add}
      </button>
      <div class="demo">
        <p>{t().first.none}</p>
        <button type="button" disabled={busy()} aria-busy={busy()} onClick={() => void show()}>
          {busy() ? t().first.making : t().first.try}
        </button>
        <small>{t().first.hint}</small>
      </div>
    </Empty>
  )
}

function NothingMatches(): JSX.Element {
  const app = useApp()
  return (
    <Empty icon="filter" title={t().list.noMatchTitle} text={t().list.noMatchText}>
      <button type="button" onClick={() => app.route.go({ view: { ...app.route.place().view, ...FILTERS } })}>
        {t().list.clearFilters}
      </button>
    </Empty>
  )
}

const FILTERS = {
  state: DEFAULT_VIEW.state,
  category: DEFAULT_VIEW.category,
  label: DEFAULT_VIEW.label,
  tracker: DEFAULT_VIEW.tracker,
  text: '',
}
