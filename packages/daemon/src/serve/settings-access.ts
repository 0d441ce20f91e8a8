/** The settings as the doors see them: what is refused is a failure of the one who asked. */
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Setting } from '../contract/index.ts'
import { SessionError } from '../session/session.ts'

export interface SettingsAccess {
  list(): readonly Setting[]
  /** @throws SessionError whose `where` is a key */
  change(changes: Readonly<Record<string, unknown>>): Promise<void>
}

export function settingsAccess(config: Config): SettingsAccess {
  return {
    list: () => config.list(),
    change: async changes => {
      try {
        await config.change(changes)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        throw new SessionError(error.code === 'CONFLICT' ? 'CONFLICT' : 'INVALID', error.message, error.key)
      }
    },
  }
}
