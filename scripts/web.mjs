/**
 * Builds the page that the daemon serves into packages/web/dist, and puts it beside the command line, into
 * packages/cli/bundle/web. `--mock` serves it instead, with thousands of torrents that are none, and builds what is
 * changed while it is looked at.
 */
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, createServer } from 'vite'
import { licenses } from './bundle.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const PAGE = join(ROOT, 'packages/web')
const FOLDER = join(ROOT, 'packages/cli/bundle/web')

/** @param mode `mock`: into packages/web/dist-mock, and nowhere else */
export async function buildPage(mode = 'production') {
  const { output } = await build({
    configFile: join(PAGE, 'vite.config.ts'),
    mode,
    logLevel: 'warn',
    // Where the time goes on a machine that does much else is no news.
    build: { rolldownOptions: { checks: { pluginTimings: false } } },
  })
  if (mode === 'mock') return
  rmSync(FOLDER, { recursive: true, force: true })
  cpSync(join(PAGE, 'dist'), FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'LICENSES.txt'), licenses(output.flatMap(chunk => chunk.moduleIds ?? [])))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--mock')) {
    const server = await createServer({ configFile: join(PAGE, 'vite.config.ts'), mode: 'mock' })
    await server.listen()
    server.printUrls()
  } else await buildPage()
}
