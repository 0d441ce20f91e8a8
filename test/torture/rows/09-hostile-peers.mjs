/**
 * Peers that attack, one beside an honest seed, then fifty at once. The download completes in at most half as long again
 * as without them, each costs at most 1 MiB, and whoever breaks the protocol is let go.
 */
import { CAST } from '../foes/cast.mjs'
import { makeTorrent, median, sleep, until, Victim } from '../foes/rig.mjs'
import { startSeed, WirePeer } from '../foes/wire.mjs'
import { Random } from '../random.mjs'

export const title = 'hostile peers'
/** It compares times. */
export const alone = true

const MIB = 1024 * 1024
const SLOWER = 1.5
/** What a busy machine adds to a run of a second or two. */
const NOISE_MS = 1_000
/** A handshake may take 10 s; the rest is for a busy machine. */
const GONE_MS = 15_000
const MEMORY_BYTES = MIB
const MEMORY_NOISE_BYTES = 6 * MIB
const TIMEOUT_MS = 60_000

export async function run({ full, seed, work, log }) {
  const notes = []
  const cast = CAST
  const random = Random.named(seed, 'hostile peers')

  const single = full
    ? await eachAlone(cast, { seed, work, log, random, notes })
    : await inGroups(cast, { seed, work, log, random, notes })
  const worst = single.worst
  const rounds = full ? 5 : 1
  const crowd = []
  for (let round = 0; round < rounds; round++) {
    for (let from = 0; from < cast.length; from += 50) {
      // Of a smaller rest, the first once more.
      const fifty = [...cast.slice(from, from + 50), ...cast].slice(0, 50)
      crowd.push(
        await fiftyAtOnce(fifty, {
          seed: seed + round,
          work,
          log,
          random,
          notes,
          label: `fifty from ${from}`,
        }),
      )
    }
  }
  const slower = Math.max(...crowd.map(each => each.slower))
  const perFoe = Math.max(...crowd.map(each => each.bytesPerFoe))
  return {
    ok: notes.length === 0,
    count: `${cast.length} attacks, ${crowd.length} x 50 at once`,
    figure: `alone ${worst.toFixed(2)}x, fifty ${slower.toFixed(2)}x, ${Math.round(perFoe / 1024)} KiB each`,
    notes,
  }
}

/** Several swarms at a time, one attacker in each; two engines of half of them for the memory and the times. */
async function inGroups(cast, { seed, work, log, random, notes }) {
  const size = 16
  let worst = 0
  for (let from = 0; from < cast.length; from += size) {
    const group = cast.slice(from, from + size)
    const clean = await swarms(group, { seed, work, random, attack: false, log })
    const under = await swarms(group, { seed, work, random, attack: true, log })
    const cleanMs = median(clean.times)
    for (const [at, { name }] of group.entries()) {
      const ms = under.times[at]
      worst = Math.max(worst, ms / cleanMs)
      log(`${name}: ${ms.toFixed(0)} ms of ${cleanMs.toFixed(0)}, gone after ${under.gone[at]}`)
      if (!(ms <= cleanMs * SLOWER + NOISE_MS))
        notes.push(`${name}: took ${ms.toFixed(0)} ms, ${cleanMs.toFixed(0)} without`)
    }
    check(group, under, clean, { notes, log })
  }
  return { worst }
}

async function eachAlone(cast, { seed, work, log, random, notes }) {
  const repeats = 3
  let worst = 0
  const clean = []
  for (let n = 0; n < 7; n++) clean.push(await swarms([cast[0]], { seed, work, random, attack: false, log }))
  const cleanMs = median(clean.map(each => each.times[0]))
  const held = clean.reduce((a, b) => (a.heldBytes > b.heldBytes ? a : b))
  for (const foe of cast) {
    const runs = []
    for (let n = 0; n < repeats; n++)
      runs.push(await swarms([foe], { seed, work, random, attack: true, log }))
    const ms = median(runs.map(each => each.times[0]))
    worst = Math.max(worst, ms / cleanMs)
    log(`${foe.name}: ${ms.toFixed(0)} ms of ${cleanMs.toFixed(0)}, gone after ${runs[0].gone[0]}`)
    if (!(ms <= cleanMs * SLOWER + NOISE_MS))
      notes.push(`${foe.name}: took ${ms.toFixed(0)} ms, ${cleanMs.toFixed(0)} without`)
    for (const run of runs) check([foe], run, held, { notes, log })
  }
  return { worst }
}

