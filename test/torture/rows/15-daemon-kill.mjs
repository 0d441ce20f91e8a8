/**
 * The daemon is killed at any moment while a thousand torrents are added, checked, fetched, shared, labelled and taken
 * out: all that was acknowledged is so afterwards, and data that was known to be there is not read again.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.mjs'
import { Daemon } from '../support/daemon.mjs'
import { makeSmallTorrents, SMALL_BYTES, sha256 } from '../support/small-torrents.mjs'
import { MIB, median, Seeder } from '../support/swarm.mjs'

export const title = 'daemon killed at any moment'

/** Of all torrents: those whose data is there when they are added; the others are fetched. */
const WITH_DATA = 0.8
const CALM_MS = 90_000
/** A start reads its own programs and state; more was data. Pieces of a moment before a kill may be read again. */
const START_READS = 32 * MIB

export async function run({ full, seed, work, log }) {
  const total = 1000
  const kills = full ? 60 : 4
  const state = join(work, 'state')
  const dir = join(work, 'data')
  const origin = join(work, 'origin')
  for (const folder of [dir, origin]) mkdirSync(folder)
  const torrents = makeSmallTorrents(total, seed, random => (random.chance(WITH_DATA) ? dir : origin))
  const seeder = await Seeder.start(torrents.filter(each => each.dir === origin))
  const notes = []
  /** What was acknowledged: by id, the label. */
  const known = new Map()
  /** Taken out. */
  const gone = new Set()
  /** Seen complete in a list. */
  const complete = new Set()
  const starts = []
  const reads = []

  for (let kill = 0; kill <= kills; kill++) {
    const random = Random.named(seed, `kill ${kill}`)
    const daemon = await Daemon.start({ state, dir })
    starts.push(daemon.startMs)
    const fault = text => notes.push(`after kill ${kill}: ${text}`)
    const rows = await daemon.rows()
    for (const [id, label] of known) {
      const row = rows.get(id)
      if (row === undefined) fault(`${id} is forgotten`)
      else if (row.labels[0] !== label) fault(`${id} has label ${row.labels[0]}, not ${label}`)
    }
    for (const id of gone) if (rows.has(id)) fault(`${id} was taken out, and is back`)
    if (kill > 0) {
      const calm = await calmRows(daemon)
      for (const id of complete) if (calm.get(id)?.complete === false) fault(`${id} was complete, and is not`)
      const read = daemon.readBytes()
      reads.push(read)
      const fresh = [...calm.values()].filter(row => row.complete && !complete.has(row.id)).length
      if (read > START_READS + fresh * SMALL_BYTES * 2)
        fault(`${mib(read)} were read at the start, with ${fresh} newly complete`)
    }
    log(
      `kill ${kill}: ${known.size} torrents, ${complete.size} complete, first answer after ${daemon.startMs.toFixed(0)} ms`,
    )
    if (kill === kills) {
      await finish({ daemon, torrents, known, seeder, fault, dir })
      await daemon.kill('SIGTERM')
      break
    }
    const ending = random.between(50, 4000)
    const doing = steps({ daemon, torrents, known, gone, complete, seeder, random, kill, kills }).catch(
      error => {
        if (error.status !== 0) fault(`${error}`)
      },
    )
    // Half of them are there from the first life on.
    if (kill === 0) while (known.size === 0) await pause(20)
    await Promise.race([doing, pause(ending)])
    if (random.chance(0.5)) await pause(random.between(0, 300))
    await daemon.kill()
    await doing
  }
  await seeder.close()
  return {
    ok: notes.length === 0,
    count: `${kills} kills, ${known.size + gone.size} torrents`,
    figure: `all back; first answer after ${median(starts).toFixed(0)} ms; read at a start ${mib(median(reads))}, max ${mib(Math.max(...reads))}`,
    notes: notes.slice(0, 20),
  }
}

/** What is done between two kills; each answer is an acknowledgement. */
async function steps({ daemon, torrents, known, gone, complete, seeder, random, kill, kills }) {
  const { client } = daemon
  const half = torrents.length / 2
  const batch = Math.ceil(half / (kills - 1))
  const fresh =
    kill === 0 ? torrents.slice(0, half) : torrents.slice(half + (kill - 1) * batch, half + kill * batch)
  const sources = fresh.map(each => `data:application/x-bittorrent;base64,${each.bytes64}`)
  const label = `batch ${kill}`
  const options = { labels: [label], peers: [seeder.address] }
  // Batches are rounded up: the last lives have none left.
  const added = sources.length === 0 ? [] : await client.add({ sources, options })
  for (const { outcome, id } of added) if (outcome === 'added') known.set(id, label)
  for (;;) {
    const rows = await daemon.rows()
    for (const row of rows.values())
      if (row.complete && row.state !== 'checking' && known.has(row.id)) complete.add(row.id)
    const ids = [...known.keys()]
    const id = random.pick(ids)
    if (random.chance(0.3)) {
      // Until it is answered, either may be so.
      known.delete(id)
      const label = `label ${random.below(1000)}`
      await client.patch(id, { labels: [label] })
      known.set(id, label)
    } else if (random.chance(0.2)) {
      known.delete(id)
      complete.delete(id)
      await client.remove({ ids: [id], data: false })
      gone.add(id)
    } else {
      await client.act({ action: random.pick(['stop', 'start']), ids: [id] })
    }
    await pause(10)
  }
}

/** Resolves when nothing is checked or opened any more. */
async function calmRows(daemon) {
  const endMs = performance.now() + CALM_MS
  for (;;) {
    const rows = await daemon.rows()
    const busy = [...rows.values()].filter(row => row.state === 'checking' || row.state === 'queued').length
    if (busy === 0) return rows
    if (performance.now() > endMs) throw new Error(`${busy} torrents are busy for ever`)
    await pause(100)
  }
}

async function finish({ daemon, torrents, known, seeder, fault, dir }) {
  await daemon.client.act({ action: 'start', ids: 'all' })
  for (const id of known.keys()) await daemon.client.addPeers(id, [seeder.address])
  const endMs = performance.now() + CALM_MS
  for (;;) {
    const rows = [...(await daemon.rows()).values()]
    const open = rows.filter(row => !row.complete)
    if (open.length === 0) break
    if (performance.now() > endMs) {
      fault(`${open.length} are not complete in the end: ${JSON.stringify(open[0])}`)
      break
    }
    await pause(200)
  }
  for (const { id, name, sha256: wanted } of torrents) {
    if (!known.has(id)) continue
    if (sha256(readFileSync(join(dir, name))) !== wanted) fault(`${name} differs`)
  }
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
