/**
 * Liars beside one honest seed: all that they send is wrong, or one block in 64. The download completes, all who lied
 * are banned, no honest one is, and at most 2 pieces a liar and 5 % of the whole come in vain.
 *
 * Then liars that come again on new ports, beside an honest one of the same host: however often, each spoils a piece.
 */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { lie } from '../foes/lies.mjs'
import { BLOCK, makeTorrent, sleep, Victim } from '../foes/rig.mjs'
import { listen, startSeed, WirePeer } from '../foes/wire.mjs'
import { Random } from '../random.mjs'
import { output } from '../support/output.mjs'

export const title = 'poisoners'

const MIB = 1024 * 1024
const PIECE = 256 * 1024
const WASTE_PIECES = 2
const WASTE_PART = 0.05
const TIMEOUT_MS = 60_000
/** The liars are there first, so that nobody has the honest one to thank. */
const HEAD_START_MS = 100
const RETURNING = fileURLToPath(new URL('../foes/returning.mjs', import.meta.url))
/** At most so many beyond one for each liar: who had begun before the first ban goes on with its piece. */
const RETURNING_PIECES = 2
/** Fewer visits would show nothing. */
const RETURNING_VISITS = 20

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
  const again = []
  for (const liars of [1, 5]) again.push(await returning({ seed, work, liars, log, notes }))
  return {
    ok: notes.length === 0,
    count: `${swarms} swarms, ${liarsInAll} lied`,
    figure: `all banned, at most ${worst.toFixed(1)} pieces a liar; who comes again: ${again.join(', ')}`,
    notes,
  }
}

/** In words, how many pieces they spoilt. */
async function returning({ seed, work, liars, log, notes }) {
  const setUp = 'ip link set lo up && ip address add 10.77.0.1/24 dev lo && exec "$@"'
  const settings = JSON.stringify({ seed, work, liars })
  const args = ['--net', 'sh', '-c', setUp, 'sh', process.execPath, RETURNING, settings]
  const { stdout, stderr, code } = await output('unshare', args)
  const label = `${liars} that come again`
  if (code !== 0) {
    if (/Operation not permitted|ENOENT|not found/.test(stderr)) return 'skipped, needs root, unshare and ip'
    notes.push(`${label}: ended with ${code}`, ...stderr.trim().split('\n').slice(-20))
    return 'failed'
  }
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1))
  log(`${label}, seed ${seed}: ${JSON.stringify(result)}`)
  const { isDone, visits, spoilt, honestBanned, servedOn } = result
  if (!isDone) notes.push(`${label}: did not complete`)
  if (visits < RETURNING_VISITS) notes.push(`${label}: came ${visits} times only`)
  if (spoilt > liars + RETURNING_PIECES) notes.push(`${label}: ${spoilt} pieces spoilt in ${visits} visits`)
  if (honestBanned.length > 0) notes.push(`${label}: an honest one was banned: ${honestBanned.join(' ')}`)
  if (servedOn < MIB) notes.push(`${label}: the honest one beside them served ${servedOn} bytes more`)
  return `${spoilt} spoilt in ${visits} visits`
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
      const begin = (peer, key) => {
        liar.keys.add(key)
        lie(peer, oneIn, () => liar.lies++)
      }
      if (n % 2 === 0) {
        const server = await listen({ host, torrent, random }, peer => begin(peer, server.address))
        servers.push(server)
        victim.dial(torrent, server.address)
      } else {
        const visit = () => {
          const peer = WirePeer.dial({ host: '127.0.0.1', port: victim.port, from: host, torrent, random })
          peer.socket.on('connect', () => {
            begin(peer, `${host}:${peer.socket.localPort}`)
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
