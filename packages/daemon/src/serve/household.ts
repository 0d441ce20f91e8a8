/** Watch folders and blocklist, as the settings say. */
import type { PackedRanges } from '@shoal/engine'
import type { Config } from '../config/config.ts'
import type { SettingKey } from '../config/settings.ts'
import type { SessionInfo } from '../contract/index.ts'
import { Blocklist } from '../household/blocklist.ts'
import type { HouseholdLog } from '../household/household-log.ts'
import { WatchFolders } from '../household/watch-folders.ts'
import type { WatchDeps } from '../household/watched-folder.ts'

export interface HouseholdDeps {
  readonly config: Config
  readonly log: HouseholdLog
  /** Where the last good blocklist of a web server is kept. */
  readonly blocklistCache: string
}

export class Household {
  readonly #deps: HouseholdDeps
  #blocklist: Blocklist | undefined
  #watch: WatchFolders | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(deps: HouseholdDeps) {
    this.#deps = deps
  }

  /** Resolves when the list is in force, or does not come soon. */
  async block(apply: (ranges: PackedRanges) => void): Promise<void> {
    const { config, log, blocklistCache: cache } = this.#deps
    this.#blocklist = new Blocklist({ apply, log, cache, now: Date.now })
    await this.#blocklist.use(config.get('blocklist.source'))
    this.#schedule()
  }

  watch(add: WatchDeps['add']): void {
    this.#watch = new WatchFolders({ add, log: this.#deps.log })
    this.#watch.set(this.#deps.config.get('watch'))
  }

  /** Times are seconds, as the API has them. */
  blocklist(): SessionInfo['blocklist'] {
    const status = this.#blocklist?.status() ?? null
    if (status === null) return null
    const { ranges, loadedAt } = status
    return { ranges, loadedAt: loadedAt === null ? null : Math.floor(loadedAt / 1000) }
  }

  onChange(keys: readonly SettingKey[]): void {
    if (keys.includes('watch')) this.#watch?.set(this.#deps.config.get('watch'))
    if (keys.includes('blocklist.source'))
      void this.#blocklist?.use(this.#deps.config.get('blocklist.source'))
    if (keys.includes('blocklist.every')) this.#schedule()
  }

  /** Reads the blocklist again. */
  async reload(): Promise<void> {
    await this.#blocklist?.reload()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#watch?.close()
  }

  #schedule(): void {
    clearInterval(this.#timer)
    // Longer waits overflow the timer.
    const ms = Math.min(this.#deps.config.get('blocklist.every') * 1000, 2 ** 31 - 1)
    this.#timer = setInterval(() => void this.reload(), ms).unref()
  }
}
