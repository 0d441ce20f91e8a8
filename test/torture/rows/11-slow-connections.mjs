/**
 * Connections that say nothing, that drip, and that never read what they asked for, from many addresses. An honest peer
 * that comes after them has its first block within 5 s, and when all are gone, so are their handles.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK, makeTorrent, sleep, until, Victim } from '../foes/rig.mjs'
import { ID, message, WirePeer } from '../foes/wire.mjs'
import { Random } from '../random.mjs'
import { StoodStill } from '../support/stood-still.mjs'

export const title = 'silent, dripping, unread connections'

const SERVED_MS = 5_000
const HANDLES_MS = 15_000
const MIB = 1024 * 1024
/** A file that was read is kept open. */
const OWN_HANDLES = 2
const MEMORY_BYTES = MIB

const stoodStill = new StoodStill()
const awakeMs = () => performance.now() - stoodStill.ms

export async function run({ full, seed, work, log }) {
  const notes = []
  const repeats = full ? 5 : 1
  let slowest = 0
  let left = 0
  const counts = { silent: 300, dripping: 300, unread: 100 }
  for (let round = 0; round < repeats; round++) {
    const result = await crowd({ ...counts, seed: seed + round, work, log })
    log(JSON.stringify(result))
    slowest = Math.max(slowest, ...result.served)
    left = Math.max(left, result.handlesAfter - result.handlesBefore)
    for (const [n, ms] of result.served.entries()) {
      if (!(ms <= SERVED_MS))
        notes.push(`seed ${seed + round}: honest peer ${n} was served after ${ms.toFixed(0)} ms`)
    }
    if (result.handlesAfter > result.handlesBefore + OWN_HANDLES) {
      notes.push(`${result.handlesAfter} handles after, ${result.handlesBefore} before`)
    }
    if (result.heldBytes > result.heldBefore + 200 * MEMORY_BYTES)
      notes.push(`${result.heldBytes} bytes held`)
  }
  return {
    ok: notes.length === 0,
    count: `${repeats} x 700 connections`,
    figure: `served in ${Math.round(slowest)} ms, ${left} handles left`,
    notes,
  }
}

async function crowd({ silent, dripping, unread, seed, work, log }) {
  const random = Random.named(seed, 'crowd')
  const torrent = makeTorrent(seed, { name: 'crowded', bytes: 16 * MIB, pieceBytes: 256 * 1024 })
  const victim = await Victim.start(work)
  const peers = []
  try {
    writeFileSync(join(victim.dir, 'crowded'), torrent.data)
    await victim.add(torrent, [])
    const before = await victim.state()
    let n = 0
    const connect = () => {
      const from = `127.1.${n >> 8}.${1 + (n++ % 250)}`
      const peer = WirePeer.dial({ host: '127.0.0.1', port: victim.port, from, torrent, random })
      peers.push(peer)
      return peer
    }
    // Those who take slots come first, or they would find no place.
    for (let count = 0; count < unread; count++) neverRead(connect())
    for (let count = 0; count < dripping; count++) drip(connect(), count)
    for (let count = 0; count < silent; count++) connect()
    const ended = setInterval(() => {
      // Whoever was let go comes again, for as long as the honest one waits.
      for (let at = 0; at < peers.length; at++) {
        if (!peers[at].closed || peers[at].isAgain) continue
        peers[at].isAgain = true
        if (peers.length < 2 * (silent + dripping + unread))
          at < unread ? neverRead(connect()) : drip(connect(), at)
      }
    }, 200)
    await sleep(1_500)
    const served = []
    // One at once, one when everything has settled, and one that does not speak the fast extension.
    for (const options of [{}, { fast: false, ext: false }]) {
      served.push(await serve(connect, options))
      await sleep(1_000)
    }
    const during = await victim.state()
    log(`connections ${JSON.stringify(during.torrents[0].connections)}, handles ${during.handles}`)
    clearInterval(ended)
    for (const peer of peers) peer.close()
    let after = await victim.state()
    const deadline = performance.now() + HANDLES_MS
    while (after.handles > before.handles + OWN_HANDLES && performance.now() < deadline) {
      await sleep(200)
      after = await victim.state()
    }
    return {
      served: served.map(Math.round),
      handlesBefore: before.handles,
      handlesAfter: after.handles,
      heldBefore: before.heldBytes,
      heldBytes: during.heldBytes,
    }
  } finally {
    for (const peer of peers) peer.close()
    await victim.stop()
  }
}

/** A handshake, then a message that never ends; every third drips its handshake already. */
function drip(peer, count) {
  const endless = message(ID.have, 1)
  let at = 0
  if (count % 3 === 0) {
    const { send } = peer
    peer.send = (...parts) => {
      const bytes = Buffer.concat(parts)
      peer.every(1000, () => at < bytes.length && send.call(peer, bytes.subarray(at, ++at)))
    }
    return peer.greet()
  }
  peer.greet()
  peer.every(1000, () => peer.send(endless.subarray(at % 8, (at++ % 8) + 1)))
}

function neverRead(peer) {
  const { pieces, pieceBytes } = peer.torrent
  peer.greet({ ext: false })
  peer.socket.pause()
  const all = [message(ID.interested)]
  for (let piece = 0; piece < pieces; piece++) {
    for (let begin = 0; begin < pieceBytes; begin += BLOCK) all.push(message(ID.request, piece, begin, BLOCK))
  }
  peer.send(...all.slice(0, 500))
}

/** Milliseconds to the first block, of an honest peer that tries again when it is turned away. */
async function serve(connect, options) {
  const startMs = awakeMs()
  let peer
  const attempt = () => {
    peer = connect()
    peer.isAgain = true
    peer.onGreeted = () => peer.send(message(ID.interested))
    peer.onMessage = (id, [piece]) => {
      if (id === ID.unchoke) peer.send(message(ID.request, 0, 0, BLOCK))
      // BEP 6, while choked.
      if (id === ID.allowedFast && !peer.asked) peer.send(message(ID.request, piece, 0, BLOCK))
      if (id === ID.allowedFast) peer.asked = true
    }
    peer.greet(options)
  }
  attempt()
  const isServed = () => peer.firstPayloadMs !== undefined
  while (!isServed() && awakeMs() - startMs < 3 * SERVED_MS) {
    await until(() => isServed() || peer.closed, 500)
    if (peer.closed && !isServed()) attempt()
  }
  return isServed() ? awakeMs() - startMs : Number.POSITIVE_INFINITY
}
