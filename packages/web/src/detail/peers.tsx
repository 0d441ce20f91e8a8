/** Who is connected, what they have and do, and what their flags mean. */
import type { PeerRow } from '@shoal/daemon/contract'
import { createMemo, createSignal, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { Icon } from '../ui/icon.tsx'
import { Bar } from '../ui/parts.tsx'
import { poll } from '../ui/poll.ts'
import { Table, type TableColumn } from '../ui/table.tsx'
import { f, t } from '../words/index.ts'
import { meaningsOf } from './flags.tsx'

const EVERY_MS = 2000

export function Peers(props: { readonly id: string }): JSX.Element {
  const app = useApp()
  const peers = poll(() => app.api.peers(props.id), EVERY_MS)
  const [address, setAddress] = createSignal('')
  const w = (): ReturnType<typeof t>['peers'] => t().peers

  const add = (event: Event): void => {
    event.preventDefault()
    const given = address().trim()
    if (given === '') return
    void app.attempt(async () => {
      await app.api.addPeers(props.id, [given])
      setAddress('')
      peers.refresh()
    })
  }
  const ban = (peer: PeerRow): void =>
    void app.attempt(async () => {
      await app.api.banPeer(props.id, peer.address)
      app.toasts.done(w().banned(peer.address), () => app.api.unban(peer.address))
      peers.refresh()
    })

  const regions = createMemo(() => new Intl.DisplayNames(f().locale, { type: 'region', fallback: 'none' }))
  const countryName = (code: string | null): string => (code === null ? '' : (regions().of(code) ?? ''))
  /** Whether the daemon has a database of countries, as far as can be told. */
  const located = createMemo(() => peers.value()?.some(peer => peer.country !== null) === true)
  const country: TableColumn<PeerRow> = {
    key: 'country',
    get title() {
      return w().country
    },
    widthPx: 132,
    value: peer => countryName(peer.country) || (peer.country ?? '\uffff'),
    cell: peer => (
      <Show when={peer().country}>
        {code => (
          <span class="cut" title={countryName(code())}>
            <span class="tag">{code()}</span> {countryName(code())}
          </span>
        )}
      </Show>
    ),
  }

  const columns = (): TableColumn<PeerRow>[] => [
    {
      key: 'talk',
      title: '',
      widthPx: 30,
      cell: peer => (
        <button
          type="button"
          class="ghost tiny"
          title={t().conversation.open}
          aria-label={t().conversation.openTo(peer().address)}
          onClick={() => app.open({ kind: 'conversation', id: props.id, address: peer().address })}
        >
          <Icon name="talk" />
        </button>
      ),
    },
    {
      key: 'address',
      title: w().address,
      widthPx: 176,
      grow: 1,
      value: peer => peer.address,
      cell: peer => (
        <span class="cut" title={peer().address}>
          {peer().address}
        </span>
      ),
    },
    ...(located() ? [country] : []),
    {
      key: 'client',
      title: w().client,
      widthPx: 110,
      grow: 0.8,
      value: peer => peer.client,
      cell: peer => (
        <span class="cut" title={peer().client}>
          {peer().client}
        </span>
      ),
    },
    {
      key: 'flags',
      title: w().flags,
      widthPx: 76,
      value: peer => peer.flags,
      cell: peer => (
        <Show when={peer().flags}>
          {flags => (
            <button
              type="button"
              class="flags"
              title={meaningsOf(flags())
                .map(each => each.join(': '))
                .join('\n')}
              aria-label={`${w().flags}: ${flags()}`}
              onClick={() => app.open({ kind: 'flags', address: peer().address, flags: flags() })}
            >
              {flags()}
            </button>
          )}
        </Show>
      ),
    },
    {
      key: 'progress',
      title: w().progress,
      widthPx: 112,
      value: peer => peer.progress,
      cell: peer => (
        <>
          <Bar share={peer().progress} state={peer().progress >= 1 ? 'whole' : ''} label={w().progress} />
          <span class="num">{f().percent(peer().progress)}</span>
        </>
      ),
    },
    number(
      'down',
      w().down,
      peer => peer.downloadRate,
      peer => f().rate(peer.downloadRate),
      'down',
    ),
    number(
      'up',
      w().up,
      peer => peer.uploadRate,
      peer => f().rate(peer.uploadRate),
      'up',
    ),
    number(
      'downloaded',
      w().downloaded,
      peer => peer.downloadedBytes,
      peer => some(peer.downloadedBytes),
    ),
    number(
      'uploaded',
      w().uploaded,
      peer => peer.uploadedBytes,
      peer => some(peer.uploadedBytes),
    ),
    number(
      'since',
      w().since,
      peer => peer.connectedSeconds,
      peer => f().duration(peer.connectedSeconds),
    ),
    {
      key: 'source',
      title: w().source,
      widthPx: 96,
      value: peer => peer.source,
      cell: peer => <span class="cut quiet">{sourceOf(peer())}</span>,
    },
    {
      key: 'ban',
      title: '',
      widthPx: 40,
      stuck: true,
      cell: peer => (
        <button
          type="button"
          class="ghost tiny"
          title={w().ban}
          aria-label={`${w().ban}: ${peer().address}`}
          onClick={() => ban(peer())}
        >
          <Icon name="ban" />
        </button>
      ),
    },
  ]

  return (
    <Show when={peers.value()} fallback={<p class="nothing">{t().app.loading}</p>}>
      {rows => (
        <>
          <form class="tab-tools" onSubmit={add}>
            <span class="quiet">{f().number(rows().length)}</span>
            <span class="space" />
            <input
              class="short"
              placeholder={w().addPlaceholder}
              aria-label={w().add}
              value={address()}
              spellcheck={false}
              onInput={event => setAddress(event.currentTarget.value)}
            />
            <button type="submit" disabled={address().trim() === ''}>
              {w().add}
            </button>
          </form>
          <Table label={t().tabs.peers} rows={rows()} columns={columns()} sort="down" empty={w().empty} />
        </>
      )}
    </Show>
  )
}

function number(
  key: string,
  title: string,
  value: (peer: PeerRow) => number,
  text: (peer: PeerRow) => string,
  tone = 'quiet',
): TableColumn<PeerRow> {
  return {
    key,
    title,
    widthPx: 88,
    end: true,
    value,
    cell: peer => <span class={tone}>{text(peer())}</span>,
  }
}

function some(bytes: number): string {
  return bytes === 0 ? '' : f().bytes(bytes)
}

function sourceOf(peer: PeerRow): string {
  const known: Readonly<Record<string, string>> = t().peers.sources
  return Object.hasOwn(known, peer.source) ? known[peer.source]! : peer.source
}
