/** What a torrent file, or a magnet link, says for the record. */
import { type Metainfo, parseMagnet } from '@shoal/engine'
import { priorityAt, wantedBytes, withPriorities } from './priorities.ts'
import type { TorrentRecord } from './record.ts'

export function hostOf(tiers: readonly (readonly string[])[]): string | undefined {
  const [first] = tiers.flat()
  if (first === undefined || !URL.canParse(first)) return undefined
  return new URL(first).hostname || undefined
}

/** Fills in what only the torrent file knows, and wants what the link selects. */
export function applyMetainfo(record: TorrentRecord, metainfo: Metainfo): void {
  const selectOnly = record.magnet === undefined ? undefined : parseMagnet(record.magnet).selectOnly
  if (selectOnly !== undefined && record.priorities.length === 0) {
    const isSelected = (index: number): boolean =>
      selectOnly.some(({ first, last }) => index >= first && index <= last)
    const skipped = metainfo.files.flatMap((_, index) =>
      isSelected(index) ? [] : [[index, 'skip'] as const],
    )
    // A link that selects nothing that there is wants everything.
    if (skipped.length < metainfo.files.length) record.priorities = withPriorities([], new Map(skipped))
  }
  record.magnet = undefined
  record.name = record.names?.root ?? metainfo.name
  record.private = metainfo.private
  applyLayout(record, metainfo)
  record.host = hostOf(record.tiers ?? metainfo.trackers)
  record.totalBytes = metainfo.geometry.totalLength
  record.wantedBytes = wantedBytes(metainfo, record.priorities)
  record.haveBytes = 0
  record.leftBytes = record.wantedBytes
}

/** What is told of a torrent without its file. */
export function applyLayout(record: TorrentRecord, { files, geometry }: Metainfo): void {
  record.fileCount = files.length
  record.pieceLength = geometry.pieceLength
}

/** How the engine asks for priorities. */
export function filesOption(
  record: TorrentRecord,
): (file: unknown, index: number) => ReturnType<typeof priorityAt> {
  return (_, index) => priorityAt(record.priorities, index)
}
