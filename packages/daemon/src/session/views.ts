/** What there is to see of one torrent beyond its row: of one that runs from the engine, else from its torrent file. */
import { type Metainfo, magnetOf, parseMagnet } from '@shoal/engine'
import type { FileRow, PeerRow, PiecesView, TorrentDetail, TrackerRow } from '../contract/index.ts'
import { applyLayout } from './describe.ts'
import { NO_LIMITS } from './engine-options.ts'
import type { Item } from './item.ts'
import { haveOfFiles, priorityAt } from './priorities.ts'
import type { TorrentRecord } from './record.ts'
import type { GoalsInForce } from './rules/goals.ts'
import { type Layout, SessionError, type Terms } from './session.ts'
import type { TorrentFiles } from './torrent-files.ts'

const NO_LAYOUT: Layout = { fileCount: 0, pieceCount: 0, pieceLength: 0 }

/** Only what the record says. */
export function termsOf(record: TorrentRecord, goals: GoalsInForce): Terms {
  return {
    limits: { ...NO_LIMITS, ...record.limits },
    goals: { ratio: 'default', seedSeconds: 'default', idleSeconds: 'default', ...record.goals },
    goalsInForce: goals,
    wastedBytes: record.wastedBytes,
    layout: layoutOf(record),
  }
}

export async function detailOf(item: Item, goals: GoalsInForce, files: TorrentFiles): Promise<TorrentDetail> {
  const { record } = item
  const metainfo = await metainfoOf(item, files)
  if (metainfo !== undefined) applyLayout(record, metainfo)
  const tiers = record.tiers ?? metainfo?.trackers ?? []
  const { layout = NO_LAYOUT, ...terms } = termsOf(record, goals)
  return {
    ...item.row!,
    ...layout,
    ...terms,
    comment: metainfo?.comment ?? null,
    createdBy: metainfo?.createdBy ?? null,
    createdAt: metainfo?.creationDate ?? null,
    piecesHave: metainfo === undefined ? 0 : countPieces(await haveOf(item, metainfo, files), metainfo),
    magnet: record.magnet ?? magnetOf({ ...metainfo!, name: record.name, trackers: tiers }),
    incompleteDir: record.place === record.dir ? null : record.place,
    webSeeds: metainfo?.webSeeds ?? [],
    trackerCount: tiers.flat().length,
    discovery: !record.private,
  }
}

export async function filesOf(item: Item, files: TorrentFiles): Promise<FileRow[]> {
  const metainfo = await metainfoOf(item, files)
  if (metainfo === undefined) return []
  const { record, live } = item
  const have =
    live?.torrent?.snapshot().files.map(file => file.haveBytes) ??
    haveOfFiles(metainfo, await haveOf(item, metainfo, files))
  const { pieceLength } = metainfo.geometry
  return metainfo.files.map((file, index) => ({
    index,
    path: pathOf(item, metainfo, index).join('/'),
    length: file.length,
    haveBytes: have[index] ?? 0,
    priority: priorityAt(record.priorities, index),
    pieces:
      file.length === 0
        ? null
        : {
            first: Math.floor(file.offset / pieceLength),
            last: Math.floor((file.offset + file.length - 1) / pieceLength),
          },
  }))
}

export function peersOf({ live }: Item, countryOf: (address: string) => string | null): PeerRow[] {
  const peers = live?.torrent?.snapshot().peers ?? []
  return peers.map(peer => ({
    address: peer.address,
    client: peer.client,
    source: peer.source,
    direction: peer.direction,
    downloadRate: Math.round(peer.downloadRate),
    uploadRate: Math.round(peer.uploadRate),
    downloadedBytes: peer.downloadedBytes,
    uploadedBytes: peer.uploadedBytes,
    progress: peer.progress,
    flags: peer.flags,
    requests: peer.requests,
    connectedSeconds: Math.floor(peer.connectedSeconds),
    country: countryOf(peer.address),
  }))
}

