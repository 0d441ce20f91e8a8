/**
 * A bounded number of open files, the least recently used closed first. Each worker has one such cache and the main
 * thread one for reading, so that the process stays well below a limit of 256 files (`ulimit -n` of some systems):
 * 4 workers of 20, 24 for reading, the rest for sockets.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { NO_FOLLOW } from './folders.ts'

/** Open at most in each store worker. */
export const WORKER_HANDLES = 20
/** How often a read waits for others to end when no more files can be opened, and how long each time. */
const READ_TRIES = 40
const READ_WAIT_MS = 50
const READ_HANDLES = 24

/** rw-rw-rw-, less the umask. */
const FILE_MODE = 0o666

/** For workers: synchronous. Keys are the caller's: `store:file`. */
export class Handles {
  readonly #open = new Map<string, { fd: number; writable: boolean }>()
  readonly #limit: number

  constructor(limit: number = WORKER_HANDLES) {
    this.#limit = limit
  }

  /** A descriptor for reading; `inspect` is called before the file is opened. Throws `ENOENT` and the like. */
  reader(key: string, path: string, inspect: () => void, noFollow: number = NO_FOLLOW): number {
    const known = this.#take(key)
    if (known !== undefined) {
      this.#open.set(key, known)
      return known.fd
    }
    inspect()
    return this.#keep(key, this.#openFile(path, constants.O_RDONLY | noFollow), false)
  }

  /** A descriptor for reading and writing; `create` is called before the file is made. */
  writer(key: string, path: string, create: () => void): number {
    const known = this.#take(key)
    if (known?.writable) {
      this.#open.set(key, known)
      return known.fd
    }
    if (known !== undefined) closeSync(known.fd)
    create()
    return this.#keep(key, this.#openFile(path, constants.O_RDWR | constants.O_CREAT | NO_FOLLOW), true)
  }

  /** Closes those whose key begins with `prefix`. */
  close(prefix: string): void {
    for (const [key, { fd }] of this.#open) {
      if (!key.startsWith(prefix)) continue
      this.#open.delete(key)
      closeSync(fd)
    }
  }

  /** Where the process may open no more, with fewer of ours: one is enough to go on. */
  #openFile(path: string, flags: number): number {
    for (;;) {
      try {
        return openSync(path, flags, FILE_MODE)
      } catch (cause) {
        if (!isTooMany(cause) || this.#open.size === 0) throw cause
        this.#closeOldest()
      }
    }
  }

  #closeOldest(): void {
    for (const [oldest, { fd }] of this.#open) {
      this.#open.delete(oldest)
      closeSync(fd)
      return
    }
  }

  #take(key: string): { fd: number; writable: boolean } | undefined {
    const known = this.#open.get(key)
    this.#open.delete(key)
    return known
  }

  #keep(key: string, fd: number, writable: boolean): number {
    this.#open.set(key, { fd, writable })
    if (this.#open.size > this.#limit) this.#closeOldest()
    return fd
  }
}

interface Reader {
  readonly handle: Promise<FileHandle>
  /** Reads under way: closed only at 0. */
  users: number
  dropped: boolean
}

/** For the main thread: asynchronous, for reading only. A handle is closed when the last read on it has ended. */
export class ReadHandles {
  readonly #open = new Map<string, Reader>()
  readonly #limit: number

  constructor(limit: number = READ_HANDLES) {
    this.#limit = limit
  }

  /** Calls `use` with an open handle; `inspect` looks at the way there before the file is opened. */
  async use<T>(
    key: string,
    path: string,
    inspect: () => Promise<void>,
    use: (handle: FileHandle) => Promise<T>,
  ): Promise<T> {
    let reader = this.#open.get(key)
    if (reader === undefined) {
      const handle = inspect().then(() => this.#openFile(path))
      reader = { handle, users: 0, dropped: false }
    } else {
      this.#open.delete(key)
    }
    this.#open.set(key, reader)
    reader.users++
    this.#shrink()
    try {
      return await use(await reader.handle)
    } catch (cause) {
      // The file may have been replaced: the next read opens it anew.
      if (this.#open.get(key) === reader) this.#drop(key, reader)
      throw cause
    } finally {
      reader.users--
      if (reader.dropped) closeUnused(reader)
    }
  }

  /** Closes those whose key begins with `prefix`. */
  close(prefix: string): void {
    for (const [key, reader] of this.#open) if (key.startsWith(prefix)) this.#drop(key, reader)
  }

  /** Where the process may open no more, with fewer of ours, or when others have closed theirs. */
  async #openFile(path: string): Promise<FileHandle> {
    for (let tried = 1; ; tried++) {
      try {
        return await open(path, constants.O_RDONLY | NO_FOLLOW)
      } catch (cause) {
        if (!isTooMany(cause) || tried === READ_TRIES) throw cause
        this.#closeUnused()
        await pause(READ_WAIT_MS)
      }
    }
  }

  #shrink(): void {
    if (this.#open.size > this.#limit) this.#closeUnused()
  }

  /** The one that was used longest ago, of those that nobody reads from. */
  #closeUnused(): void {
    for (const [key, reader] of this.#open) {
      if (reader.users > 0) continue
      this.#drop(key, reader)
      return
    }
  }

  #drop(key: string, reader: Reader): void {
    this.#open.delete(key)
    reader.dropped = true
    closeUnused(reader)
  }
}

function isTooMany(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'EMFILE' || code === 'ENFILE'
}

function closeUnused(reader: Reader): void {
  if (reader.users > 0) return
  reader.handle.then(
    handle => handle.close().catch(() => undefined),
    () => undefined,
  )
}
