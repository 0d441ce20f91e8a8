/** What is done to torrents that are here: recorded first, then carried out. */
import type { Action, FilePatch, FilePriority, TorrentPatch } from '../contract/index.ts'
import { checkedDir, checkedElements, checkTrackers, isTracker } from './checks.ts'
import type { Core } from './core.ts'
import { hostOf } from './describe.ts'
import type { Item } from './item.ts'
import { haveOfFiles, priorityAt, wantedBytes, withPriorities } from './priorities.ts'
import type { Pending, Rename } from './record.ts'
import { place } from './rules/order-keys.ts'
import { abort } from './runner.ts'
import { SessionError } from './session.ts'
import { haveOf, knownMetainfo, tiersOf } from './views.ts'

export async function act(core: Core, action: Action, ids: readonly string[] | 'all'): Promise<number> {
  const items = core.torrents.some(ids)
  if (items.length === 0) return 0
  switch (action) {
    case 'start':
    case 'force':
      for (const item of items) start(item, action === 'force')
      break
    case 'stop':
      for (const item of items) stop(item)
      break
    case 'check':
      for (const item of items) check(item)
      break
    case 'reannounce':
      for (const { live } of items) live?.torrent?.reannounce()
      return items.length
    default:
      await moveInQueue(core, action, items)
      return items.length
  }
  for (const item of items) core.wakeWanted(item)
  await core.save(items)
  return items.length
}

export async function patch(core: Core, item: Item, change: TorrentPatch): Promise<void> {
  const { record } = item
  const { category, labels, limits, goals } = change
  if (category !== undefined && category !== null && !core.categories.has(category)) {
    throw new SessionError(
      'INVALID',
      `There is no category ${JSON.stringify(category)}: make it first.`,
      'category',
    )
  }
  if (change.trackers !== undefined) checkTrackers(change.trackers, 'trackers')
  if (change.name !== undefined) renameRoot(item, change.name)
  if (category !== undefined) record.category = category ?? undefined
  if (labels !== undefined) record.labels = [...new Set(labels)]
  if (limits !== undefined) record.limits = { ...record.limits, ...limits }
  if (goals !== undefined) record.goals = { ...record.goals, ...goals }
  if (change.sequential !== undefined) {
    record.sequential = change.sequential
    item.live?.torrent?.setSequential(change.sequential)
  }
  if (change.trackers !== undefined) {
    record.tiers = change.trackers
    record.host = hostOf(change.trackers)
    item.live?.torrent?.setTrackers(change.trackers)
  }
  if (change.intent === 'stop') stop(item)
  else if (change.intent !== undefined) start(item, change.intent === 'force')
  core.applyLimitsOf(item)
  const moved = change.queue === undefined ? [] : toPlace(core, item, change.queue - 1)
  core.wakeWanted(item)
  await core.save(new Set([item, ...moved]))
}

/** Those that it has not, after those that it has. @returns how many there are */
export async function addTrackers(
  core: Core,
  item: Item,
  tiers: readonly (readonly string[])[],
): Promise<number> {
  const { record } = item
  // Whoever gave it wants nobody else to know who has it.
  if (record.private) return 0
  const here = (await tiersOf(item, core.files)).map(urls => urls.filter(isTracker))
  const known = new Set(here.flat())
  const fresh = tiers.map(urls => urls.filter(url => isTracker(url) && !known.has(url) && known.add(url)))
  const count = fresh.flat().length
  if (count === 0) return 0
  record.tiers = [...here, ...fresh].filter(urls => urls.length > 0)
  record.host = hostOf(record.tiers)
  item.live?.torrent?.setTrackers(record.tiers)
  core.wake(item)
  await core.save([item])
  core.log('info', `${record.name}: trackers were added, as it was added once more`, record.id)
  return count
}

export async function patchFiles(core: Core, item: Item, changes: readonly FilePatch[]): Promise<void> {
  const { record } = item
  const metainfo = await knownMetainfo(item, core.files)
  const priorities = new Map<number, FilePriority>()
  const renames: Rename[] = []
  for (const [at, { index, priority, path }] of changes.entries()) {
    if (metainfo.files[index] === undefined) {
      const text = `${record.name} has ${metainfo.files.length} files: there is no file ${index}.`
      throw new SessionError('INVALID', text, `[${at}].index`)
    }
    if (priority !== undefined) priorities.set(index, priority)
    if (path !== undefined) {
      const elements = checkedElements(path, `[${at}].path`)
      if (metainfo.singleFile) {
        if (elements.length > 1) {
          throw new SessionError('INVALID', 'A torrent of one file has no folder.', `[${at}].path`)
        }
        renames.push({ root: elements[0]! })
      } else {
        renames.push({ file: index, path: elements })
      }
    }
  }
  if (priorities.size > 0) {
    const before = record.priorities
    record.priorities = withPriorities(before, priorities)
    const { torrent } = item.live ?? {}
    for (const [index, priority] of priorities) {
      if (priorityAt(before, index) !== priority) torrent?.setFilePriority(index, priority)
    }
    record.wantedBytes = wantedBytes(metainfo, record.priorities)
    const have = haveOfFiles(metainfo, await haveOf(item, metainfo, core.files))
    record.haveBytes = 0
    have.forEach((bytes, index) => {
      if (!metainfo.files[index]!.pad && priorityAt(record.priorities, index) !== 'skip')
        record.haveBytes += bytes
    })
    record.leftBytes = record.wantedBytes - record.haveBytes
    if (record.leftBytes > 0) record.completedAt = undefined
  }
  if (renames.length > 0) rename(item, renames)
  core.wakeWanted(item)
  await core.save([item])
}

