/** What is wrong with a setting, whoever gave it. */

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** `CONFLICT`: the value may be right, but something of higher rank decides. */
  readonly code: 'INVALID' | 'CONFLICT'
  /** The setting, where it is about one. */
  readonly key: string | undefined

  constructor(code: 'INVALID' | 'CONFLICT', text: string, key?: string) {
    super(text)
    this.code = code
    this.key = key
  }
}
