/** Contrast by WCAG 2.2, level AA, of every colour of text on every ground, and of what is not text but means something. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../src/style')
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const tokens = read('tokens.css')
const rules = readdirSync(FOLDER)
  .filter(name => name !== 'tokens.css')
  .map(read)
  .join('\n')

type Theme = ReadonlyMap<string, string>

const LIGHT = block(/^:root \{([^}]*)\}/m)
const DARK = block(/^:root\[data-theme="dark"\] \{([^}]*)\}/m)
const DARK_BY_SYSTEM = block(/^ {2}:root:not\(\[data-theme="light"\]\) \{([^}]*)\}/m)

/** What text stands on; a menu, a table's head and a chosen row are among it. */
const GROUNDS = ['ground', 'surface', 'raised', 'sunken', 'hover', 'selected']
/** Stands on colours of its own. */
const ON_COLOURS: readonly (readonly [string, readonly string[]])[] = [
  ['on-accent', ['accent', 'accent-strong']],
]
const TEXT_LEAST = 4.5
/** Of what shows a state or where to press, other than text. */
const SIGN_LEAST = 3
const SIGNS = ['focus', 'edge', 'still', 'good', 'held', 'bad', 'accent', 'down', 'up']

/** Found in the rules, so that none is forgotten. */
const TEXT = [
  ...new Set([...rules.matchAll(/(?:^|[\s;{])color:\s*var\(--([\w-]+)\)/g)].map(match => match[1]!)),
]

test('the two ways into the dark are the same', () => {
  expect(Object.fromEntries(DARK_BY_SYSTEM)).toEqual(Object.fromEntries(DARK))
  const colours = [...LIGHT].filter(([, value]) => value.startsWith('#')).map(([name]) => name)
  expect([...DARK].filter(([, value]) => value.startsWith('#')).map(([name]) => name)).toEqual(colours)
})

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('%s', (_, theme) => {
  test('text can be read on whatever it stands on', () => {
    const plain = TEXT.filter(name => ON_COLOURS.every(([own]) => own !== name))
    expect(plain).toContain('quiet')
    const weak = plain.flatMap(name => tooWeak(theme, name, GROUNDS, TEXT_LEAST))
    for (const [name, grounds] of ON_COLOURS) weak.push(...tooWeak(theme, name, grounds, TEXT_LEAST))
    expect(weak).toEqual([])
  })

  test('signs, edges of fields and the place of the keyboard are seen', () => {
    expect(SIGNS.flatMap(name => tooWeak(theme, name, GROUNDS, SIGN_LEAST))).toEqual([])
  })

  test('a button that deletes is readable', () => {
    const own =
      theme === DARK
        ? /data-theme="dark"\] button\.primary\.danger \{\s*color: (#\w+)/.exec(rules)?.[1]
        : undefined
    expect(contrast(own ?? theme.get('on-accent')!, theme.get('bad')!)).toBeGreaterThanOrEqual(TEXT_LEAST)
  })
})

function block(pattern: RegExp): Theme {
  const body = pattern.exec(tokens)?.[1] ?? ''
  return new Map([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(match => [match[1]!, match[2]!]))
}

function tooWeak(theme: Theme, name: string, grounds: readonly string[], least: number): string[] {
  return grounds.flatMap(ground => {
    const found = contrast(theme.get(name)!, theme.get(ground)!)
    return found >= least ? [] : [`${name} on ${ground}: ${found.toFixed(2)}`]
  })
}

/** 1 to 21. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((left, right) => left - right) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map(at => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
