/** Takes over what the engine counts: its figures begin at 0 whenever a torrent is added to it. */
import type { Item } from './item.ts'
import { nextPace } from './rules/queue.ts'

export interface Counts {
  readonly downloadedBytes: number
  readonly uploadedBytes: number
}

/**
 * @param hasRun it has just been stopped: what is there is known
 * @returns what has been counted since the last look
 */
export function lookAt(item: Item, now: number, hasRun = false): Counts {
  const { record, live } = item
  const summary = live?.torrent?.summary()
  if (live === undefined || summary === undefined) return { downloadedBytes: 0, uploadedBytes: 0 }
  live.summary = summary
  const { downloadedBytes, uploadedBytes, wastedBytes } = summary
  const downloaded = Math.max(0, downloadedBytes - live.counted.downloadedBytes)
  const uploaded = Math.max(0, uploadedBytes - live.counted.uploadedBytes)
  record.downloadedBytes += downloaded
  record.uploadedBytes += uploaded
  record.wastedBytes += Math.max(0, wastedBytes - live.counted.wastedBytes)
  live.counted = { downloadedBytes, uploadedBytes, wastedBytes }
  if (downloaded > 0 || uploaded > 0) record.activeAt = Math.floor(now / 1000)
  if (uploaded > 0) live.fedAt = now
  // Before it has been looked at, or while it is checked, nobody knows what is there.
  if (summary.state === 'downloading' || summary.state === 'seeding' || hasRun) {
    record.wantedBytes = summary.wantedBytes
    record.haveBytes = summary.haveBytes
    record.leftBytes = summary.leftBytes
    if (summary.leftBytes === 0) record.completedAt ??= Math.floor(now / 1000)
  }
  return { downloadedBytes: downloaded, uploadedBytes: uploaded }
}

/** What passes with time, for one that runs. */
export function passTime(
  item: Item,
  now: number,
  elapsedSeconds: number,
  queue: { readonly slowBytesPerSec: number; readonly slowSeconds: number },
): void {
  const { record, live } = item
  const summary = live?.summary
  if (live?.torrent === undefined || summary === undefined) return
  if (summary.state === 'downloading') record.downloadSeconds += elapsedSeconds
  if (summary.state === 'seeding') {
    record.seedSeconds += elapsedSeconds
    live.fedAt ??= now
  }
  if (summary.state !== 'downloading' && summary.state !== 'seeding') return
  const rate = summary.state === 'downloading' ? summary.downloadRate : summary.uploadRate
  live.pace = nextPace(live.pace, rate, now, queue)
}
