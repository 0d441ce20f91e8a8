/** What a browser fetches before it shows anything. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../cli/bundle/web')
const MOST_BYTES = 60 * 1024

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')

/** A file and all that it imports before it runs; what it imports later is not counted. */
function closure(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const match of read(`assets/${name}`).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
    closure(match[1]!, seen)
  }
  return seen
}

test('the first load of the page is at most 60 KiB of compressed JavaScript', () => {
  const entry = /src="\.\/assets\/([^"]+\.js)"/.exec(read('index.html'))?.[1]
  expect(entry).toBeDefined()
  const files = closure(entry!)
  let bytes = 0
  for (const name of files) bytes += gzipSync(read(`assets/${name}`)).length
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
})

test('the page holds no script and no style in its markup, and no address of elsewhere', () => {
  const html = read('index.html')
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|https?:/)
})

test('the mock is not in what is served', () => {
  expect(readdirSync(join(FOLDER, 'assets')).filter(name => name.includes('mock'))).toEqual([])
})
