/**
 * Other clients under the attacks of rows 9 and 10: one honest seed, and peers that lie or attack, each at an address of
 * its own. The client hears of those that listen from a tracker; the others come to it when it has first asked there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../../bench/rig/tracker.mjs'
import { CAST } from '../foes/cast.mjs'
import { lie } from '../foes/lies.mjs'
import { makeTorrent, until } from '../foes/rig.mjs'
import { listen, startSeed, WirePeer } from '../foes/wire.mjs'
import { Random } from '../random.mjs'
import { KIB, MIB } from './swarm.mjs'

const CAP_MS = 60_000
/** Starting, and finding the torrent: a watched folder is looked at now and then. */
const START_MS = 20_000
/** Those that come by themselves are there before the honest one is known. */
const HEAD_START_MS = 300
/** Writing what is complete, and telling the tracker that it goes. */
const END_MS = 10_000
const LOOK_MS = 20
const CROWD = 50
/** IP and TCP with a timestamp, as the interface counts. */
const HEADER_BYTES = 52

/** Of row 9, fifty of one kind each, beside the mixed crowds: what slows or costs most. */
const KINDS = [
  'unchokes and sends nothing',
  'a byte a second of each block',
  'one good block, then nothing',
  'one wrong block, then nothing',
  'begins each block and closes its hand',
  'all blocks wrong',
]

const POISONED = { bytes: 24 * MIB, pieceBytes: 256 * KIB, bytesPerSec: 12 * MIB }
const ATTACKED = { bytes: 16 * MIB, pieceBytes: 64 * KIB, bytesPerSec: 6 * MIB }

export const ATTACKS = {
  poisoners: [0, 1, 5, 9].map(count => ({
    name: count === 1 ? '1 liar' : `${count} liars`,
    ...POISONED,
    enter: world => liars(world, count),
  })),
  hostile: [
    { name: 'nobody', foes: [] },
    { name: `${CROWD} kinds: the first of row 9`, foes: CAST.slice(0, CROWD) },
    { name: `${CROWD} kinds: the last of row 9`, foes: CAST.slice(-CROWD) },
    ...KINDS.map(name => ({
      name: `${CROWD} x ${name}`,
      foes: Array(CROWD).fill(CAST.find(foe => foe.name === name)),
    })),
  ].map(({ name, foes }) => ({ name, ...ATTACKED, enter: world => crowd(world, foes) })),
}

/** Once in the namespace: all of 10.78.x.x is this machine. */
export function manyAddresses() {
  return spawnSync('ip', ['address', 'add', '10.78.0.1/16', 'dev', 'lo']).status === 0
}

const foeIp = n => `10.78.1.${n + 1}`

/**
 * One client under one attack: seconds from the tracker's answer, bytes to the client beyond the torrent (or beyond what
 * the honest one sent, where it does not complete), how much more memory it held at most than when it first asked the
 * tracker, mapped files included, and how many of the foes it gave a handshake.
 */
