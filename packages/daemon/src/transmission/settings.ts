/** The settings as this protocol reads and changes them. */
import type { SettingKey, SettingValues } from '../config/settings.ts'
import type { SettingsAccess } from '../http/route.ts'

/** As they are now: for one request. */
export class RpcSettings {
  readonly #port: SettingsAccess
  readonly #values: ReadonlyMap<string, unknown>

  constructor(port: SettingsAccess) {
    this.#port = port
    this.#values = new Map(port.list().map(({ key, value }) => [key, value]))
  }

  value<Key extends SettingKey>(key: Key): SettingValues[Key] {
    return this.#values.get(key) as SettingValues[Key]
  }

  async change(changes: Partial<SettingValues>): Promise<void> {
    await this.#port.change(changes)
  }
}
