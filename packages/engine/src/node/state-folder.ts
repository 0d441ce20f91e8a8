/**
 * The folder where an engine remembers things, taken for this process alone.
 *
 * People run two downloads side by side. Where that is welcome (`share`), whoever finds the folder taken gets a numbered
 * one inside of it, and takes over the records of numbered ones that nobody uses any more, as does the owner of all.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ShoalError } from '../errors.ts'
import { StateLock } from './state-lock.ts'

/** Beside the first. */
const SLOTS = 32
const SLOT = /^[1-9][0-9]?$/
const RECORDS = 'resume'
const FOLDER_MODE = 0o700

export interface StateFolder {
  readonly dir: string
  /** Lets others have it. */
  release(): void
}

/** Throws a ShoalError `STATE_LOCKED` when another process has it, DISK_WRITE and the like when it cannot be made. */
export function takeStateFolder(stateDir: string, share: boolean): StateFolder {
  const dir = resolve(stateDir)
  for (let slot = 0; ; slot++) {
    const folder = slot === 0 ? dir : join(dir, String(slot + 1))
    try {
      const lock = StateLock.take(folder)
      takeOverSlots(dir, folder)
      return { dir: folder, release: () => lock.release() }
    } catch (error) {
      const isTaken = error instanceof ShoalError && error.code === 'STATE_LOCKED'
      if (!isTaken || !share || slot === SLOTS) throw error
    }
  }
}

/** Never fails: what cannot be taken over stays for the next time. */
function takeOverSlots(dir: string, own: string): void {
  for (const name of readdirSync(dir)) {
    const slot = join(dir, name)
    if (slot === own || !SLOT.test(name) || !statSync(slot, { throwIfNoEntry: false })?.isDirectory())
      continue
    try {
      const lock = StateLock.take(slot)
      try {
        moveNewer(join(slot, RECORDS), join(own, RECORDS))
        rmSync(slot, { recursive: true, force: true })
      } finally {
        lock.release()
      }
    } catch {
      // Another process uses it.
    }
  }
}

/** A record and its journal go together; of two of one torrent the one written last is true. */
function moveNewer(from: string, to: string): void {
  if (!existsSync(from)) return
  const names = readdirSync(from).filter(name => !name.endsWith('.log') && !name.endsWith('.tmp'))
  mkdirSync(to, { recursive: true, mode: FOLDER_MODE })
  for (const name of names) {
    const known = statSync(join(to, name), { throwIfNoEntry: false })
    if (known !== undefined && known.mtimeMs > statSync(join(from, name)).mtimeMs) continue
    rmSync(join(to, `${name}.log`), { force: true })
    renameSync(join(from, name), join(to, name))
    if (statSync(join(from, `${name}.log`), { throwIfNoEntry: false }) !== undefined) {
      renameSync(join(from, `${name}.log`), join(to, `${name}.log`))
    }
  }
}
