/** Calls about the daemon itself. */
import { statfs } from 'node:fs/promises'
import { CODE, RpcFailure } from './failure.ts'
import { type Answer, type Backend, type Call, Exact } from './method.ts'
import { snakeOf, spelled } from './names.ts'
import { settingChanges } from './session-changes.ts'
import { SESSION_FIELD_NAMES, SESSION_FIELDS, type SessionView } from './session-fields.ts'
import { isAbsolute } from './torrent-add.ts'

/** There are some eighty, in three spellings. */
const MAX_FIELDS = 1000
const NO_SPACE_KNOWN = -1

export async function sessionGet(call: Call): Promise<Exact> {
  const { given, dialect } = call
  const names =
    given.strings('fields') ?? SESSION_FIELD_NAMES.map(name => (dialect === 'old' ? name : snakeOf(name)))
  if (names.length > MAX_FIELDS) throw given.wrong('fields', `a list of at most ${MAX_FIELDS}`)
  const view = viewOf(call)
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const field = SESSION_FIELDS.get(snakeOf(name))
    if (field !== undefined) values[name] = spelled(await field(view), dialect)
  }
  return new Exact(values)
}

export async function sessionSet(call: Call): Promise<Answer> {
  const { backend, given } = call
  const { session, settings, figures } = backend
  const alternative = given.boolean('alt_speed_enabled')
  const { changes, figures: told } = settingChanges(given, viewOf(call))
  for (const key of ['folders.downloads', 'folders.incomplete'] as const) {
    const dir = changes[key]
    if (typeof dir === 'string') changes[key] = await backend.roots.admit(dir, key)
  }
  if (Object.keys(changes).length > 0) await settings.change(changes)
  for (const [name, figure] of told) figures.set(name, figure)
  if (alternative !== undefined) await switchAlternative(session, alternative)
  return {}
}

export function sessionStats({ backend }: Call): Answer {
  const { session, now } = backend
  const info = session.info()
  const { torrents } = info
  const seconds = Math.max(0, Math.floor(now() - info.startedAt))
  const stats = ({ downloadedBytes, uploadedBytes }: typeof info.ever): object => ({
    downloadedBytes,
    filesAdded: torrents.all,
    secondsActive: seconds,
    sessionCount: 1,
    uploadedBytes,
  })
  return {
    activeTorrentCount: torrents.downloading + torrents.seeding,
    'cumulative-stats': stats(info.ever),
    'current-stats': stats(info.session),
    downloadSpeed: Math.round(info.downloadRate),
    pausedTorrentCount: torrents.stopped + torrents.error,
    torrentCount: torrents.all,
    uploadSpeed: Math.round(info.uploadRate),
  }
}

export async function freeSpace({ backend, given }: Call): Promise<Answer> {
  const path = given.string('path')
  if (path === undefined || path === '') {
    throw new RpcFailure(CODE.invalidParams, 'directory path argument is missing')
  }
  if (!isAbsolute(path)) throw new RpcFailure(CODE.notAbsolute, 'directory path is not absolute')
  const found = await spaceIn(path, backend)
  const answer = {
    path,
    'size-bytes': found?.free ?? NO_SPACE_KNOWN,
    total_size: found?.total ?? NO_SPACE_KNOWN,
  }
  if (found === undefined)
    throw new RpcFailure(CODE.system, `${path}: no such folder, or none that Shoal may use`, answer)
  return answer
}

export function portTest({ backend }: Call): Answer {
  const { reachable } = backend.session.info()
  // Nobody out there is asked: what counts is whether a peer got through.
  if (reachable === 'unknown') {
    throw new RpcFailure(CODE.http, "Couldn't test port: no peer has tried it yet, ask again in some minutes")
  }
  return { 'port-is-open': reachable === 'yes' }
}

export async function blocklistUpdate({ backend }: Call): Promise<Answer> {
  if (backend.reloadBlocklist === undefined) {
    throw new RpcFailure(CODE.http, 'no blocklist is set: say where it is as blocklist.source')
  }
  await backend.reloadBlocklist()
  return { 'blocklist-size': backend.session.info().blocklist?.ranges ?? 0 }
}

function viewOf({ backend, dialect }: Call): SessionView {
  const { session, settings, sessionId, figures } = backend
  const freeBytes = async (path: string): Promise<number> =>
    (await spaceIn(path, backend))?.free ?? NO_SPACE_KNOWN
  return { session, info: session.info(), settings, sessionId, dialect, figures, freeBytes }
}

/** Off is as the timetable says where that is off, and off all the same where it is on. */
async function switchAlternative(session: Backend['session'], on: boolean): Promise<void> {
  await session.setAlternative(on ? true : undefined)
  if (!on && session.info().alternative.active) await session.setAlternative(false)
}

/** Only where data may go: what else is on this machine is nobody's business. */
async function spaceIn(
  path: string,
  { roots }: Backend,
): Promise<{ readonly free: number; readonly total: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(await roots.admit(path, 'path'))
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return undefined
  }
}
