/** Rates over time. Loaded when it is first looked at: the graph is the largest thing on the page. */
import { createEffect, createMemo, type JSX, on, onCleanup, onMount, Show } from 'solid-js'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useApp } from '../app/context.ts'
import { f, t } from '../words/index.ts'

/** Whole seconds, and rates that are round in binary units. */
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600]
const BYTES = Array.from({ length: 40 }, (_, power) => 2 ** power)

export interface Point {
  /** Seconds since 1970. */
  readonly at: number
  readonly down: number
  readonly up: number
  /** Of one torrent. */
  readonly ratio?: number
}

export function Speed(props: { readonly points: readonly Point[]; readonly note: string }): JSX.Element {
  return (
    <div class="speed">
      <Show when={props.points.length > 1} fallback={<p class="nothing">{t().speed.waiting}</p>}>
        <Graph points={props.points} />
        <p class="quiet note">{props.note}</p>
      </Show>
    </div>
  )
}

function Graph(props: { readonly points: readonly Point[] }): JSX.Element {
  const app = useApp()
  let frame!: HTMLDivElement
  let plot: uPlot | undefined
  const hasRatio = (): boolean => props.points[0]?.ratio !== undefined
  const data = createMemo(
    (): uPlot.AlignedData => [
      props.points.map(point => point.at),
      props.points.map(point => point.down),
      props.points.map(point => point.up),
      ...(hasRatio() ? [props.points.map(point => point.ratio ?? null)] : []),
    ],
  )
  const make = (): void => {
    plot?.destroy()
    const style = getComputedStyle(frame)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui',
    }
    plot = new uPlot(
      {
        width: frame.clientWidth,
        height: frame.clientHeight,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          y: { range: (_, __, most) => [0, Math.max(1024, most * 1.1)] },
          ratio: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
        },
        axes: [
          {
            ...axis,
            values: (_, ticks) => ticks.map(tick => f().time(tick)),
            space: 90,
            size: 28,
            incrs: TIMES,
          },
          {
            ...axis,
            values: (_, ticks) => ticks.map(tick => f().rate(tick)),
            size: 82,
            space: 34,
            incrs: BYTES,
          },
          ...(hasRatio()
            ? [
                {
                  ...axis,
                  scale: 'ratio',
                  side: 1,
                  grid: { show: false },
                  values: (_: uPlot, ticks: number[]) => ticks.map(tick => f().number(tick, 2)),
                  size: 48,
                  space: 34,
                } satisfies uPlot.Axis,
              ]
            : []),
        ],
        series: [
          {},
          {
            label: t().speed.down,
            stroke: colour('--down'),
            width: 1.5,
            fill: `color-mix(in srgb, ${colour('--down')} 12%, transparent)`,
            points: { show: false },
          },
          { label: t().speed.up, stroke: colour('--up'), width: 1.5, points: { show: false } },
          ...(hasRatio()
            ? [
                {
                  label: t().columns.ratio,
                  scale: 'ratio',
                  stroke: colour('--held'),
                  width: 1.5,
                  dash: [5, 4],
                  points: { show: false },
                } satisfies uPlot.Series,
              ]
            : []),
        ],
        hooks: { setCursor: [point] },
      },
      data(),
      frame,
    )
  }
  let output!: HTMLOutputElement
  const point = (at: uPlot): void => {
    const index = at.cursor.idx
    const [times, down, up, ratio] = data() as [number[], number[], number[], number[]?]
    output.textContent =
      index === null || index === undefined || times[index] === undefined
        ? ''
        : `${f().time(times[index])}   ↓ ${f().rate(down[index]!) || 0}   ↑ ${f().rate(up[index]!) || 0}${ratio === undefined ? '' : `   ${t().columns.ratio} ${f().number(ratio[index]!, 2)}`}`
  }
  onMount(() => {
    make()
    const observer = new ResizeObserver(() =>
      plot?.setSize({ width: frame.clientWidth, height: frame.clientHeight }),
    )
    observer.observe(frame)
    onCleanup(() => {
      observer.disconnect()
      plot?.destroy()
    })
  })
  createEffect(on(data, now => plot?.setData(now), { defer: true }))
  createEffect(on([app.preferences.theme[0], f], () => make(), { defer: true }))
  return (
    <>
      <div class="legend">
        <span class="key down-key">{t().speed.down}</span>
        <span class="key up-key">{t().speed.up}</span>
        <Show when={hasRatio()}>
          <span class="key ratio-key">{t().columns.ratio}</span>
        </Show>
        <span class="space" />
        <output ref={output} />
      </div>
      <div ref={frame} class="graph" role="img" aria-label={t().speed.label} />
    </>
  )
}
