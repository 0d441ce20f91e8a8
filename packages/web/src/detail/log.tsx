/** What happened, the latest first. */
import type { LogLine } from '@shoal/daemon/contract'
import { createMemo, createSignal, For, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { poll } from '../ui/poll.ts'
import { f, t } from '../words/index.ts'

const EVERY_MS = 3000
/** More lines are found by the words. */
const MOST = 500

export function LogOf(props: { readonly id?: string }): JSX.Element {
  const app = useApp()
  const [words, setWords] = createSignal('')
  const lines = poll(() => app.api.log(props.id), EVERY_MS)
  const shown = createMemo(() => {
    const wanted = words().toLowerCase()
    const all = (lines.value() ?? []).filter(line => line.text.toLowerCase().includes(wanted))
    return all.slice(-MOST).reverse()
  })
  const Line = (line: { readonly of: LogLine }): JSX.Element => (
    <li class={line.of.level}>
      <time title={f().dateTime(line.of.at)}>{f().time(line.of.at)}</time>
      <span>{line.of.text}</span>
      <Show when={props.id === undefined ? line.of.id : null}>
        {id => (
          <button
            type="button"
            class="ghost tiny"
            onClick={() => app.route.go({ page: null, torrent: id() })}
          >
            {t().actions.details}
          </button>
        )}
      </Show>
    </li>
  )
  return (
    <>
      <div class="tab-tools">
        <input
          type="search"
          placeholder={t().log.filter}
          aria-label={t().log.filter}
          onInput={event => setWords(event.currentTarget.value)}
        />
      </div>
      <Show
        when={shown().length > 0}
        fallback={<p class="nothing">{lines.value() === undefined ? t().app.loading : t().log.empty}</p>}
      >
        <ol class="log">
          <For each={shown()}>{line => <Line of={line} />}</For>
        </ol>
      </Show>
    </>
  )
}
