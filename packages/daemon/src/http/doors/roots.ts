/**
 * The folders below which torrents may live. Whoever may add torrents can write files of any name: they stay where the
 * owner of the machine said, also through links.
 */
import { lstat, readdir, realpath, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { FolderInfo } from '../../contract/index.ts'
import { HttpProblem } from '../problem.ts'

export const ROOTS_SETTING = 'folders.roots'
/** A folder with more in it is no place to choose from a list. */
const MAX_FOLDERS = 5000

export class Roots {
  readonly #list: () => readonly string[]

  /** @param list absolute paths, asked for anew each time: settings change */
  constructor(list: () => readonly string[]) {
    this.#list = list
  }

  get list(): readonly string[] {
    return this.#list()
  }

  /** @returns the path without `..` and the like @throws HttpProblem `FORBIDDEN` outside of the roots */
  async admit(path: string, where: string): Promise<string> {
    if (path.includes('\0') || !isAbsolute(path)) {
      throw new HttpProblem('INVALID', 'The folder must be an absolute path.', { where })
    }
    const wanted = resolve(path)
    const real = await realOf(wanted)
    if (real !== undefined) {
      for (const root of this.#list()) {
        const realRoot = await realOf(resolve(root))
        if (realRoot !== undefined && isWithin(realRoot, real)) return wanted
      }
    }
    throw new HttpProblem(
      'FORBIDDEN',
      `The folder is not below one of those that are allowed: ${this.#list().join(', ') || 'there are none'}. ` +
        `The setting \`${ROOTS_SETTING}\` adds others.`,
      { where },
    )
  }

  /** What is in a folder, to choose one; without a path, the roots themselves. */
  async browse(path: string | undefined): Promise<FolderInfo> {
    if (path === undefined) return { path: '', freeBytes: null, totalBytes: null, folders: this.#list() }
    const folder = await this.admit(path, 'query.path')
    try {
      const entries = await readdir(folder, { withFileTypes: true })
      const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
      const room = await statfs(folder).catch(() => undefined)
      return {
        path: folder,
        freeBytes: room === undefined ? null : room.bavail * room.bsize,
        totalBytes: room === undefined ? null : room.blocks * room.bsize,
        folders: names.sort().slice(0, MAX_FOLDERS),
      }
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        throw new HttpProblem('NOT_FOUND', 'There is no such folder.', { where: 'query.path', cause })
      }
      throw new HttpProblem('UNAVAILABLE', `The folder cannot be read (${String(code)}).`, {
        where: 'query.path',
        cause,
      })
    }
  }
}

/** Where a path really leads, though its last elements may not exist yet; undefined: nowhere that can be told. */
async function realOf(path: string): Promise<string | undefined> {
  let existing = path
  for (;;) {
    try {
      return join(await realpath(existing), relative(existing, path))
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
      // A link to nowhere is ENOENT, too: what is made through it would be made elsewhere.
      if (code !== 'ENOENT' || (await isLink(existing))) return undefined
      const parent = dirname(existing)
      if (parent === existing) return undefined
      existing = parent
    }
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    stat => stat.isSymbolicLink(),
    () => false,
  )
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}
