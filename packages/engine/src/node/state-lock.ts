/**
 * One process for a state folder: two would overwrite what the other remembers. The lock is a file that names its
 * owner, so that one whose owner was killed, or went with a power cut, is known to be nobody's.
 */
import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { ShoalError } from '../errors.ts'
import { diskError, errnoOf } from './disk-errors.ts'
import { bootId } from './system.ts'

const NAME = 'lock'
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** Owners that end, one after another, while we look. */
const TRIES = 10
/** The owner touches the lock so often, for those who cannot see whether its process lives. */
const BEAT_MS = 15_000
const DEAD_AFTER_MS = 90_000
const MAX_LOCK_BYTES = 4_096
/** What systems say that have no hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV'])

interface Owner {
  readonly pid: number
  readonly host: string
  /** Of the machine's boot; empty when unknown. */
  readonly boot: string
  /** When the process began, as the system counts; tells it from a later one with the same number. */
  readonly born: string
}

/** Folders that this process holds: the file alone would say that they are ours to take. */
const held = new Set<string>()

export class StateLock {
  readonly #path: string
  readonly #folder: string

  readonly #beat: NodeJS.Timeout

  private constructor(folder: string, path: string) {
    this.#folder = folder
    this.#path = path
    this.#beat = setInterval(() => touch(path), BEAT_MS).unref()
  }

  /**
   * Takes the folder, which is made if it is not there.
   *
   * @throws ShoalError `STATE_LOCKED` naming the owner, DISK_WRITE and the like
   */
  static take(stateDir: string): StateLock {
    const folder = resolve(stateDir)
    const path = join(folder, NAME)
    if (held.has(folder)) throw locked(folder, process.pid)
    try {
      mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
      for (let tried = 0; ; tried++) {
        if (create(path)) break
        const owner = read(path)
        const isTaken = owner !== undefined && isAlive(owner, () => silenceMs(path))
        if (tried >= TRIES || isTaken) throw locked(folder, owner?.pid)
        clearStale(path, owner)
      }
    } catch (cause) {
      throw diskError(cause, 'write', path)
    }
    held.add(folder)
    return new StateLock(folder, path)
  }

  release(): void {
    clearInterval(this.#beat)
    if (held.delete(this.#folder)) rmSync(this.#path, { force: true })
  }
}

/**
 * False: somebody has it. It appears with its content: nobody sees an empty one. Nor is it made durable: what a power cut
 * leaves of it is nobody's.
 */
function create(path: string): boolean {
  const owner: Owner = { pid: process.pid, host: hostname(), boot: bootId, born: seen(process.pid).born }
  const own = `${path}.${process.pid}`
  try {
    writeFileSync(own, `${JSON.stringify(owner)}\n`, { mode: FILE_MODE })
    linkSync(own, path)
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    if (!NO_LINKS.has(errnoOf(cause))) throw cause
    return createWithoutLinks(path, own)
  } finally {
    rmSync(own, { force: true })
  }
}

/** On file systems of memory cards and the like. */
function createWithoutLinks(path: string, own: string): boolean {
  try {
    copyFileSync(own, path, constants.COPYFILE_EXCL)
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    throw cause
  }
}

function touch(path: string): void {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // Only those elsewhere need it.
  }
}

/** Undefined: it cannot be read as ours, or is just being written. */
function read(path: string): Owner | undefined {
  try {
    // What is longer is none of ours, and may be longer than memory.
    if (!lstatSync(path).isFile() || lstatSync(path).size > MAX_LOCK_BYTES) return undefined
    const { pid, host, boot, born } = JSON.parse(readFileSync(path, 'utf8'))
    if (!Number.isInteger(pid) || pid <= 0) return undefined
    return { pid, host: String(host), boot: String(boot), born: String(born) }
  } catch {
    return undefined
  }
}

function isAlive({ pid, host, boot, born }: Owner, silenceMs: () => number): boolean {
  // Of another machine, or of another container, processes cannot be seen.
  if (host !== hostname()) return silenceMs() < DEAD_AFTER_MS
  if (boot !== '' && bootId !== '' && boot !== bootId) return false
  // This process, and it does not hold it: a former one had the same number.
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (cause) {
    return errnoOf(cause) === 'EPERM'
  }
  const now = seen(pid)
  // A zombie has ended; its parent has not asked how.
  if (now.state === 'Z' || now.state === 'X') return false
  return born === '' || now.born === '' || born === now.born
}

/** How long ago the owner touched the lock, by the clock of whoever keeps the files. */
function silenceMs(path: string): number {
  const probe = `${path}.${process.pid}.now`
  try {
    writeFileSync(probe, '', { mode: FILE_MODE })
    return statSync(probe).mtimeMs - statSync(path).mtimeMs
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
    return 0
  } finally {
    rmSync(probe, { force: true })
  }
}

/** Moves it away first: of several who find it stale one gets it, and the new owner's is put back. */
function clearStale(path: string, stale: Owner | undefined): void {
  const aside = `${path}.${process.pid}.old`
  try {
    renameSync(path, aside)
    const taken = read(aside)
    if (taken !== undefined && JSON.stringify(taken) !== JSON.stringify(stale))
      copyFileSync(aside, path, constants.COPYFILE_EXCL)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'EEXIST') throw cause
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Fields 3 and 22 of /proc/<pid>/stat, counted after the name, which may hold anything; empty elsewhere than on Linux. */
function seen(pid: number): { readonly state: string; readonly born: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', born: fields[19] ?? '' }
  } catch {
    return { state: '', born: '' }
  }
}

function locked(folder: string, pid: number | undefined): ShoalError {
  const whom = pid === undefined ? 'another process' : `process ${pid}`
  return new ShoalError('STATE_LOCKED', `${folder} is in use by ${whom}: one Shoal for a state folder`, {
    operation: 'open',
    subject: folder,
  })
}
