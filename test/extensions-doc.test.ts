/** The example in docs/extensions.md runs as it is printed. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIMEOUT_MS = 50_000

test('two engines greet each other by an extension of their own', async () => {
  const page = readFileSync(join(ROOT, 'docs/extensions.md'), 'utf8')
  const example = /^```js\n(.*?)^```$/ms.exec(page)?.[1]
  expect(example).toBeDefined()
  const folder = mkdtempSync(join(tmpdir(), 'shoal-extensions-'))
  try {
    mkdirSync(join(folder, 'node_modules', '@shoal'), { recursive: true })
    symlinkSync(join(ROOT, 'packages/engine'), join(folder, 'node_modules/@shoal/engine'), 'junction')
    writeFileSync(join(folder, 'note.txt'), 'a note')
    writeFileSync(join(folder, 'example.mjs'), example!)
    const options = { cwd: folder, timeout: TIMEOUT_MS }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['example.mjs'], options)
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n').sort()).toEqual([
      'Anna hears: hello from Ben',
      'Ben hears: hello from Anna',
    ])
    expect(readFileSync(join(folder, 'downloads', 'note.txt'), 'utf8')).toBe('a note')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
