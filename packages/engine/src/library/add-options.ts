/** What the options of adding a torrent are to the core; what was not given becomes what is usual. */

import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentOptions } from '../torrent/torrent-options.ts'
import { checkTiers, count, limit } from './options.ts'
import { PRIORITY } from './snapshot.ts'
import type { AddOptions } from './types/add.ts'

const DEFAULT_CONNECTIONS = 200
const UPLOAD_SLOTS = 8

/** `found`: what is not the embedder's to say. */
export function torrentOptions(
  metainfo: Metainfo,
  options: AddOptions,
  found: Pick<TorrentOptions, 'dir' | 'paths' | 'resume' | 'journal' | 'bootId' | 'peers'>,
): TorrentOptions {
  return {
    ...found,
    filePriorities: metainfo.files.map(
      (file, index) => PRIORITY[options.files?.(file, index, metainfo) ?? 'normal'],
    ),
    sequential: options.sequential ?? false,
    discovery: options.discovery ?? true,
    check: options.check ?? 'auto',
    allocation: options.allocation ?? 'sparse',
    readOnly: options.seedOnly ?? false,
    recover: options.recover ?? true,
    trackers: (options.trackers ?? []).map(url => [url]),
    trackerTiers: options.trackerTiers && checkTiers(options.trackerTiers),
    maxConnections: count('maxConnections', options.maxConnections ?? DEFAULT_CONNECTIONS, 1),
    uploadSlots: count('uploadSlots', options.uploadSlots ?? UPLOAD_SLOTS, 0),
    downloadLimit: limit(options.downloadLimitBytesPerSec),
    uploadLimit: limit(options.uploadLimitBytesPerSec),
  }
}
