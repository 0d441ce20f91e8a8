/**
 * Each file of the state folder in turn is damaged in each of many ways. It always starts; other torrents notice
 * nothing; the torrent that the file was of is back by a check of its data, not by fetching it again; and what was
 * damaged is told of and kept.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Random } from '../random.mjs'
import { DAMAGES } from '../support/damage.mjs'
import { Shoal } from '../support/shoal.mjs'
import { difference, inLanes, KIB, MIB, makeTorrent, Seeder } from '../support/swarm.mjs'

export const title = 'damage to every state file'

const LANES = 2
const END_MS = 30_000
/** Of a full run: other offsets, other bits. */
const ROUNDS = 8
const LAYOUTS = [
  { name: 'one', bytes: 3 * MIB + 5, many: false, pieceLength: 64 * KIB },
  { name: 'two', bytes: 3 * MIB + 7, many: true, pieceLength: 64 * KIB },
  { name: 'half', bytes: 6 * MIB + 9, many: false, pieceLength: 64 * KIB },
]
const NOBODY = 65_534

export async function run({ full, seed, work, log }) {
  const torrents = []
  for (const layout of LAYOUTS)
    torrents.push(
      await makeTorrent({
        folder: join(work, layout.name),
        random: Random.named(seed, layout.name),
        ...layout,
      }),
    )
  const seeder = await Seeder.start(torrents)
  const notes = []
  let runs = 0
  let files = 0
  const lanes = []
  for (let at = 0; at < LANES; at++)
    lanes.push(await prepare(join(work, `lane ${at}`), torrents, seeder, at % 2 === 0))
  for (const { fault } of lanes) if (fault !== undefined) notes.push(fault)

  const cases = []
  const names = [...new Set(lanes.flatMap(lane => lane.files))]
  files = names.length
  for (let round = 0; round < (full ? ROUNDS : 1); round++)
    for (const kind of Object.keys(DAMAGES)) for (const name of names) cases.push({ round, name, kind })
  if (notes.length === 0) {
    await inLanes(LANES, cases, async (each, at) => {
      const lane = lanes[at]
      if (!lane.files.includes(each.name)) return
      const random = Random.named(seed, `${each.round} ${each.name} ${each.kind}`)
      const faults = await oneCase({ ...each, ...lane, torrents, random })
      runs++
      log(`${each.name}, ${each.kind}: ${faults.join('; ') || 'ok'}`)
      for (const fault of faults)
        notes.push(`${each.name}, ${each.kind} (${lane.isClean ? 'clean' : 'killed'}): ${fault}`)
    })
  }
  await seeder.close()
  return {
    ok: notes.length === 0,
    count: `${files} files, ${Object.keys(DAMAGES).length} damages, ${runs} runs`,
    figure: notes.length === 0 ? 'all start, none lost, all told' : `${notes.length} faults`,
    notes,
  }
}

/** A folder with two torrents that are complete and one that is half here, ended in good order or by SIGKILL. */
async function prepare(folder, torrents, seeder, isClean) {
  const [dir, state] = [join(folder, 'run', 'data'), join(folder, 'run', 'state')]
  mkdirSync(dir, { recursive: true })
  const args = ['--dir', dir, '--state', state, '--bind', '127.0.0.1', '--port', '0', '--no-lsd']
  args.push('--dht-node', `127.0.0.1:${seeder.port}`, '--peer', seeder.address, '--progress-every', '50ms')
  const half = torrents.at(-1)
  const whole = torrents.slice(0, -1).map(({ file }) => file)
  const lane = { folder, args, dir, state, isClean, files: [], baseline: new Map() }

  const first = await new Shoal(['get', ...whole, ...args]).end(END_MS)
  if (first.code !== 0) return { ...lane, fault: `the first run ended with ${first.code}` }
  const second = new Shoal(['get', half.file, ...args, '--limit-down', '3MiB'])
  await second.until(({ event, haveBytes }) => event === 'progress' && haveBytes > half.bytes / 2)
  second.signal(isClean ? 'SIGINT' : 'SIGKILL')
  await second.ended
  copy(join(folder, 'run'), join(folder, 'template'))
  for (const name of readdirSync(state, { recursive: true }))
    if (lstatSync(join(state, name)).isFile()) lane.files.push(name.replaceAll(/-[0-9a-f]{8}\b/g, '-PATH'))
  lane.real = new Map(
    readdirSync(state, { recursive: true }).map(name => [name.replaceAll(/-[0-9a-f]{8}\b/g, '-PATH'), name]),
  )

  const shoal = new Shoal(['get', ...torrents.map(({ file }) => file), ...args])
  const { code } = await shoal.end(END_MS)
  if (code !== 0) return { ...lane, fault: `without damage, it ended with ${code}: ${shoal.log}` }
  const warned = told(shoal)
  if (warned !== '' && isClean) return { ...lane, fault: `without damage, it warns: ${warned}` }
  lane.baseline = outcomes(shoal)
  return lane
}

