/** Folders: are they there, can they be written to, is there room, and do moves have to copy. */
import { closeSync, existsSync, openSync, statfsSync, statSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { bytesText } from '../../config/quantity.ts'
import type { Finding } from '../../contract/index.ts'

/** State is small, but without room for it nothing can be remembered. */
const STATE_ROOM_BYTES = 16 * 1024 * 1024

export function checkFolders(config: Config, stateFolder: string): Finding[] {
  const downloads = config.get('folders.downloads')
  const incomplete = config.get('folders.incomplete')
  const room = config.get('disk.keep_free')
  return [
    checkFolder('state folder', stateFolder, STATE_ROOM_BYTES),
    ...checkPrivate(stateFolder),
    checkFolder('downloads', downloads, room),
    ...(incomplete === null
      ? []
      : [checkFolder('incomplete', incomplete, room), ...checkSameDisk(incomplete, downloads)]),
    ...config.get('watch').map(({ folder }) => checkFolder('watch folder', folder, 0, true)),
  ]
}

function checkFolder(what: string, path: string, roomBytes: number, mustExist = false): Finding {
  const there = nearestExisting(path)
  if (there !== path && mustExist)
    return {
      what,
      outcome: 'problem',
      text: `${path} is not there`,
      advice: 'make it, or correct the setting watch',
    }
  if (!statSync(there).isDirectory())
    return {
      what,
      outcome: 'problem',
      text: `${there} is not a folder`,
      advice: 'move it away, or name another folder',
    }
  const refusal = refusedWrite(there)
  if (refusal !== undefined) {
    return {
      what,
      outcome: 'problem',
      text: `${there} cannot be written to: ${refusal}`,
      advice: 'change its owner or its permissions, or name another folder',
    }
  }
  const freeBytes = freeOf(there)
  const made = there === path ? path : `${path} (it will be made)`
  if (freeBytes === undefined) return { what, outcome: 'ok', text: made }
  if (freeBytes < roomBytes) {
    return {
      what,
      outcome: 'problem',
      text: `${made}: ${readable(freeBytes)} free, less than the ${bytesText(roomBytes)} that are to be kept`,
      advice: 'make room, or lower disk.keep_free',
    }
  }
  return { what, outcome: 'ok', text: `${made}: ${readable(freeBytes)} free` }
}

function checkPrivate(path: string): Finding[] {
  if (process.platform === 'win32' || !existsSync(path) || (statSync(path).mode & 0o077) === 0) return []
  return [
    {
      what: 'state folder',
      outcome: 'note',
      text: `others on this machine may look into ${path}`,
      advice: `chmod 700 ${path}: it holds the names of your torrents`,
    },
  ]
}

function checkSameDisk(incomplete: string, downloads: string): Finding[] {
  const [from, to] = [incomplete, downloads].map(path => statSync(nearestExisting(path)).dev)
  if (from === to) return []
  return [
    {
      what: 'incomplete',
      outcome: 'note',
      text: `${incomplete} and ${downloads} are on different disks: what is complete is copied, not renamed`,
      advice: 'choose folders on one disk if that is too slow',
    },
  ]
}

function nearestExisting(path: string): string {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

/** By trying: permissions alone do not tell of read-only disks and of other systems' rules. */
function refusedWrite(folder: string): string | undefined {
  const probe = join(folder, `.shoal-doctor-${process.pid}`)
  try {
    closeSync(openSync(probe, 'wx', 0o600))
    unlinkSync(probe)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return code === 'EACCES' || code === 'EPERM' ? 'no permission' : code === 'EROFS' ? 'read-only' : code
  }
}

function freeOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

function readable(bytes: number): string {
  for (const [unit, size] of [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
  ] as const)
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`
  return `${Math.round(bytes / 1024)} KiB`
}
