/** The settings, as far as this protocol knows them; see `config/settings.ts` for what each means. */

import type { SettingsAccess } from '../http/route.ts'

/** Bytes a second, seconds; null is none. */
export interface RpcSettingValues {
  'folders.downloads': string
  'folders.incomplete': string | null
  'network.port': number | null
  'network.dht': boolean
  'network.lsd': boolean
  'network.connections': number
  'network.torrent_connections': number
  'limits.download': number | null
  'limits.upload': number | null
  'alternative.download': number | null
  'alternative.upload': number | null
  'alternative.timetable': readonly string[]
  'queue.downloads': number | null
  'queue.seeds': number | null
  'queue.slow_after': number
  'queue.start_added': boolean
  'goals.ratio': number | null
  'goals.idle_time': number | null
  'blocklist.source': string | null
}
export type RpcSettingKey = keyof RpcSettingValues

/** As they are now: for one request. */
export class RpcSettings {
  readonly #port: SettingsAccess
  readonly #values: ReadonlyMap<string, unknown>

  constructor(port: SettingsAccess) {
    this.#port = port
    this.#values = new Map(port.list().map(({ key, value }) => [key, value]))
  }

  value<Key extends RpcSettingKey>(key: Key): RpcSettingValues[Key] {
    return this.#values.get(key) as RpcSettingValues[Key]
  }

  async change(changes: Partial<RpcSettingValues>): Promise<void> {
    await this.#port.change(changes)
  }
}
