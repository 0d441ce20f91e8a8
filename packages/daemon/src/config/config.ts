/**
 * The settings in force, and where each comes from. Of several sources the highest decides:
 * default < file < saved through the API < environment < flag.
 */
import { join } from 'node:path'
import type { Setting } from '../contract/index.ts'
import { ConfigError } from './config-error.ts'
import { type Found, readConfigFile } from './config-file.ts'
import { nearestKey } from './nearest-key.ts'
import { readPath, readValue, Unreadable } from './read-value.ts'
import { readSaved, writeSaved } from './saved-settings.ts'
import {
  type Definition,
  envOf,
  groupOf,
  isSettingKey,
  type Kind,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type SettingValues,
} from './settings.ts'

export interface ConfigOptions {
  /** The configuration file; undefined: none is read. */
  readonly file: string | undefined
  /** Somebody named the file, so that it has to be there. */
  readonly isFileRequired: boolean
  /** Holds `settings.json`, what was set through the API. */
  readonly stateFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** By key, as typed. */
  readonly flags: Readonly<Record<string, string>>
  /** What relative paths of flags and the environment start from. */
  readonly cwd: string
}

export type Source = Setting['source']

const RANKS = ['flag', 'env', 'saved', 'file'] as const

export class Config {
  readonly #options: ConfigOptions
  readonly #sources: Record<(typeof RANKS)[number], Found>
  readonly #listeners = new Set<(keys: readonly SettingKey[]) => void>()
  /** Changes are written one after another. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(options: ConfigOptions) {
    this.#options = options
    this.#sources = {
      flag: readFlags(options),
      env: readEnv(options),
      saved: readSaved(savedIn(options)),
      file: readFile(options),
    }
  }

  /** @throws ConfigError */
  static load(options: ConfigOptions): Config {
    return new Config(options)
  }

  get<Key extends SettingKey>(key: Key): SettingValues[Key] {
    const source = this.source(key)
    if (source !== 'default') return this.#sources[source].get(key) as SettingValues[Key]
    return defaultOf(key)
  }