async function fiftyAtOnce(fifty, { seed, work, log, random, notes, label }) {
  const options = { seed, work, random, log, bytes: 16 * MIB, bytesPerSec: 6 * MIB, together: true }
  const clean = await swarms(fifty, { ...options, attack: false })
  const under = await swarms(fifty, { ...options, attack: true })
  const [cleanMs] = clean.times
  const [ms] = under.times
  log(
    `${label}: ${ms.toFixed(0)} ms of ${cleanMs.toFixed(0)}, processor ${under.cpuMs.toFixed(0)} ms of ${clean.cpuMs.toFixed(0)}, wasted ${under.wastedBytes} bytes, most memory ${(under.peakBytes / MIB).toFixed(0)} MiB of ${(clean.peakBytes / MIB).toFixed(0)}`,
  )
  if (!(ms <= cleanMs * SLOWER + NOISE_MS))
    notes.push(`${label}: took ${ms.toFixed(0)} ms, ${cleanMs.toFixed(0)} without`)
  check(fifty, under, clean, { notes, log, label })
  return { slower: ms / cleanMs, bytesPerFoe: Math.max(0, under.heldBytes - clean.heldBytes) / fifty.length }
}

/** What holds however many there are: memory, who is still there, who was banned. */
function check(foes, under, clean, { notes, log, label = '' }) {
  const most = clean.heldBytes + foes.length * MEMORY_BYTES + MEMORY_NOISE_BYTES
  log(
    `${label} held ${(under.heldBytes / MIB).toFixed(1)} MiB, ${(clean.heldBytes / MIB).toFixed(1)} without`,
  )
  if (under.heldBytes > most)
    notes.push(
      `${label} ${foes.map(foe => foe.name)[0]}…: ${under.heldBytes} bytes held, ${clean.heldBytes} without`,
    )
  for (const [at, { name, illegal }] of foes.entries()) {
    if (illegal && under.gone[at] > GONE_MS) notes.push(`${label} ${name}: still there after ${GONE_MS} ms`)
  }
  for (const key of under.bans) {
    if (under.honest.includes(key)) notes.push(`${label} the honest peer ${key} was banned`)
  }
}

/** One torrent and one attacker each, or all attackers at one torrent. */
async function swarms(
  foes,
  { seed, work, random, attack, log, bytes = 3 * MIB, bytesPerSec = 2 * MIB, together = false },
) {
  const torrents = Array.from({ length: together ? 1 : foes.length }, (_, n) =>
    makeTorrent(seed, { name: `torrent ${n}`, bytes, pieceBytes: 64 * 1024 }),
  )
  const honest = await startSeed({ torrents, bytesPerSec, random })
  const victim = await Victim.start(work)
  const ends = []
  try {
    const foePeers = []
    let stopped = false
    for (const [at, { act, again }] of foes.entries()) {
      const torrent = together ? torrents[0] : torrents[at]
      // A few share the address of the honest one.
      const from = at % 5 === 0 ? '127.0.0.1' : `127.0.2.${at + 1}`
      const dial = () => {
        const peer = WirePeer.dial({ host: '127.0.0.1', port: victim.port, from, torrent, random })
        ends.push(() => peer.close())
        return peer
      }
      const attackOnce = () => {
        const peer = dial()
        foePeers[at] = peer
        act(peer, { honest, dial })
        if (!again) return
        const { onClosed } = peer
        peer.onClosed = () => {
          onClosed()
          if (!stopped) setTimeout(() => !stopped && attackOnce(), 10)
        }
      }
      ends.push(() => {
        stopped = true
      })
      if (attack) ends.unshift(attackOnce)
    }
    for (const torrent of torrents) await victim.add(torrent, [])
    if (attack) {
      for (const begin of ends.splice(0, foes.length)) begin()
      // They are there first.
      await sleep(300)
    }
    for (const torrent of torrents) victim.dial(torrent, honest.address)
    const times = await Promise.all(torrents.map(torrent => victim.whenDone(torrent, TIMEOUT_MS)))
    const startMs = performance.now()
    const state = await victim.state()
    if (attack) {
      const waits = foes.map((foe, at) => foe.illegal && !foePeers[at].closed)
      await until(
        () => !waits.some((wait, at) => wait && !foePeers[at].closed),
        Math.max(1, GONE_MS - (performance.now() - startMs)),
      )
    }
    const gone = foePeers.map(peer => peer.goneMs ?? Number.POSITIVE_INFINITY)
    const wastedBytes = state.torrents.reduce((sum, { wastedBytes }) => sum + wastedBytes, 0)
    return { times, gone, honest: [honest.address], ...state, wastedBytes }
  } finally {
    for (const end of ends) end()
    await honest.close()
    await victim.stop()
  }
}
