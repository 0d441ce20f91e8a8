/** Puts planned torrents into the state of a daemon that does not run. All of them, or with a failure of the disk none. */
import { renameSync } from 'node:fs'
import type { Category } from '../contract/index.ts'
import { applyMetainfo, hostOf } from '../session/describe.ts'
import { withPriorities } from '../session/priorities.ts'
import { makeRecord, type TorrentRecord } from '../session/record.ts'
import { NO_META } from '../session/store/state.ts'
import { openStore } from '../session/store/store.ts'
import { TorrentFiles } from '../session/torrent-files.ts'
import { messageOf } from './message.ts'
import type { Planned } from './plan.ts'

export interface Written {
  readonly added: number
  /** They are here already, and stay as they are. */
  readonly duplicates: readonly string[]
  readonly problems: readonly string[]
}

/**
 * @param sessionDir the session's folder; whoever calls holds the lock of the state
 * @throws ShoalError what the disk did
 */
export async function writeTorrents(sessionDir: string, planned: readonly Planned[]): Promise<Written> {
  const records = new Map<string, TorrentRecord>()
  const categories = new Map<string, Category>()
  let meta = NO_META
  const { store, state } = await openStore(sessionDir, { records: () => records.values(), meta: () => meta })
  for (const [id, record] of state.records) records.set(id, record)
  for (const category of state.meta.categories) categories.set(category.name, category)
  const files = new TorrentFiles(sessionDir)
  const duplicates: string[] = []
  const problems: string[] = []
  let added = 0
  try {
    await files.open()
    let order = [...records.values()].reduce((last, record) => Math.max(last, record.order), 0)
    for (const plan of planned) {
      const { id, source, category } = plan.found
      if (records.has(id)) {
        duplicates.push(plan.name)
        continue
      }
      if (typeof source !== 'string') await files.save(id, source)
      problems.push(...renameUnfinished(plan))
      const record = recordOf(plan, ++order)
      records.set(id, record)
      store.put(record)
      if (category !== undefined && !categories.has(category)) categories.set(category, newCategory(category))
      added++
    }
    meta = { ...state.meta, categories: [...categories.values()] }
    store.putMeta(meta)
    await store.commit()
  } finally {
    await store.close()
  }
  return { added, duplicates, problems }
}

function recordOf({ found, name, metainfo, layout, data }: Planned, order: number): TorrentRecord {
  const record = makeRecord({
    id: found.id,
    dir: layout?.dir ?? found.dir,
    place: layout?.place ?? found.place,
    order,
    intent: found.running ? 'run' : 'stop',
    category: found.category,
    labels: [...new Set(found.labels)],
    tiers: found.trackers,
    sequential: found.sequential,
    priorities: withPriorities([], found.priorities),
    names: layout?.names,
    limits: found.limits,
    goals: found.goals,
    addedAt: found.addedAt ?? 0,
    activeAt: found.activeAt,
    downloadedBytes: found.downloadedBytes,
    uploadedBytes: found.uploadedBytes,
    downloadSeconds: found.downloadSeconds,
    seedSeconds: found.seedSeconds,
    trust: data === 'trusted',
  })
  if (metainfo === undefined) {
    const link = String(found.source)
    return { ...record, magnet: link, name, host: hostOf(found.trackers ?? []) }
  }
  applyMetainfo(record, metainfo)
  if (data === 'trusted') {
    record.haveBytes = record.wantedBytes
    record.leftBytes = 0
    record.completedAt = found.completedAt ?? found.addedAt
  }
  return record
}

/** The other client finds them by their whole names as well. */
function renameUnfinished({ renames }: Planned): string[] {
  return renames.flatMap(({ from, to }) => {
    try {
      renameSync(from, to)
      return []
    } catch (error) {
      return [`${from} cannot be renamed: ${messageOf(error)}`]
    }
  })
}

function newCategory(name: string): Category {
  return { name, dir: null, goals: {}, limits: { download: null, upload: null } }
}
