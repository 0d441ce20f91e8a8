/**
 * Peers that attack, each beside an honest seed, then fifty at once, of all kinds and of one. The download takes at most half as long again as
 * without them, each costs at most 1 MiB, and whoever breaks the protocol is let go.
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
/** Quick, so many swarms with one attacker each share an engine. */
const GROUP = 24
const CROWD = 50
/** Fifty of one kind: they hold what they were asked for, and so all that there is to ask for. */
const KINDS = [
  'unchokes and sends nothing',
  'a byte a second of each block',
  'one good block, then nothing',
  'one wrong block, then nothing',
  'begins each block and closes its hand',
]
/** They are there before the honest one. */
const HEAD_START_MS = 300

const SMALL = { bytes: 3 * MIB, bytesPerSec: 2 * MIB }
const LARGE = { bytes: 16 * MIB, bytesPerSec: 6 * MIB, together: true }

export async function run({ full, seed, work, log }) {
  const random = Random.named(seed, 'hostile peers')
  const t = { seed, work, random, log, notes: [], partings: [] }
  const single = full ? await eachAlone(t) : await inGroups(t)
  const crowd = await crowds(t, full ? 5 : 1)
  await Promise.all(t.partings)
  const perFoe = Math.max(...crowd.map(({ bytesPerFoe }) => bytesPerFoe))
  return {
    ok: t.notes.length === 0,
    count: `${CAST.length} attacks, ${crowd.length} x ${CROWD} at once`,
    figure: `alone ${single.toFixed(2)}x, ${CROWD} ${worst(crowd).toFixed(2)}x time, ${Math.round(perFoe / 1024)} KiB each`,
    notes: t.notes,
  }
}

const worst = list => Math.max(...list.map(({ slower }) => slower))

/** How many times as long the slowest took. */
async function inGroups(t) {
  const clean = await swarms(t, CAST.slice(0, GROUP), { ...SMALL, attack: false })
  const cleanMs = median(clean.times)
  const results = []
  for (let from = 0; from < CAST.length; from += GROUP) {
    const group = CAST.slice(from, from + GROUP)
    const under = await swarms(t, group, { ...SMALL, attack: true })
    for (const [at, foe] of group.entries()) results.push(judge(t, foe.name, under.times[at], cleanMs))
    checkMemory(t, `${group[0].name} …`, under, clean, group.length)
  }
  return worst(results)
}

async function eachAlone(t) {
  const clean = []
  for (let n = 0; n < 7; n++) clean.push(await swarms(t, [CAST[0]], { ...SMALL, attack: false }))
  const cleanMs = median(clean.map(({ times }) => times[0]))
  const most = clean.reduce((a, b) => (a.heldBytes > b.heldBytes ? a : b))
  const results = []
  for (const foe of CAST) {
    const times = []
    for (let n = 0; n < 3; n++) {
      const under = await swarms(t, [foe], { ...SMALL, attack: true })
      times.push(under.times[0])
      checkMemory(t, foe.name, under, most, 1)
    }
    results.push(judge(t, foe.name, median(times), cleanMs))
  }
  return worst(results)
}

async function crowds(t, rounds) {
  const results = []
  const clean = await swarms(t, CAST.slice(0, CROWD), { ...LARGE, attack: false })
  for (let round = 0; round < rounds; round++) {
    for (const [label, foes] of crowdsOfFifty()) {
      const under = await swarms(t, foes, { ...LARGE, attack: true })
      const { slower } = judge(t, label, under.times[0], clean.times[0])
      const { cpuMs, wastedBytes, peakBytes } = under
      t.log(`${label}: ${cpuMs.toFixed(0)} ms of processor, ${clean.cpuMs.toFixed(0)} without`)
      t.log(`${label}: ${wastedBytes} bytes in vain, at most ${(peakBytes / MIB).toFixed(0)} MiB resident`)
      checkMemory(t, label, under, clean, foes.length)
      const bytesPerFoe = Math.max(0, under.heldBytes - clean.heldBytes) / foes.length
      results.push({ slower, bytesPerFoe })
    }
  }
  return results
}

