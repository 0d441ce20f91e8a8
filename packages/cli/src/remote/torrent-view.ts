/** Torrents of a daemon as text: the table of `shoal list`, the page of `shoal show`. Pure. */
import type { FileRow, PeerRow, TorrentDetail, TorrentRow, TrackerRow } from '@shoal/daemon/contract'
import {
  formatBytes,
  formatCount,
  formatPercent,
  formatPieceLength,
  formatRate,
  formatRatio,
  formatWholeSeconds,
  plural,
} from '../format.ts'
import { safeText } from '../terminal/safe-text.ts'
import type { Style } from '../terminal/style.ts'
import { type Column, renderTable, type TableLook } from '../terminal/table.ts'
import { truncateEnd } from '../terminal/width.ts'

/** Of an id, enough to tell torrents apart and to type. */
const ID_CHARS = 8
/** An indent that says: this belongs to the line above. */
const INDENT = '   '

export function shortId(id: string): string {
  return id.slice(0, ID_CHARS)
}

/** A line a torrent, and below it why it is not moving, where there is something to say. */
export function renderList(rows: readonly TorrentRow[], look: TableLook): string[] {
  if (rows.length === 0) return ['no torrents']
  const [head = '', ...lines] = renderTable(rows, listColumns(look.style), look)
  const body = rows.flatMap((row, at) => {
    const reason = row.error ?? row.why
    if (reason === null) return [lines[at]!]
    const room = (look.columns ?? Number.POSITIVE_INFINITY) - INDENT.length
    const text = truncateEnd(safeText(reason.text), room)
    const paint = row.error === null ? look.style.dim : look.style.bad
    return [lines[at]!, `${INDENT}${paint(text)}`]
  })
  return [head, ...body]
}

/** `3 torrents, 12.4 MB/s down, 1.20 MB/s up` */
export function renderSum(rows: readonly TorrentRow[], total: number): string {
  const sum = (of: (row: TorrentRow) => number): number => rows.reduce((all, row) => all + of(row), 0)
  const count =
    rows.length === total
      ? plural(total, 'torrent')
      : `${formatCount(rows.length)} of ${plural(total, 'torrent')}`
  const down = formatRate(sum(row => row.downloadRate))
  return `${count}, ${down} down, ${formatRate(sum(row => row.uploadRate))} up`
}

export function stateText({ state, work, progress }: TorrentRow): string {
  if (state === 'checking' || state === 'moving') return `${state} ${formatPercent(work)}`
  if (state === 'fetching') return 'finding out'
  if (state === 'stopped' && progress >= 1) return 'done'
  return state
}

function listColumns(style: Style): readonly Column<TorrentRow>[] {
  return [
    { title: 'Id', cell: row => shortId(row.id), dispensable: 1, paint: text => style.dim(text) },
    { title: 'Name', cell: row => safeText(row.name), least: 12, paint: text => style.bold(text) },
    {
      title: 'State',
      cell: stateText,
      paint: (text, row) => paintState(style, row)(text),
    },
    { title: 'Done', cell: row => formatPercent(row.progress), align: 'right' },
    { title: 'Size', cell: row => formatBytes(row.wantedBytes), align: 'right', dispensable: 4 },
    { title: 'Down', cell: row => rate(row.downloadRate), align: 'right', dispensable: 2 },
    { title: 'Up', cell: row => rate(row.uploadRate), align: 'right', dispensable: 3 },
    { title: 'Left', cell: row => etaText(row), align: 'right', dispensable: 5 },
    { title: 'Peers', cell: row => peersText(row), align: 'right', dispensable: 7 },
    { title: 'Ratio', cell: row => formatRatio(row.ratio), align: 'right', dispensable: 6 },
    { title: 'Category', cell: row => safeText(row.category ?? ''), least: 6, dispensable: 8 },
    { title: 'Labels', cell: row => row.labels.map(safeText).join(' '), least: 6, dispensable: 9 },
  ]
}

