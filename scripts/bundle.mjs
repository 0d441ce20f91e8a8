/**
 * Gathers the compiled command line, the engine and its store worker into the few files of packages/cli/bundle: a
 * start loads 20 files instead of 150, and the published package needs no other. Names and line structure stay, so
 * that stack traces can be read. Run it after `tsc -b`, or call {@link bundle}.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const CLI = join(ROOT, 'packages/cli')
const FOLDER = join(CLI, 'bundle')
const INPUT = {
  start: join(CLI, 'dist/boot/start.js'),
  main: join(CLI, 'dist/main.js'),
  // The engine starts it by this name, from beside itself.
  'store-worker': join(ROOT, 'packages/engine/dist/node/store-worker.js'),
}
/** A folder of node_modules, also of a scoped package. */
const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/

export async function bundle() {
  const build = await rolldown({ input: INPUT, platform: 'node', external: [/^node:/] })
  clear()
  const { output } = await build.write({
    dir: FOLDER,
    // Node.js loads 20 of these in half the time of 20 ES modules: a seventh of a short command.
    format: 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  })
  await build.close()
  const hash = createHash('sha256')
  for (const { fileName } of output) hash.update(toAscii(join(FOLDER, fileName)))
  const manifest = { type: 'commonjs', build: hash.digest('hex').slice(0, 16) }
  writeFileSync(join(FOLDER, 'package.json'), `${JSON.stringify(manifest)}\n`)
  const modules = output.flatMap(chunk => chunk.moduleIds ?? [])
  writeFileSync(join(FOLDER, 'LICENSES.txt'), licenses(modules))
}

/** Escapes all other characters: V8 keeps such a file in half the memory, and reads it sooner. */
function toAscii(path) {
  const code = readFileSync(path, 'utf8').replace(
    /[^\0-\x7f]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  writeFileSync(path, code)
  return code
}

/** All but the page, which `web.mjs` puts there. */
function clear() {
  mkdirSync(FOLDER, { recursive: true })
  for (const entry of readdirSync(FOLDER)) {
    if (entry !== 'web') rmSync(join(FOLDER, entry), { recursive: true, force: true })
  }
}

/** The licence of everything in the bundle that is not ours. */
export function licenses(modules) {
  const folders = new Set(modules.map(id => PACKAGE.exec(id)?.[0]).filter(folder => folder !== undefined))
  return [...folders]
    .sort()
    .map(folder => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = ['LICENSE', 'license', 'LICENSE.md'].find(each => read(join(folder, each)) !== undefined)
      if (file === undefined) throw new Error(`${name} has no licence file`)
      return `${name} ${version}\n\n${read(join(folder, file)).trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await bundle()
