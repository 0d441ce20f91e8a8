/**
 * The engine under attack, in a process of its own: `fork` it, wait for `{ port }`, then send `{ id, ask, ... }` and get
 * `{ id, ... }`. Bans and corrupt pieces are written down as they happen, since
 * nothing outside the engine tells of them.
 */
import { readdirSync } from 'node:fs'
import { createEngine } from '../../../packages/engine/dist/index.js'
import { Blame } from '../../../packages/engine/dist/torrent/blame.js'
import { PeerBook } from '../../../packages/engine/dist/torrent/peer-book.js'
import { StoodStill } from '../support/stood-still.mjs'

const settings = JSON.parse(process.argv[2])
const bans = []
const { ban } = PeerBook.prototype
PeerBook.prototype.ban = function (key, now, ms) {
  bans.push(key)
  return ban.call(this, key, now, ms)
}

/** Pieces that failed: who sent each block, and its digest. */
const corrupt = []
const { onCorrupt } = Blame.prototype
Blame.prototype.onCorrupt = function (piece, contributors, digests) {
  corrupt.push({ piece, contributors, digests: Buffer.from(digests).toString('hex') })
  return onCorrupt.call(this, piece, contributors, digests)
}

process.on('disconnect', () => process.exit(0))
const engine = await createEngine({
  port: 0,
  bind: '127.0.0.1',
  lsd: false,
  dht: true,
  dhtBootstrap: [],
  ...settings.engine,
})
const torrents = new Map()
const startMs = new Map()
const stoodStill = new StoodStill()
const awakeMs = () => performance.now() - stoodStill.ms
let peakBytes = 0
setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}, 20).unref()

const ASKS = {
  async add({ torrent, dir, peers, check }) {
    const added = await engine.add(new Uint8Array(Buffer.from(torrent, 'base64')), { dir, peers, check })
    const { infoHash } = added.snapshot()
    torrents.set(infoHash, added)
    startMs.set(infoHash, awakeMs())
    added.done.then(
      () => process.send({ done: infoHash, ms: awakeMs() - startMs.get(infoHash) }),
      error => process.send({ done: infoHash, error: String(error) }),
    )
    // Before it has looked at the disk it takes nobody in.
    while (added.snapshot().state === 'checking') await new Promise(resolve => setTimeout(resolve, 5))
    return { infoHash }
  },
  /** The honest peer comes in: from here on time counts. */
  dial({ infoHash, address }) {
    startMs.set(infoHash, awakeMs())
    torrents.get(infoHash).addPeer(address)
    return {}
  },
  /** Until it is gone: its resources count no longer. */
  async remove({ infoHash }) {
    await torrents.get(infoHash).remove()
    torrents.delete(infoHash)
    return {}
  },
  /** What is held, not what waits for the garbage collector. */
  state() {
    globalThis.gc()
    globalThis.gc()
    const { heapUsed, external, rss } = process.memoryUsage()
    const cpu = process.cpuUsage()
    return {
      heldBytes: heapUsed + external,
      rssBytes: rss,
      peakBytes,
      cpuMs: (cpu.user + cpu.system) / 1000,
      handles: handles(),
      bans: [...new Set(bans)],
      corrupt,
      torrents: [...torrents].map(([infoHash, torrent]) => {
        const { wastedBytes, downloadedBytes, uploadedBytes, state, connections, peers } = torrent.snapshot()
        const at = peers.map(({ address }) => address)
        return { infoHash, wastedBytes, downloadedBytes, uploadedBytes, state, connections, at }
      }),
    }
  },
}

/** Open sockets and files, where the system tells. */
function handles() {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return process.getActiveResourcesInfo().filter(name => /TCP|File/.test(name)).length
  }
}

process.on('message', async message => {
  try {
    process.send({ id: message.id, ...(await ASKS[message.ask](message)) })
  } catch (error) {
    process.send({ id: message.id, error: String(error?.stack ?? error) })
  }
})
process.send({ port: engine.port })
