/**
 * Liars that come again on new ports whenever they are sent away, from the address of an honest peer that has served the
 * engine: such a host is never banned, so its strangers have turns (`stranger-turns.ts`). On this machine, 127.0.0.0/8,
 * nobody has; so this runs in a network namespace with other addresses. Prints what became of it as a line of JSON.
 */
import { Random } from '../random.mjs'
import { lie } from './lies.mjs'
import { makeTorrent, until, Victim } from './rig.mjs'
import { startSeed, WirePeer } from './wire.mjs'

const MIB = 1024 * 1024
const PIECE = 256 * 1024
/** Of each honest one. Together some 6 s, in which a liar could come dozens of times. */
const BYTES_PER_SEC = MIB
const TIMEOUT_MS = 60_000
const AGAIN_MS = 50
/** It leaves when it was not asked for anything. */
const UNASKED_MS = 150
const US = '10.77.0.1'
const ELSEWHERE = '10.77.0.2'
const SHARED = '10.77.0.3'

const { seed, work, liars } = JSON.parse(process.argv[2])
const random = Random.named(seed, `${liars} come again`)
const torrent = makeTorrent(seed, { name: `visited ${liars}`, bytes: 12 * MIB, pieceBytes: PIECE })
const start = host => startSeed({ host, torrents: [torrent], bytesPerSec: BYTES_PER_SEC, random })
const [elsewhere, shared] = [await start(ELSEWHERE), await start(SHARED)]
const victim = await Victim.start(work, { bind: US })
const sentBy = peers => peers.reduce((sum, { socket }) => sum + socket.bytesWritten, 0)
let visits = 0
let isOver = false

function visit() {
  if (isOver) return
  visits++
  const peer = WirePeer.dial({ host: US, port: victim.port, from: SHARED, torrent, random })
  peer.socket.on('connect', () => {
    let lies = 0
    lie(peer, 1, () => lies++)
    peer.greet()
    setTimeout(() => lies === 0 && peer.close(), UNASKED_MS)
  })
  peer.onClosed = () => setTimeout(visit, AGAIN_MS)
}

await victim.add(torrent, [])
for (const { address } of [elsewhere, shared]) await victim.dial(torrent, address)
await until(() => sentBy([...shared.peers]) > 3 * PIECE, TIMEOUT_MS)
// At the end, seeds among themselves, they may have parted already.
const serving = [...shared.peers]
const before = sentBy(serving)
for (let n = 0; n < liars; n++) visit()
const ms = await victim.whenDone(torrent, TIMEOUT_MS)
isOver = true
const { bans, corrupt } = await victim.state()
const result = {
  isDone: Number.isFinite(ms),
  ms: Math.round(ms),
  visits,
  spoilt: corrupt.length,
  bans: bans.length,
  honestBanned: bans.filter(key => [elsewhere.address, shared.address, ELSEWHERE, SHARED].includes(key)),
  servedOn: sentBy(serving) - before,
}
console.log(JSON.stringify(result))
process.exit(0)
