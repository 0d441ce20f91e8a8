/** `torrent-set`: the same changes to each torrent that is meant. */
import type {
  FilePatch,
  FilePriority,
  Goals,
  GoalValue,
  TorrentLimits,
  TorrentPatch,
} from '../contract/index.ts'
import type { Arguments } from './arguments.ts'
import { chosenIds } from './choose.ts'
import { CODE, RpcFailure } from './failure.ts'
import { labelsOf } from './labels.ts'
import type { Answer, Call } from './method.ts'
import type { Entry } from './numbers.ts'
import { editedTiers } from './trackers.ts'
import { bytesOf, DEFAULTS, MODE } from './units.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const FILE_LISTS = [
  'files_wanted',
  'files_unwanted',
  'priority_low',
  'priority_normal',
  'priority_high',
] as const
const TRACKER_EDITS = ['tracker_list', 'tracker_add', 'tracker_remove', 'tracker_replace'] as const

export async function torrentSet(call: Call): Promise<Answer> {
  const { backend, given } = call
  const { session, numbers } = backend
  // What all of them share is read first: a slip in it changes none.
  const shared = sharedPatch(given)
  for (const id of chosenIds(call)) {
    const entry = numbers.of(session.row(id))
    const limits = limitsOf(given, entry, () => session.terms(id).limits)
    const goals = goalsOf(given, entry, () => session.terms(id).goals)
    const tiers = TRACKER_EDITS.some(name => given.has(name))
      ? editedTiers(given, await session.trackers(id))
      : undefined
    const files = FILE_LISTS.some(name => given.has(name)) ? await filesOf(call, id) : []
    const patch: TorrentPatch = {
      ...shared,
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
      ...(Object.keys(goals).length === 0 ? {} : { goals }),
      ...(tiers === undefined ? {} : { trackers: tiers }),
    }
    if (Object.keys(patch).length > 0) await session.patch(id, patch)
    if (files.length > 0) await session.patchFiles(id, files)
  }
  return {}
}

function sharedPatch(given: Arguments): TorrentPatch {
  const position = given.integer('queue_position')
  const sequential = given.boolean('sequential_download')
  return {
    ...(given.has('labels') ? { labels: labelsOf(given) } : {}),
    ...(position === undefined ? {} : { queue: position + 1 }),
    ...(sequential === undefined ? {} : { sequential }),
  }
}

function limitsOf(given: Arguments, entry: Entry, current: () => TorrentLimits): Partial<TorrentLimits> {
  const limits: Partial<Mutable<TorrentLimits>> = {}
  for (const way of ['download', 'upload'] as const) {
    const figure = given.integer(`${way}_limit`)
    const switched = given.boolean(`${way}_limited`)
    if (figure === undefined && switched === undefined) continue
    // A figure alone does not switch a limit on: it is what the limit will be.
    if (figure !== undefined) entry.figures.set(way, figure)
    const before = current()[way]
    if (!(switched ?? before !== null)) {
      if (before !== null) limits[way] = null
      continue
    }
    if (figure !== undefined) limits[way] = bytesOf(figure)
    else if (before === null) limits[way] = bytesOf(entry.figures.get(way) ?? DEFAULTS.speedKBps)
  }
  const connections = given.integer('peer_limit', 1)
  if (connections !== undefined) limits.connections = connections
  const honors = given.boolean('honors_session_limits')
  if (honors !== undefined) limits.obeyGlobal = honors
  return limits
}

function goalsOf(given: Arguments, entry: Entry, current: () => Goals): Partial<Goals> {
  const goals: Partial<Mutable<Goals>> = {}
  const ratio = given.number('seed_ratio_limit')
  if (ratio !== undefined && ratio < 0) throw given.wrong('seed_ratio_limit', '0 or more')
  const ratioMode = given.integer('seed_ratio_mode', MODE.session, MODE.none)
  if (ratio !== undefined) entry.figures.set('ratio', ratio)
  if (ratio !== undefined || ratioMode !== undefined) {
    const known = ratio ?? entry.figures.get('ratio') ?? DEFAULTS.ratio
    const goal = goalOf(ratioMode, current().ratio, known, ratio !== undefined)
    if (goal !== undefined) goals.ratio = goal
  }
  const minutes = given.integer('seed_idle_limit')
  const idleMode = given.integer('seed_idle_mode', MODE.session, MODE.none)
  if (minutes !== undefined) entry.figures.set('idle', minutes)
  if (minutes !== undefined || idleMode !== undefined) {
    const known = minutes ?? entry.figures.get('idle') ?? DEFAULTS.idleMinutes
    const goal = goalOf(idleMode, current().idleSeconds, known * 60, minutes !== undefined)
    if (goal !== undefined) goals.idleSeconds = goal
  }
  return goals
}

/** Undefined: as it was. */
function goalOf(
  mode: number | undefined,
  before: GoalValue,
  figure: number,
  isTold: boolean,
): GoalValue | undefined {
  if (mode === MODE.session) return 'default'
  if (mode === MODE.none) return 'none'
  if (typeof before === 'number') return isTold ? figure : undefined
  return mode === MODE.own ? figure : undefined
}

/** An empty list means all files. Wanted files keep their priority, or get a normal one. */
async function filesOf({ backend, given }: Call, id: string): Promise<readonly FilePatch[]> {
  const files = await backend.session.files(id)
  const priorities = new Map<number, FilePriority>()
  const before = (index: number): FilePriority => {
    const file = files[index]
    if (file === undefined) throw new RpcFailure(CODE.fileIndex, 'file index out of range')
    return priorities.get(index) ?? file.priority
  }
  const each = (name: (typeof FILE_LISTS)[number], change: (index: number) => FilePriority): void => {
    const list = given.indices(name)
    const indices = list?.length === 0 ? files.keys() : (list ?? [])
    for (const index of indices) priorities.set(index, change(index))
  }
  const wanted = new Set(given.indices('files_wanted'))
  const allWanted = given.has('files_wanted') && wanted.size === 0
  const kept = (index: number, priority: FilePriority): FilePriority =>
    before(index) === 'skip' && !allWanted && !wanted.has(index) ? 'skip' : priority
  each('files_unwanted', index => {
    before(index)
    return 'skip'
  })
  each('files_wanted', index => (before(index) === 'skip' ? 'normal' : before(index)))
  each('priority_low', index => kept(index, 'low'))
  each('priority_normal', index => kept(index, 'normal'))
  each('priority_high', index => kept(index, 'high'))
  return [...priorities]
    .filter(([index, priority]) => files[index]!.priority !== priority)
    .map(([index, priority]) => ({ index, priority }))
}