/** @param now unix time in ms */
export async function trackersOf(item: Item, files: TorrentFiles, now: number): Promise<TrackerRow[]> {
  const running = item.live?.torrent?.snapshot().trackers
  if (running !== undefined) {
    return running.map(tracker => ({
      url: tracker.url,
      tier: tracker.tier,
      state: tracker.state,
      message: tracker.message ?? null,
      seeds: tracker.seeders ?? null,
      peers: tracker.leechers ?? null,
      received: tracker.peers ?? null,
      lastAnnounceAt:
        tracker.lastAnnounceSeconds === undefined
          ? null
          : Math.round(now / 1000 - tracker.lastAnnounceSeconds),
      nextAnnounceSeconds:
        tracker.nextAnnounceSeconds === undefined ? null : Math.round(tracker.nextAnnounceSeconds),
    }))
  }
  const tiers = await tiersOf(item, files)
  return tiers.flatMap((urls, tier) =>
    urls.map(url => ({
      url,
      tier,
      state: 'idle' as const,
      message: null,
      seeds: null,
      peers: null,
      received: null,
      lastAnnounceAt: null,
      nextAnnounceSeconds: null,
    })),
  )
}

export async function piecesOf(item: Item, files: TorrentFiles): Promise<PiecesView> {
  const metainfo = await metainfoOf(item, files)
  if (metainfo === undefined) return { count: 0, pieceLength: 0, have: '', availability: null, active: [] }
  const { pieceCount, pieceLength } = metainfo.geometry
  const running = item.live?.torrent?.pieces()
  const have = running?.have ?? (await haveOf(item, metainfo, files)) ?? allBits(pieceCount)
  const availability = running?.availability
  return {
    count: pieceCount,
    pieceLength,
    have: base64(have),
    availability: availability === undefined ? null : base64(Uint8Array.from(availability, atMost255)),
    active: running?.active.map(({ index, receivedFraction: received }) => ({ index, received })) ?? [],
  }
}

/** Elements below the folder that it is in. */
export function pathOf({ record }: Item, metainfo: Metainfo, index: number): readonly string[] {
  const { path } = metainfo.files[index]!
  const root = record.names?.root ?? path[0]!
  if (metainfo.singleFile) return [root]
  return [root, ...(record.names?.files?.[index] ?? path.slice(1))]
}

/** Undefined: still to be asked for. */
export async function metainfoOf({ record, live }: Item, files: TorrentFiles): Promise<Metainfo | undefined> {
  if (record.magnet !== undefined) return undefined
  return live?.torrent?.metainfo ?? (await files.load(record.id)).metainfo
}

/** @throws SessionError `CONFLICT` */
export async function knownMetainfo(item: Item, files: TorrentFiles): Promise<Metainfo> {
  const metainfo = await metainfoOf(item, files)
  if (metainfo !== undefined) return metainfo
  throw new SessionError(
    'CONFLICT',
    `What is in ${item.record.name} is not known yet: peers are still to be asked.`,
  )
}

export async function tiersOf(item: Item, files: TorrentFiles): Promise<readonly (readonly string[])[]> {
  const { record, live } = item
  if (record.tiers !== undefined) return record.tiers
  if (record.magnet !== undefined) return parseMagnet(record.magnet).trackers
  return live?.torrent?.metainfo.trackers ?? (await files.tiers(record.id))
}

/** Undefined: all of it. */
export async function haveOf(
  item: Item,
  metainfo: Metainfo,
  files: TorrentFiles,
): Promise<Uint8Array | undefined> {
  const { record, live } = item
  if (live?.torrent !== undefined) return live.torrent.pieces().have
  const isWhole = record.leftBytes === 0 && record.wantedBytes === record.totalBytes
  const kept = isWhole ? undefined : await files.loadHave(record.id)
  if (kept !== undefined || isWhole) return kept
  return new Uint8Array(Math.ceil(metainfo.geometry.pieceCount / 8))
}

function layoutOf({ magnet, fileCount, pieceLength, totalBytes }: TorrentRecord): Layout | undefined {
  if (magnet !== undefined) return NO_LAYOUT
  if (fileCount === undefined || pieceLength === undefined) return undefined
  return { fileCount, pieceCount: Math.ceil(totalBytes / pieceLength), pieceLength }
}

function countPieces(have: Uint8Array | undefined, { geometry }: Metainfo): number {
  if (have === undefined) return geometry.pieceCount
  let count = 0
  for (let byte of have) for (; byte !== 0; byte &= byte - 1) count++
  return count
}

function allBits(count: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(count / 8)).fill(0xff)
  if (count % 8 !== 0) bytes[bytes.length - 1] = (0xff00 >> (count % 8)) & 0xff
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function atMost255(count: number): number {
  return Math.min(count, 255)
}
