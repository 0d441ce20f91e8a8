/** Options by which a command finds configuration and state of the daemon, and those that set settings. */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import {
  Config,
  ConfigError,
  type Definition,
  defaultConfigFile,
  defaultStateFolder,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
} from '@shoal/daemon'
import { type Command, Option } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

export interface PlaceOptions {
  readonly config?: string
  readonly state?: string
}

export interface SettingOptions extends PlaceOptions {
  readonly listen?: string
  readonly set?: readonly (readonly [key: string, value: string])[]
}

/** What stands for the value of a flag in the help. */
const PLACEHOLDERS: Readonly<Partial<Record<Definition['kind'], string>>> = {
  path: 'folder',
  rate: 'rate',
  integer: 'number',
  choice: 'level',
}

export function addPlaceOptions(command: Command): Command {
  const home = homedir()
  const short = (path: string): string => (path.startsWith(home) ? `~${path.slice(home.length)}` : path)
  return command
    .optionsGroup('Places:')
    .option('--config <file>', `the configuration (default: ${short(defaultConfigFile())}, if there is one)`)
    .option('--state <folder>', `what the daemon remembers (default: ${short(defaultStateFolder())})`)
}

/** The flags of the table of settings, and `--set` for those that have none. */
export function addSettingOptions(command: Command): Command {
  command.optionsGroup('Settings, over those of the file:')
  for (const key of SETTING_KEYS) {
    const { flag, description, kind }: Definition = SETTINGS[key]
    if (flag === undefined || flag === '--listen') continue
    const text = flag.startsWith('--no-') ? `do not ${description}` : description
    const value =
      key === 'log.file' ? 'file' : key === 'network.bind' ? 'address' : (PLACEHOLDERS[kind] ?? 'host:port')
    const option = new Option(flag.startsWith('--no-') ? flag : `${flag} <${value}>`, text)
    if (kind === 'strings')
      option.argParser((each: string, before: string | undefined) => [before, each].filter(Boolean).join(','))
    command.addOption(option)
  }
  return command
    .option('--listen <address:port>', 'where the API and the web interface are, for example 0.0.0.0:7727')
    .option(
      '--set <setting=value>',
      'any other setting, for example goals.ratio=2; may be repeated',
      collectSetting,
    )
}

export function stateFolderOf({ state }: PlaceOptions): string {
  return resolve(state ?? (process.env.SHOAL_STATE || defaultStateFolder()))
}

/** @throws Failure (config, or usage where a flag is wrong) */
export function loadConfig(options: SettingOptions): {
  readonly config: Config
  readonly stateFolder: string
} {
  const { SHOAL_CONFIG } = process.env
  const named = options.config ?? (SHOAL_CONFIG || undefined)
  const stateFolder = stateFolderOf(options)
  return orExplain(() => ({
    config: Config.load({
      file: resolve(named ?? defaultConfigFile()),
      isFileRequired: named !== undefined,
      stateFolder,
      env: process.env,
      flags: flagsOf(options),
      cwd: process.cwd(),
    }),
    stateFolder,
  }))
}

export function orExplain<Value>(work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new Failure(error.code === 'USAGE' ? EXIT.usage : EXIT.config, error.message)
  }
}

function flagsOf(options: SettingOptions): Readonly<Record<string, string>> {
  const flags: Record<string, string> = Object.fromEntries(options.set ?? [])
  // The names of these options are in the table of settings.
  const given = options as Readonly<Record<string, unknown>>
  for (const key of SETTING_KEYS) {
    const { flag }: Definition = SETTINGS[key]
    if (flag === undefined || flag === '--listen') continue
    const value = given[new Option(`${flag} <x>`).attributeName()]
    // `--no-dht` makes `dht` true where it is not given.
    if (flag.startsWith('--no-') ? value === false : value !== undefined) flags[key] = String(value)
  }
  if (options.listen !== undefined) Object.assign(flags, addressOf(options.listen))
  return flags
}

function addressOf(text: string): Partial<Record<SettingKey, string>> {
  const match = /^(?:(.*):)?(\d+)$/.exec(text)
  if (match === null)
    throw new Failure(
      EXIT.usage,
      `--listen: '${text}' is not an address`,
      'write it like 127.0.0.1:7727 or 7727',
    )
  const host = match[1]?.replace(/^\[(.*)\]$/, '$1')
  return {
    'http.port': match[2]!,
    ...(host === undefined ? {} : { 'http.address': host === '' ? '::' : host }),
  }
}

function collectSetting(
  text: string,
  before: readonly (readonly [string, string])[] | undefined,
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new Failure(EXIT.usage, `--set: '${text}' names no value`, 'write it like --set goals.ratio=2')
  return [...(before ?? []), [text.slice(0, at).trim(), text.slice(at + 1).trim()]]
}
