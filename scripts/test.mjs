/**
 * All that has to hold before a commit: it compiles, types, lint, unused code, tests. Everything is run, also after
 * a failure; the last line counts. `npm test -- picker` runs only the tests whose file name contains `picker`, and
 * hands every other argument to vitest too.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt, orExplain, ROOT } from './ensure-built.mjs'

const filters = process.argv.slice(2)

/** Name, file below node_modules, arguments. */
const CHECKS = [
  ['types', 'typescript/bin/tsc', ['-p', 'tsconfig.json']],
  ['types of the page', 'typescript/bin/tsc', ['-p', 'packages/web/tsconfig.json']],
  ['lint', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=50', '.']],
  ['unused code', 'knip/bin/knip.js', []],
]

await orExplain(ensureBuilt)

let passed = 0
let failed = 0
const report = []
if (filters.length === 0) {
  for (const [name, tool, args] of CHECKS) {
    const startMs = Date.now()
    const ok = run(tool, args) === 0
    ok ? passed++ : failed++
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
    report.push(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
    console.log(report.at(-1))
  }
}
const tests = runTests()
passed += tests.passed
failed += tests.failed

for (const line of report) console.log(line)
for (const name of tests.failures) console.log(`FAIL ${name}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-test-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const status = run('vitest/vitest.mjs', ['run', ...reporters, ...filters])
    return summary(file, status)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Counts and names; a run that failed without a failed test (no file matched, a file does not load) counts as one. */
function summary(file, status) {
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, failures: [`vitest ended with exit code ${status} and without a report`] }
  }
  const failures = []
  for (const suite of report.testResults) {
    const before = failures.length
    for (const test of suite.assertionResults) if (test.status === 'failed') failures.push(test.fullName)
    if (suite.status === 'failed' && failures.length === before) failures.push(suite.name)
  }
  if (status !== 0 && failures.length === 0) failures.push(`vitest ended with exit code ${status}`)
  return { passed: report.numPassedTests, failed: failures.length, failures }
}

function run(tool, args) {
  const { status, signal, error } = spawnSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error !== undefined) throw error
  return status ?? signal
}