  source(key: SettingKey): Source {
    return RANKS.find(rank => this.#sources[rank].has(key)) ?? 'default'
  }

  /** All of them, in the order of the table. */
  list(): readonly Setting[] {
    return SETTING_KEYS.map(key => {
      const definition: Definition = SETTINGS[key]
      return {
        key,
        group: groupOf(key),
        description: definition.description,
        type: TYPES[definition.kind],
        ...(definition.choices === undefined ? {} : { choices: definition.choices }),
        nullable: definition.nullable === true,
        value: this.get(key),
        default: defaultOf(key),
        source: this.source(key),
        settable: isSettable(key),
        restart: definition.restart === true,
      }
    })
  }

  /**
   * Sets what is given, or nothing of it; resolves when it would survive a power cut. Undefined takes a setting back to
   * what file or default say.
   *
   * @throws ConfigError
   */
  async change(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const wanted = Object.entries(changes).map(([key, raw]) => [key, this.#checkChange(key, raw)] as const)
    const work = this.#writing.then(async () => {
      const saved = new Map(this.#sources.saved)
      for (const [key, value] of wanted) {
        if (value === undefined) saved.delete(key as SettingKey)
        else saved.set(key as SettingKey, value)
      }
      await writeSaved(savedIn(this.#options), saved)
      this.#replace('saved', saved)
    })
    this.#writing = work.catch(() => {})
    await work
  }

  /**
   * Reads the file again; what is wrong in it changes nothing.
   *
   * @returns the settings that are other than before
   * @throws ConfigError
   */
  reload(): readonly SettingKey[] {
    return this.#replace('file', readFile(this.#options))
  }

  /** Told of settings that are other than before. @returns a function that ends it */
  onChange(listener: (keys: readonly SettingKey[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Variables that look like settings and are none: one sentence each. */
  warnings(): readonly string[] {
    const known = new Map(SETTING_KEYS.map(key => [envOf(key), key]))
    const groups = new Set(SETTING_KEYS.map(groupOf))
    return Object.keys(this.#options.env).flatMap(name => {
      const group = /^SHOAL_([A-Z]+)_/.exec(name)?.[1]?.toLowerCase()
      if (group === undefined || !groups.has(group) || known.has(name)) return []
      const near = nearestKey(name, [...known.keys()])
      return [`there is no setting ${name}${near === undefined ? '' : `; did you mean ${near}?`}`]
    })
  }

  #checkChange(key: string, raw: unknown): unknown {
    if (!isSettingKey(key)) {
      const near = nearestKey(key, SETTING_KEYS)
      throw new ConfigError(
        'INVALID',
        `there is no setting ${key}${near === undefined ? '' : `; did you mean ${near}?`}`,
        key,
      )
    }
    if (!isSettable(key)) {
      throw new ConfigError(
        'CONFLICT',
        `${key} can only be set in the configuration file, the environment or on the command line`,
        key,
      )
    }
    const source = this.source(key)
    if (source === 'env' || source === 'flag') {
      const by = source === 'env' ? `the variable ${envOf(key)}` : 'a flag on the command line'
      throw new ConfigError('CONFLICT', `${key} is set by ${by}, which decides: change it there`, key)
    }
    if (raw === undefined) return undefined
    return readOrExplain(key, raw, { isText: false, base: undefined }, key)
  }

  #replace(rank: (typeof RANKS)[number], found: Found): readonly SettingKey[] {
    const before = new Map(SETTING_KEYS.map(key => [key, this.get(key)]))
    this.#sources[rank] = found
    const changed = SETTING_KEYS.filter(key => !isSame(before.get(key), this.get(key)))
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed)
    return changed
  }
}

/** What the API calls each kind. */
const TYPES: Readonly<Record<Kind, Setting['type']>> = {
  boolean: 'boolean',
  integer: 'integer',
  number: 'number',
  string: 'string',
  strings: 'strings',
  path: 'path',
  paths: 'paths',
  rate: 'rate',
  size: 'size',
  duration: 'duration',
  choice: 'choice',
  watch: 'watch',
}

function isSettable(key: SettingKey): boolean {
  const definition: Definition = SETTINGS[key]
  return definition.settable !== false
}

function defaultOf<Key extends SettingKey>(key: Key): SettingValues[Key] {
  const { kind, default: value }: Definition<SettingValues[Key]> = SETTINGS[key]
  return kind === 'path' && value !== null
    ? (readPath(value, { base: undefined }) as SettingValues[Key])
    : value
}

function savedIn({ stateFolder }: ConfigOptions): string {
  return join(stateFolder, 'settings.json')
}

function readFile({ file, isFileRequired }: ConfigOptions): Found {
  return file === undefined ? new Map() : readConfigFile(file, isFileRequired)
}

function readFlags({ flags, cwd }: ConfigOptions): Found {
  const found = new Map<SettingKey, unknown>()
  for (const [key, text] of Object.entries(flags)) {
    if (!isSettingKey(key)) {
      const near = nearestKey(key, SETTING_KEYS)
      const hint = near === undefined ? 'shoal serve --print-config shows all' : `did you mean ${near}?`
      throw new ConfigError('USAGE', `--set: there is no setting ${key}; ${hint}`, key)
    }
    const flag = (SETTINGS[key] as Definition).flag ?? `--set ${key}`
    found.set(key, readOrExplain(key, text, { isText: true, base: cwd }, flag))
  }
  return found
}

function readEnv({ env, cwd }: ConfigOptions): Found {
  const found = new Map<SettingKey, unknown>()
  for (const key of SETTING_KEYS) {
    const text = env[envOf(key)]
    // Docker and systemd hand on variables that nobody filled in.
    if (text === undefined || text === '') continue
    found.set(key, readOrExplain(key, text, { isText: true, base: cwd }, envOf(key)))
  }
  return found
}

function readOrExplain(
  key: SettingKey,
  raw: unknown,
  reading: { readonly isText: boolean; readonly base: string | undefined },
  where: string,
): unknown {
  try {
    return readValue(SETTINGS[key], raw, reading)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    const text = JSON.stringify(raw)?.slice(0, 60) ?? String(raw)
    throw new ConfigError(
      where.startsWith('--') ? 'USAGE' : 'INVALID',
      `${where}: ${text} ${error.message}`,
      key,
    )
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
