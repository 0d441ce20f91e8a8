/** What one peer and we say to each other, as it is said: theirs on the left, ours on the right. */
import type { ConversationEvent, SaidLine } from '@shoal/daemon/contract'
import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onCleanup,
  Show,
} from 'solid-js'
import { ApiError } from '../api/api.ts'
import { useApp } from '../app/context.ts'
import { appended, dumpOf, type Entry, GROUPS, type Group, MOST_LINES } from '../model/conversation.ts'
import { Dialog } from '../ui/dialog.tsx'
import { NARROW } from '../ui/narrow.ts'
import { f, t } from '../words/index.ts'
import { introductionOf, wordsOf } from './said-words.ts'
import '../style/conversation.css'

type Met = Extract<ConversationEvent, { type: 'met' }>

/** Who is that near to the end follows it. */
const NEAR_PX = 32

export function Conversation(props: { readonly id: string; readonly address: string }): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['conversation'] => t().conversation
  const [met, setMet] = createSignal<Met>()
  const [entries, setEntries] = createSignal<readonly Entry[]>([])
  const [waiting, setWaiting] = createSignal<readonly Entry[]>()
  const [hidden, setHidden] = createSignal<ReadonlySet<Group>>(new Set())
  const [end, setEnd] = createSignal<string>()
  const [follows, setFollows] = createSignal(true)
  const [round, setRound] = createSignal(0)
  let nextKey = 0
  let log!: HTMLDivElement

  const shown = createMemo(() => entries().filter(entry => !('line' in entry) || !hidden().has(entry.group)))

  createEffect(
    on(round, () => {
      const gone = new AbortController()
      onCleanup(() => gone.abort())
      setEnd(undefined)
      void app.api
        .conversation(props.id, props.address, { signal: gone.signal, onEvent: hear })
        .catch((error: unknown) => {
          if (gone.signal.aborted) return
          setEnd(error instanceof ApiError ? error.message : String(error))
        })
    }),
  )

  function hear(event: ConversationEvent): void {
    switch (event.type) {
      case 'met':
        setMet(event)
        break
      case 'said': {
        const before = waiting()
        const after = appended(before ?? entries(), event, nextKey)
        nextKey += event.lines.length + 1
        if (before === undefined) setEntries(after)
        else setWaiting(after)
        break
      }
      case 'end':
        release()
        setEnd(w().over(event.reason))
    }
  }

  const toEnd = (): void => {
    log.scrollTop = log.scrollHeight
    setFollows(true)
  }
  createEffect(on([shown, end], () => follows() && toEnd()))

  const release = (): void => {
    const held = waiting() ?? []
    setWaiting(undefined)
    setEntries(before => [...before, ...held].slice(-MOST_LINES))
  }
  const pause = (): void => {
    if (waiting() === undefined) setWaiting([])
    else release()
  }
  const toggle = (group: Group): void => {
    const now = new Set(hidden())
    if (!now.delete(group)) now.add(group)
    setHidden(now)
  }

  return (
    <Dialog title={w().title(props.address)} wide onClose={() => app.open(undefined)}>
      <div class="talk">
        <p class="met">{met() === undefined ? '' : introductionOf(met()!)}</p>
        <div class="talk-tools">
          <fieldset aria-label={w().show}>
            <For each={GROUPS}>
              {group => (
                <button
                  type="button"
                  class="chip"
                  aria-pressed={!hidden().has(group)}
                  onClick={() => toggle(group)}
                >
                  {w().groups[group]}
                </button>
              )}
            </For>
          </fieldset>
        </div>
        <div
          ref={log}
          class="talk-log"
          role="log"
          aria-live="off"
          aria-label={w().log}
          tabindex="0"
          autofocus
          onScroll={() => setFollows(log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX)}
        >
          <Show when={shown().length === 0 && end() === undefined}>
            <p class="nothing">
              {met() === undefined ? t().app.loading : entries().length > 0 ? w().nothingShown : w().waiting}
            </p>
          </Show>
          <ol>
            <For each={shown()}>
              {entry =>
                'line' in entry ? (
                  <Line line={entry.line} met={met()!} />
                ) : (
                  <li class="note">{w().leftOut(entry.leftOut)}</li>
                )
              }
            </For>
          </ol>
        </div>
        <div class="talk-state">
          <Show when={end() === undefined}>
            <button type="button" class="pause" aria-pressed={waiting() !== undefined} onClick={pause}>
              {waiting() === undefined ? w().pause : w().goOn}
            </button>
            <Show
              when={waiting()}
              fallback={
                <Show when={met()}>
                  <span class="live">{w().live}</span>
                </Show>
              }
            >
              {held => <span class="quiet">{w().paused(held().length)}</span>}
            </Show>
          </Show>
          <span role="status" class="over">
            {end()}
          </span>
          <Show when={end()}>
            <button type="button" onClick={() => setRound(before => before + 1)}>
              {w().again}
            </button>
          </Show>
          <span class="space" />
          <Show when={!follows()}>
            <button type="button" class="latest" onClick={toEnd}>
              {w().latest}
            </button>
          </Show>
        </div>
      </div>
    </Dialog>
  )
}

function Line(props: { readonly line: SaidLine; readonly met: Met }): JSX.Element {
  const [open, setOpen] = createSignal(false)
  const dump = createUniqueId()
  const w = (): ReturnType<typeof t>['conversation'] => t().conversation
  const text = (): string => `${w().who[props.line.by]} ${wordsOf(props.line, props.met)}`
  const shown = (): number => props.line.head.length / 2
  return (
    <li class={props.line.by}>
      <div class="said">
        <p>{text()}</p>
        <p class="about">
          <time>{f().time(props.line.at / 1000)}</time>
          <Show when={props.line.count > 1}>
            <span>{w().messages(props.line.count)}</span>
          </Show>
          <span>{f().bytes(props.line.bytes)}</span>
          <button
            type="button"
            class="ghost tiny"
            aria-expanded={open()}
            aria-controls={open() ? dump : undefined}
            aria-label={w().bytesOf(text())}
            onClick={() => setOpen(!open())}
          >
            {w().bytes}
          </button>
        </p>
        <Show when={open()}>
          <div id={dump} class="dump">
            <Show when={shown() < props.line.bytes}>
              <p class="about">
                {props.line.count > 1
                  ? w().ofFirst(shown(), props.line.count)
                  : w().firstBytes(shown(), f().bytes(props.line.bytes))}
              </p>
            </Show>
            <pre tabindex="0">{dumpOf(props.line.head, matchMedia(NARROW).matches ? 8 : 16)}</pre>
          </div>
        </Show>
      </div>
    </li>
  )
}
