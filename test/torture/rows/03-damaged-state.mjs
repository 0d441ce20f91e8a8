/**
 * Each file of the state folder in turn is damaged in each of many ways. It always starts; other torrents notice
 * nothing; the torrent that the file was of is back by a check of its data, not by fetching it again; and what was
 * damaged is told of and kept.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Random } from '../random.mjs'
import { DAMAGES, entryEnds } from '../support/damage.mjs'
import { Shoal } from '../support/shoal.mjs'
import { difference, inLanes, KIB, MIB, makeTorrent, Seeder } from '../support/swarm.mjs'

export const title = 'damage to every state file'

const LANES = 2
const END_MS = 30_000
/** Of a full run: other offsets, other bits. */
const ROUNDS = 8
const LAYOUTS = [
  { name: 'one', bytes: 3 * MIB + 5, many: false, pieceLength: 64 * KIB },
  { name: 'half', bytes: 4 * MIB + 9, many: false, pieceLength: 64 * KIB },
  { name: 'also half', bytes: 4 * MIB + 7, many: true, pieceLength: 64 * KIB },
]
/** Left out of a quick run: there is another of each kind. */
const SPARE = 'also half'
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
  const lanes = await Promise.all(
    Array.from({ length: LANES }, async (_, at) => {
      const folder = join(work, `lane ${at}`)
      return [await prepare(folder, torrents, seeder, true), await prepare(folder, torrents, seeder, false)]
    }),
  )
  for (const { fault } of lanes.flat()) if (fault !== undefined) notes.push(fault)

  const names = [...new Set(lanes.flat().flatMap(({ real }) => [...real.keys()]))]
  const spare = torrents.find(({ name }) => name === SPARE).metainfo.infoHashHex
  const cases = []
  for (let round = 0; round < (full ? ROUNDS : 1); round++)
    for (const kind of Object.keys(DAMAGES))
      for (const name of names) if (full || isForQuick(name, kind, spare)) cases.push({ round, name, kind })
  if (notes.length === 0) {
    await inLanes(LANES, [...cases.entries()], async ([number, each], at) => {
      // Some files are there only after a kill, and some only after an end in good order.
      const both = lanes[at].filter(({ real }) => real.has(each.name))
      const lane = both[number % both.length]
      const random = Random.named(seed, `${each.round} ${each.name} ${each.kind}`)
      const faults = await oneCase({ ...each, ...lane, torrents, random })
      runs++
      log(`${each.name}, ${each.kind} (${lane.after}): ${faults.join('; ') || 'ok'}`)
      for (const fault of faults) notes.push(`${each.name}, ${each.kind} (${lane.after}): ${fault}`)
    })
  }
  await seeder.close()
  return {
    ok: notes.length === 0,
    count: `${names.length} files, ${Object.keys(DAMAGES).length} damages, ${runs} runs`,
    figure: notes.length === 0 ? 'all start, none lost, all told' : `${notes.length} faults`,
    notes,
  }
}

/** A folder with a torrent that is complete and two that are half here, ended in good order or by SIGKILL. */
async function prepare(folder, torrents, seeder, isClean) {
  const run = join(folder, 'run')
  const [dir, state] = [join(run, 'data'), join(run, 'state')]
  const template = join(folder, isClean ? 'clean' : 'killed')
  rmSync(run, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const args = ['--dir', dir, '--state', state, '--bind', '127.0.0.1', '--port', '0', '--no-lsd']
  args.push('--dht-node', `127.0.0.1:${seeder.port}`, '--peer', seeder.address, '--progress-every', '50ms')
  const [whole, ...halves] = torrents
  const after = isClean ? 'after a good end' : 'after a kill'
  const lane = { run, template, args, dir, state, after, real: new Map(), baseline: new Map() }

  const first = await new Shoal(['get', whole.file, ...args]).end(END_MS)
  if (first.code !== 0) return { ...lane, fault: `the first run ended with ${first.code}` }
  for (const { file, bytes } of halves) {
    const shoal = new Shoal(['get', file, ...args, '--limit-down', '4MiB'])
    await shoal.until(({ event, haveBytes }) => event === 'progress' && haveBytes > bytes / 3)
    shoal.signal(isClean ? 'SIGINT' : 'SIGKILL')
    await shoal.ended
  }
  copy(run, template)
  for (const name of readdirSync(state, { recursive: true }))
    if (lstatSync(join(state, name)).isFile())
      lane.real.set(name.replaceAll(/-[0-9a-f]{8}\b/g, '-PATH'), name)

  const shoal = new Shoal(['get', ...torrents.map(({ file }) => file), ...args])
  const { code } = await shoal.end(END_MS)
  if (code !== 0) return { ...lane, fault: `without damage, ${after}, it ended with ${code}: ${shoal.log}` }
  const warned = told(shoal)
  if (warned !== '') return { ...lane, fault: `without damage, ${after}, it warns: ${warned}` }
  lane.baseline = outcomes(shoal)
  return lane
}

/** There is another file like the spare one; what is of no torrent gets half of the damages. */
function isForQuick(name, kind, spare) {
  if (name.includes(spare)) return false
  const isOdd = Object.keys(DAMAGES).indexOf(kind) % 2 === 1
  return /[0-9a-f]{40}/.test(name) || isOdd === name.startsWith('lock')
}

async function oneCase({ name, kind, run, template, dir, state, args, real, baseline, torrents, random }) {
  rmSync(run, { recursive: true, force: true })
  copy(template, run)
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
  if (user !== undefined) giveTo(user, run, [...torrents.map(({ file }) => file)])
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
  // An end that is lost to the byte shows nowhere.
  if (name.endsWith('.log') && damaged !== undefined && entryEnds(damaged).at(-1) === damaged.length) {
    if (kind === 'truncated' || kind === 'an entry less') return faults
  }
  const text = told(shoal)
  if (text === '') faults.push('not told')
  const kept = readdirSync(state, { recursive: true }).filter(each => /\bbad\b/.test(each))
  // Of a journal that was cut, all that is left can still be in use.
  if (kind === 'truncated' && name.endsWith('.log')) return faults
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
