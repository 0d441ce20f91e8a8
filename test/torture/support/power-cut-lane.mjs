/**
 * One lane of row 2, a process in a mount namespace of its own: what it mounts is gone with it, however it ends.
 * Prints a line of JSON for each case.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.mjs'
import { claimsOf, isRemembered } from './claims.mjs'
import { DiskImage } from './disk-image.mjs'
import { Shoal } from './shoal.mjs'
import { difference, KIB, MIB, makeTorrent, Seeder } from './swarm.mjs'

const RATE = 28 * MIB
/** From when it is added to some time after its end. */
const MOMENT_MS = 1_800
/** Until it is added. */
const START_MS = 600
const END_MS = 60_000
const MAX_CUTS = 3
/** Slow and long enough for something to be made durable on the way. */
const SLOW = { every: 5, rate: 4 * MIB, fromMs: 6_000, toMs: 7_800 }
/** What came in so long may be lost: 5 s, and then some time to make it durable. */
const MAX_LOST_SECONDS = 8
/** The less a file system orders writes, the more shows. */
const MOUNTS = ['data=ordered,commit=1', 'data=writeback,commit=1', 'data=ordered', 'data=writeback']
const LAYOUTS = [
  { bytes: 32 * MIB + 12_345, many: false, pieceLength: 256 * KIB },
  { bytes: 32 * MIB + 12_345, many: true, pieceLength: MIB },
  { bytes: 32 * MIB + 12_345, many: true, pieceLength: 64 * KIB },
]

const { seed, work, numbers } = JSON.parse(process.argv[2])
const disk = join(work, 'disk')
const dir = join(disk, 'data')
const state = join(disk, 'state')
const cut = join(work, 'cut.img')
/** Stands for what Linux names each boot by: after a cut it is another one. */
const bootId = join(work, 'boot-id')
writeFileSync(bootId, 'the first')
if (spawnSync('mount', ['--bind', bootId, '/proc/sys/kernel/random/boot_id']).status !== 0)
  throw new Error('cannot pretend another boot')
const torrents = []
for (const [at, layout] of LAYOUTS.entries()) {
  const random = Random.named(seed, `data ${at}`)
  const made = await makeTorrent({ folder: join(work, `${at}`), name: `torrent ${at}`, random, ...layout })
  torrents.push({ ...made, many: layout.many })
}
const seeder = await Seeder.start(torrents, { uploadRate: () => RATE })
for (const number of numbers) console.log(JSON.stringify(await oneCase(number)))
await seeder.close()
process.exit(0)

async function oneCase(number) {
  const random = Random.named(seed, `cut ${number}`)
  const torrent = torrents[number % torrents.length]
  const options = random.pick(MOUNTS)
  const image = new DiskImage(join(work, 'disk.img'), disk, options)
  image.mount()
  mkdirSync(dir)
  spawnSync('sync', ['-f', disk])
  const args = ['get', torrent.file, '--dir', dir, '--state', state, '--bind', '127.0.0.1', '--port', '0']
  args.push('--no-discovery', '--peer', seeder.address, '--progress-every', '50ms')
  const isSlow = number % SLOW.every === SLOW.every - 1
  if (isSlow) args.push('--limit-down', `${SLOW.rate}`)
  const maxLost = (isSlow ? SLOW.rate : RATE) * MAX_LOST_SECONDS
  // Some files first: what their pieces hold of others is kept in a file of its own, until all are wanted.
  const some = torrent.many && random.chance(0.4) ? ['--files', '2-5,9'] : []
  const faults = []
  const cuts = []
  const sentBefore = seeder.sentBytes(torrent)
  let claims
  let falseClaims = 0

  for (let again = true; again; again = cuts.length < MAX_CUTS && random.chance(0.25)) {
    // What it finds after a kill is written, but not on the disk.
    if (random.chance(0.3)) {
      const shoal = new Shoal([...args, ...some])
      // Some at their very end: the next start has everything, and nothing to do but to make it durable.
      const isUntilDone = random.chance(0.3)
      await shoal.until(isUntilDone ? ({ event }) => event === 'done' : isUnderWay)
      if (!isUntilDone) await pause(random.between(0, MOMENT_MS))
      await shoal.kill()
    }
    const shoal = new Shoal([...args, ...some])
    if (random.chance(0.2)) {
      await pause(random.between(0, START_MS))
    } else {
      await shoal.until(({ event }) => event === 'added')
      const momentMs = isSlow ? random.between(SLOW.fromMs, SLOW.toMs) : random.between(0, MOMENT_MS)
      const syncMs = random.chance(0.5) ? random.between(0, momentMs) : momentMs
      await pause(syncMs)
      // Files have their sizes on the disk then, and parts of their contents: nothing shows by size what is missing.
      if (syncMs < momentMs) await sync(disk)
      await pause(Math.max(0, momentMs - syncMs))
    }
    shoal.freeze()
    image.copyTo(cut)
    const { code } = await shoal.kill()
    image.unmount()
    writeFileSync(bootId, `after cut ${cuts.length} of ${number}`)
    const isAcknowledged = shoal.last('added') !== undefined
    const received =
      code === 0 && some.length === 0 ? torrent.bytes : (shoal.last('progress')?.haveBytes ?? 0)

    // To look is to change: once to look, once to go on.
    image.become(cut)
    image.mount()
    if (isAcknowledged && !isRemembered(torrent, state))
      faults.push('an acknowledged torrent is not remembered')
    try {
      claims = claimsOf(torrent, dir, state)
      falseClaims += claims.false.length
      if (claims.false.length > 0)
        faults.push(
          `${claims.false.length} of ${claims.claimed} claimed pieces do not match: ${claims.false.slice(0, 5)}`,
        )
    } catch (error) {
      faults.push(`does not start: ${error.message}`)
    }
    image.unmount()
    const lost = received - (claims?.claimed ?? 0) * torrent.pieceLength
    const bound = code === 0 ? 0 : maxLost
    if (lost > bound) faults.push(`${mib(lost)} of ${mib(received)} lost, more than ${mib(bound)}`)
    const when = code === 0 ? 'after the end' : `at ${mib(received)}`
    cuts.push(`${when}, ${claims?.claimed} claimed, ${claims?.good} good`)
    image.become(cut)
    image.mount()
  }

  const sentBefore2 = seeder.sentBytes(torrent)
  const shoal = new Shoal([...args, '--limit-down', 'none'])
  const { code } = await shoal.end(END_MS)
  if (code !== 0) faults.push(`ended with ${code}: ${shoal.log}`)
  const wrong = difference(torrent, dir)
  if (wrong !== undefined) faults.push(wrong)
  image.unmount()
  return {
    number,
    options: [options, ...some].join(' '),
    cuts,
    again: seeder.sentBytes(torrent) - sentBefore - torrent.bytes,
    /** Fetched in the last run. */
    last: seeder.sentBytes(torrent) - sentBefore2,
    falseClaims,
    faults,
  }
}

/** It has looked at what is there. */
function isUnderWay({ event, state }) {
  return event === 'state' && state !== 'checking'
}

/** Somebody else has all that is in memory written, at a moment that means nothing to us. */
function sync(folder) {
  return new Promise(resolve => spawn('sync', ['-f', folder]).once('close', resolve))
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
