/**
 * One table of what Shoal costs, beside other clients where they are installed; docs/benchmarks.md says how to read it.
 *
 *     npm run bench -- [--only NAME]… [--runs 3] [--size 1024] [--partner shoal] [--dir /dev/shm] [--quick] [--json]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt, orExplain } from '../scripts/ensure-built.mjs'
import { CLIENTS } from './rig/clients.mjs'
import { jobs } from './rig/jobs.mjs'
import { inNamespace } from './rig/namespace.mjs'
import { workFolder, writePayload } from './rig/payload.mjs'
import { startTracker } from './rig/tracker.mjs'

const MIB = 1024 * 1024
const { values: options } = parseArgs({
  options: {
    /** Rows whose name or client begins so; repeated: any of them. */
    only: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string' },
    /** MiB. */
    size: { type: 'string' },
    /** Who is at the other end of downloads and uploads. */
    partner: { type: 'string' },
    /** Where the data lies; memory where there is room unless told. */
    dir: { type: 'string' },
    /** Little data, once: shows that everything works; the figures mean nothing. */
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

/** What we want to hold; each is computed from the medians of the rows. */
const FIGURES = [
  {
    text: "check: MB/s, of libtorrent's",
    least: 2,
    of: row => row('check').rate / row('check', 'libtorrent').rate,
  },
  {
    text: 'create: MB/s, of that of mktorrent -t 2',
    least: 0.8,
    of: row => row('create').rate / row('create', 'mktorrent').rate,
  },
  { text: 'download, 1 MiB pieces: peak MiB', most: 160, of: row => row('download').peakMiB },
  { text: 'download, 16 MiB pieces: peak MiB', most: 220, of: row => row('download, 16 MiB pieces').peakMiB },
  { text: 'download, 200 peers: peak MiB', most: 220, of: row => row('download, 200 peers').peakMiB },
  {
    text: 'download, embedded: p99 of the event loop, ms',
    most: 20,
    of: row => row('download, embedded').p99Ms,
  },
]

const inner = await inNamespace(fileURLToPath(import.meta.url), process.argv.slice(2))
process.exitCode = inner.exitCode ?? (await main(inner))

async function main({ addresses, isPrivate }) {
  await orExplain(ensureBuilt)
  const runs = Number(options.runs ?? (options.quick ? 1 : 3))
  const sizeBytes = Number(options.size ?? (options.quick ? 64 : 1024)) * MIB
  const world = await prepare(sizeBytes, addresses, isPrivate)
  const wanted = jobs(world).filter(({ what, client }) => {
    return options.only.length === 0 || options.only.some(name => what.startsWith(name) || client === name)
  })
  for (const [name, client] of Object.entries(CLIENTS)) {
    if (!client.installed) say(`${name} is not installed: left out`)
    else if (client.get !== undefined && !client.anywhere && !isPrivate)
      say(`${name} does no transfers: it refuses 127.x, and other addresses need root and iproute2 (Linux)`)
  }
  const failures = []
  const results = wanted.map(() => [])
  for (let run = 1; run <= runs; run++) {
    for (const [at, { what, client, run: work }] of wanted.entries()) {
      say(`run ${run} of ${runs}: ${what}, ${client}`)
      try {
        results[at].push(figuresOf(await work()))
      } catch (error) {
        failures.push(`${what}, ${client}: ${error.message}`)
      }
    }
  }
  world.tracker.close()
  const rows = wanted.map(({ what, client }, at) => ({ what, client, ...medians(results[at]) }))
  if (options.json) console.log(JSON.stringify({ sizeBytes, runs, partner: world.partner, rows }))
  else print(rows, results)
  for (const failure of failures) console.error(`FAILED ${failure}`)
  return failures.length === 0 ? 0 : 1
}

async function prepare(sizeBytes, addresses, isPrivate) {
  const { createTorrent } = await import('../packages/engine/dist/index.js')
  const folder = workFolder(sizeBytes, options.dir)
  const scratch = join(folder, 'scratch')
  const payload = join(folder, 'data', 'payload.bin')
  for (const dir of [scratch, join(folder, 'data')]) mkdirSync(dir)
  writePayload(payload, sizeBytes)
  const tracker = await startTracker(addresses[0])
  const torrents = {}
  for (const pieceMiB of [1, 16]) {
    const { bytes } = await createTorrent(payload, { pieceLength: pieceMiB * MIB, trackers: [[tracker.url]] })
    torrents[pieceMiB] = join(folder, `${pieceMiB}.torrent`)
    writeFileSync(torrents[pieceMiB], bytes)
  }
  const canPair = CLIENTS.libtorrent.installed && isPrivate
  const partner = options.partner ?? (canPair ? 'libtorrent' : 'shoal')
  say(`${sizeBytes / MIB} MiB in ${folder}; the other end of downloads and uploads is ${partner}`)
  return { scratch, payload, sizeBytes, torrents, addresses, isPrivate, tracker, partner }
}

/** One run, a unit each. */
function figuresOf({ bytes, seconds, cpuSeconds, peakMiB, delay }) {
  return {
    rate: bytes / 1e6 / seconds,
    cpuPerGB: cpuSeconds / (bytes / 1e9),
    peakMiB,
    p50Ms: delay?.p50,
    p99Ms: delay?.p99,
    maxMs: delay?.max,
  }
}

function medians(runs) {
  const keys = Object.keys(runs[0] ?? {})
  return Object.fromEntries(keys.map(key => [key, median(runs.map(run => run[key]))]))
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function print(rows, results) {
  line('', 'MB/s', 'least–most', 'CPU-s/GB', 'peak MiB', 'to shoal')
  for (const [at, { what, client, rate, cpuPerGB, peakMiB, p99Ms, p50Ms, maxMs }] of rows.entries()) {
    const rates = results[at].map(run => run.rate)
    const own = rows.find(row => row.what === what && row.client === 'shoal')?.rate
    const range =
      rates.length === 0 ? '–' : `${number(Math.min(...rates), 0)}–${number(Math.max(...rates), 0)}`
    const ratio = client === 'shoal' ? '' : number(rate / own, 2)
    line(`${what}: ${client}`, number(rate, 0), range, number(cpuPerGB, 2), number(peakMiB, 0), ratio)
    if (p99Ms !== undefined)
      console.log(`  event loop late by ms: half ${p50Ms}, 99 % ${p99Ms}, most ${maxMs}`)
  }
  const row = (what, client = 'shoal') =>
    rows.find(each => each.what === what && each.client === client) ?? {}
  console.log('')
  for (const { text, least, most, of } of FIGURES) {
    const value = of(row)
    if (value === undefined || Number.isNaN(value)) continue
    const met = least === undefined ? value <= most : value >= least
    const wanted = least === undefined ? `at most ${most}` : `at least ${least}`
    console.log(`${met ? 'met   ' : 'MISSED'} ${text}: ${number(value, 2)} (${wanted})`)
  }
}

function line(name, ...cells) {
  console.log(name.padEnd(32) + cells.map((cell, at) => cell.padStart(at === 1 ? 13 : 10)).join(''))
}

function number(value, digits) {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

function say(text) {
  console.error(text)
}
