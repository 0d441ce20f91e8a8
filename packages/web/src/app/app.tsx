/** Puts the page together: what it knows, who is signed in, and the language and colours. */
import type { LogLine, SessionInfo } from '@shoal/daemon/contract'
import { createEffect, createMemo, createSignal, type JSX, lazy, on, Show, Suspense } from 'solid-js'
import { type Api, ApiError } from '../api/api.ts'
import { listState } from '../list/list-state.ts'
import type { View } from '../model/location.ts'
import { Menu, type MenuEntry } from '../ui/menu.tsx'
import { problemText } from '../words/daemon.ts'
import { f, t, useLanguage } from '../words/index.ts'
import { actions } from './actions.ts'
import { AppContext, type App as AppShape, type Dialog, type Sources } from './context.ts'
import { notifyWhenDone } from './notify.ts'
import { followPace } from './pace.ts'
import { type Preferences, preferences } from './preferences.ts'
import { type Route, route } from './route.ts'
import { Shell } from './shell.tsx'
import { toasts } from './toasts.ts'

const Door = lazy(async () => ({ default: (await import('./door.tsx')).Door }))

export function App(props: { readonly api: Api }): JSX.Element {
  const chosen = preferences()
  const place = route()
  createEffect(() => void useLanguage(chosen.language[0]()))
  createEffect(() => {
    document.documentElement.dataset['theme'] = chosen.theme[0]()
  })
  // Signing in makes everything anew, so that nothing of before is left.
  const [entry, setEntry] = createSignal(0)
  const [closed, setClosed] = createSignal<'login' | 'needed'>()
  const setup = (): string | null => place.place().setup
  const enter = (): void => {
    setClosed(undefined)
    if (setup() !== null) place.go({ setup: null }, 'replace')
    setEntry(entry() + 1)
  }
  return (
    <Show
      when={setup() === null && closed() === undefined}
      fallback={
        <Suspense>
          <Door api={props.api} ticket={setup()} needed={closed() === 'needed'} onEnter={enter} />
        </Suspense>
      }
    >
      <Show when={entry() + 1} keyed>
        <Inside api={props.api} route={place} preferences={chosen} onRefused={setClosed} />
      </Show>
    </Show>
  )
}

interface InsideProps {
  readonly api: Api
  readonly route: Route
  readonly preferences: Preferences
  readonly onRefused: (why: 'login' | 'needed') => void
}

function Inside(props: InsideProps): JSX.Element {
  const { api, route, preferences } = props
  const messages = toasts()
  const [session, setSession] = createSignal<SessionInfo>()
  const [dialog, setDialog] = createSignal<Dialog>()
  const [joining, setJoining] = createSignal<Sources>()
  const [menu, setMenu] = createSignal<{ x: number; y: number; entries: readonly MenuEntry[] }>()
  const [log, setLog] = createSignal<readonly LogLine[]>([])

  const refused = (error: unknown): boolean => {
    if (!(error instanceof ApiError)) return false
    if (error.code === 'SETUP_NEEDED') props.onRefused('needed')
    else if (error.status === 401) props.onRefused('login')
    else return false
    return true
  }
  const attempt = async <T,>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      if (refused(error)) return undefined
      messages.problem(`${t().app.failed}: ${problemText(error)}`)
      return undefined
    }
  }

  const view = createMemo(() => route.place().view, undefined, {
    equals: (a: View, b: View) => a === b || JSON.stringify(a) === JSON.stringify(b),
  })
  const list = listState(
    api,
    view,
    followPace(),
    changed => {
      const before = session()
      if (before !== undefined) setSession({ ...before, ...changed })
    },
    event => setLog(event.lines),
  )
  const load = (): void =>
    void api.info().then(setSession, error => {
      // The list says that the connection is lost, and comes back by itself.
      void refused(error)
    })
  load()
  createEffect(
    on(list.connection, (state, before) => {
      if (state === 'open' && before === 'lost') load()
      if (state === 'refused') load()
    }),
  )

  const app: AppShape = {
    api,
    route,
    preferences,
    toasts: messages,
    list,
    actions: actions(api, messages),
    session,
    news: log,
    dialog,
    open: setDialog,
    joining,
    add(sources) {
      if (dialog()?.kind === 'add') setJoining(sources)
      else setDialog({ kind: 'add', ...sources })
    },
    menu: (at, entries) => setMenu({ ...at, entries }),
    attempt,
  }
  notifyWhenDone(app)
  createEffect(() => {
    const now = session()
    const rates = now === undefined || now.downloadRate + now.uploadRate < 1 ? '' : rateTitle(now)
    document.title = `${rates}Shoal`
  })
  // A magnet link that the browser handed over waits until somebody has signed in.
  createEffect(() => {
    const { add } = route.place()
    if (add === null || list.connection() !== 'open') return
    route.go({ add: null }, 'replace')
    setDialog({ kind: 'add', sources: [add], files: [] })
  })

  return (
    <AppContext.Provider value={app}>
      <Shell />
      <Show when={menu()} keyed>
        {now => (
          <Menu
            at={now}
            entries={now.entries}
            onClose={() => setMenu(undefined)}
            onOpen={entries => setMenu({ x: now.x, y: now.y, entries })}
          />
        )}
      </Show>
    </AppContext.Provider>
  )
}

function rateTitle(session: SessionInfo): string {
  const mebi = (bytes: number): string => f().number(bytes / 1024 ** 2, 1)
  return `↓${mebi(session.downloadRate)} ↑${mebi(session.uploadRate)} · `
}
