/**
 * SIGKILL at half of a download, then again until it is done: how much each client fetches a second time. The seeder is
 * ours and counts; clients are found in a network namespace of its own, as several refuse peers on 127.x. Needs root.
 *
 *     node test/torture/compare.mjs [--mib 64] [--rate 6] [--only 'aria2;shoal'] [--at 0.6]
 *
 * Or each client under the attacks of rows 10 and 9: how long it takes, what comes in vain, and how its memory grows.
 *
 *     node test/torture/compare.mjs poisoners|hostile [--only 'aria2;shoal'] [--runs 1] [--seed 1]
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { inNamespace } from '../../bench/rig/namespace.mjs'
import { freePort, startTracker } from '../../bench/rig/tracker.mjs'
import { Random } from './random.mjs'
import { ATTACKS, manyAddresses, underAttack } from './support/attacked.mjs'
import { OTHERS } from './support/others.mjs'
import { difference, KIB, MIB, makeTorrent, Seeder } from './support/swarm.mjs'

const END_MS = 90_000
/** Looking at how far it is, and whether all is there. */
const LOOK_MS = 20

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mib: { type: 'string', default: '64' },
    /** Of the seeder, MiB a second. */
    rate: { type: 'string', default: '6' },
    /** Part of the data that is sent when it is killed. */
    at: { type: 'string', default: '0.6' },
    only: { type: 'string' },
    /** Of each attack. */
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
})
const [attacks] = positionals
if (attacks !== undefined && !Object.hasOwn(ATTACKS, attacks)) {
  console.error(`${attacks}: not one of ${Object.keys(ATTACKS).join(', ')}`)
  process.exit(2)
}

const outer = await inNamespace(fileURLToPath(import.meta.url), process.argv.slice(2))
if (outer.exitCode !== undefined) process.exit(outer.exitCode)
const [seederIp, clientIp] = outer.addresses

const work = mkdtempSync(join(tmpdir(), 'shoal-compare-'))
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(work, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

if (attacks !== undefined) {
  await compareUnder(ATTACKS[attacks])
  process.exit(0)
}

const tracker = await startTracker(seederIp)
const torrent = await makeTorrent({
  folder: join(work, 'source'),
  name: 'torrent',
  bytes: Number(options.mib) * MIB,
  many: false,
  pieceLength: 256 * KIB,
  random: new Random(1),
  trackers: [[tracker.url]],
})
console.log(line('client', 'version', 'killed at', 'again', 'seconds from restart'))
for (const name of options.only?.split(';') ?? Object.keys(OTHERS)) {
  const version = OTHERS[name].version()
  if (version === undefined) console.log(line(name, 'not installed'))
  else console.log(line(name, version.slice(0, 30), ...(await measure(OTHERS[name]))))
}
process.exit(0)

async function compareUnder(cases) {
  if (!manyAddresses())
    throw new Error('addresses 10.78.x.x cannot be had: run as root, on Linux with iproute2')
  const names = options.only?.split(';') ?? ['shoal', 'libtorrent, never saved', 'transmission', 'aria2']
  const row = columns => columns.map((text, at) => text.padEnd([44, 26, 14, 14, 16, 0][at])).join('')
  console.log(row(['attack', 'client', 'seconds', 'in vain', 'memory grew by', 'foes met']))
  for (const attack of cases) {
    for (const name of names) {
      const client = OTHERS[name]
      if (client.version() === undefined) {
        console.log(row([attack.name, name, 'not installed']))
        continue
      }
      for (let run = 0; run < Number(options.runs); run++) {
        const seed = Number(options.seed) + run
        const world = { seed, seederIp, clientIp, work, start, kill }
        const { ms, failed, wasteBytes, grownBytes, met } = await underAttack(client, attack, world)
        const time = failed ?? (ms / 1000).toFixed(1)
        const figures = wasteBytes === undefined ? [] : [mib(wasteBytes), mib(grownBytes), `${met}`]
        console.log(row([attack.name, name, time, ...figures]))
      }
    }
  }
}

async function measure(client) {
  const seeder = await Seeder.start([torrent], {
    uploadRate: () => Number(options.rate) * MIB,
    host: seederIp,
  })
  tracker.setSeeder({ ip: seederIp, port: seeder.port })
  const folder = mkdtempSync(join(work, 'client-'))
  const [dir, scratch, marker] = [join(folder, 'data'), join(folder, 'scratch'), join(folder, 'complete')]
  for (const each of [dir, scratch]) mkdirSync(each)
  const port = await freePort(clientIp)
  const job = { torrent: torrent.file, dir, ip: clientIp, port, scratch, marker }
  try {
    const first = start(client.command(job), scratch)
    for (
      const endMs = performance.now() + END_MS;
      seeder.sentBytes(torrent) < torrent.bytes * Number(options.at);
    ) {
      if (performance.now() > endMs || first.exitCode !== null) return ['no transfer']
      await pause(LOOK_MS)
    }
    await kill(first)
    // What was sent is counted when it has left, so it counts up to here.
    await pause(200)
    const before = seeder.sentBytes(torrent)
    const startMs = performance.now()
    const second = start(client.command(job), scratch)
    const isOver = () => second.exitCode !== null || existsSync(marker)
    while (!isOver() && performance.now() - startMs < END_MS) await pause(LOOK_MS)
    const seconds = (performance.now() - startMs) / 1000
    const isWhole = isOver() && difference(torrent, dir) === undefined
    await kill(second)
    const again = seeder.sentBytes(torrent) - torrent.bytes
    return [
      mib(before),
      mib(again),
      isWhole ? seconds.toFixed(1) : `not complete: ${difference(torrent, dir)}`,
    ]
  } finally {
    await seeder.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Its state goes to `scratch`, not to the user's own folders. */
function start([file, ...args], scratch) {
  const names = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']
  const env = { ...process.env, ...Object.fromEntries(names.map(name => [name, scratch])) }
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'], cwd: scratch, env })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

function line(...columns) {
  const widths = [30, 32, 12, 12, 20]
  return columns.map((text, at) => text.padEnd(widths[at])).join('')
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
