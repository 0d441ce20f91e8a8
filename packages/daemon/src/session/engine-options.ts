/** What the engine is told of a torrent: its own settings, else those of its category, else those over all. */
import type { Category, TorrentLimits } from '../contract/index.ts'
import { filesOption } from './describe.ts'
import type { EngineAddOptions, EngineTorrent } from './engine-port.ts'
import type { TorrentRecord } from './record.ts'
import type { SessionSettings } from './session.ts'

export function engineOptions(
  record: TorrentRecord,
  category: Category | undefined,
  settings: SessionSettings,
  paused: boolean,
): EngineAddOptions {
  const limits = limitsInForce(record, category, settings)
  return {
    dir: record.place,
    files: filesOption(record),
    sequential: record.sequential,
    peers: record.peers,
    trackerTiers: record.tiers,
    names: record.names,
    check: record.trust ? 'trust' : 'auto',
    downloadLimitBytesPerSec: limits.download,
    uploadLimitBytesPerSec: limits.upload,
    obeySharedLimits: record.limits.obeyGlobal ?? true,
    maxConnections: limits.connections,
    uploadSlots: limits.uploadSlots,
    paused,
  }
}

/** Those that may have changed, told to a torrent that is in the engine. */
export function applyLimits(
  torrent: EngineTorrent,
  record: TorrentRecord,
  category: Category | undefined,
  settings: SessionSettings,
): void {
  const { download, upload, connections, uploadSlots } = limitsInForce(record, category, settings)
  torrent.setLimits({ download, upload, obeyShared: record.limits.obeyGlobal ?? true })
  torrent.setMaxConnections(connections)
  torrent.setUploadSlots(uploadSlots)
}

export const NO_LIMITS: TorrentLimits = {
  download: null,
  upload: null,
  connections: null,
  uploadSlots: null,
  obeyGlobal: true,
}

/** 0 is no limit of rates. */
function limitsInForce(
  { limits }: TorrentRecord,
  category: Category | undefined,
  settings: SessionSettings,
): { download: number; upload: number; connections: number; uploadSlots: number } {
  return {
    download: limits.download ?? category?.limits.download ?? 0,
    upload: limits.upload ?? category?.limits.upload ?? 0,
    connections: limits.connections ?? settings.limits.torrentConnections,
    uploadSlots: limits.uploadSlots ?? settings.limits.uploadSlots,
  }
}
