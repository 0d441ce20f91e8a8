/** All watch folders: the system tells of changes where it can, and each is looked at now and then in any case. */
import { type FSWatcher, watch } from 'node:fs'
import { type WatchDeps, WatchedFolder, type WatchFolder } from './watched-folder.ts'

/** File systems on other machines tell nothing. */
const RESCAN_MS = 10_000
/** Of a folder in which something waits, or something changed. */
const SOON_MS = 1_100

export class WatchFolders {
  readonly #deps: WatchDeps
  #running: Running[] = []

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  /** From now on, these. */
  set(folders: readonly WatchFolder[]): void {
    for (const each of this.#running) each.end()
    this.#running = folders.map(folder => new Running(folder, this.#deps))
  }

  /** Resolves when nothing is being added any more. */
  async close(): Promise<void> {
    const ending = this.#running.map(each => each.end())
    this.#running = []
    await Promise.all(ending)
  }
}

class Running {
  readonly #path: string
  readonly #folder: WatchedFolder
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #isBusy = false
  #hasChanged = false
  #isEnded = false

  constructor(folder: WatchFolder, deps: WatchDeps) {
    this.#path = folder.folder
    this.#folder = new WatchedFolder(folder, deps)
    this.#schedule(0)
  }

  async end(): Promise<void> {
    this.#isEnded = true
    clearTimeout(this.#timer)
    this.#watcher?.close()
    await this.#looking
  }

  #schedule(ms: number): void {
    if (this.#isEnded) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
    }, ms).unref()
  }

  async #look(): Promise<void> {
    this.#watch()
    this.#isBusy = true
    this.#hasChanged = false
    const isWaiting = await this.#folder.look(Date.now())
    this.#isBusy = false
    this.#schedule(isWaiting || this.#hasChanged ? SOON_MS : RESCAN_MS)
  }

  #onChange(): void {
    // One look at a time.
    this.#hasChanged = true
    if (!this.#isBusy) this.#schedule(SOON_MS)
  }

  /** Once more where it could not before: the folder may have come meanwhile. */
  #watch(): void {
    if (this.#watcher !== undefined) return
    try {
      this.#watcher = watch(this.#path, { persistent: false }, () => this.#onChange())
      this.#watcher.on('error', () => this.#unwatch())
    } catch {
      // It is looked at now and then.
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}
