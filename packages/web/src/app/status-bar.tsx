/** At the bottom: rates and limits, room on the disk, how the world reaches us. */
import type { SessionInfo } from '@shoal/daemon/contract'
import { type JSX, Show } from 'solid-js'
import { Icon } from '../ui/icon.tsx'
import { reasonText } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { useApp } from './context.ts'

export function StatusBar(): JSX.Element {
  const app = useApp()
  return (
    <footer class="status">
      <Show when={app.session()}>
        {session => (
          <>
            <Rates session={session()} />
            <Turtle session={session()} />
            <Show when={session().why[0]}>
              {why => (
                <span class="item held" title={reasonText(why())}>
                  <Icon name="warn" />
                  <span class="cut">{reasonText(why())}</span>
                </span>
              )}
            </Show>
            <span class="space" />
            <Folders session={session()} />
            <span class="item" title={t().status.connections(f().number(session().connections))}>
              <Icon name="nodes" />
              {session().dht === null ? t().status.dhtOff : t().status.dht(f().number(session().dht!.nodes))}
            </span>
            <span
              class={`item reach ${session().reachable}`}
              title={t().status.reachableHint[session().reachable](session().port)}
            >
              <Icon name="globe" />
              {t().status.reachable[session().reachable]}
            </span>
          </>
        )}
      </Show>
    </footer>
  )
}

/** What counts now: the alternative limits while they are in force. */
export function limitsNow(session: SessionInfo): SessionInfo['limits'] {
  return session.alternative.active ? session.alternative : session.limits
}

export function Rates(props: { readonly session: SessionInfo }): JSX.Element {
  const app = useApp()
  const title = (): string => {
    const { session, ever } = props.session
    const total = (each: typeof ever): string =>
      t().status.total(f().bytes(each.downloadedBytes), f().bytes(each.uploadedBytes))
    return `${t().status.session}: ${total(session)}\n${t().status.ever}: ${total(ever)}`
  }
  const Rate = (rate: {
    icon: 'down' | 'up'
    bytesPerSec: number
    limit: number | null
    label: string
  }): JSX.Element => (
    <span class={`rate ${rate.icon}`} role="img" aria-label={`${rate.label}: ${f().rate(rate.bytesPerSec)}`}>
      <Icon name={rate.icon} />
      <b>{f().rate(rate.bytesPerSec) || `${f().bytes(0)}/s`}</b>
      <Show when={rate.limit !== null}>
        <small>/ {f().bytes(rate.limit!)}</small>
      </Show>
    </span>
  )
  return (
    <button type="button" class="item rates" title={title()} onClick={() => app.open({ kind: 'rates' })}>
      <Rate
        icon="down"
        bytesPerSec={props.session.downloadRate}
        limit={limitsNow(props.session).download}
        label={t().status.down}
      />
      <Rate
        icon="up"
        bytesPerSec={props.session.uploadRate}
        limit={limitsNow(props.session).upload}
        label={t().status.up}
      />
    </button>
  )
}

function Turtle(props: { readonly session: SessionInfo }): JSX.Element {
  const app = useApp()
  const active = (): boolean => props.session.alternative.active
  return (
    <button
      type="button"
      class="item turtle"
      aria-pressed={active()}
      aria-label={t().limits.alternative}
      title={active() ? t().limits.alternativeOn : t().limits.switchOn}
      onClick={() => void app.attempt(() => app.api.setAlternative(!active()))}
    >
      <Icon name="turtle" />
    </button>
  )
}

function Folders(props: { readonly session: SessionInfo }): JSX.Element {
  const known = (): SessionInfo['folders'] =>
    props.session.folders.filter(folder => folder.freeBytes !== null)
  return (
    <Show when={known()[0]}>
      {first => (
        <span
          class="item"
          title={known()
            .map(each => `${each.path}: ${t().add.free(f().bytes(each.freeBytes!))}`)
            .join('\n')}
        >
          <Icon name="disk" />
          {t().add.free(f().bytes(first().freeBytes!))}
        </span>
      )}
    </Show>
  )
}