function paintState(style: Style, { state }: TorrentRow): (text: string) => string {
  if (state === 'error') return style.bad
  if (state === 'downloading' || state === 'fetching') return style.accent
  if (state === 'seeding') return style.good
  return style.dim
}

function rate(bytesPerSec: number): string {
  return bytesPerSec < 1 ? '' : formatRate(bytesPerSec)
}

function etaText({ etaSeconds, state }: TorrentRow): string {
  return etaSeconds === null || state !== 'downloading' ? '' : formatWholeSeconds(etaSeconds)
}

function peersText({ seeds, peers }: TorrentRow): string {
  return seeds + peers === 0 ? '' : formatCount(seeds + peers)
}

// ----------------------------------------------------------------------------------------------------- show

export function renderDetail(detail: TorrentDetail, style: Style): string[] {
  const reason = detail.error ?? detail.why
  const rows: (readonly [string, string])[] = [
    ['Name', style.bold(safeText(detail.name))],
    ['Info-hash', detail.id],
    [
      'State',
      `${paintState(style, detail)(stateText(detail))}${detail.intent === 'force' ? ', forced' : ''}`,
    ],
  ]
  if (reason !== null) {
    const paint = detail.error === null ? style.warn : style.bad
    rows.push(['Why', paint(safeText(reason.text))])
  }
  rows.push(['Done', doneText(detail)])
  rows.push(['Speed', `${formatRate(detail.downloadRate)} down, ${formatRate(detail.uploadRate)} up`])
  if (detail.etaSeconds !== null) rows.push(['Left', formatWholeSeconds(detail.etaSeconds)])
  rows.push([
    'Sent',
    `${formatBytes(detail.uploadedBytes)} of ${formatBytes(detail.downloadedBytes)} received, ratio ${formatRatio(detail.ratio)}`,
  ])
  rows.push([
    'Peers',
    `${plural(detail.seeds, 'seed')} and ${plural(detail.peers, 'other')} connected${swarmText(detail)}`,
  ])
  rows.push(['Folder', safeText(detail.dir)])
  rows.push(['Pieces', piecesText(detail)])
  rows.push(['Queue', `place ${formatCount(detail.queue)}`])
  if (detail.category !== null) rows.push(['Category', safeText(detail.category)])
  if (detail.labels.length > 0) rows.push(['Labels', detail.labels.map(safeText).join(', ')])
  const limits = limitText(detail)
  if (limits !== '') rows.push(['Limits', limits])
  const goals = goalText(detail)
  if (goals !== '') rows.push(['Until', goals])
  if (detail.private) rows.push(['Private', 'yes: peers from its trackers only'])
  if (detail.comment !== null) rows.push(['Comment', safeText(detail.comment)])
  rows.push(['Added', dateText(detail.addedAt)])
  if (detail.completedAt !== null) rows.push(['Complete', dateText(detail.completedAt)])
  rows.push(['Magnet', safeText(detail.magnet)])
  return rows.map(([label, value]) => `${style.dim(label.padEnd(10))} ${value}`)
}

function doneText({ progress, haveBytes, wantedBytes, totalBytes }: TorrentDetail): string {
  const skipped = totalBytes - wantedBytes
  const rest = skipped > 0 ? `, ${formatBytes(skipped)} not wanted` : ''
  return `${formatPercent(progress)}: ${formatBytes(haveBytes)} of ${formatBytes(wantedBytes)}${rest}`
}

function swarmText({ swarmSeeds, swarmPeers }: TorrentDetail): string {
  if (swarmSeeds === null && swarmPeers === null) return ''
  return `; its trackers know of ${formatCount(swarmSeeds ?? 0)} and ${formatCount(swarmPeers ?? 0)}`
}

function piecesText({ piecesHave, pieceCount, pieceLength }: TorrentDetail): string {
  if (pieceCount === 0) return 'not known yet'
  return `${formatCount(piecesHave)} of ${formatCount(pieceCount)} × ${formatPieceLength(pieceLength)}`
}

