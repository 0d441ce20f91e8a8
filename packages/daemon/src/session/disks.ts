/** How full the disks are that torrents write to: one question a disk, every few seconds, however many torrents there are. */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

export const LOOK_SECONDS = 5

export interface DiskSpace {
  readonly freeBytes: number
  readonly totalBytes: number
}

export class Disks {
  /** By folder, looked up each time: a disk may be mounted on it. */
  readonly #diskOf = new Map<string, number>()
  readonly #space = new Map<number, DiskSpace>()

  /** Undefined: not known (yet). */
  diskOf(dir: string): number | undefined {
    return this.#diskOf.get(dir)
  }

  space(dir: string): DiskSpace | undefined {
    const disk = this.diskOf(dir)
    return disk === undefined ? undefined : this.#space.get(disk)
  }

  spaceOf(disk: number): DiskSpace | undefined {
    return this.#space.get(disk)
  }

  /** Looks at the disks of these folders, and forgets others. Never rejects. */
  async look(dirs: ReadonlySet<string>): Promise<void> {
    for (const dir of this.#diskOf.keys()) if (!dirs.has(dir)) this.#diskOf.delete(dir)
    const asked = new Map<number, string>()
    for (const dir of dirs) {
      const found = await existing(dir)
      if (found === undefined) continue
      this.#diskOf.set(dir, found.disk)
      asked.set(found.disk, found.path)
    }
    for (const disk of this.#space.keys()) if (!asked.has(disk)) this.#space.delete(disk)
    for (const [disk, path] of asked) {
      try {
        const { bavail, blocks, bsize } = await statfs(path)
        this.#space.set(disk, { freeBytes: bavail * bsize, totalBytes: blocks * bsize })
      } catch {
        this.#space.delete(disk)
      }
    }
  }
}

/** The folder, or the nearest above it that exists. */
async function existing(dir: string): Promise<{ path: string; disk: number } | undefined> {
  for (let path = dir; ; path = dirname(path)) {
    try {
      return { path, disk: (await stat(path)).dev }
    } catch {
      if (dirname(path) === path) return undefined
    }
  }
}
