/** The documentation is true as far as a test can tell: its sample runs as it is printed, and what it names exists. */
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createEngine, createTorrent, type Engine, startTracker, type TrackerServer } from '@shoal/engine'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SAMPLE_LINES = 10
const SAMPLE_TIMEOUT_MS = 50_000
const DATA_BYTES = 300_000

const run = promisify(execFile)

/** The first block of JavaScript in README.md. */
function sample(): string {
  const code = /^```js\n(.*?)^```$/ms.exec(read('README.md'))?.[1]
  if (code === undefined) throw new Error('README.md has no sample')
  return code
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

describe('the sample in README.md', () => {
  let folder: string
  let tracker: TrackerServer
  let seeder: Engine

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-readme-'))
    tracker = await startTracker()
    seeder = await createEngine({ port: 0, bind: '127.0.0.1' })
  })

  afterEach(async () => {
    await seeder.close()
    await tracker.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('downloads a torrent, run as it is printed', async () => {
    const data = Uint8Array.from({ length: DATA_BYTES }, (_, at) => (at * 31 + (at >> 8)) & 255)
    writeFileSync(join(folder, 'debian.iso'), data)
    const { bytes } = await createTorrent(join(folder, 'debian.iso'), { trackers: [[tracker.url]] })
    writeFileSync(join(folder, 'debian.torrent'), bytes)
    const seed = await seeder.add(bytes, { dir: folder, seedOnly: true })
    // Known to the tracker before anybody asks it.
    await expect.poll(() => seed.snapshot().trackers[0]?.state).toBe('ok')

    mkdirSync(join(folder, 'node_modules', '@shoal'), { recursive: true })
    symlinkSync(join(ROOT, 'packages/engine'), join(folder, 'node_modules/@shoal/engine'), 'junction')
    writeFileSync(join(folder, 'sample.mjs'), sample())
    const options = { cwd: folder, timeout: SAMPLE_TIMEOUT_MS }
    const { stdout, stderr } = await run(process.execPath, ['sample.mjs'], options)

    expect(stderr).toBe('')
    expect(stdout).toContain('debian.iso')
    expect(readFileSync(join(folder, 'downloads', 'debian.iso')).equals(data)).toBe(true)
  })

  test('is short', () => {
    expect(sample().trimEnd().split('\n').length).toBeLessThanOrEqual(SAMPLE_LINES)
  })
})

describe('the documentation', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...below('docs', '.md')]

  test('links to what exists', () => {
    const broken = pages.flatMap(page =>
      [...read(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(dirname(page), target!))
        .filter(target => !existsSync(join(ROOT, target)))
        .map(target => `${page}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  test('names source files that exist', () => {
    const files = ['packages', 'test'].flatMap(folder => below(folder, '.ts'))
    const unknown = pages.flatMap(page =>
      [...read(page).matchAll(/`(\w[\w./-]*\.ts)`/g)]
        .map(([, name]) => name!)
        .filter(name => !files.some(file => file === name || file.endsWith(`/${name}`)))
        .map(name => `${page}: ${name}`),
    )
    expect(unknown).toEqual([])
  })
})

/** Files below a folder of the repository, with forward slashes. */
function below(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map(entry => `${folder}/${entry.split(sep).join('/')}`)
    .filter(
      path => path.endsWith(ending) && !path.includes('/node_modules/') && !/\/(?:dist|bundle)\//.test(path),
    )
}