function limitText({ limits }: TorrentDetail): string {
  const parts: string[] = []
  if (limits.download !== null) parts.push(`${formatRate(limits.download)} down`)
  if (limits.upload !== null) parts.push(`${formatRate(limits.upload)} up`)
  if (limits.connections !== null) parts.push(plural(limits.connections, 'connection'))
  if (limits.uploadSlots !== null) parts.push(plural(limits.uploadSlots, 'upload slot'))
  if (!limits.obeyGlobal) parts.push('not those of all torrents')
  return parts.join(', ')
}

function goalText({ goalsInForce: { ratio, seedSeconds, idleSeconds } }: TorrentDetail): string {
  const parts: string[] = []
  if (ratio !== null) parts.push(`ratio ${formatRatio(ratio)}`)
  if (seedSeconds !== null) parts.push(`shared for ${formatWholeSeconds(seedSeconds)}`)
  if (idleSeconds !== null) parts.push(`nobody fetched for ${formatWholeSeconds(idleSeconds)}`)
  return parts.join(', or ')
}

function dateText(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('T', ' ').slice(0, 16)
}

// ------------------------------------------------------------------------------------- files, peers, trackers

export function renderFileTable(files: readonly FileRow[], look: TableLook): string[] {
  const { style } = look
  return renderTable(
    files,
    [
      { title: '#', cell: file => String(file.index + 1), align: 'right', paint: text => style.dim(text) },
      {
        title: 'Done',
        cell: file => formatPercent(file.length === 0 ? 1 : file.haveBytes / file.length),
        align: 'right',
      },
      {
        title: 'Priority',
        cell: file => file.priority,
        paint: (text, file) => (file.priority === 'skip' ? style.dim(text) : text),
      },
      { title: 'Size', cell: file => formatBytes(file.length), align: 'right' },
      { title: 'File', cell: file => safeText(file.path), least: 16 },
    ],
    look,
  )
}

export function renderPeerTable(peers: readonly PeerRow[], look: TableLook): string[] {
  const { style } = look
  return renderTable(
    peers,
    [
      { title: 'Address', cell: peer => peer.address },
      { title: 'Client', cell: peer => safeText(peer.client), least: 10, dispensable: 1 },
      { title: 'Has', cell: peer => formatPercent(peer.progress), align: 'right' },
      { title: 'Down', cell: peer => rate(peer.downloadRate), align: 'right' },
      { title: 'Up', cell: peer => rate(peer.uploadRate), align: 'right' },
      { title: 'Received', cell: peer => formatBytes(peer.downloadedBytes), align: 'right', dispensable: 4 },
      { title: 'Sent', cell: peer => formatBytes(peer.uploadedBytes), align: 'right', dispensable: 3 },
      { title: 'Flags', cell: peer => peer.flags, dispensable: 2 },
      { title: 'From', cell: peer => peer.source, dispensable: 5, paint: text => style.dim(text) },
    ],
    look,
  )
}

export function renderTrackerTable(trackers: readonly TrackerRow[], look: TableLook): string[] {
  const { style } = look
  const count = (value: number | null): string => (value === null ? '' : formatCount(value))
  return renderTable(
    trackers,
    [
      { title: 'Tier', cell: tracker => String(tracker.tier + 1), align: 'right' },
      { title: 'Tracker', cell: tracker => safeText(tracker.url), least: 20 },
      {
        title: 'State',
        cell: tracker => tracker.state,
        paint: (text, { state }) =>
          state === 'failed' ? style.bad(text) : state === 'ok' ? style.good(text) : text,
      },
      { title: 'Seeds', cell: tracker => count(tracker.seeds), align: 'right' },
      { title: 'Others', cell: tracker => count(tracker.peers), align: 'right' },
      {
        title: 'Next',
        cell: ({ nextAnnounceSeconds: next }) => (next === null ? '' : formatWholeSeconds(next)),
        align: 'right',
        dispensable: 2,
      },
      { title: 'Says', cell: tracker => safeText(tracker.message ?? ''), least: 10, dispensable: 1 },
    ],
    look,
  )
}
