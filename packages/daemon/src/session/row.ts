/** The row of a torrent, and what of it changed. */
import type { RowDelta, RowField, RowPart, TorrentRow, TorrentState } from '../contract/index.ts'
import { failureOf, shownFailure } from './failure.ts'
import type { Item } from './item.ts'
import { type WhyFacts, whyOf } from './why.ts'

export function rowOf(item: Item, facts: WhyFacts): TorrentRow {
  const { record, live } = item
  const state = stateOf(item)
  const summary = live?.torrent === undefined ? undefined : live.summary
  const { seeders, leechers } = summary?.swarm ?? {}
  const connected = summary?.connections.connected ?? live?.fetch?.connected ?? 0
  const { error } = summary ?? {}
  return {
    id: record.id,
    name: record.name,
    state,
    intent: record.intent,
    complete: isComplete(item),
    progress: progressOf(item),
    work: workOf(item, state),
    totalBytes: record.totalBytes,
    wantedBytes: record.wantedBytes,
    haveBytes: record.haveBytes,
    leftBytes: record.leftBytes,
    downloadRate: Math.round(summary?.downloadRate ?? 0),
    uploadRate: Math.round(summary?.uploadRate ?? 0),
    etaSeconds: summary?.etaSeconds === undefined ? null : Math.round(summary.etaSeconds),
    downloadedBytes: record.downloadedBytes,
    uploadedBytes: record.uploadedBytes,
    ratio: Math.round(ratioOf(item) * 1000) / 1000,
    seeds: summary?.seeds ?? 0,
    peers: connected - (summary?.seeds ?? 0),
    sending: summary?.peersSending ?? 0,
    receiving: summary?.peersReceiving ?? 0,
    swarmSeeds: seeders ?? null,
    swarmPeers: leechers ?? null,
    availability: summary?.availability === undefined ? null : floor(summary.availability, 100),
    addedAt: record.addedAt,
    completedAt: record.completedAt ?? null,
    activeAt: record.activeAt ?? null,
    downloadSeconds: Math.floor(record.downloadSeconds),
    seedSeconds: Math.floor(record.seedSeconds),
    queue: item.position,
    category: record.category ?? null,
    labels: record.labels,
    dir: record.dir,
    tracker: record.host ?? null,
    private: record.private,
    sequential: record.sequential,
    error:
      error !== undefined && state === 'error'
        ? failureOf(error)
        : record.failure === undefined
          ? null
          : shownFailure(record.failure),
    why: whyOf(item, state, facts),
  }
}

export function partOf(row: TorrentRow, fields: readonly RowField[]): RowPart {
  return Object.fromEntries(
    ['id' as const, ...fields].map(field => [field, row[field]]),
  ) as unknown as RowPart
}

export function stateOf({ record, live, isWanted }: Item): TorrentState {
  const doing = live?.doing?.kind
  if (doing === 'moving') return 'moving'
  if (doing === 'fetching') return 'fetching'
  if (doing === 'checking') return 'checking'
  if (record.magnet === undefined) {
    // While it is on its way in or out, it is what it will be.
    const state = live?.torrent === undefined ? undefined : live.summary?.state
    if (isWanted && state !== undefined && state !== 'stopped') return state
    if (record.pending.check) return 'checking'
    if (record.pending.moveTo !== undefined) return 'moving'
  }
  if (!isWanted) return 'stopped'
  return record.failure?.blocks ? 'error' : 'queued'
}

export function isComplete({ record }: Item): boolean {
  return record.magnet === undefined && record.leftBytes === 0
}

/** To the size of the data where nothing was downloaded. */
export function ratioOf({ record }: Item): number {
  const { uploadedBytes, downloadedBytes, totalBytes } = record
  return uploadedBytes / Math.max(1, downloadedBytes > 0 ? downloadedBytes : totalBytes)
}

/** Nested values come whole; undefined: nothing changed. */
export function rowDelta(before: TorrentRow, after: TorrentRow): RowDelta | undefined {
  let delta: Record<string, unknown> | undefined
  for (const key of Object.keys(after) as (keyof TorrentRow)[]) {
    const value = after[key]
    if (value === before[key] || (typeof value === 'object' && isSame(value, before[key]))) continue
    delta ??= { id: after.id }
    delta[key] = value
  }
  return delta as RowDelta | undefined
}

function isSame(a: unknown, b: unknown): boolean {
  return typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b)
}

function progressOf(item: Item): number {
  const { record, live } = item
  if (record.magnet !== undefined) {
    const { bytes = 0, totalBytes = 0 } = live?.fetch ?? {}
    return totalBytes > 0 ? floor(bytes / totalBytes, 10_000) : 0
  }
  if (isComplete(item)) return 1
  return record.wantedBytes > 0 ? floor(record.haveBytes / record.wantedBytes, 10_000) : 0
}

function workOf({ live }: Item, state: TorrentState): number {
  if (state === 'moving') return live?.doing?.kind === 'moving' ? floor(live.doing.fraction, 1000) : 0
  if (state === 'checking')
    return live?.torrent === undefined ? 0 : floor(live.summary?.checkedFraction ?? 0, 1000)
  return 1
}

/** Never 1 before it is. */
function floor(value: number, steps: number): number {
  return Math.floor(value * steps) / steps
}
