/** What `session-set` takes. */
import type { SettingValues } from '../config/settings.ts'
import type { Arguments } from './arguments.ts'
import { CODE, RpcFailure } from './failure.ts'
import { type SessionView, schedule } from './session-fields.ts'
import { DAY_MINUTES, timetableOf } from './timetable.ts'
import { bytesOf, DEFAULTS } from './units.ts'

export type Changes = { -readonly [Key in keyof SettingValues]?: SettingValues[Key] }

const MAX_PORT = 65_535

/** What a call of `session-set` changes; names that have no counterpart here change nothing. */
export function settingChanges(
  given: Arguments,
  view: SessionView,
): { readonly changes: Changes; readonly figures: ReadonlyMap<string, number | string> } {
  const { settings } = view
  const changes: Changes = {}
  const figures = new Map<string, number | string>()

  /** A limit and its switch: told while it is off, a limit is kept until it is switched on. */
  const limit = (
    key: LimitKey,
    name: string,
    { least = 0, to = (figure: number) => figure, otherwise, kind = 'integer' }: LimitOptions,
    switchName = `${name}_enabled`,
  ): void => {
    const figure = kind === 'integer' ? given.integer(name, least) : nonNegative(given, name)
    const before = settings.value(key)
    const isOn = given.boolean(switchName) ?? before !== null
    if (figure !== undefined) figures.set(name, figure)
    if (figure === undefined && !given.has(switchName)) return
    if (!isOn) {
      if (before !== null) changes[key] = null
    } else if (figure !== undefined) changes[key] = to(figure)
    else if (before === null) changes[key] = to(Number(view.figures.get(name) ?? otherwise))
  }
  limit('limits.download', 'speed_limit_down', { to: bytesOf, otherwise: DEFAULTS.speedKBps })
  limit('limits.upload', 'speed_limit_up', { to: bytesOf, otherwise: DEFAULTS.speedKBps })
  limit('queue.downloads', 'download_queue_size', { otherwise: DEFAULTS.downloads }, 'download_queue_enabled')
  limit('queue.seeds', 'seed_queue_size', { otherwise: DEFAULTS.seeds }, 'seed_queue_enabled')
  limit('goals.idle_time', 'idle_seeding_limit', {
    to: minutes => minutes * 60,
    otherwise: DEFAULTS.idleMinutes,
  })
  limit(
    'goals.ratio',
    'seed_ratio_limit',
    { kind: 'number', otherwise: DEFAULTS.ratio },
    'seed_ratio_limited',
  )

  const set = <Key extends keyof SettingValues>(key: Key, value: SettingValues[Key] | undefined): void => {
    if (value !== undefined) changes[key] = value
  }
  set('alternative.download', scaled(given.integer('alt_speed_down')))
  set('alternative.upload', scaled(given.integer('alt_speed_up')))
  set('alternative.timetable', timetable(given, view, figures))
  set('folders.downloads', absolute(given, 'download_dir'))
  set('folders.incomplete', incomplete(given, view, figures))
  set('network.connections', given.integer('peer_limit_global', 1))
  set('network.torrent_connections', given.integer('peer_limit_per_torrent', 1))
  set('network.dht', given.boolean('dht_enabled'))
  set('network.lsd', given.boolean('lpd_enabled'))
  const port = given.integer('peer_port', 0, MAX_PORT)
  if (port !== view.info.port) set('network.port', port)
  if (given.boolean('peer_port_random_on_start') === true) set('network.port', 0)
  const stalled = given.integer('queue_stalled_minutes', 1)
  set('queue.slow_after', stalled === undefined ? undefined : stalled * 60)
  set('queue.start_added', given.boolean('start_added_torrents'))
  return { changes, figures }
}

type LimitKey =
  | 'limits.download'
  | 'limits.upload'
  | 'queue.downloads'
  | 'queue.seeds'
  | 'goals.idle_time'
  | 'goals.ratio'

interface LimitOptions {
  readonly least?: number
  readonly to?: (figure: number) => number
  readonly otherwise: number
  readonly kind?: 'integer' | 'number'
}

function scaled(kiloPerSec: number | undefined): number | undefined {
  return kiloPerSec === undefined ? undefined : bytesOf(kiloPerSec)
}

function timetable(
  given: Arguments,
  view: SessionView,
  figures: Map<string, number | string>,
): readonly string[] | undefined {
  const enabled = given.boolean('alt_speed_time_enabled')
  const begin = given.integer('alt_speed_time_begin', 0, DAY_MINUTES - 1)
  const end = given.integer('alt_speed_time_end', 0, DAY_MINUTES - 1)
  const days = given.integer('alt_speed_time_day', 0, 127)
  if ([enabled, begin, end, days].every(value => value === undefined)) return undefined
  const before = schedule(view)
  const wanted = { begin: begin ?? before.begin, end: end ?? before.end, days: days ?? before.days }
  figures.set('alt_speed_time_begin', wanted.begin)
  figures.set('alt_speed_time_end', wanted.end)
  figures.set('alt_speed_time_day', wanted.days)
  const current = view.settings.value('alternative.timetable')
  if (!(enabled ?? current.length > 0)) return current.length > 0 ? [] : undefined
  return timetableOf(wanted)
}

function incomplete(
  given: Arguments,
  view: SessionView,
  figures: Map<string, number | string>,
): string | null | undefined {
  const dir = absolute(given, 'incomplete_dir')
  const enabled = given.boolean('incomplete_dir_enabled')
  if (dir !== undefined) figures.set('incomplete_dir', dir)
  const current = view.settings.value('folders.incomplete')
  if (!(enabled ?? current !== null)) return enabled === undefined ? undefined : null
  if (dir !== undefined) return dir
  if (enabled === undefined || current !== null) return undefined
  const known = view.figures.get('incomplete_dir')
  if (known !== undefined) return String(known)
  throw new RpcFailure(
    CODE.invalidParams,
    'incomplete-dir-enabled: say which folder as well, as incomplete-dir',
  )
}

function absolute(given: Arguments, name: string): string | undefined {
  const path = given.string(name)
  if (path === undefined || path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)) return path
  throw new RpcFailure(CODE.notAbsolute, `${name.replaceAll('_', '-')}: directory path is not absolute`)
}

function nonNegative(given: Arguments, name: string): number | undefined {
  const number = given.number(name)
  if (number !== undefined && number < 0) throw given.wrong(name, '0 or more')
  return number
}
