/** The cases of row 4, in a process with mounts of its own: one line of JSON each. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../../../packages/engine/dist/index.js'
import { Random } from '../random.mjs'
import { difference, inLanes, KIB, MIB, makeTorrent, Seeder } from './swarm.mjs'

const LANES = 6
const BYTES = 16 * MIB
const DISK_MIB = 24
const STATE_KIB = 256
/** Slow enough for the state to be written while it is full. */
const STATE_RATE = 4 * MIB
const PATIENCE_MS = 60_000
/** Memory of pieces that were under way when the disk was full is lost, as that of a torrent that is stopped is. */
const AGAIN_BYTES = 12 * MIB

const KINDS = { data: fullData, state: fullState, unmounted }
const settings = JSON.parse(process.argv[2])
const torrents = []
for (let lane = 0; lane < LANES; lane++) {
  const folder = join(settings.work, `torrent ${lane}`)
  mkdirSync(folder)
  const random = Random.named(settings.seed, `torrent ${lane}`)
  const pieceLength = [64 * KIB, 256 * KIB, 2 * MIB][lane % 3]
  torrents.push(
    await makeTorrent({ folder, name: `t${lane}`, bytes: BYTES, many: lane % 2 === 1, pieceLength, random }),
  )
}
const seeder = await Seeder.start(torrents)
const cases = [
  ...Array.from({ length: settings.data }, (_, at) => ['data', at]),
  ...Array.from({ length: settings.state }, (_, at) => ['state', at]),
  ...Array.from({ length: settings.unmounted }, (_, at) => ['unmounted', at]),
]
await inLanes(LANES, cases, async ([kind, at], lane) => {
  const name = `${kind} ${at}`
  const random = Random.named(settings.seed, name)
  const base = join(settings.work, name)
  const dir = join(base, 'data')
  const stateDir = join(base, 'state')
  for (const path of [dir, stateDir]) mkdirSync(path, { recursive: true })
  mount(dir, `${DISK_MIB}m`)
  mount(stateDir, `${STATE_KIB}k`)
  const test = { torrent: torrents[lane], dir, stateDir, random, faults: [], backMs: 0, againBytes: 0 }
  try {
    await KINDS[kind](test)
  } catch (error) {
    test.faults.push(`threw ${error.stack}`)
  }
  for (const path of [dir, stateDir]) execFileSync('umount', ['-l', path])
  rmSync(base, { recursive: true, force: true })
  const { faults, backMs, againBytes } = test
  console.log(JSON.stringify({ name, faults, backMs, againBytes }))
})
await seeder.close()
process.exit(0)

/** Room for a part of the torrent only; perhaps it comes and goes some times. */
async function fullData(test) {
  const { torrent, dir, stateDir, random, faults } = test
  const filler = join(dir, 'filler')
  const room = random.below(BYTES - MIB)
  writeFileSync(filler, new Uint8Array(freeBytes(dir) - room))
  const engine = await open(stateDir)
  const added = await add(engine, test)
  const errors = []
  added.on('error', error => errors.push(error))
  for (let times = random.between(1, 2); times > 0; times--) {
    if (!(await holds(() => added.snapshot().state === 'error'))) {
      faults.push(`${room} bytes of room, and no error but ${said(added)}`)
      break
    }
    const { error, retrySeconds, why, pieces } = added.snapshot()
    if (error?.code !== 'DISK_FULL' || !error.subject?.startsWith(dir)) faults.push(`says ${error?.message}`)
    await holds(() => added.snapshot().retrySeconds !== undefined)
    if (added.snapshot().why?.code !== 'DISK_WAIT')
      faults.push(`does not say that it waits: ${why?.text} (${retrySeconds})`)
    await sleep(random.below(1_500))
    if (added.snapshot().state !== 'error') faults.push(`goes on without room: ${said(added)}`)
    if (added.snapshot().pieces.have < pieces.have) faults.push(`forgot pieces: ${said(added)}`)
    // The first time not enough for all.
    rmSync(filler)
    if (times > 1) {
      const left = torrent.bytes - added.snapshot().haveBytes
      writeFileSync(filler, new Uint8Array(Math.max(0, freeBytes(dir) - Math.floor(left / 2))))
      // Half of what is missing is not worth going on for; so there is nothing but to wait.
      await sleep(1_200)
    }
  }
  rmSync(filler, { force: true })
  await finish(test, added, engine)
  if (errors.some(({ code }) => code !== 'DISK_FULL')) faults.push(`another error: ${errors.map(String)}`)
}

