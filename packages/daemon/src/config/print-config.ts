/** The settings as texts: for `shoal serve --print-config`, and for the table in docs/daemon.md. */
import { stringify } from 'smol-toml'
import type { Config } from './config.ts'
import { bytesText, secondsText } from './quantity.ts'
import { type Definition, envOf, groupOf, SETTING_KEYS, SETTINGS, type SettingKey } from './settings.ts'

/** A configuration file that says what is in force; what is as it is unless told stands in comments. */
export function printConfig(config: Config): string {
  const lines: string[] = []
  // In TOML, what belongs to no table comes first.
  const keys = [...SETTING_KEYS].sort((a, b) => Number(a.includes('.')) - Number(b.includes('.')))
  let group = ''
  for (const key of keys) {
    const definition: Definition = SETTINGS[key]
    const isGrouped = key.includes('.')
    if (isGrouped && groupOf(key) !== group) {
      group = groupOf(key)
      lines.push('', `[${group}]`)
    }
    const source = config.source(key)
    const name = isGrouped ? key.slice(group.length + 1) : key
    const line = stringify({ [name]: written(definition, config.get(key)) }).trimEnd()
    const isTold = source !== 'default'
    lines.push(`# ${definition.description}${isTold ? ` (${source})` : ''}`)
    lines.push(isTold ? line : line.replaceAll(/^/gm, '#'))
  }
  return lines.join('\n').trim()
}

/** A table of Markdown, a line a setting. */
export function settingsTable(): string {
  const rows = SETTING_KEYS.map(key => {
    const definition: Definition = SETTINGS[key]
    const ways = [`\`${envOf(key)}\``, ...(definition.flag === undefined ? [] : [`\`${definition.flag}\``])]
    return [`\`${key}\``, `${sentence(definition)}${effect(key)}`, defaultText(definition), ways.join(', ')]
  })
  const head = ['Setting', 'What it says', 'Unless told', 'Variable, flag']
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n',
  )
}

function sentence({ description, choices }: Definition): string {
  return choices === undefined
    ? description
    : `${description}: ${choices.map(each => `\`${each}\``).join(', ')}`
}

/** ¹ is not to be had through the API, ² counts from the next start on. */
function effect(key: SettingKey): string {
  const { settable, restart }: Definition = SETTINGS[key]
  return `${settable === false ? ' ¹' : ''}${restart === true ? ' ²' : ''}`
}

function defaultText(definition: Definition): string {
  const value = written(definition, definition.default)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(each => `\`${each}\``).join(', ')
  return value === 'none' ? 'none' : `\`${String(value)}\``
}

/** As somebody would write it. */
function written({ kind }: Definition, value: unknown): unknown {
  if (value === null) return 'none'
  if (typeof value === 'number' && (kind === 'rate' || kind === 'size')) return bytesText(value)
  if (typeof value === 'number' && kind === 'duration') return secondsText(value)
  if (kind !== 'watch' || !Array.isArray(value)) return value
  return value.map(entry => Object.fromEntries(Object.entries(entry).filter(([, each]) => each !== null)))
}
