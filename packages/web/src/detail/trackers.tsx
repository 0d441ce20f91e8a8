/** The trackers of a torrent, what they said last, and their editing. */
import type { TorrentDetail, TrackerRow } from '@shoal/daemon/contract'
import { createSignal, type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { Icon } from '../ui/icon.tsx'
import { Field } from '../ui/parts.tsx'
import { poll } from '../ui/poll.ts'
import { Table, type TableColumn } from '../ui/table.tsx'
import { f, t } from '../words/index.ts'

const EVERY_MS = 3000

export function Trackers(props: { readonly row: TorrentDetail }): JSX.Element {
  const app = useApp()
  const id = (): string => props.row.id
  const trackers = poll(() => app.api.trackers(id()), EVERY_MS)
  const [text, setText] = createSignal<string>()
  const w = (): ReturnType<typeof t>['trackers'] => t().trackers

  const save = (event: Event): void => {
    event.preventDefault()
    void app.attempt(async () => {
      await app.api.patch(id(), { trackers: tiersIn(text() ?? '') })
      setText(undefined)
      trackers.refresh()
    })
  }
  const columns = (): TableColumn<TrackerRow>[] => [
    {
      key: 'tier',
      title: w().tier,
      widthPx: 52,
      end: true,
      cell: row => <span class="quiet">{f().number(row().tier + 1)}</span>,
    },
    {
      key: 'url',
      title: w().url,
      widthPx: 200,
      grow: 1,
      cell: row => (
        <span class="cut" title={row().url}>
          {row().url}
        </span>
      ),
    },
    {
      key: 'state',
      title: w().state,
      widthPx: 160,
      grow: 1,
      cell: row => (
        <span
          class="cut"
          classList={{ bad: row().state === 'failed', quiet: row().state !== 'failed' }}
          title={row().message ?? ''}
        >
          {row().message === null ? w().states[row().state] : `${w().states[row().state]}: ${row().message}`}
        </span>
      ),
    },
    count('seeds', w().seeds, row => row.seeds),
    count('peers', w().peers, row => row.peers),
    count('received', w().received, row => row.received),
    {
      key: 'next',
      title: w().next,
      widthPx: 110,
      end: true,
      cell: row => (
        <span class="quiet">
          {row().nextAnnounceSeconds === null ? '' : w().in(f().duration(row().nextAnnounceSeconds!))}
        </span>
      ),
    },
  ]

  return (
    <Show when={trackers.value()} fallback={<p class="nothing">{t().app.loading}</p>}>
      {rows => (
        <Show
          when={text() === undefined}
          fallback={
            <form class="editor" onSubmit={save}>
              <Field label={w().edit} hint={w().editHint}>
                <textarea
                  rows="6"
                  spellcheck={false}
                  value={text()}
                  onInput={event => setText(event.currentTarget.value)}
                />
              </Field>
              <div class="buttons">
                <button type="submit" class="primary">
                  {t().app.save}
                </button>
                <button type="button" onClick={() => setText(undefined)}>
                  {t().app.cancel}
                </button>
              </div>
            </form>
          }
        >
          <div class="tab-tools">
            <span class="space" />
            <button
              type="button"
              onClick={() => void app.attempt(() => app.actions.act('reannounce', [id()]))}
            >
              <Icon name="globe" />
              {t().actions.reannounce}
            </button>
            <button type="button" onClick={() => setText(textOf(rows()))}>
              <Icon name="edit" />
              {w().edit}
            </button>
          </div>
          <Table
            label={t().tabs.trackers}
            rows={rows()}
            columns={columns()}
            empty={props.row.private ? w().emptyPrivate : w().empty}
          />
        </Show>
      )}
    </Show>
  )
}

function count(
  key: string,
  title: string,
  value: (row: TrackerRow) => number | null,
): TableColumn<TrackerRow> {
  return {
    key,
    title,
    widthPx: 72,
    end: true,
    cell: row => <span class="quiet">{value(row()) === null ? '' : f().number(value(row())!)}</span>,
  }
}

/** A line each, tiers apart by an empty line. */
function textOf(rows: readonly TrackerRow[]): string {
  return rows
    .map((row, at) => (at > 0 && rows[at - 1]!.tier !== row.tier ? `\n${row.url}` : row.url))
    .join('\n')
}

function tiersIn(text: string): string[][] {
  return text
    .split(/\n\s*\n/)
    .map(tier =>
      tier
        .split('\n')
        .map(line => line.trim())
        .filter(line => line !== ''),
    )
    .filter(tier => tier.length > 0)
}
