/**
 * A bounded number of open files, the least recently used closed first. Each worker has one such cache and the main
 * thread one for reading, so that the process stays well below a limit of 256 files (`ulimit -n` of some systems):
 * 4 workers of 20, 24 for reading, the rest for sockets.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { platform } from 'node:process'
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
  /** Of one that can be borrowed, see {@link ReadHandles.borrow}. */
  fd: number | undefined
  /** Reads under way: closed only at 0. */
  users: number
  dropped: boolean
}

/** An open file that somebody else reads from as well. */
export type Borrowed = Reader & { readonly fd: number }

/**
 * File systems of Linux that know what their open files look like without asking a disk or another machine: the `f_type` of
 * `statfs(2)`.
 */
const AT_HAND: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x01021994, // tmpfs
])

async function isAtHand(path: string): Promise<boolean> {
  return platform === 'linux' && AT_HAND.has((await statfs(path)).type)
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
      reader = { handle, fd: undefined, users: 0, dropped: false }
      void this.#learn(reader, path)
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
      leave(reader)
    }
  }

  /**
   * One that is open, at once; give it back to {@link release}. Only of files where to look at one that is open takes no
   * time: on disks of other machines that may wait for the network.
   */
  borrow(key: string): Borrowed | undefined {
    const reader = this.#open.get(key)
    if (reader?.fd === undefined) return undefined
    this.#open.delete(key)
    this.#open.set(key, reader)
    reader.users++
    return reader as Borrowed
  }

  release(borrowed: Borrowed): void {
    leave(borrowed)
  }

  /** Closes those whose key begins with `prefix`. */
  close(prefix: string): void {
    for (const [key, reader] of this.#open) if (key.startsWith(prefix)) this.#drop(key, reader)
  }

  async #learn(reader: Reader, path: string): Promise<void> {
    try {
      const { fd } = await reader.handle
      if (await isAtHand(path)) reader.fd = fd
    } catch {
      // It cannot be opened, as whoever uses it is told, or not be asked about: then it is looked at with care.
    }
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

function leave(reader: Reader): void {
  reader.users--
  if (reader.dropped) closeUnused(reader)
}

function closeUnused(reader: Reader): void {
  if (reader.users > 0) return
  reader.handle.then(
    handle => handle.close().catch(() => undefined),
    () => undefined,
  )
}
