/** The configuration file: TOML, with every complaint told by line and column. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { ConfigError } from './config-error.ts'
import { nearestKey } from './nearest-key.ts'
import { readValue, Unreadable } from './read-value.ts'
import { groupOf, isSettingKey, SETTING_KEYS, SETTINGS, type SettingKey } from './settings.ts'

/** A file that somebody wrote is shorter. */
const MAX_BYTES = 1024 * 1024

export type Found = ReadonlyMap<SettingKey, unknown>

/**
 * @param isRequired somebody named it, so that it has to be there
 * @throws ConfigError
 */
export function readConfigFile(path: string, isRequired: boolean): Found {
  const text = readText(path, isRequired)
  return text === undefined ? new Map() : parseConfig(text, path)
}

/** @throws ConfigError */
export function parseConfig(text: string, path: string): Found {
  const found = new Map<SettingKey, unknown>()
  const base = dirname(resolve(path))
  for (const [keys, raw] of leaves(parseToml(text, path))) {
    const key = keys.join('.')
    const fail = (what: string): never => {
      const { line, column } = locate(text, keys)
      throw new ConfigError('INVALID', `${path}:${line}:${column}: ${what}`, key)
    }
    if (!isSettingKey(key)) {
      const near = nearestKey(key, SETTING_KEYS)
      const hint = near === undefined ? 'shoal serve --print-config shows all' : `did you mean ${near}?`
      fail(`there is no setting ${key}; ${hint}`)
      continue
    }
    try {
      found.set(key, readValue(SETTINGS[key], raw, { isText: false, base }))
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      fail(`${key} ${shown(raw)} ${error.message}`)
    }
  }
  return found
}

function readText(path: string, isRequired: boolean): string | undefined {
  try {
    const { size } = statSync(path)
    if (size > MAX_BYTES) throw new ConfigError('INVALID', `${path}: larger than ${MAX_BYTES} bytes`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' && !isRequired) return undefined
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'no permission to read it'
          : code === 'EISDIR'
            ? 'it is a folder'
            : code
    throw new ConfigError('INVALID', `${path}: cannot read the configuration: ${why}`)
  }
}

function parseToml(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
    throw new ConfigError('INVALID', `${path}:${error.line}:${error.column}: ${what}`)
  }
}

/** Everything with a value, by its path. Tables that are groups are gone into; others are values. */
function* leaves(
  table: Readonly<Record<string, unknown>>,
  above: readonly string[] = [],
): Generator<readonly [keys: readonly string[], raw: unknown]> {
  const groups = new Set(SETTING_KEYS.filter(key => key.includes('.')).map(groupOf))
  for (const [name, raw] of Object.entries(table)) {
    const keys = [...above, name]
    const isTable = typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof Date)
    // An unknown table is told by its first key: that is where the right one may be guessed.
    if (isTable && (groups.has(name) || Object.keys(raw).length > 0) && above.length === 0)
      yield* leaves(raw as Readonly<Record<string, unknown>>, keys)
    else yield [keys, raw]
  }
}

/**
 * Where a key stands. The parser tells no places of what it understood, so the text is looked through once more: for
 * `[group]` and `key =`, or for `group.key =`, or for the key inside of `group = { … }`.
 */
function locate(text: string, keys: readonly string[]): { readonly line: number; readonly column: number } {
  const [first = '', second] = keys
  let group = ''
  let best = { line: 1, column: 1 }
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^(\s*\[\[?\s*)([^\]]+?)\s*\]/.exec(line)
    if (header !== null) {
      group = unquoted(header[2]!)
      if (group === first) best = { line: index + 1, column: header[1]!.length + 1 }
      if (group === keys.join('.')) return { line: index + 1, column: header[1]!.length + 1 }
      continue
    }
    const entry = /^(\s*)((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(line)
    if (entry === null) continue
    const name = entry[2]!.split('.').map(unquoted).join('.')
    const place = { line: index + 1, column: entry[1]!.length + 1 }
    if ((group === '' ? name : `${group}.${name}`) === keys.join('.')) return place
    if (group === '' && name === first && second !== undefined) {
      const inside = line.indexOf(second, entry[0].length)
      return inside < 0 ? place : { line: index + 1, column: inside + 1 }
    }
  }
  return best
}

function unquoted(key: string): string {
  return key.trim().replace(/^(["'])(.*)\1$/, '$2')
}

function shown(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
