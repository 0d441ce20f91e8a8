/**
 * Files are cut, grown, overwritten, replaced, removed and locked by somebody else, at any time, while they are
 * downloaded and shared. A leecher that compares every byte must never get a wrong one; the torrent has to be whole
 * again in the end, or to say which file is in the way.
 */
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../../../packages/engine/dist/index.js'
import { Random } from '../random.mjs'
import { Checker } from '../support/checker.mjs'
import { difference, inLanes, KIB, MIB, makeTorrent, Seeder } from '../support/swarm.mjs'

export const title = 'changed files'

const LANES = 10
const BYTES = 3 * MIB
/** A download takes so long that the change comes into it. */
const RATE = 2 * MIB
/** The leecher would ask for as much as there is time for. */
const SERVED = 4 * MIB
const LATEST_MS = 1_200
/** For so long nothing is believed of a file that has changed. */
const SETTLED_MS = 3_200
/** Pauses between looks are 1, 2, 4 s; then there is something to be told. */
const PATIENCE_MS = 40_000

/** What somebody does to a file, by name. */
const CHANGES = {
  cut: (path, random) => truncateSync(path, random.below(Math.max(1, statSync(path).size))),
  emptied: path => truncateSync(path, 0),
  grown: path => {
    const fd = openSync(path, 'a')
    writeSync(fd, 'and more')
    closeSync(fd)
  },
  overwritten: (path, random) => overwrite(path, random),
  'overwritten, time kept': (path, random) => {
    const { atime, mtime } = statSync(path)
    overwrite(path, random)
    utimesSync(path, atime, mtime)
  },
  'replaced by a file': (path, random) => {
    writeFileSync(`${path}.new`, random.bytes(statSync(path).size))
    renameSync(`${path}.new`, path)
  },
  'replaced by a link': (path, random) => {
    const outside = join(path, '..', '..', `outside ${random.next()}`)
    writeFileSync(outside, random.bytes(statSync(path).size))
    rmSync(path)
    symlinkSync(outside, path)
  },
  'replaced by a folder': path => {
    rmSync(path)
    mkdirSync(path)
  },
  removed: path => rmSync(path),
  'moved away': path => renameSync(path, `${path}.moved`),
  locked: path => chmodSync(path, 0),
}

function overwrite(path, random) {
  const { size } = statSync(path)
  const at = random.below(size)
  const fd = openSync(path, 'r+')
  writeSync(fd, random.bytes(Math.min(random.between(1, 64 * KIB), size - at)), 0, undefined, at)
  closeSync(fd)
}

/** @param {{ full: boolean, seed: number, work: string, log: (line: string) => void }} t */
export async function run(t) {
  const count = t.full ? 500 : 50
  const torrents = []
  for (let lane = 0; lane < LANES; lane++) {
    const folder = join(t.work, `torrent ${lane}`)
    mkdirSync(folder)
    const random = Random.named(t.seed, `torrent ${lane}`)
    const pieceLength = [64 * KIB, 256 * KIB, 2 * MIB][lane % 3]
    const many = lane % 2 === 1
    torrents.push(await makeTorrent({ folder, name: `t${lane}`, bytes: BYTES, many, pieceLength, random }))
  }
  const seeder = await Seeder.start(torrents)
  const engine = await createEngine({ port: 0, bind: '127.0.0.1', dht: false, lsd: false })
  const cases = Array.from({ length: count }, (_, at) => at)
  const results = []
  const notes = []
  await inLanes(LANES, cases, async (at, lane) => {
    const result = await oneCase(t, { at, torrent: torrents[lane], seeder, engine })
    results.push(result)
    t.log(`${at}: ${result.what}: ${result.end}, ${result.blocks} blocks`)
    if (result.problem) notes.push(`case ${at}: ${result.what}: ${result.problem}`)
  })
  await engine.close()
  await seeder.close()
  const bad = results.filter(({ problem }) => problem).length
  const whole = results.filter(({ end }) => end === 'whole').length
  const blocks = results.reduce((sum, result) => sum + result.blocks, 0)
  const wrong = results.reduce((sum, result) => sum + result.wrong, 0)
  if (bad > 0) notes.push(`again with: npm run torture -- --only 5 --seed ${t.seed}`)
  return {
    ok: bad === 0,
    count: `${count} changes`,
    figure: `${wrong} wrong of ${blocks} blocks; ${whole} whole again, ${count - whole - bad} told`,
    notes,
  }
}

