/** One torrent: why first, then what there is to know of it, by tabs. */
import type { TorrentDetail } from '@shoal/daemon/contract'
import {
  createEffect,
  createMemo,
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
import { torrentEntries } from '../list/menus.ts'
import { TABS, type Tab } from '../model/location.ts'
import { Icon } from '../ui/icon.tsx'
import { Bar, StateDot, shareOf } from '../ui/parts.tsx'
import { poll } from '../ui/poll.ts'
import { failureText, reasonText } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { Files } from './files.tsx'
import { General } from './general.tsx'
import { LogOf } from './log.tsx'
import { Peers } from './peers.tsx'
import { PieceMap } from './pieces.tsx'
import type { Point } from './speed.tsx'
import { Trackers } from './trackers.tsx'
import '../style/detail.css'

const Speed = lazy(async () => ({ default: (await import('./speed.tsx')).Speed }))

const EVERY_MS = 1500
const LEAST_PX = 140
/** An hour of points. */
const MOST_POINTS = 2400

export function Detail(props: { readonly narrow: boolean }): JSX.Element {
  const app = useApp()
  const id = createMemo(() => app.route.place().torrent ?? '')
  const tab = (): Tab => app.route.place().tab
  const detail = poll(() => app.api.detail(id()), EVERY_MS)
  const [points, setPoints] = createSignal<readonly Point[]>([])
  const [height, setHeight] = app.preferences.detailHeight
  createEffect(on(id, () => setPoints([])))
  createEffect(() => {
    const now = detail.value()
    if (now === undefined) return
    const point: Point = {
      at: Date.now() / 1000,
      down: now.downloadRate,
      up: now.uploadRate,
      ratio: now.ratio,
    }
    setPoints(before => [...before.slice(-MOST_POINTS), point])
  })

  const resize = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const handle = event.currentTarget
    const from = event.clientY
    const before = height()
    handle.setPointerCapture(event.pointerId)
    const move = (at: PointerEvent): void => setHeight(bounded(before + from - at.clientY))
    handle.addEventListener('pointermove', move)
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    })
  }

  const menu = (event: MouseEvent & { currentTarget: HTMLElement }, row: TorrentDetail): void => {
    const box = event.currentTarget.getBoundingClientRect()
    void app.attempt(async () =>
      app.menu(
        { x: box.right - 200, y: box.bottom + 4 },
        torrentEntries(app, [row.id], row, await app.api.categories()),
      ),
    )
  }

  return (
    <section
      class="detail"
      style={{ height: props.narrow ? undefined : `${height()}px` }}
      aria-label={t().actions.details}
    >
      <Show when={!props.narrow}>
        <div
          class="sash"
          role="separator"
          aria-orientation="horizontal"
          aria-label={t().detail.resize}
          aria-valuenow={height()}
          tabindex="0"
          onPointerDown={resize}
          onKeyDown={event => {
            const step = { ArrowUp: 24, ArrowDown: -24 }[event.key]
            if (step !== undefined) setHeight(bounded(height() + step))
          }}
        />
      </Show>
      <Show when={detail.problem()?.status === 404}>
        <p class="nothing">{t().detail.gone}</p>
        <button type="button" class="ghost" onClick={() => app.route.go({ torrent: null })}>
          {t().app.close}
        </button>
      </Show>
      <Show when={detail.value()}>
        {row => (
          <>
            <header class="detail-head">
              <Show when={props.narrow}>
                <button
                  type="button"
                  class="ghost"
                  aria-label={t().app.back}
                  onClick={() => app.route.go({ torrent: null })}
                >
                  <Icon name="back" />
                </button>
              </Show>
              <StateDot row={row()} />
              <h2 class="cut" title={row().name}>
                {row().name}
              </h2>
              <span class="space" />
              <Show when={!props.narrow}>
                <span class="num down">{f().rate(row().downloadRate)}</span>
                <span class="num up">{f().rate(row().uploadRate)}</span>
              </Show>
              <button
                type="button"
                class="ghost"
                aria-label={row().intent === 'stop' ? t().actions.start : t().actions.stop}
                title={row().intent === 'stop' ? t().actions.start : t().actions.stop}
                onClick={() =>
                  void app.attempt(async () => {
                    await app.actions.act(row().intent === 'stop' ? 'start' : 'stop', [row().id])
                    detail.refresh()
                  })
                }
              >
                <Icon name={row().intent === 'stop' ? 'start' : 'stop'} />
              </button>
              <button
                type="button"
                class="ghost"
                aria-label={t().app.more}
                onClick={event => menu(event, row())}
              >
                <Icon name="more" />
              </button>
              <Show when={!props.narrow}>
                <button
                  type="button"
                  class="ghost"
                  aria-label={t().app.close}
                  onClick={() => app.route.go({ torrent: null })}
                >
                  <Icon name="close" />
                </button>
              </Show>
            </header>
            <Why row={row()} />
            <nav class="tabs" role="tablist">
              <For each={TABS}>
                {name => (
                  <button
                    type="button"
                    role="tab"
                    aria-selected={tab() === name}
                    onClick={() => app.route.go({ tab: name }, 'replace')}
                  >
                    {t().tabs[name]}
                  </button>
                )}
              </For>
            </nav>
            <div class="tab" role="tabpanel" aria-label={t().tabs[tab()]}>
              <Switch>
                <Match when={tab() === 'general'}>
                  <General row={row()} />
                </Match>
                <Match when={tab() === 'files'}>
                  <Files id={id()} />
                </Match>
                <Match when={tab() === 'peers'}>
                  <Peers id={id()} />
                </Match>
                <Match when={tab() === 'trackers'}>
                  <Trackers row={row()} />
                </Match>
                <Match when={tab() === 'pieces'}>
                  <PieceMap id={id()} />
                </Match>
                <Match when={tab() === 'speed'}>
                  <Suspense>
                    <Speed points={points()} note={t().speed.since} />
                  </Suspense>
                </Match>
                <Match when={tab() === 'log'}>
                  <LogOf id={id()} />
                </Match>
              </Switch>
            </div>
          </>
        )}
      </Show>
    </section>
  )
}

/** The sentence that everybody looks for. */
function Why(props: { readonly row: TorrentDetail }): JSX.Element {
  const kind = (): string => (props.row.error !== null ? 'bad' : props.row.why !== null ? 'why' : 'well')
  const text = (): string => {
    const { error, why, state, complete } = props.row
    if (error !== null) return failureText(error)
    if (why !== null) return reasonText(why)
    return state === 'stopped' && complete ? t().detail.allWell.stoppedComplete : t().detail.allWell[state]
  }
  return (
    <div class={`whyline ${kind()}`}>
      <Icon name={kind() === 'well' ? 'check' : kind() === 'bad' ? 'warn' : 'why'} />
      <p title={(props.row.error ?? props.row.why)?.text}>{text()}</p>
      <span class="whole">
        <Bar share={shareOf(props.row)} state={props.row.state} label={t().columns.progress} />
        <span class="num">{f().percent(shareOf(props.row))}</span>
      </span>
    </div>
  )
}

function bounded(height: number): number {
  return Math.round(Math.max(LEAST_PX, Math.min(innerHeight - 240, height)))
}