function crowdsOfFifty() {
  const mixed = []
  for (let from = 0; from < CAST.length; from += CROWD) {
    // Of a smaller rest, the first once more.
    mixed.push([
      `${CROWD} at once, from ${from}`,
      [...CAST.slice(from, from + CROWD), ...CAST].slice(0, CROWD),
    ])
  }
  const alike = KINDS.map(name => [
    `${CROWD} x ${name}`,
    Array(CROWD).fill(CAST.find(foe => foe.name === name)),
  ])
  return [...mixed, ...alike]
}

function judge({ log, notes }, label, ms, cleanMs) {
  const text = `${label}: ${ms.toFixed(0)} ms, ${cleanMs.toFixed(0)} without`
  log(text)
  if (!(ms <= cleanMs * SLOWER + NOISE_MS)) notes.push(text)
  return { slower: ms / cleanMs }
}

function checkMemory({ log, notes }, label, under, clean, foes) {
  const text = `${label}: ${(under.heldBytes / MIB).toFixed(1)} MiB held, ${(clean.heldBytes / MIB).toFixed(1)} without`
  log(text)
  if (under.heldBytes > clean.heldBytes + foes * MEMORY_BYTES + MEMORY_NOISE_BYTES) notes.push(text)
  for (const key of under.bans) {
    if (key === under.honest) notes.push(`${label}: the honest peer was banned`)
  }
}

/** One torrent and one attacker each, or all attackers at one torrent. */
async function swarms(t, foes, { attack, bytes, bytesPerSec, together = false }) {
  const { seed, work, random } = t
  const torrents = Array.from({ length: together ? 1 : foes.length }, (_, n) =>
    makeTorrent(seed, { name: `torrent ${n}`, bytes, pieceBytes: 64 * 1024 }),
  )
  const honest = await startSeed({ torrents, bytesPerSec, random })
  const victim = await Victim.start(work)
  const attackers = []
  try {
    for (const torrent of torrents) await victim.add(torrent, [])
    if (attack) {
      for (const [at, foe] of foes.entries()) {
        // A few share the address of the honest one.
        const from = at % 5 === 0 ? '127.0.0.1' : `127.0.2.${at + 1}`
        attackers.push(
          new Attacker(foe, { from, torrent: torrents[together ? 0 : at], honest, victim, random }),
        )
      }
      await sleep(HEAD_START_MS)
    }
    for (const torrent of torrents) victim.dial(torrent, honest.address)
    const times = await Promise.all(torrents.map(torrent => victim.whenDone(torrent, TIMEOUT_MS)))
    const state = await victim.state()
    const wastedBytes = state.torrents.reduce((sum, torrent) => sum + torrent.wastedBytes, 0)
    return { ...state, times, honest: honest.address, wastedBytes }
  } finally {
    t.partings.push(part(t, attackers, [honest, victim]))
  }
}

/** Waits, beside what comes next, until those are gone who have to be. */
async function part({ notes }, attackers, [honest, victim]) {
  for (const attacker of attackers) attacker.stopped = true
  await until(() => attackers.every(attacker => attacker.isGone || !attacker.foe.illegal), GONE_MS)
  for (const { foe, peer, isGone } of attackers) {
    if (foe.illegal && !(isGone && peer.goneMs <= GONE_MS)) notes.push(`${foe.name}: was not let go`)
  }
  if (victim.died !== undefined) notes.push(victim.died)
  for (const { peer } of attackers) peer.close()
  await honest.close()
  await victim.stop()
}

class Attacker {
  stopped = false

  constructor(foe, { from, torrent, honest, victim, random }) {
    this.foe = foe
    const dial = () => WirePeer.dial({ host: '127.0.0.1', port: victim.port, from, torrent, random })
    const begin = () => {
      const peer = dial()
      this.peer = peer
      foe.act(peer, { honest, dial })
      if (!foe.again) return
      const { onClosed } = peer
      peer.onClosed = () => {
        onClosed()
        setTimeout(() => !this.stopped && begin(), 10)
      }
    }
    begin()
  }

  get isGone() {
    return this.peer.closed
  }
}
