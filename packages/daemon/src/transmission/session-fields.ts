/** What `session-get` tells, by Transmission's names up to 4.0 (see names.ts). */
import type { SessionInfo } from '../contract/index.ts'
import type { Session } from '../session/session.ts'
import { bySnake, type Dialect } from './names.ts'
import type { RpcSettings } from './settings.ts'
import { DEFAULT_SCHEDULE, type Schedule, scheduleOf } from './timetable.ts'
import { DEFAULTS, kiloOf } from './units.ts'
import { RPC_SEMVER, RPC_VERSION, RPC_VERSION_MINIMUM, versionText } from './version.ts'

export interface SessionView {
  readonly session: Session
  readonly info: SessionInfo
  readonly settings: RpcSettings
  readonly sessionId: string
  readonly dialect: Dialect
  /** Limits that were told while they are off. */
  readonly figures: ReadonlyMap<string, number | string>
  freeBytes(path: string): Promise<number>
}

/** The figures that clients multiply by: 1,000 for speeds and sizes, 1,024 for memory. */
const UNITS = {
  'memory-bytes': 1024,
  'memory-units': ['B', 'KiB', 'MiB', 'GiB', 'TiB'],
  'size-bytes': 1000,
  'size-units': ['B', 'kB', 'MB', 'GB', 'TB'],
  'speed-bytes': 1000,
  'speed-units': ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'],
}
/** Told to peers, see the engine's upload queue. */
const REQUEST_QUEUE = 500

