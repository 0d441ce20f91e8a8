/** What stands in place of the list: settings, categories, tokens, log, graph, about. */
import {
  createEffect,
  createMemo,
  createResource,
  createSignal,
  For,
  type JSX,
  lazy,
  Match,
  on,
  Show,
  Suspense,
  Switch,
} from 'solid-js'
import { useApp } from '../app/context.ts'
import { LogOf } from '../detail/log.tsx'
import { Icon } from '../ui/icon.tsx'

import { poll } from '../ui/poll.ts'
import { sentence } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { Categories } from './categories.tsx'
import { Settings } from './settings.tsx'
import { Tokens } from './tokens.tsx'
import '../style/detail.css'
import '../style/settings.css'

const Speed = lazy(async () => ({ default: (await import('../detail/speed.tsx')).Speed }))
const EVERY_MS = 2000

export function Pages(): JSX.Element {
  const app = useApp()
  const page = (): ReturnType<typeof app.route.place>['page'] => app.route.place().page
  return (
    <Show when={page()}>
      {now => (
        <section class="page" aria-label={t().pages[now()]}>
          <header class="page-head">
            <button
              type="button"
              class="ghost"
              aria-label={t().app.back}
              title={t().app.back}
              onClick={() => app.route.go({ page: null })}
            >
              <Icon name="back" />
            </button>
            <h1>{t().pages[now()]}</h1>
          </header>
          <Switch>
            <Match when={now() === 'settings'}>
              <Settings />
            </Match>
            <Match when={now() === 'categories'}>
              <Categories />
            </Match>
            <Match when={now() === 'tokens'}>
              <Tokens />
            </Match>
            <Match when={now() === 'log'}>
              <div class="page-fill">
                <LogOf />
              </div>
            </Match>
            <Match when={now() === 'graph'}>
              <SessionGraph />
            </Match>
            <Match when={now() === 'about'}>
              <About />
            </Match>
          </Switch>
        </section>
      )}
    </Show>
  )
}

function SessionGraph(): JSX.Element {
  const app = useApp()
  const history = poll(() => app.api.history(), EVERY_MS)
  const points = createMemo(() => {
    const now = history.value()
    if (now === undefined) return []
    const end = Date.now() / 1000
    return now.download.map((down, index) => ({
      at: end - (now.download.length - 1 - index) * now.stepSeconds,
      down,
      up: now.upload[index] ?? 0,
    }))
  })
  const span = (): string =>
    f().duration((history.value()?.stepSeconds ?? 0) * (history.value()?.download.length ?? 0))
  return (
    <div class="page-fill">
      <Suspense>
        <Speed points={points()} note={t().speed.last(span())} />
      </Suspense>
    </div>
  )
}

function About(): JSX.Element {
  const app = useApp()
  const [findings, { refetch }] = createResource(() => app.attempt(() => app.api.doctor()))
  const [now, setNow] = createSignal(Date.now() / 1000)
  createEffect(on(app.session, () => setNow(Date.now() / 1000)))
  const totals = (each: { downloadedBytes: number; uploadedBytes: number }): string =>
    t().status.total(f().bytes(each.downloadedBytes), f().bytes(each.uploadedBytes))
  return (
    <div class="page-body">
      <Show when={app.session()}>
        {session => (
          <>
            <p class="about-name">{t().about.version(session().version)}</p>
            <p class="quiet">
              {t().about.text} {t().about.running(f().duration(now() - session().startedAt))}
            </p>
            <dl class="facts">
              <div>
                <dt>{t().status.session}</dt>
                <dd>{totals(session().session)}</dd>
              </div>
              <div>
                <dt>{t().status.ever}</dt>
                <dd>{totals(session().ever)}</dd>
              </div>
              <div class="wide">
                <dt>{t().status.reachable[session().reachable]}</dt>
                <dd>{t().status.reachableHint[session().reachable](session().port)}</dd>
              </div>
              <div>
                <dt>{t().status.network}</dt>
                <dd>
                  {t().status.connections(f().number(session().connections))},{' '}
                  {session().dht === null
                    ? t().status.dhtOff
                    : t().status.dht(f().number(session().dht!.nodes))}
                </dd>
              </div>
              <For each={session().folders}>
                {folder => (
                  <div>
                    <dt class="cut">{folder.path}</dt>
                    <dd>
                      {folder.freeBytes === null
                        ? t().app.unknown
                        : t().add.free(f().bytes(folder.freeBytes))}
                    </dd>
                  </div>
                )}
              </For>
            </dl>
          </>
        )}
      </Show>
      <h2>{t().about.doctor}</h2>
      <Show when={!findings.loading} fallback={<p class="quiet">{t().about.checking}</p>}>
        <ul class="findings">
          <For each={findings() ?? []}>
            {finding => (
              <li class={finding.outcome}>
                <Icon
                  name={finding.outcome === 'ok' ? 'check' : finding.outcome === 'note' ? 'info' : 'warn'}
                />
                <div>
                  <p>
                    <b>{finding.what}</b> {finding.text}
                  </p>
                  <Show when={finding.advice}>{advice => <p class="quiet">{sentence(advice())}</p>}</Show>
                </div>
              </li>
            )}
          </For>
        </ul>
        <div class="buttons">
          <button type="button" onClick={() => void refetch()}>
            {t().app.retry}
          </button>
        </div>
      </Show>
    </div>
  )
}
