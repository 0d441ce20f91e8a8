/** Builds the page, with the mock as well, then runs the tests beside this file in a real browser. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/ensure-built.mjs'
import { buildPage } from '../../../scripts/web.mjs'

await buildPage('mock')
const args = ['run', '--config', 'packages/web/vitest.browser.config.ts', ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
  cwd: ROOT,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
