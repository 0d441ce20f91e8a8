/**
 * Does to Shoal what the world does to it, only more of it; one line of a table for each row of test/torture/rows.
 *
 *     npm run torture -- [--full] [--only 6[,7]]… [--seed 1] [--jobs N] [--again] [--verbose]
 *
 * A row runs in a process group of its own, which is killed when it takes too long. All chance comes from the seed:
 * `--only N --seed S` plays a failure again. Work folders lie under TORTURE_DIR, else where the system keeps
 * temporary files, and are removed.
 */
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt, orExplain } from '../../scripts/ensure-built.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
/** Several times what a quick row should take: on a busy machine it is slow, not wrong. */
const QUICK_CAP_MS = 240_000
const FULL_CAP_MS = 3 * 60 * 60 * 1000
/** What takes longest is started first, lest it be left at the end; the rest as they are numbered. */
const FIRST = [6, 13, 15, 2, 14]
/** Row 1 beside what mostly waits; then those that run alone: the fewer others there are, the less waits for them. */
const LAST = [10, 1, 12, 9, 22]
/** Of what a row writes; shown when it fails. */
const OUTPUT_LINES = 40

const { values: options } = parseArgs({
  options: {
    /** As much as before a release, in hours; without it, less than 5 minutes. */
    full: { type: 'boolean', default: false },
    /** Numbers of rows, with commas or repeated. */
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    /**
     * Rows at the same time; those that compare times run alone all the same. Quick ones often wait: three keep two
     * processors busy. Unless told, 2 with `--full`, which does more of what wants a processor.
     */
    jobs: { type: 'string' },
    /** A row that fails is run once more, by itself at the end, and counts as failed when it fails again. */
    again: { type: 'boolean', default: false },
    /** What rows tell and write, while they do. */
    verbose: { type: 'boolean', default: false },
  },
})

const seed = whole('seed', options.seed)
const jobs = Math.max(1, whole('jobs', options.jobs ?? (options.full ? '2' : '3')))
const only = options.only.flatMap(list => list.split(',')).map(text => whole('only', text))
const capMs = options.full ? FULL_CAP_MS : QUICK_CAP_MS

await orExplain(ensureBuilt)

/** Rows that are under way, for whoever has to end them. */
const running = new Set()
/** Of these, those that had their turn, one that has to be alone, and who waits for a turn. */
const started = new Set()
let alone
const queue = []
let base
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) end(child)
    remove(base)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })
}
process.exitCode = await main()

async function main() {
  const rows = readdirSync(join(HERE, 'rows'))
    .filter(name => /^\d+-.*\.mjs$/.test(name))
    .map(name => ({ number: Number.parseInt(name, 10), file: join(HERE, 'rows', name) }))
    .filter(row => only.length === 0 || only.includes(row.number))
    .sort((a, b) => rank(a.number) - rank(b.number))
  const missing = only.filter(number => !rows.some(row => row.number === number))
  if (missing.length > 0) console.error(`there is no row ${missing.join(', ')}`)

  const parent = process.env.TORTURE_DIR ?? tmpdir()
  mkdirSync(parent, { recursive: true })
  base = mkdtempSync(join(parent, 'shoal-torture-'))
  const startMs = performance.now()
  console.log(`torture: ${options.full ? 'full' : 'quick'}, seed ${seed}, Node ${process.version}`)
  console.log(line('row', 'what', 'how many', '', 'figure', 'seconds'))
  const results = []
  const waiting = [...rows]
  const lanes = Array.from({ length: Math.min(jobs, rows.length) }, async () => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      const result = await run(row)
      results.push({ row, ok: result.ok })
      report(row, result)
    }
  })
  await Promise.all(lanes)
  for (const result of options.again ? results.filter(each => !each.ok) : []) {
    console.log(`row ${result.row.number} once more, by itself:`)
    const second = await run(result.row)
    report(result.row, second)
    result.ok = second.ok
  }
  remove(base)
  const failed = results.filter(result => !result.ok).length + missing.length
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  console.log(`${results.length - failed + missing.length} rows passed, ${failed} failed, in ${seconds} s`)
  return failed === 0 && results.length > 0 ? 0 : 1
}

