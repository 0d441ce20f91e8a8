/** What the list is narrowed to: states, categories, labels and trackers with how many there are of each. */
import type { StateFilter } from '@shoal/daemon/contract'
import { createMemo, createSignal, For, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { countOf } from '../model/facets.ts'
import { DEFAULT_VIEW, type View } from '../model/location.ts'
import { useNarrow } from '../ui/narrow.ts'
import { f, t } from '../words/index.ts'

const STATES: readonly StateFilter[] = [
  'active',
  'downloading',
  'seeding',
  'complete',
  'incomplete',
  'queued',
  'stopped',
  'checking',
  'moving',
  'fetching',
  'error',
]
/** Shown even when there is none, so that the column does not jump. */
const ALWAYS: readonly StateFilter[] = [
  'active',
  'downloading',
  'seeding',
  'complete',
  'queued',
  'stopped',
  'error',
]
/** More are folded away. */
const FEW = 8

type Kind = 'category' | 'label' | 'tracker'

export function Filters(): JSX.Element {
  const app = useApp()
  const view = (): View => app.route.place().view
  const facets = app.list.facets
  const isNarrow = useNarrow()
  const nothing = (): boolean =>
    view().state.length + view().category.length + view().label.length + view().tracker.length === 0

  /** Who chooses wants to see the list. */
  const narrowTo = (chosen: Partial<View>): void =>
    app.route.go({
      view: { ...view(), ...chosen },
      page: null,
      ...(isNarrow() ? { torrent: null } : {}),
    })
  const change = (key: 'state' | Kind, value: string, add: boolean): void => {
    const now = view()[key] as readonly string[]
    const on = now.includes(value)
    const next = add
      ? on
        ? now.filter(each => each !== value)
        : [...now, value]
      : on && now.length === 1
        ? []
        : [value]
    narrowTo({ [key]: next })
  }

  const Choice = (choice: {
    key: 'state' | Kind
    value: string
    text: string
    count: number
    dot?: string
  }): JSX.Element => (
    <button
      type="button"
      class="choice"
      aria-pressed={(view()[choice.key] as readonly string[]).includes(choice.value)}
      onClick={event => change(choice.key, choice.value, event.ctrlKey || event.metaKey || event.shiftKey)}
      title={choice.text}
    >
      <Show when={choice.dot}>
        <span class={`dot ${choice.dot}`} />
      </Show>
      <span class="cut">{choice.text}</span>
      <span class="count">{choice.count === 0 ? '' : f().number(choice.count)}</span>
    </button>
  )

  const Group = (group: {
    title: string
    kind: Kind
    counts: Readonly<Record<string, number>> | undefined
  }): JSX.Element => {
    const [all, setAll] = createSignal(false)
    const names = createMemo(() => {
      const chosen = view()[group.kind]
      const known = Object.keys(group.counts ?? {})
      return [...new Set([...known, ...chosen])].sort(
        (a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b),
      )
    })
    const some = (): string[] => (all() || names().length <= FEW + 1 ? names() : names().slice(0, FEW))
    return (
      <Show when={names().some(name => name !== '')}>
        <section>
          <h3>{group.title}</h3>
          <For each={some()}>
            {name => (
              <Choice
                key={group.kind}
                value={name}
                text={name === '' ? t().filter.without : name}
                count={countOf(group.counts, name)}
              />
            )}
          </For>
          <Show when={names().length > FEW + 1}>
            <button type="button" class="choice quiet" onClick={() => setAll(!all())}>
              {all() ? t().filter.fewer : t().filter.more(names().length - FEW)}
            </button>
          </Show>
        </section>
      </Show>
    )
  }

  return (
    <div class="filters">
      <section>
        <button
          type="button"
          class="choice"
          aria-pressed={nothing()}
          onClick={() =>
            narrowTo({
              state: DEFAULT_VIEW.state,
              category: DEFAULT_VIEW.category,
              label: DEFAULT_VIEW.label,
              tracker: DEFAULT_VIEW.tracker,
            })
          }
        >
          <span class="dot all" />
          <span class="cut">{t().filter.all}</span>
          <span class="count">{f().number(facets()?.all ?? 0)}</span>
        </button>
        <For each={STATES}>
          {state => (
            <Show
              when={
                ALWAYS.includes(state) || (facets()?.states[state] ?? 0) > 0 || view().state.includes(state)
              }
            >
              <Choice
                key="state"
                value={state}
                text={t().filter.states[state]}
                count={facets()?.states[state] ?? 0}
                dot={state}
              />
            </Show>
          )}
        </For>
      </section>
      <Group title={t().filter.category} kind="category" counts={facets()?.categories} />
      <Group title={t().filter.label} kind="label" counts={facets()?.labels} />
      <Group title={t().filter.tracker} kind="tracker" counts={facets()?.trackers} />
    </div>
  )
}
