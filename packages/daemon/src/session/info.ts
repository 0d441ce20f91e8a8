/** The session's own figures. */
import type { SessionInfo, Totals } from '../contract/index.ts'
import type { EngineSummary } from './engine-port.ts'
import type { Item } from './item.ts'
import type { SessionSettings } from './session.ts'

/** So long after the start that nobody came to our port says something. */
const UNREACHABLE_AFTER_SECONDS = 30 * 60
/** Somebody came within this time: it works. */
const REACHED_WITHIN_SECONDS = 3600

export interface InfoFacts {
  readonly version: string
  readonly startedAt: number
  readonly now: number
  readonly port: number
  readonly engine: EngineSummary
  readonly settings: SessionSettings
  readonly session: Totals
  readonly ever: Totals
  readonly alternative: { readonly active: boolean; readonly by: 'hand' | 'timetable' | null }
  readonly folders: SessionInfo['folders']
  readonly blocklist: SessionInfo['blocklist']
  readonly why: SessionInfo['why']
}

export function infoOf(items: Iterable<Item>, facts: InfoFacts): SessionInfo {
  const { engine, settings, alternative } = facts
  const limits = alternative.active ? settings.alternative : settings.limits
  return {
    version: facts.version,
    startedAt: facts.startedAt,
    downloadRate: Math.round(engine.downloadRate),
    uploadRate: Math.round(engine.uploadRate),
    session: facts.session,
    ever: facts.ever,
    torrents: countStates(items),
    connections: engine.connections.connected,
    port: facts.port,
    reachable: reachable(facts),
    externalIps: engine.externalIps,
    dht: engine.dht === undefined ? null : { nodes: engine.dht.nodes, searches: engine.dht.searches },
    limits: { download: limits.download, upload: limits.upload },
    alternative: {
      active: alternative.active,
      by: alternative.by,
      download: settings.alternative.download,
      upload: settings.alternative.upload,
    },
    folders: facts.folders,
    blocklist: facts.blocklist,
    why: facts.why,
  }
}

export function reachable({
  engine,
  startedAt,
  now,
}: Pick<InfoFacts, 'engine' | 'startedAt' | 'now'>): SessionInfo['reachable'] {
  const { incomingSeconds } = engine
  if (incomingSeconds !== undefined) return incomingSeconds < REACHED_WITHIN_SECONDS ? 'yes' : 'unknown'
  return now - startedAt > UNREACHABLE_AFTER_SECONDS ? 'no' : 'unknown'
}

/** What of it changed; nested values come whole. */
export function infoDelta(before: SessionInfo, after: SessionInfo): Partial<SessionInfo> | undefined {
  const delta: Record<string, unknown> = {}
  for (const key of Object.keys(after) as (keyof SessionInfo)[]) {
    const value = after[key]
    if (value !== before[key] && JSON.stringify(value) !== JSON.stringify(before[key])) delta[key] = value
  }
  return Object.keys(delta).length > 0 ? delta : undefined
}

function countStates(items: Iterable<Item>): SessionInfo['torrents'] {
  const counts = { all: 0, downloading: 0, seeding: 0, queued: 0, stopped: 0, error: 0 }
  for (const { row } of items) {
    const state = row?.state
    if (state === undefined) continue
    counts.all++
    if (state in counts) counts[state as 'downloading']++
  }
  return counts
}