export async function remove(core: Core, ids: readonly string[], data: boolean): Promise<number> {
  const items = core.torrents.some(ids).filter(({ record }) => record.pending.remove === undefined)
  const before = items.map(({ record }) => record.pending)
  const namesakes = data ? core.namesakes() : undefined
  const leaving = new Set(items.map(({ id }) => id))
  for (const { record } of items) {
    const isShared = namesakes?.isShared(record, leaving) === true
    if (isShared)
      core.log('warn', `${record.name}: its data stays, as another torrent has it, too`, record.id)
    record.pending = { remove: data && !isShared ? 'data' : 'torrent' }
  }
  try {
    await core.save(items)
  } catch (error) {
    // What a crash would bring back is still here.
    for (const [at, { record }] of items.entries()) record.pending = before[at]!
    core.saveLater(core.save(items))
    throw error
  }
  const removals = items.map(item => core.leave(item))
  await Promise.all(removals)
  return items.length
}

export async function move(core: Core, ids: readonly string[], dir: string, data: boolean): Promise<number> {
  const to = checkedDir(dir, 'dir')
  const items = core.torrents.some(ids)
  for (const item of items) {
    const { record } = item
    record.dir = to
    clearFailure(item)
    if (record.magnet !== undefined) {
      if (core.settings.incompleteDir === null) record.place = to
    } else if (!data) {
      addPending(item, { relocate: to })
    } else if (
      record.place !== to &&
      (record.leftBytes === 0 || record.place !== core.settings.incompleteDir)
    ) {
      addPending(item, { moveTo: to })
    }
    core.wakeWanted(item)
  }
  await core.save(items)
  return items.length
}

export function addPending(item: Item, more: Pending): void {
  item.record.pending = { ...item.record.pending, ...more }
}

export function stop(item: Item): void {
  const { record, live } = item
  record.intent = 'stop'
  if (live?.doing?.kind === 'fetching' || live?.doing?.kind === 'checking') abort(item)
  if (record.pending.check) {
    const { check: _, ...rest } = record.pending
    record.pending = rest
  }
}

function start(item: Item, force: boolean): void {
  const { record } = item
  // Who starts it again after it has reached its goal wants it to go on.
  if (record.reached !== undefined) record.beyondGoals = true
  record.reached = undefined
  record.intent = force ? 'force' : 'run'
  clearFailure(item)
  if (item.live !== undefined) item.live.fetchTurns = 0
  if (item.live?.summary?.state === 'error') item.live.torrent?.start()
}

function check(item: Item): void {
  if (item.record.magnet !== undefined) return
  clearFailure(item)
  addPending(item, { check: true })
}

function clearFailure({ record }: Item): void {
  record.failure = undefined
}

function renameRoot(item: Item, name: string): void {
  const { record } = item
  const [root, ...rest] = checkedElements(name, 'name')
  if (rest.length > 0) throw new SessionError('INVALID', 'A name has no slashes.', 'name')
  if (root === record.name) return
  if (record.magnet !== undefined) {
    record.names = { ...record.names, root: root! }
    record.name = root!
    item.onRenamed()
    return
  }
  rename(item, [{ root: root! }])
}

function rename(item: Item, renames: readonly Rename[]): void {
  clearFailure(item)
  addPending(item, { rename: [...(item.record.pending.rename ?? []), ...renames] })
}

/** One torrent to a place from 0; @returns those whose number changed */
function toPlace(core: Core, item: Item, index: number): Item[] {
  const others = core.torrents.ordered().filter(each => each !== item)
  const byRecord = new Map(others.map(each => [each.record, each]))
  byRecord.set(item.record, item)
  const changed = place(
    others.map(({ record }) => record),
    item.record,
    index,
  )
  core.torrents.onOrder()
  return changed.map(record => byRecord.get(record)!)
}

async function moveInQueue(
  core: Core,
  action: 'queue-top' | 'queue-up' | 'queue-down' | 'queue-bottom',
  items: readonly Item[],
): Promise<void> {
  const chosen = new Set(items)
  const all = [...core.torrents.ordered()]
  const changed = new Set<Item>()
  if (action === 'queue-top' || action === 'queue-bottom') {
    // Those that move together keep their order.
    const moved = all.filter(item => chosen.has(item))
    const first = action === 'queue-top' ? all[0]!.record.order - moved.length : all.at(-1)!.record.order + 1
    moved.forEach((item, index) => {
      item.record.order = first + index
      changed.add(item)
    })
  } else {
    if (action === 'queue-down') all.reverse()
    for (let at = 1; at < all.length; at++) {
      const item = all[at]!
      const before = all[at - 1]!
      if (!chosen.has(item) || chosen.has(before)) continue
      const { order } = item.record
      item.record.order = before.record.order
      before.record.order = order
      all[at - 1] = item
      all[at] = before
      changed.add(item).add(before)
    }
  }
  core.torrents.onOrder()
  core.scheduleSoon()
  await core.save(changed)
}
