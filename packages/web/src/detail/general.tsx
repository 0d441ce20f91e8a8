/** Facts of a torrent. */
import type { TorrentDetail } from '@shoal/daemon/contract'
import { type JSX, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import { copy } from '../list/menus.ts'
import { Icon } from '../ui/icon.tsx'
import { f, t } from '../words/index.ts'

export function General(props: { readonly row: TorrentDetail }): JSX.Element {
  const app = useApp()
  const w = (): ReturnType<typeof t>['detail'] => t().detail
  const Fact = (fact: {
    name: string
    value: string | null
    title?: string
    wide?: boolean
    copies?: boolean
  }): JSX.Element => (
    <Show when={fact.value !== null && fact.value !== ''}>
      <div classList={{ wide: fact.wide === true }}>
        <dt>{fact.name}</dt>
        <dd title={fact.title}>
          {fact.value}
          <Show when={fact.copies}>
            <button
              type="button"
              class="ghost tiny"
              aria-label={t().app.copy}
              title={t().app.copy}
              onClick={() =>
                void app.attempt(async () => {
                  await copy(fact.value!)
                  app.toasts.done(t().app.copied)
                })
              }
            >
              <Icon name="file" />
            </button>
          </Show>
        </dd>
      </div>
    </Show>
  )
  const goals = (): string => {
    const { ratio, seedSeconds, idleSeconds } = props.row.goalsInForce
    const parts = [
      ratio === null ? undefined : w().goalRatio(f().number(ratio, 2)),
      seedSeconds === null ? undefined : w().goalTime(f().duration(seedSeconds)),
      idleSeconds === null ? undefined : w().goalIdle(f().duration(idleSeconds)),
    ].filter(part => part !== undefined)
    return parts.length === 0 ? w().forever : f().either(parts)
  }
  const limits = (): string | null => {
    const { download, upload } = props.row.limits
    const parts = [
      download === null ? undefined : `↓ ${f().rate(download)}`,
      upload === null ? undefined : `↑ ${f().rate(upload)}`,
    ].filter(part => part !== undefined)
    return parts.length === 0 ? null : parts.join(', ')
  }
  const date = (seconds: number | null): string | null => (seconds === null ? null : f().dateTime(seconds))
  const swarm = (): string | null => {
    const { swarmSeeds, swarmPeers } = props.row
    return swarmSeeds === null && swarmPeers === null ? null : w().connected(swarmSeeds ?? 0, swarmPeers ?? 0)
  }
  const size = (bytes: number): string => (props.row.totalBytes === 0 ? '' : f().bytes(bytes))
  return (
    <dl class="facts">
      <Fact
        name={w().done}
        value={
          props.row.totalBytes === 0
            ? null
            : `${f().bytes(props.row.haveBytes)} / ${f().bytes(props.row.wantedBytes)}`
        }
      />
      <Fact name={w().size} value={size(props.row.totalBytes)} />
      <Fact
        name={w().left}
        value={props.row.etaSeconds === null ? null : f().duration(props.row.etaSeconds)}
      />
      <Fact name={w().downloaded} value={f().bytes(props.row.downloadedBytes)} />
      <Fact name={w().uploaded} value={f().bytes(props.row.uploadedBytes)} />
      <Fact name={w().ratio} value={f().number(props.row.ratio, 2)} />
      <Fact name={w().wasted} value={props.row.wastedBytes === 0 ? null : f().bytes(props.row.wastedBytes)} />
      <Fact name={w().peers} value={w().connected(props.row.seeds, props.row.peers)} />
      <Fact name={w().swarm} value={swarm()} />
      <Fact
        name={w().availability}
        value={props.row.availability === null ? null : f().number(props.row.availability, 2)}
      />
      <Fact name={w().goals} value={goals()} />
      <Fact name={w().limits} value={limits()} />
      <Fact
        name={w().seedTime}
        value={props.row.seedSeconds === 0 ? null : f().duration(props.row.seedSeconds)}
      />
      <Fact name={w().category} value={props.row.category} />
      <Fact name={w().labels} value={props.row.labels.join(', ')} />
      <Fact name={w().added} value={date(props.row.addedAt)} />
      <Fact name={w().completed} value={date(props.row.completedAt)} />
      <Fact name={w().active} value={date(props.row.activeAt)} />
      <Fact name={w().created} value={date(props.row.createdAt)} {...titled(props.row.createdBy)} />
      <Fact
        name={w().pieces}
        value={
          props.row.pieceCount === 0
            ? null
            : w().piecesOf(
                f().number(props.row.piecesHave),
                f().number(props.row.pieceCount),
                f().bytes(props.row.pieceLength),
              )
        }
      />
      <Fact name={w().private} value={props.row.private ? t().app.yes : null} />
      <Fact name={w().folder} value={props.row.dir} wide copies />
      <Fact name={w().incomplete} value={props.row.incompleteDir} wide />
      <Fact name={w().hash} value={props.row.id} wide copies />
      <Fact name={w().comment} value={props.row.comment} wide />
    </dl>
  )
}

function titled(title: string | null): { title?: string } {
  return title === null ? {} : { title }
}
