/** Asking peers what is in a magnet link; what they tell is on disk before anything else happens. */
import { join } from 'node:path'
import { ShoalError } from '@shoal/engine'
import { applyMetainfo } from './describe.ts'
import type { FetchTurn, Item } from './item.ts'
import { exists } from './place.ts'
import type { RunnerDeps } from './runner.ts'

export async function describeLink(item: Item, signal: AbortSignal, deps: RunnerDeps): Promise<void> {
  const { engine, files, store, now } = deps
  const { record } = item
  const live = item.live!
  const fetch: FetchTurn = {
    since: now(),
    bytes: undefined,
    totalBytes: undefined,
    connected: 0,
    connecting: 0,
    known: 0,
  }
  live.fetch = fetch
  try {
    const describing = engine.describe(record.magnet!, {
      peers: record.peers,
      trackerTiers: record.tiers,
      signal,
      onFetching: ({ bytes: got, totalBytes, connections }) => {
        Object.assign(fetch, { bytes: got, totalBytes, ...connections, connected: connections.connected })
      },
    })
    const { metainfo, bytes } = await live.awaiting(describing)
    await files.save(record.id, bytes)
    applyMetainfo(record, metainfo)
    item.onRenamed()
    // Where it belongs there is something already: it may be this.
    if (record.place !== record.dir && (await exists(join(record.dir, record.name))))
      record.place = record.dir
    store.put(record)
    await store.commit()
    deps.log('info', `${record.name}: peers have told what is in it`, item)
  } catch (cause) {
    if (!(cause instanceof ShoalError) || cause.code !== 'ABORTED') throw cause
  } finally {
    live.fetch = undefined
  }
}