/** The torrent goes on, and a warning says what cannot be saved; later it is. */
async function fullState(test) {
  const { torrent, stateDir, random, faults } = test
  const engine = await open(stateDir)
  const added = await add(engine, test, { downloadLimitBytesPerSec: STATE_RATE })
  const warnings = []
  added.on('warning', text => warnings.push(text))
  await sleep(random.below(1_000))
  const filler = join(stateDir, 'filler')
  fill(filler, stateDir)
  await sleep(random.between(500, 2_000))
  if (added.snapshot().state !== 'downloading') faults.push(`stopped: ${said(added)}`)
  rmSync(filler)
  await finish(test, added, engine)
  // What was saved since is found again.
  const after = await open(stateDir)
  const again = await add(after, test)
  await holds(() => again.snapshot().state === 'seeding')
  const { downloadedBytes, state } = again.snapshot()
  if (state !== 'seeding' || downloadedBytes > 0) faults.push(`after that it is ${said(again)}`)
  await after.close()
  if (difference(torrent, test.dir) !== undefined) faults.push(difference(torrent, test.dir))
}

/** The disk is no longer where it was, but a folder is; later it is again. */
async function unmounted(test) {
  const { dir, stateDir, random, faults } = test
  const disk = join(dir, '..', 'disk')
  mkdirSync(disk)
  mount(disk, `${DISK_MIB}m`)
  execFileSync('umount', [dir])
  execFileSync('mount', ['--bind', disk, dir])
  const engine = await open(stateDir)
  const added = await add(engine, test, { downloadLimitBytesPerSec: 2 * STATE_RATE })
  await holds(() => added.snapshot().pieces.have > 0)
  await sleep(random.below(1_500))
  execFileSync('umount', ['-l', dir])
  // Files that are open are still where they were: it may not notice.
  await holds(() => added.snapshot().state !== 'downloading', random.between(500, 3_000))
  const below = readdirSync(dir)
  if (below.length > 0) faults.push(`wrote ${below} to the folder below the disk`)
  execFileSync('mount', ['--bind', disk, dir])
  await finish(test, added, engine)
  execFileSync('umount', ['-l', disk])
}

async function finish(test, added, engine) {
  const { torrent, dir, faults } = test
  const startMs = performance.now()
  const isDone = await holds(() => added.snapshot().state === 'seeding')
  test.backMs = performance.now() - startMs
  if (!isDone) faults.push(`did not go on within ${PATIENCE_MS / 1000} s: ${said(added)}`)
  test.againBytes = added.snapshot().downloadedBytes - torrent.bytes
  if (test.againBytes > AGAIN_BYTES) faults.push(`fetched ${test.againBytes} bytes again`)
  await engine.close()
  const wrong = isDone ? difference(torrent, dir) : undefined
  if (wrong !== undefined) faults.push(wrong)
}

function open(stateDir) {
  return createEngine({ port: 0, bind: '127.0.0.1', dht: false, lsd: false, stateDir })
}

async function add(engine, { torrent, dir }, more = {}) {
  const added = await engine.add(torrent.metainfo, {
    dir,
    discovery: false,
    peers: [seeder.address],
    ...more,
  })
  added.done.catch(() => {})
  return added
}

function said(added) {
  const { state, error, why, pieces } = added.snapshot()
  return `${state}, ${pieces.have} of ${pieces.total}, ${error?.message ?? why?.text ?? 'nothing to say'}`
}

function fill(path, dir) {
  for (;;) {
    const free = freeBytes(dir)
    if (free === 0) return
    writeFileSync(path, new Uint8Array(free), { flag: 'a' })
  }
}

function freeBytes(dir) {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}

function mount(dir, size) {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir])
}

async function holds(condition, patienceMs = PATIENCE_MS) {
  const endMs = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > endMs) return false
    await sleep(25)
  }
  return true
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