const FIELDS: Readonly<Record<string, (view: SessionView) => unknown>> = {
  'alt-speed-down': ({ settings, figures }) =>
    speed(settings.value('alternative.download'), figures.get('alt_speed_down'), DEFAULTS.alternativeKBps),
  'alt-speed-enabled': ({ info }) => info.alternative.active,
  'alt-speed-time-begin': view => schedule(view).begin,
  'alt-speed-time-day': view => schedule(view).days,
  'alt-speed-time-enabled': ({ settings }) => settings.value('alternative.timetable').length > 0,
  'alt-speed-time-end': view => schedule(view).end,
  'alt-speed-up': ({ settings, figures }) =>
    speed(settings.value('alternative.upload'), figures.get('alt_speed_up'), DEFAULTS.alternativeKBps),
  'anti-brute-force-enabled': () => true,
  'blocklist-enabled': ({ info }) => info.blocklist !== null,
  'blocklist-size': ({ info }) => info.blocklist?.ranges ?? 0,
  'blocklist-url': ({ settings }) => settings.value('blocklist.source') ?? '',
  'cache-size-mb': () => 4,
  // Nobody's business from afar, but clients print it.
  'config-dir': () => '',
  'default-trackers': () => '',
  'dht-enabled': ({ settings }) => settings.value('network.dht'),
  'download-dir': ({ settings }) => settings.value('folders.downloads'),
  'download-dir-free-space': ({ settings, freeBytes }) => freeBytes(settings.value('folders.downloads')),
  'download-queue-enabled': ({ settings }) => settings.value('queue.downloads') !== null,
  'download-queue-size': ({ settings, figures }) =>
    settings.value('queue.downloads') ?? figures.get('download_queue_size') ?? DEFAULTS.downloads,
  // Connections are in the clear; renamed in 4.1.
  encryption: ({ dialect }) => (dialect === 'old' ? 'tolerated' : 'allowed'),
  'idle-seeding-limit': ({ settings, figures }) => {
    const seconds = settings.value('goals.idle_time')
    return seconds === null
      ? (figures.get('idle_seeding_limit') ?? DEFAULTS.idleMinutes)
      : Math.round(seconds / 60)
  },
  'idle-seeding-limit-enabled': ({ settings }) => settings.value('goals.idle_time') !== null,
  'incomplete-dir': ({ settings, figures }) =>
    settings.value('folders.incomplete') ??
    figures.get('incomplete_dir') ??
    settings.value('folders.downloads'),
  'incomplete-dir-enabled': ({ settings }) => settings.value('folders.incomplete') !== null,
  'lpd-enabled': ({ settings }) => settings.value('network.lsd'),
  'peer-limit-global': ({ settings }) => settings.value('network.connections'),
  'peer-limit-per-torrent': ({ settings }) => settings.value('network.torrent_connections'),
  'peer-port': ({ info }) => info.port,
  'peer-port-random-on-start': ({ settings }) => settings.value('network.port') === 0,
  'pex-enabled': () => true,
  'port-forwarding-enabled': () => false,
  preferred_transports: () => ['tcp'],
  'queue-stalled-enabled': () => true,
  'queue-stalled-minutes': ({ settings }) => Math.ceil(settings.value('queue.slow_after') / 60),
  'rename-partial-files': () => false,
  reqq: () => REQUEST_QUEUE,
  'rpc-version': () => RPC_VERSION,
  'rpc-version-minimum': () => RPC_VERSION_MINIMUM,
  'rpc-version-semver': () => RPC_SEMVER,
  'script-torrent-added-enabled': () => false,
  'script-torrent-added-filename': () => '',
  'script-torrent-done-enabled': () => false,
  'script-torrent-done-filename': () => '',
  'script-torrent-done-seeding-enabled': () => false,
  'script-torrent-done-seeding-filename': () => '',
  'seed-queue-enabled': ({ settings }) => settings.value('queue.seeds') !== null,
  'seed-queue-size': ({ settings, figures }) =>
    settings.value('queue.seeds') ?? figures.get('seed_queue_size') ?? DEFAULTS.seeds,
  seedRatioLimit: ({ settings, figures }) =>
    settings.value('goals.ratio') ?? figures.get('seed_ratio_limit') ?? DEFAULTS.ratio,
  seedRatioLimited: ({ settings }) => settings.value('goals.ratio') !== null,
  sequential_download: () => false,
  'session-id': ({ sessionId }) => sessionId,
  'speed-limit-down': ({ settings, figures }) =>
    speed(settings.value('limits.download'), figures.get('speed_limit_down'), DEFAULTS.speedKBps),
  'speed-limit-down-enabled': ({ settings }) => settings.value('limits.download') !== null,
  'speed-limit-up': ({ settings, figures }) =>
    speed(settings.value('limits.upload'), figures.get('speed_limit_up'), DEFAULTS.speedKBps),
  'speed-limit-up-enabled': ({ settings }) => settings.value('limits.upload') !== null,
  'start-added-torrents': ({ settings }) => settings.value('queue.start_added'),
  'tcp-enabled': () => true,
  'trash-original-torrent-files': () => false,
  units: () => UNITS,
  'utp-enabled': () => false,
  version: ({ info }) => versionText(info.version),
}

/** By name in snake case. */
export const SESSION_FIELDS: ReadonlyMap<string, (view: SessionView) => unknown> = bySnake(FIELDS)

/** By old name, as `session-get` without `fields` has them. */
export const SESSION_FIELD_NAMES: readonly string[] = Object.keys(FIELDS)

function speed(bytesPerSec: number | null, figure: number | string | undefined, otherwise: number): unknown {
  return bytesPerSec === null ? (figure ?? otherwise) : kiloOf(bytesPerSec)
}

export function schedule({ settings, figures }: SessionView): Schedule {
  const figure = (name: string, otherwise: number): number => Number(figures.get(name) ?? otherwise)
  return (
    scheduleOf(settings.value('alternative.timetable')) ?? {
      begin: figure('alt_speed_time_begin', DEFAULT_SCHEDULE.begin),
      end: figure('alt_speed_time_end', DEFAULT_SCHEDULE.end),
      days: figure('alt_speed_time_day', DEFAULT_SCHEDULE.days),
    }
  )
}
