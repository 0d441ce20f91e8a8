/**
 * SIGKILL at any moment of a start, a download, a check, of sharing, of ending; then again until it is done, with
 * nobody to help. The seeder in this process counts what it sends, so that all that is fetched twice is seen.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../random.mjs'
import { Shoal } from '../support/shoal.mjs'
import { difference, inLanes, KIB, MIB, makeTorrent, median, Seeder } from '../support/swarm.mjs'

export const title = 'kill -9 at any moment'

const LANES = 2
/** What is in memory when the kill comes is lost. That is little as long as the disk keeps up, also on a busy machine. */
const RATE = 24 * MIB
const BYTES = 40 * MIB + 12_345
/** What a download takes at that rate, about, in ms. */
const DOWNLOAD_MS = 1_800
const END_MS = 60_000
const MOMENTS = ['download', 'download', 'download', 'start', 'check', 'seeding', 'closing']
const LAYOUTS = [
  { bytes: BYTES, many: false, pieceLength: 256 * KIB },
  { bytes: BYTES, many: true, pieceLength: 4 * MIB },
  { bytes: BYTES, many: true, pieceLength: 256 * KIB },
  { bytes: BYTES, many: false, pieceLength: 4 * MIB },
  // So large that it would show if all of it was hashed again.
  { bytes: 168 * MIB, headBytes: 128 * MIB, many: false, pieceLength: MIB },
]
const MAX_MEDIAN = 4 * MIB
const MAX_AGAIN = 16 * MIB
/** Pieces that are begun at the same time: from one seeder, some 12 MiB are requested ahead. */
const SLOTS = 4
const MAX_HASHED = 64 * MIB

export async function run({ full, seed, work, log }) {
  const count = full ? 200 : 20
  const torrents = []
  for (const [at, layout] of LAYOUTS.entries()) {
    const random = Random.named(seed, `data ${at}`)
    const folder = join(work, `source ${at}`)
    torrents.push({ ...layout, ...(await makeTorrent({ folder, name: `torrent ${at}`, random, ...layout })) })
  }
  // One each, so that each counts for one download.
  const uploadRate = ({ bytes }) => bytes / (DOWNLOAD_MS / 1000)
  const seeders = await Promise.all(
    Array.from({ length: LANES }, () => Seeder.start(torrents, { uploadRate })),
  )
  const cases = Array.from({ length: count }, (_, number) => number)
  const results = []
  await inLanes(LANES, cases, async (number, lane) => {
    const result = await oneCase({
      number,
      seed,
      work: join(work, `lane ${lane}`),
      torrents,
      seeder: seeders[lane],
    })
    log(`${number}: ${JSON.stringify(result)}`)
    results.push(result)
  })
  for (const seeder of seeders) await seeder.close()

  const notes = results.flatMap(({ number, moments, fault }) =>
    fault === undefined ? [] : [`kill ${number} (${moments}): ${fault}`],
  )
  const again = results.map(result => result.again)
  const ofDownloads = median(
    results.filter(({ moments }) => /download/.test(moments)).map(({ again }) => again),
  )
  if (ofDownloads > MAX_MEDIAN) notes.push(`fetched again: ${mib(ofDownloads)} in the median of downloads`)
  const hashed = Math.max(...results.map(result => result.hashed ?? 0))
  return {
    ok: notes.length === 0,
    count: `${results.reduce((sum, { kills }) => sum + kills, 0)} kills, ${count} torrents`,
    figure: `again ${mib(ofDownloads)}, max ${mib(Math.max(...again))}; hashed max ${mib(hashed)}`,
    notes,
  }
}

async function oneCase({ number, seed, work, torrents, seeder }) {
  const random = Random.named(seed, `kill ${number}`)
  const torrent = torrents[number % torrents.length]
  const dir = join(work, 'data')
  const state = join(work, 'state')
  for (const folder of [dir, state]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const sentBefore = seeder.sentBytes(torrent)
  const args = ['get', torrent.file, '--dir', dir, '--state', state, '--bind', '127.0.0.1', '--port', '0']
  args.push('--no-discovery', '--peer', seeder.address, '--progress-every', '50ms')

  let fault
  const isCheck = MOMENTS[number % MOMENTS.length] === 'check'
  if (torrent.headBytes !== undefined && !isCheck) {
    const shoal = new Shoal(args)
    await shoal.until(({ event, haveBytes }) => event === 'progress' && haveBytes > torrent.headBytes)
    shoal.signal('SIGINT')
    await shoal.ended
  }
  const limited = [...args, '--limit-down', `${RATE}`]
  // Some files first: what their pieces hold of others is kept in a file of its own, until all are wanted.
  if (torrent.many && random.chance(0.4)) limited.push('--files', '2-5,9')
  let kills = 0
  /** At each start. */
  const hashed = []
  const killed = []
  for (let again = true; again; again = kills < 3 && random.chance(0.25)) {
    // What was here before, nobody knows of: a check of everything.
    const moment = kills > 0 ? random.pick(['start', 'download']) : MOMENTS[number % MOMENTS.length]
    if (moment === 'check') cpSync(torrent.dir, dir, { recursive: true })
    const shoal = new Shoal(moment === 'seeding' ? [...args, '--seed'] : limited)
    await comes(moment, shoal, random)
    hashed.push(shoal.last('progress')?.checkedBytes ?? 0)
    const { code } = await Promise.race([shoal.ended, pause(0, {})])
    if (code !== undefined && code !== null && code !== 0 && moment !== 'closing')
      fault ??= `${moment}: ended by itself with ${code}: ${shoal.log}`
    await shoal.kill()
    killed.push(`${moment} at ${share(shoal.last('progress'))}`)
    kills++
  }

  const shoal = new Shoal(args)
  const done = shoal.until(({ event }) => event === 'done')
  const { code } = await shoal.end(END_MS)
  if (code !== 0) fault ??= `ended with ${code}: ${shoal.log}`
  hashed.push((await done)?.checkedBytes ?? 0)
  fault ??= difference(torrent, dir)
  const again = seeder.sentBytes(torrent) - sentBefore - (isCheck ? 0 : torrent.bytes)
  const bound = MAX_AGAIN + SLOTS * torrent.pieceLength
  if (again > bound) fault ??= `${mib(again)} fetched again, more than ${mib(bound)}`
  // What was put there has to be hashed once.
  const inVain = isCheck ? hashed.reduce((sum, bytes) => sum + bytes, 0) - torrent.bytes : Math.max(...hashed)
  if (inVain > MAX_HASHED) fault ??= `${mib(inVain)} hashed in vain`
  return { number, moments: killed.join(', '), kills, again, hashed: Math.max(0, inVain), fault }
}

/** Waits until the moment is there. */
async function comes(moment, shoal, random) {
  const begun = () => shoal.until(({ event, state }) => event === 'state' && state !== 'checking')
  switch (moment) {
    case 'start':
      return await pause(random.between(0, 500))
    case 'download':
      await begun()
      return await Promise.race([pause(random.between(20, DOWNLOAD_MS)), shoal.ended])
    case 'check':
      await shoal.until(({ event }) => event === 'added')
      return await pause(random.between(0, 60))
    case 'seeding':
      await shoal.until(({ event }) => event === 'done')
      return await pause(random.between(0, 400))
    case 'closing':
      await begun()
      await Promise.race([pause(random.between(20, DOWNLOAD_MS)), shoal.ended])
      shoal.signal('SIGINT')
      return await pause(random.between(0, 60))
  }
}

function share(progress) {
  return progress === undefined ? '?' : mib(progress.haveBytes)
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