export async function underAttack(client, attack, { seed, seederIp, clientIp, work, start, kill }) {
  const { bytes, pieceBytes, bytesPerSec } = attack
  const folder = mkdtempSync(join(work, 'attacked-'))
  const [dir, scratch, marker] = [join(folder, 'data'), join(folder, 'scratch'), join(folder, 'complete')]
  for (const each of [dir, scratch]) mkdirSync(each)
  const random = Random.named(seed, attack.name)
  const torrent = makeTorrent(seed, { name: 'payload', bytes, pieceBytes })
  const honest = await startSeed({ host: seederIp, torrents: [torrent], bytesPerSec, random })
  const port = await freePort(clientIp)
  const world = {
    torrent,
    honest,
    random,
    clientIp,
    port,
    met: new Set(),
    good: new Set(),
    servers: [],
    stopped: false,
  }
  const tracker = await startTracker(seederIp, async () => {
    world.baseBytes = memory(child).now
    await attack.enter(world)
    await pause(HEAD_START_MS)
    world.startMs = performance.now()
    return [...world.servers.map(({ address }) => address), honest.address]
  })
  const file = join(folder, 'payload.torrent')
  writeFileSync(file, withTracker(torrent.file, tracker.url))
  const lo = loopback()
  const bootMs = performance.now()
  const child = start(client.command({ torrent: file, dir, ip: clientIp, port, scratch, marker }), scratch)
  let peakBytes = 0
  try {
    const isEnded = () => child.exitCode !== null || child.signalCode !== null
    const isOver = () => isEnded() || tracker.completed || existsSync(marker)
    while (!isOver() && performance.now() - (world.startMs ?? bootMs + START_MS - CAP_MS) < CAP_MS) {
      for (const peer of honest.peers) world.good.add(peer)
      for (const peer of world.good) world.met.add(peer)
      peakBytes = Math.max(peakBytes, memory(child).peak)
      await pause(LOOK_MS)
    }
    const over = isOver()
    const ms = performance.now() - (world.startMs ?? bootMs)
    const useful = over
      ? bytes
      : Math.min(
          bytes,
          sum(world.good, socket => socket.bytesWritten),
        )
    const wasteBytes = loopback() - lo - sum(world.met, socket => socket.bytesRead) - useful
    if (world.startMs === undefined) return { failed: 'never asked the tracker' }
    if (over) await until(() => isEnded() || existsSync(marker), END_MS)
    const foes = [...world.met].filter(peer => !world.good.has(peer))
    const met = foes.filter(peer => peer.theirInfoHash?.equals(torrent.infoHash)).length
    const figures = { wasteBytes, grownBytes: peakBytes - world.baseBytes, met }
    const got = existsSync(join(dir, 'payload')) && readFileSync(join(dir, 'payload')).equals(torrent.data)
    if (over && got) return { ms, ...figures }
    const ending = child.signalCode ?? child.exitCode
    return { failed: over ? `ended (${ending})` : `not in ${CAP_MS / 1000} s`, ...figures }
  } finally {
    world.stopped = true
    await kill(child)
    for (const peer of world.met) peer.close()
    await Promise.all([...world.servers, honest, tracker].map(each => each.close()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As in row 10, but for one address each: every other one comes by itself, all that they send is wrong. */
async function liars(world, count) {
  const { torrent, random } = world
  for (let n = 0; n < count; n++) {
    if (n % 2 === 0) {
      const server = await listen({ host: foeIp(n), torrent, random }, peer => {
        world.met.add(peer)
        lie(peer, 1)
      })
      world.servers.push(server)
    } else {
      const peer = visitor(world, n)
      lie(peer, 1)
      peer.greet()
    }
  }
}

function crowd(world, foes) {
  for (const [n, foe] of foes.entries()) {
    const dial = () => visitor(world, n)
    const begin = () => {
      const peer = dial()
      foe.act(peer, { honest: world.honest, dial })
      if (!foe.again) return
      const { onClosed } = peer
      peer.onClosed = () => {
        onClosed()
        setTimeout(() => !world.stopped && begin(), 10)
      }
    }
    begin()
  }
}

function visitor({ torrent, random, clientIp, port, met }, n) {
  const peer = WirePeer.dial({ host: clientIp, port, from: foeIp(n), torrent, random })
  met.add(peer)
  return peer
}

/** Answers the first who asks once `begin` has said who is there, and hears when the client is complete. */
async function startTracker(host, begin) {
  let answer
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url, 'http://tracker')
    if (searchParams.get('event') === 'completed') tracker.completed = true
    answer ??= begin()
    const peers = Buffer.concat((await answer).map(contact))
    const head = `d8:intervali60e12:min intervali30e5:peers${peers.length}:`
    response.end(Buffer.concat([Buffer.from(head), peers, Buffer.from('e')]))
  })
  await new Promise(resolve => server.listen(0, host, resolve))
  const tracker = {
    url: `http://${host}:${server.address().port}/announce`,
    completed: false,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return tracker
}

function contact(address) {
  const [ip, port] = address.split(':')
  return Buffer.from([...ip.split('.').map(Number), port >> 8, port & 255])
}

/** Keys come sorted, so it goes before `info`. */
function withTracker(file, url) {
  return Buffer.concat([Buffer.from(`d8:announce${url.length}:${url}`), file.subarray(1)])
}

/** What went over the namespace's only interface, both ways, but for headers. */
function loopback() {
  const [, counted] = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8'))
  const [bytes, packets] = counted.split(/\s+/).map(Number)
  return bytes - packets * HEADER_BYTES
}

function sum(peers, count) {
  let bytes = 0
  for (const { socket } of peers) bytes += count(socket)
  return bytes
}

/** Resident, in bytes: 0 once it has ended. */
function memory({ pid }) {
  let status = ''
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // It has ended.
  }
  const field = name => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0) * KIB
  return { now: field('VmRSS'), peak: field('VmHWM') }
}
