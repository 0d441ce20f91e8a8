/** Watch folders, blocklist and countries, as the settings say. */
import type { PackedRanges } from '@shoal/engine'
import type { Config } from '../config/config.ts'
import type { SettingKey } from '../config/settings.ts'
import type { Lists, SessionInfo } from '../contract/index.ts'
import { Blocklist } from '../household/blocklist.ts'
import { Countries } from '../household/countries.ts'
import type { HouseholdLog } from '../household/household-log.ts'
import { WatchFolders } from '../household/watch-folders.ts'
import type { WatchDeps } from '../household/watched-folder.ts'

/** How often it is looked whether the file of the countries is another one: they are renewed once or twice a week. */
const LOOK_MS = 60_000

export interface HouseholdDeps {
  readonly config: Config
  readonly log: HouseholdLog
  /** Where the last good blocklist of a web server is kept. */
  readonly blocklistCache: string
}

export class Household {
  readonly #deps: HouseholdDeps
  readonly #countries: Countries
  #blocklist: Blocklist | undefined
  #watch: WatchFolders | undefined
  #timer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined

  constructor(deps: HouseholdDeps) {
    this.#deps = deps
    this.#countries = new Countries({ log: deps.log, now: Date.now })
  }

  /** Nobody waits for it: peers are shown without countries meanwhile. */
  locate(): void {
    void this.#countries.use(this.#deps.config.get('network.countries'))
    this.#lookTimer = setInterval(() => void this.#countries.look(), LOOK_MS).unref()
  }

  /** @param address `host:port`; ISO 3166 code, null: not known */
  countryOf(address: string): string | null {
    return this.#countries.of(address)
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
    const state = this.#blocklist?.state() ?? null
    return state === null ? null : { ranges: state.ranges, loadedAt: seconds(state.loadedAt) }
  }

  lists(): Lists {
    const blocklist = this.#blocklist?.state() ?? null
    const countries = this.#countries.state()
    return {
      blocklist: blocklist && {
        ...blocklist,
        loadedAt: seconds(blocklist.loadedAt),
        triedAt: seconds(blocklist.triedAt),
      },
      countries: countries && {
        ...countries,
        builtAt: seconds(countries.builtAt),
        loadedAt: seconds(countries.loadedAt),
      },
    }
  }

  onChange(keys: readonly SettingKey[]): void {
    if (keys.includes('watch')) this.#watch?.set(this.#deps.config.get('watch'))
    if (keys.includes('blocklist.source'))
      void this.#blocklist?.use(this.#deps.config.get('blocklist.source'))
    if (keys.includes('blocklist.every')) this.#schedule()
    if (keys.includes('network.countries'))
      void this.#countries.use(this.#deps.config.get('network.countries'))
  }

  /** Reads the blocklist again, and the countries if their file is another one. */
  async reload(): Promise<void> {
    await Promise.all([this.#blocklist?.reload(), this.#countries.look()])
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    clearInterval(this.#lookTimer)
    await this.#watch?.close()
  }

  #schedule(): void {
    clearInterval(this.#timer)
    // Longer waits overflow the timer.
    const ms = Math.min(this.#deps.config.get('blocklist.every') * 1000, 2 ** 31 - 1)
    this.#timer = setInterval(() => void this.#blocklist?.reload(), ms).unref()
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000)
}
