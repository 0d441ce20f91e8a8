/**
 * The lane of row 16, a process in a mount namespace of its own. Prints a line of JSON for each cut: a daemon on a small
 * disk is given torrents, labels and orders; then the power fails.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.mjs'
import { Daemon } from './daemon.mjs'
import { DiskImage } from './disk-image.mjs'
import { makeSmallTorrents, sha256 } from './small-torrents.mjs'
import { Seeder } from './swarm.mjs'

const COUNT = 300
const BATCH = 12
const MOMENT_MS = 1500
const CALM_MS = 60_000
/** So many are not taken out again. */
const KEPT = 8
/** The less a file system orders writes, the more shows. */
const MOUNTS = ['data=ordered,commit=1', 'data=writeback,commit=1', 'data=ordered', 'data=writeback']

const { seed, work, cuts } = JSON.parse(process.argv[2])
const disk = join(work, 'disk')
const folders = { state: join(disk, 'state'), dir: join(disk, 'data') }
const origin = join(work, 'origin')
const cutFile = join(work, 'cut.img')
const bootId = join(work, 'boot-id')
writeFileSync(bootId, 'the first')
if (spawnSync('mount', ['--bind', bootId, '/proc/sys/kernel/random/boot_id']).status !== 0)
  throw new Error('cannot pretend another boot')
mkdirSync(origin)
const torrents = makeSmallTorrents(COUNT, seed, () => origin)
const seeder = await Seeder.start(torrents)

for (let life = 0, left = cuts; left > 0; life++) left -= await oneLife(life, left)
await seeder.close()
process.exit(0)

/** One disk, cut a few times. @returns how often */
async function oneLife(life, left) {
  const random = Random.named(seed, `life ${life}`)
  const options = random.pick(MOUNTS)
  const image = new DiskImage(join(work, 'disk.img'), disk, options)
  image.mount()
  /** What was acknowledged: by id, the label; and those taken out. */
  const known = new Map()
  const gone = new Set()
  const wanted = Math.min(left, random.between(2, 4))
  let next = 0
  for (let cut = 0; cut <= wanted; cut++) {
    const faults = []
    let daemon
    try {
      daemon = await Daemon.start(folders)
    } catch (error) {
      faults.push(`does not start: ${error.message}`)
    }
    const complete = daemon === undefined ? 0 : await look(daemon, { known, gone, faults })
    if (cut > 0)
      console.log(
        JSON.stringify({ life, cut, options, known: known.size, gone: gone.size, complete, faults }),
      )
    if (daemon === undefined || cut === wanted) {
      await daemon?.kill()
      break
    }
    const fresh = torrents.slice(next, next + BATCH)
    next += BATCH
    const doing = steps({ daemon, fresh, known, gone, random }).catch(() => undefined)
    await pause(random.between(0, MOMENT_MS))
    daemon.freeze()
    image.copyTo(cutFile)
    await daemon.kill()
    await doing
    image.unmount()
    writeFileSync(bootId, `after cut ${cut} of ${life}`)
    image.become(cutFile)
    image.mount()
  }
  image.unmount()
  return wanted
}

/** Each answer is an acknowledgement: what is being asked for is neither known nor gone meanwhile. */
async function steps({ daemon, fresh, known, gone, random }) {
  const { client } = daemon
  const sources = fresh.map(each => `data:application/x-bittorrent;base64,${each.bytes64}`)
  for (const { outcome, id } of await client.add({
    sources,
    options: { labels: ['new'], peers: [seeder.address] },
  }))
    if (outcome === 'added') known.set(id, 'new')
  for (;;) {
    const id = random.pick([...known.keys()])
    known.delete(id)
    if (known.size > KEPT && random.chance(0.1)) {
      await client.remove({ ids: [id], data: random.chance(0.5) })
      gone.add(id)
    } else {
      const label = `label ${random.below(1000)}`
      await client.patch(id, { labels: [label] })
      known.set(id, label)
    }
    await pause(5)
  }
}

/** @returns how many are complete */
async function look(daemon, { known, gone, faults }) {
  const endMs = performance.now() + CALM_MS
  let rows
  for (;;) {
    rows = await daemon.rows()
    const busy = [...rows.values()].filter(({ state }) => state === 'checking' || state === 'queued').length
    if (busy === 0) break
    if (performance.now() > endMs) {
      faults.push(`${busy} torrents are busy for ever`)
      break
    }
    await pause(50)
  }
  for (const [id, label] of known) {
    const row = rows.get(id)
    if (row === undefined) faults.push(`${id} is forgotten`)
    else if (row.labels[0] !== label) faults.push(`${id} has label ${row.labels[0]}, not ${label}`)
  }
  for (const id of gone) if (rows.has(id)) faults.push(`${id} was taken out, and is back`)
  const complete = torrents.filter(({ id }) => rows.get(id)?.complete)
  for (const { name, sha256: wanted } of complete)
    if (sha256(readFileSync(join(folders.dir, name))) !== wanted)
      faults.push(`${name} counts as complete, and differs`)
  return complete.length
}