function rank(number) {
  if (FIRST.includes(number)) return FIRST.indexOf(number) - FIRST.length
  return LAST.includes(number) ? 1_000 + LAST.indexOf(number) : number
}

/** Never throws. */
function run({ number, file }) {
  const work = join(base, String(number))
  mkdirSync(work)
  const settings = JSON.stringify({ file, full: options.full, seed, work })
  const child = fork(join(HERE, 'row.mjs'), [settings], {
    cwd: work,
    detached: process.platform !== 'win32',
    execArgv: ['--unhandled-rejections=strict', '--expose-gc'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  running.add(child)
  const output = []
  const note = text => {
    for (const each of text.trimEnd().split('\n')) {
      output.push(each)
      if (options.verbose) console.log(`  ${number}: ${each}`)
    }
    output.splice(0, output.length - OUTPUT_LINES)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', note)

  return new Promise(resolve => {
    let title = ''
    let cap
    let outcome
    let startMs = performance.now()
    child.on('message', async message => {
      if (message.type === 'log') note(message.line)
      if (message.type === 'result') outcome = message
      if (message.type !== 'row') return
      title = message.title
      await turn(child, message.alone)
      startMs = performance.now()
      cap = setTimeout(() => {
        outcome ??= { ok: false, count: '', figure: `killed after ${capMs / 1000} s`, notes: [...output] }
        end(child)
      }, capMs)
      if (child.connected) child.send('go')
    })
    child.on('exit', (code, signal) => {
      clearTimeout(cap)
      end(child)
      running.delete(child)
      if (alone === child) alone = undefined
      next()
      remove(work)
      const seconds = (performance.now() - startMs) / 1000
      const died = {
        ok: false,
        count: '',
        figure: `ended by ${signal ?? `exit code ${code}`}`,
        notes: output,
      }
      resolve({ seconds, ...(outcome ?? died), title })
    })
  })
}

function report({ number }, { title, ok, count, figure, seconds, notes }) {
  console.log(line(number, title, count, ok ? 'ok' : 'FAIL', figure, seconds.toFixed(1)))
  if (ok) return
  for (const each of notes ?? []) for (const part of String(each).split('\n')) console.log(`      ${part}`)
  const how = options.full ? '--full ' : ''
  console.log(`      again: npm run torture -- ${how}--only ${number} --seed ${seed} --verbose`)
}

function line(number, title, count, verdict, figure, seconds) {
  return [
    String(number).padStart(3),
    title.padEnd(34),
    String(count ?? '').padEnd(30),
    verdict.padEnd(4),
    String(figure ?? '').padEnd(44),
    seconds.padStart(7),
  ].join('  ')
}

/**
 * Waits until `child` may run: one that wants to be alone, when nobody else runs; any other, when no such one does.
 * In the order in which they ask, lest one that wants to be alone wait for the end.
 */
function turn(child, wantsToBeAlone) {
  return new Promise(resolve => {
    queue.push({ child, wantsToBeAlone, resolve })
    next()
  })
}

function next() {
  while (queue.length > 0) {
    const { child, wantsToBeAlone, resolve } = queue[0]
    const others = [...started].filter(each => running.has(each)).length
    if (alone !== undefined || (wantsToBeAlone && others > 0)) return
    queue.shift()
    started.add(child)
    if (wantsToBeAlone && running.has(child)) alone = child
    resolve()
  }
}

/** The row, and all that it has started and forgotten. */
function end(child) {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function remove(folder) {
  if (folder === undefined) return
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    console.error(`cannot remove ${folder}: ${error.message}`)
  }
}

function whole(name, text) {
  if (!/^\d+$/.test(text)) {
    console.error(`--${name} takes whole numbers, not '${text}'`)
    process.exit(2)
  }
  return Number(text)
}
