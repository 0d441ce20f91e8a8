/** The page: filters beside, list in the middle, details below, status at the bottom; on a phone one above the other. */
import { createEffect, For, type JSX, lazy, Match, on, Show, Suspense, Switch } from 'solid-js'
import { Filters } from '../list/filters.tsx'
import { List } from '../list/list.tsx'
import { Search, SelectionTools, Toolbar } from '../list/toolbar.tsx'
import { PAGES, type Page } from '../model/location.ts'
import { Icon, type IconName, Mark } from '../ui/icon.tsx'
import { useNarrow } from '../ui/narrow.ts'
import { f, t } from '../words/index.ts'
import { useApp } from './context.ts'
import { Dialogs } from './dialogs.tsx'
import { DropZone } from './drop-zone.tsx'
import { useKeys } from './keys.ts'
import { Rates, StatusBar } from './status-bar.tsx'
import { Toasts } from './toast-list.tsx'

const Detail = lazy(async () => ({ default: (await import('../detail/detail.tsx')).Detail }))
const Pages = lazy(async () => ({ default: (await import('../settings/pages.tsx')).Pages }))

export const PAGE_ICONS: Readonly<Record<Page, IconName>> = {
  settings: 'settings',
  categories: 'folder',
  tokens: 'key',
  log: 'list',
  graph: 'graph',
  about: 'info',
}

export function Shell(): JSX.Element {
  const app = useApp()
  const narrow = useNarrow()
  useKeys(app)
  const place = app.route.place
  // What had the keyboard is gone with the page or the details it was in.
  createEffect(
    on(
      () => place().page === null && place().torrent === null,
      listAlone => {
        if (!listAlone) return
        queueMicrotask(() => {
          if (document.activeElement === document.body) document.getElementById('list')?.focus()
        })
      },
      { defer: true },
    ),
  )
  const lost = (): boolean => app.list.connection() === 'lost'

  return (
    <div class="shell" classList={{ narrow: narrow(), detailed: place().torrent !== null }}>
      <button type="button" class="skip" onClick={() => document.getElementById('list')?.focus()}>
        {t().app.skip}
      </button>
      <Show when={lost()}>
        <p class="banner" role="alert">
          <Icon name="warn" />
          {t().app.lost}
        </p>
      </Show>
      <Show when={!narrow()}>
        <nav class="side">
          <p class="brand">
            <Mark /> Shoal
          </p>
          <button
            type="button"
            class="primary wide"
            onClick={() => app.open({ kind: 'add', sources: [], files: [] })}
          >
            <Icon name="add" />
            {t().app.add}
          </button>
          <Filters />
          <div class="links">
            <For each={PAGES}>
              {page => (
                <button
                  type="button"
                  class="ghost"
                  aria-pressed={place().page === page}
                  aria-label={t().pages[page]}
                  title={t().pages[page]}
                  onClick={() => app.route.go({ page: place().page === page ? null : page })}
                >
                  <Icon name={PAGE_ICONS[page]} />
                </button>
              )}
            </For>
          </div>
        </nav>
      </Show>
      <main>
        <Switch
          fallback={
            <>
              <Show when={narrow()} fallback={<Toolbar />}>
                <PhoneHead />
              </Show>
              <List narrow={narrow()} />
              <Show when={place().torrent !== null && !narrow()}>
                <Suspense>
                  <Detail narrow={false} />
                </Suspense>
              </Show>
            </>
          }
        >
          <Match when={place().page !== null}>
            <Suspense>
              <Pages />
            </Suspense>
          </Match>
          <Match when={place().torrent !== null && narrow()}>
            <Suspense>
              <Detail narrow />
            </Suspense>
          </Match>
        </Switch>
      </main>
      <Show when={narrow()} fallback={<StatusBar />}>
        <PhoneBar />
      </Show>
      <Dialogs />
      <DropZone />
      <Toasts />
    </div>
  )
}

function PhoneHead(): JSX.Element {
  const app = useApp()
  return (
    <header class="phone-head">
      <div class="line">
        <Mark />
        <Show when={app.session()}>{session => <Rates session={session()} />}</Show>
      </div>
      <Search />
    </header>
  )
}

/** Within reach of a thumb. */
function PhoneBar(): JSX.Element {
  const app = useApp()
  const chosen = (): number => {
    const { state, category, label, tracker } = app.route.place().view
    return state.length + category.length + label.length + tracker.length
  }
  return (
    <Show when={app.list.selection().ids.size === 0} fallback={<SelectionTools />}>
      <nav class="phone-bar">
        <button type="button" onClick={() => app.open({ kind: 'filters' })}>
          <Icon name="filter" />
          <span>{t().app.filters}</span>
          <Show when={chosen() > 0}>
            <b class="badge">{f().number(chosen())}</b>
          </Show>
        </button>
        <button
          type="button"
          class="main"
          onClick={() => app.open({ kind: 'add', sources: [], files: [] })}
          aria-label={t().app.add}
        >
          <Icon name="add" />
        </button>
        <button
          type="button"
          onClick={event => {
            const box = event.currentTarget.getBoundingClientRect()
            app.menu(
              { x: box.left, y: box.top - 300 },
              PAGES.map(page => ({
                text: t().pages[page],
                icon: PAGE_ICONS[page],
                run: () => app.route.go({ page, torrent: null }),
              })),
            )
          }}
        >
          <Icon name="menu" />
          <span>{t().app.menu}</span>
        </button>
      </nav>
    </Show>
  )
}
