/** Asking peers what is in a magnet link; what they tell is on disk before anything else happens. */
import { join } from 'node:path'
import { parseTorrent, ShoalError } from '@shoal/engine'
import { applyMetainfo } from './describe.ts'
import type { EngineAddOptions, EngineTorrent } from './engine-port.ts'
import type { FetchTurn, Item } from './item.ts'
import { keepApart } from './namesakes.ts'
import { exists } from './place.ts'
import type { RunnerDeps } from './runner-deps.ts'

/**
 * The torrent, in the engine and with the peers that were found on the way, but not started.
 *
 * @returns undefined when it was aborted
 */
export async function fetchTorrent(
  item: Item,
  options: EngineAddOptions,
  signal: AbortSignal,
  deps: RunnerDeps,
): Promise<EngineTorrent | undefined> {
  const { engine, inspections, now } = deps
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
    await inspections.makeWay(record.id)
    const adding = engine.add(record.magnet!, {
      ...options,
      signal,
      onFetching: ({ bytes, totalBytes, connections }) => {
        Object.assign(fetch, { bytes, totalBytes, ...connections })
      },
      onDescribed: async bytes => {
        live.isAwaiting = false
        await keep(item, bytes, deps)
      },
    })
    return await live.awaiting(adding)
  } catch (cause) {
    if (!(cause instanceof ShoalError) || cause.code !== 'ABORTED') throw cause
    return undefined
  } finally {
    live.fetch = undefined
  }
}

async function keep(item: Item, bytes: Uint8Array, deps: RunnerDeps): Promise<void> {
  const { files, store, log, namesakes } = deps
  const { record } = item
  await files.save(record.id, bytes)
  const metainfo = parseTorrent(bytes)
  applyMetainfo(record, metainfo)
  // Where it belongs there is something already: it may be this.
  if (record.place !== record.dir && (await exists(join(record.dir, record.name)))) record.place = record.dir
  keepApart(record, namesakes(), metainfo.singleFile)
  item.onRenamed()
  store.put(record)
  await store.commit()
  log('info', `${record.name}: peers have told what is in it`, item)
}
