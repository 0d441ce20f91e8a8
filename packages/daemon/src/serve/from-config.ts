/** What session and engine obey, out of the settings. */
import type { EngineOptions } from '@shoal/engine'
import type { Config } from '../config/config.ts'
import { spanOf } from '../config/timetable.ts'
import type { SessionSettings } from '../session/session.ts'

export function sessionSettings(config: Config): SessionSettings {
  return {
    dir: config.get('folders.downloads'),
    incompleteDir: config.get('folders.incomplete'),
    startAdded: config.get('queue.start_added'),
    limits: {
      download: config.get('limits.download'),
      upload: config.get('limits.upload'),
      connections: config.get('network.connections'),
      torrentConnections: config.get('network.torrent_connections'),
      uploadSlots: config.get('network.upload_slots'),
    },
    alternative: {
      download: config.get('alternative.download'),
      upload: config.get('alternative.upload'),
      timetable: config.get('alternative.timetable').map(text => spanOf(text)!),
    },
    queue: {
      downloads: config.get('queue.downloads'),
      seeds: config.get('queue.seeds'),
      slowBytesPerSec: config.get('queue.slow_rate'),
      slowSeconds: config.get('queue.slow_after'),
    },
    goals: {
      ratio: config.get('goals.ratio'),
      seedSeconds: config.get('goals.seed_time'),
      idleSeconds: config.get('goals.idle_time'),
    },
    keepFreeBytes: config.get('disk.keep_free'),
  }
}

export function engineOptions(config: Config, stateDir: string): EngineOptions {
  const nodes = config.get('network.dht_nodes')
  return {
    port: config.get('network.port') ?? undefined,
    bind: config.get('network.bind') ?? undefined,
    stateDir,
    dht: config.get('network.dht'),
    dhtBootstrap: nodes.length === 0 ? undefined : nodes,
    lsd: config.get('network.lsd'),
    maxConnections: config.get('network.connections'),
    downloadLimitBytesPerSec: config.get('limits.download') ?? 0,
    uploadLimitBytesPerSec: config.get('limits.upload') ?? 0,
  }
}

/** Folders below which the API may put data. */
export function allowedRoots(config: Config): readonly string[] {
  const incomplete = config.get('folders.incomplete')
  return [
    config.get('folders.downloads'),
    ...(incomplete === null ? [] : [incomplete]),
    ...config.get('folders.roots'),
    ...config.get('watch').flatMap(({ dir }) => (dir === null ? [] : [dir])),
  ]
}