async function oneCase({ name, kind, folder, dir, state, args, real, baseline, torrents, random }) {
  rmSync(join(folder, 'run'), { recursive: true, force: true })
  copy(join(folder, 'template'), join(folder, 'run'))
  const path = join(state, real.get(name))
  const of = torrents.find(({ metainfo }) => name.includes(metainfo.infoHashHex))
  const others = [...real.values()].filter(
    each =>
      of !== undefined && !each.includes(of.metainfo.infoHashHex) && sameKind(each, real.get(name), torrents),
  )
  const other = others.length === 0 ? undefined : random.pick(others)
  const before = readFileSync(path)
  DAMAGES[kind](path, random, other && join(state, other))
  const damaged = lstatSync(path).isFile() && kind !== 'huge' ? readFileSync(path) : undefined
  // Nothing was done to it.
  if (damaged?.equals(before) && kind !== 'no permission') return []

  // For root, all is permitted.
  const user = kind === 'no permission' && process.getuid?.() === 0 ? NOBODY : undefined
  if (user !== undefined) giveTo(user, join(folder, 'run'), [...torrents.map(({ file }) => file)])
  const shoal = new Shoal(['get', ...torrents.map(({ file }) => file), ...args], { uid: user, gid: user })
  const { code } = await shoal.end(END_MS)
  const faults = []
  if (code !== 0) return [`ended with ${code}: ${shoal.log}`]

  const damagedToo =
    kind === 'swapped' ? torrents.find(({ metainfo }) => other?.includes(metainfo.infoHashHex)) : undefined
  const now = outcomes(shoal)
  let isReset = of === undefined
  for (const torrent of torrents) {
    const { infoHashHex } = torrent.metainfo
    const [was, is] = [baseline.get(infoHashHex), now.get(infoHashHex)]
    const wrong = difference(torrent, dir, torrents)
    if (wrong !== undefined) faults.push(wrong)
    if (is.downloaded > was.downloaded)
      faults.push(`${torrent.name}: ${is.downloaded - was.downloaded} bytes fetched again`)
    if (is.checked > was.checked) {
      if (torrent === of || torrent === damagedToo) isReset = true
      else faults.push(`${torrent.name} is another one, and was checked`)
    }
  }
  // A lock says nothing that could be lost.
  if (!isReset || name === 'lock') return faults
  const text = told(shoal)
  if (text === '') faults.push('not told')
  const kept = readdirSync(state, { recursive: true }).filter(each => /\bbad\b/.test(each))
  if (kept.length === 0) faults.push('not kept')
  else if (damaged !== undefined && !kept.some(each => isSame(join(state, each), damaged)))
    faults.push(`not kept as it was: ${kept}`)
  return faults
}

/** Of the same torrent-specific name but for the torrent. */
function sameKind(a, b, torrents) {
  const plain = name => torrents.reduce((text, { metainfo }) => text.replace(metainfo.infoHashHex, ''), name)
  return plain(a) === plain(b)
}

function outcomes(shoal) {
  return new Map(
    shoal.events
      .filter(({ event }) => event === 'done')
      .map(({ infoHash, downloadedBytes, checkedBytes = 0 }) => [
        infoHash,
        { downloaded: downloadedBytes, checked: checkedBytes },
      ]),
  )
}

function told(shoal) {
  const warnings = shoal.events.filter(({ event }) => event === 'warning' || event === 'error')
  return [...warnings.map(({ message }) => message), shoal.log.trim()].filter(text => text !== '').join('\n')
}

/** With times to the nanosecond, which Node cannot. */
function copy(from, to) {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cp: ${stderr}`)
}

function giveTo(user, folder, files) {
  spawnSync('chown', ['-R', `${user}:${user}`, folder])
  for (const file of [folder, ...files]) {
    for (let each = dirname(file); each.length > 4; each = dirname(each)) {
      const { mode } = lstatSync(each)
      if ((mode & 0o001) === 0) chmodSync(each, mode | 0o011)
    }
  }
}

function isSame(path, bytes) {
  return existsSync(path) && lstatSync(path).isFile() && readFileSync(path).equals(bytes)
}
