/** What is wrong with a setting, whoever gave it. */

export type ConfigErrorCode =
  | 'INVALID'
  /** The value may be right, but something of higher rank decides. */
  | 'CONFLICT'
  /** It stands on the command line. */
  | 'USAGE'

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: ConfigErrorCode
  /** The setting, where it is about one. */
  readonly key: string | undefined

  constructor(code: ConfigErrorCode, text: string, key?: string) {
    super(text)
    this.code = code
    this.key = key
  }
}
