/**
 * Liars beside one honest seed: all that they send is wrong, or one block in 64. The download completes, all who lied
 * are banned, no honest one is, and at most 2 pieces a liar and 5 % of the whole come in vain.
 */
import { createHash } from 'node:crypto'
import { BLOCK, makeTorrent, sleep, Victim } from '../foes/rig.mjs'
import { ID, listen, message, pieceMessage, startSeed, WirePeer } from '../foes/wire.mjs'
import { Random } from '../random.mjs'

export const title = 'poisoners'

const MIB = 1024 * 1024
const PIECE = 256 * 1024
const WASTE_PIECES = 2
const WASTE_PART = 0.05
const TIMEOUT_MS = 60_000
/** The liars are there first, so that nobody has the honest one to thank. */
const HEAD_START_MS = 100

export async function run({ full, seed, work, log }) {
  const notes = []
  let worst = 0
  let swarms = 0
  let liarsInAll = 0
  const repeats = full ? 10 : 1
  for (let round = 0; round < repeats; round++) {
    for (const oneIn of [1, 64]) {
      for (const count of [1, 5, 9, 20]) {
        const label = `${count} liars, one block in ${oneIn}, seed ${seed + round}`
        const random = Random.named(seed + round, `${count} of ${oneIn}`)
        const result = await poison({ count, oneIn, seed: seed + round, work, random })
        log(`${label}: ${JSON.stringify(result)}`)
        swarms++
        liarsInAll += result.liars
        worst = Math.max(worst, result.wastedPieces / Math.max(1, result.liars))
        if (!Number.isFinite(result.ms)) notes.push(`${label}: did not complete`)
        if (result.notBanned.length > 0) notes.push(`${label}: not banned: ${result.notBanned.join(' ')}`)
        if (result.banned.length > 0)
          notes.push(`${label}: an honest one was banned: ${result.banned.join(' ')}`)
        if (result.wastedPieces > WASTE_PIECES * result.liars + WASTE_PART * result.pieces) {
          notes.push(`${label}: ${result.wastedPieces.toFixed(1)} pieces in vain`)
        }
      }
    }
  }
  return {
    ok: notes.length === 0,
    count: `${swarms} swarms, ${liarsInAll} lied`,
    figure: `all banned, at most ${worst.toFixed(1)} pieces a liar`,
    notes,
  }
}

async function poison({ count, oneIn, seed, work, random }) {
  const torrent = makeTorrent(seed, {
    name: `poisoned ${count} ${oneIn}`,
    bytes: 24 * MIB,
    pieceBytes: PIECE,
  })
  const honest = await startSeed({ torrents: [torrent], bytesPerSec: 12 * MIB, random })
  const victim = await Victim.start(work)
  const liars = []
  const servers = []
  try {
    await victim.add(torrent, [])
    for (let n = 0; n < count; n++) {
      // Every third shares the address of the honest one; every other one comes by itself.
      const host = n % 3 === 0 ? '127.0.0.1' : `127.0.3.${n + 1}`
      const liar = { lies: 0, keys: new Set() }
      liars.push(liar)
      if (n % 2 === 0) {
        const server = await listen({ host, torrent, random }, peer => lie(peer, liar, server.address, oneIn))
        servers.push(server)
        victim.dial(torrent, server.address)
      } else {
        const visit = () => {
          const peer = WirePeer.dial({ host: '127.0.0.1', port: victim.port, from: host, torrent, random })
          peer.socket.on('connect', () => {
            lie(peer, liar, `${host}:${peer.socket.localPort}`, oneIn)
            peer.greet()
          })
          servers.push({ close: () => peer.close() })
        }
        visit()
      }
    }
    await sleep(HEAD_START_MS)
    victim.dial(torrent, honest.address)
    const ms = await victim.whenDone(torrent, TIMEOUT_MS)
    await sleep(50)
    const { bans, torrents, corrupt } = await victim.state()
    // What came too late to be used shows nothing.
    const guilty = guiltyIn(corrupt, torrent)
    const lied = liars.filter(({ keys }) => guilty.has(keys.values().next().value))
    const isBanned = ({ keys }) => [...keys].some(key => bans.includes(key))
    const liarKeys = new Set(liars.filter(({ lies }) => lies > 0).flatMap(({ keys }) => [...keys]))
    return {
      ms: Math.round(ms),
      liars: lied.length,
      pieces: torrent.pieces,
      corrupt: corrupt.length,
      mixed: corrupt.filter(({ contributors }) => new Set(contributors).size > 1).length,
      bans: bans.length,
      wastedPieces: torrents[0].wastedBytes / PIECE,
      notBanned: lied.filter(liar => !isBanned(liar)).map(({ keys }) => [...keys][0]),
      banned: bans.filter(key => !liarKeys.has(key)),
    }
  } finally {
    for (const server of servers) server.close()
    await honest.close()
    await victim.stop()
  }
}

/** Whose wrong blocks made a piece fail. */
function guiltyIn(corrupt, torrent) {
  const guilty = new Set()
  for (const { piece, contributors, digests } of corrupt) {
    for (const [block, key] of contributors.entries()) {
      const at = piece * torrent.pieceBytes + block * BLOCK
      const right = createHash('sha1')
        .update(torrent.data.subarray(at, at + BLOCK))
        .digest('hex')
      if (digests.slice(block * 40, block * 40 + 40) !== right) guilty.add(key)
    }
  }
  return guilty
}

/** A seed in all but what it sends. */
function lie(peer, liar, key, oneIn) {
  liar.keys.add(key)
  const begin = () => {
    peer.hasEverything()
    peer.send(message(ID.unchoke))
  }
  peer.onGreeted = () => {
    if (peer.ownId === undefined) peer.greet({ fast: false, ext: false })
    begin()
  }
  peer.onMessage = (id, [piece, at, length]) => {
    if (id !== ID.request) return
    const data = Buffer.from(peer.block(piece, at, length))
    if (peer.random.below(oneIn) === 0) {
      liar.lies++
      data[peer.random.below(length)] ^= 1 + peer.random.below(255)
    }
    peer.send(pieceMessage(piece, at, data))
  }
}
