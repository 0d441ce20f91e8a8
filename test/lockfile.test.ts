/** What others' code comes with us, and that each piece of it was decided on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

interface Manifest extends Partial<Record<(typeof KINDS)[number], Readonly<Record<string, string>>>> {
  readonly workspaces?: readonly string[]
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function manifest(folder: string): Manifest {
  return JSON.parse(read(`${folder}/package.json`)) as Manifest
}

test('no dependency runs a script when it is installed', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
  }
  const entries = Object.entries(packages)
  expect(entries.length).toBeGreaterThan(1)
  expect(entries.filter(([, entry]) => entry.hasInstallScript === true).map(([path]) => path)).toEqual([])
})

test('the engine depends on nothing', () => {
  const engine = manifest('packages/engine')
  for (const kind of KINDS) expect(Object.keys(engine[kind] ?? {}), kind).toEqual([])
})

test('docs/dependencies.md names every dependency, and no other', () => {
  const folders = ['.', ...(manifest('.').workspaces ?? [])]
  const used = folders.flatMap(folder => KINDS.flatMap(kind => Object.keys(manifest(folder)[kind] ?? {})))
  const others = [...new Set(used)].filter(name => !name.startsWith('@shoal/'))
  const named = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\|/gm)].map(match => match[1])
  expect(named.sort()).toEqual(others.sort())
})
