/** What stands in each column of a row. */
import type { TorrentRow } from '@shoal/daemon/contract'
import { For, type JSX } from 'solid-js'
import type { ColumnKey } from '../model/columns.ts'
import { Bar, Eta, StateDot, shareOf, statusOf } from '../ui/parts.tsx'
import { f, t } from '../words/index.ts'

type Cell = (row: () => TorrentRow) => JSX.Element

const ago = (seconds: number | null): string => (seconds === null ? '' : f().ago(seconds, Date.now() / 1000))

const inSwarm = (connected: number, swarm: number | null): string =>
  swarm === null ? f().number(connected) : `${f().number(connected)} / ${f().number(swarm)}`

export const CELLS: Readonly<Record<ColumnKey, Cell>> = {
  queue: row => <>{f().number(row().queue)}</>,
  name: row => (
    <>
      <StateDot row={row()} />
      <span class="cut" title={row().name}>
        {row().name}
      </span>
    </>
  ),
  progress: row => (
    <>
      <Bar share={shareOf(row())} state={row().state} label={t().columns.progress} />
      <span class="num">{f().percent(shareOf(row()))}</span>
    </>
  ),
  status: row => (
    <span
      class="cut"
      classList={{
        bad: row().error !== null,
        why: row().why !== null,
        calm: row().error === null && row().why === null,
      }}
      title={statusOf(row())}
    >
      {statusOf(row())}
    </span>
  ),
  size: row => <>{row().totalBytes === 0 ? '' : f().bytes(row().totalBytes)}</>,
  left: row => <>{row().leftBytes === 0 ? '' : f().bytes(row().leftBytes)}</>,
  down: row => <span class="down">{f().rate(row().downloadRate)}</span>,
  up: row => <span class="up">{f().rate(row().uploadRate)}</span>,
  eta: row => <Eta row={row()} />,
  seeds: row => <>{inSwarm(row().seeds, row().swarmSeeds)}</>,
  peers: row => <>{inSwarm(row().peers, row().swarmPeers)}</>,
  ratio: row => <>{f().number(row().ratio, 2)}</>,
  downloaded: row => <>{f().bytes(row().downloadedBytes)}</>,
  uploaded: row => <>{f().bytes(row().uploadedBytes)}</>,
  availability: row => <>{row().availability === null ? '' : f().number(row().availability!, 2)}</>,
  category: row => <span class="cut">{row().category ?? ''}</span>,
  labels: row => (
    <span class="tags">
      <For each={row().labels}>{label => <span class="tag">{label}</span>}</For>
    </span>
  ),
  tracker: row => <span class="cut">{row().tracker ?? ''}</span>,
  dir: row => (
    <span class="cut" title={row().dir}>
      {row().dir}
    </span>
  ),
  added: row => <time title={f().dateTime(row().addedAt)}>{ago(row().addedAt)}</time>,
  completed: row => (
    <time title={row().completedAt === null ? undefined : f().dateTime(row().completedAt!)}>
      {ago(row().completedAt)}
    </time>
  ),
  active: row => (
    <time title={row().activeAt === null ? undefined : f().dateTime(row().activeAt!)}>
      {ago(row().activeAt)}
    </time>
  ),
}