async function oneCase(t, { at, torrent, seeder, engine }) {
  const random = Random.named(t.seed, `case ${at}`)
  const mode = random.pick(['downloading', 'seeding', 'seeding only'])
  const change = random.pick(Object.keys(CHANGES))
  const dir = join(t.work, `case ${at}`)
  mkdirSync(dir)
  if (mode !== 'downloading') cpSync(torrent.dir, dir, { recursive: true, preserveTimestamps: true })
  const content = contentOf(torrent)
  const added = await engine.add(torrent.metainfo, {
    dir,
    discovery: false,
    peers: [seeder.address],
    seedOnly: mode === 'seeding only',
    uploadLimitBytesPerSec: SERVED,
    downloadLimitBytesPerSec: mode === 'downloading' ? RATE : undefined,
  })
  added.done.catch(() => {})
  const warnings = []
  added.on('warning', text => warnings.push(text))
  const { pieceLength, metainfo } = torrent
  const { infoHash } = metainfo
  const checker = new Checker({ port: engine.port, infoHash, content, pieceLength, random })
  const what = { text: `${change} while ${mode}` }
  try {
    while (mode !== 'downloading' && added.snapshot().state !== 'seeding') await sleep(20)
    await sleep(random.below(LATEST_MS))
    const file = await changeOne(dir, torrent, change, random, what)
    checker.begin()
    const end = await settled({ added, checker, torrent, dir, file, warnings })
    const problem = checker.bad[0] ?? (end.startsWith('!') ? end.slice(1) : undefined)
    return { what: what.text, end, problem, blocks: checker.good, wrong: checker.bad.length }
  } finally {
    checker.close()
    await added.remove()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Files come as pieces do: waits for one with something in it. */
async function changeOne(dir, torrent, change, random, what) {
  for (;;) {
    const there = [...torrent.files.keys()].filter(path => {
      return (statSync(join(dir, path), { throwIfNoEntry: false })?.size ?? 0) > 0
    })
    if (there.length > 0) {
      const path = join(dir, random.pick(there))
      CHANGES[change](path, random)
      what.text += ` (${path.slice(dir.length + 1)})`
      return path
    }
    await sleep(10)
  }
}

/** What became of it, in a word or some; with a `!` in front when it should not be so. */
async function settled({ added, checker, torrent, dir, file, warnings }) {
  const endMs = performance.now() + PATIENCE_MS
  let isSecond = false
  let forGoodMs
  for (;;) {
    await sleep(50)
    if (checker.bad.length > 0) return 'wrong bytes'
    const { state, error, pieces, retrySeconds } = added.snapshot()
    const isLate = performance.now() > endMs
    // The first look is after 1 s; a longer pause is made when something stands in the way that only people take away.
    // What could not be used from the beginning, after a start or with nothing stored, waits for people at once.
    if (state !== 'error' || retrySeconds !== undefined) forGoodMs = undefined
    else forGoodMs ??= performance.now()
    const waits = retrySeconds > 1.1 || performance.now() - forGoodMs > 1_000
    if (state === 'error' && waits && isInTheWay(error, file)) return `told: ${error.code}`
    if (state === 'seeding' && pieces.have < pieces.total && (warnings.length > 0 || isSecond)) {
      if (isWhole(checker, pieces)) return 'told: less to share'
    }
    if (state === 'seeding' && pieces.have === pieces.total && isWhole(checker, pieces)) {
      const wrong = difference(torrent, dir, [{ files: new Map(othersIn(dir, torrent)) }])
      if (wrong === undefined || isHarmless(wrong, file, torrent, dir)) return 'whole'
      // All that was asked for was in memory: once more from the disk, when the change is so old that it no longer
      // looks like one that has just been made.
      if (isSecond) return `!${wrong}, and nobody noticed`
      isSecond = true
      await sleep(SETTLED_MS)
      await added.stop()
      checker.begin()
      added.start()
    }
    if (isLate)
      return `!is ${state}, ${pieces.have} of ${pieces.total}: ${error?.message}, ${checker.seen} seen`
  }
}

function isInTheWay({ code, subject, message }, file) {
  if (subject === undefined || !file.startsWith(subject)) return false
  return code === 'PATH_CONFLICT' || code === 'DISK_PERMISSION' || /is gone|is shorter than/.test(message)
}

function isWhole(checker, pieces) {
  return checker.seen >= pieces.have
}

/** What somebody put there besides is theirs. */
function othersIn(dir, torrent) {
  const entries = readdirSync(dir, { recursive: true })
  return entries.filter(path => !torrent.files.has(path)).map(path => [path, ''])
}

/** A file that is longer is never cut: what belongs there is there. One that is locked has what it had. */
function isHarmless(_wrong, file, torrent, dir) {
  try {
    const right = readFileSync(join(torrent.dir, file.slice(dir.length + 1)))
    return readFileSync(file).subarray(0, right.length).equals(right)
  } catch {
    return false
  }
}

function contentOf(torrent) {
  const parts = torrent.metainfo.files.map(({ path }) => readFileSync(join(torrent.dir, ...path)))
  return Buffer.concat(parts)
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
