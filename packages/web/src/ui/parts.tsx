/** Small things that many parts of the page show. */
import type { TorrentRow } from '@shoal/daemon/contract'
import { For, type JSX, Show } from 'solid-js'
import { failureText, reasonText } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { Icon, type IconName } from './icon.tsx'

/** A bar that fills; its colour says the state. */
export function Bar(props: { share: number; state?: string; label?: string }): JSX.Element {
  return (
    <span
      class={`bar ${props.state ?? ''}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuenow={Math.round(props.share * 100)}
      aria-valuemin="0"
      aria-valuemax="100"
      style={{ '--share': String(Math.max(0, Math.min(1, props.share))) }}
    />
  )
}

/** What a row is worth saying: why it does not move, or its state. */
export function statusOf(row: TorrentRow): string {
  if (row.error !== null) return failureText(row.error)
  if (row.why !== null) return reasonText(row.why)
  return t().states[row.state]
}

/** How far it is with what it is about now. */
export function shareOf(row: TorrentRow): number {
  return row.state === 'checking' || row.state === 'moving' ? row.work : row.progress
}

export function StateDot(props: { row: TorrentRow }): JSX.Element {
  const classes = (): string => {
    const { state, why, intent } = props.row
    return `dot ${state}${why === null ? '' : ' held'}${intent === 'force' ? ' forced' : ''}`
  }
  return <span class={classes()} role="img" aria-label={t().states[props.row.state]} />
}

export function Eta(props: { row: TorrentRow }): JSX.Element {
  return <>{props.row.etaSeconds === null ? '' : f().duration(props.row.etaSeconds)}</>
}

/** Text in which what stands between backticks is to be typed. */
export function Coded(props: { text: string }): JSX.Element {
  return <For each={props.text.split('`')}>{(part, at) => (at() % 2 === 0 ? part : <code>{part}</code>)}</For>
}

export function Empty(props: {
  icon: IconName
  title: string
  text?: string
  children?: JSX.Element
}): JSX.Element {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      <Show when={props.text}>
        <p>{props.text}</p>
      </Show>
      {props.children}
    </div>
  )
}

export function Field(props: {
  label: string
  hint?: string | undefined
  error?: string | undefined
  children: JSX.Element
}): JSX.Element {
  return (
    <label class="field">
      <span>{props.label}</span>
      {props.children}
      <Show when={props.error ?? props.hint}>
        {text => <small classList={{ error: props.error !== undefined }}>{text()}</small>}
      </Show>
    </label>
  )
}
