/** Shoal, as it is asked: answers each job of world.mjs with what came out. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, loadTorrent, parseTorrent } from '../../../packages/engine/dist/index.js'
import { createTrackers } from '../../../packages/engine/dist/node/trackers.js'
import { StoodStill } from '../support/stood-still.mjs'
import { HTTP_TIMEOUT_MS, UDP_TIMEOUT_MS } from './patience.mjs'

const ENGINE_MS = 10_000
const INFO_HASH = new Uint8Array(20).fill(7)

const work = process.argv[2]
const trackers = createTrackers({ httpTimeoutMs: HTTP_TIMEOUT_MS, stopTimeoutMs: UDP_TIMEOUT_MS })
const stoodStill = new StoodStill()
let jobs = 0

process.on('message', async job => {
  if (job.op === 'memory') {
    global.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    if (job.reset) peakBytes = 0
    process.send({ id: job.id, bytes: heapUsed + external, peakBytes, stallMs })
    stallMs = 0
    return
  }
  const startMs = performance.now() - stoodStill.ms
  const outcome = await OPS[job.op](job).catch(error => ({ error: String(error?.stack ?? error) }))
  process.send({ id: job.id, ms: performance.now() - stoodStill.ms - startMs, ...outcome })
})
process.on('disconnect', () => process.exit())

/** The most that was held at any time, and the longest that nothing else could run. */
let peakBytes = 0
let stallMs = 0
let lastMs = performance.now()
setInterval(() => {
  const now = performance.now()
  stallMs = Math.max(stallMs, now - lastMs - 10)
  lastMs = now
  const { heapUsed, external } = process.memoryUsage()
  peakBytes = Math.max(peakBytes, heapUsed + external)
}, 10)

const OPS = {
  announce: ({ url, event }) =>
    new Promise(resolve => {
      const request = {
        infoHash: INFO_HASH,
        peerId: INFO_HASH,
        port: 6881,
        uploadedBytes: 0,
        downloadedBytes: 0,
        leftBytes: 1,
        // UDP has minutes of patience, but for its goodbye.
        event: event ?? (url.startsWith('udp') ? 'stopped' : 'started'),
        numWant: 50,
        key: 1,
        trackerId: undefined,
      }
      trackers.announce(url, request, outcome => resolve(summary(outcome)))
    }),
  scrape: ({ url }) =>
    new Promise(resolve => trackers.scrape(url, INFO_HASH, outcome => resolve(summary(outcome)))),
  load: async ({ url }) => {
    try {
      return { answered: (await loadTorrent(url)).metainfo.name }
    } catch (error) {
      return summary(error)
    }
  },
  torrent: async ({ torrent }) => {
    return await withEngine(async (engine, dir) => {
      const handle = await engine.add(parseTorrent(new Uint8Array(Buffer.from(torrent, 'base64'))), { dir })
      handle.done.catch(() => {})
      await new Promise(resolve => setTimeout(resolve, ENGINE_MS))
      const { trackers: all } = handle.snapshot()
      return { tried: all.filter(each => each.state !== 'idle').length, trackers: all.length }
    })
  },
  magnet: async ({ link }) => {
    return await withEngine(async engine => {
      const signal = AbortSignal.timeout(ENGINE_MS)
      return await engine.describe(link, { signal }).then(
        () => ({ answered: 'told' }),
        error => summary(error),
      )
    })
  },
}
OPS.peers = OPS.torrent

async function withEngine(use) {
  const dir = join(work, String(jobs++))
  mkdirSync(dir, { recursive: true })
  const engine = await createEngine({ lsd: false, dhtBootstrap: [], stateDir: join(dir, 'state') })
  try {
    return await use(engine, dir)
  } finally {
    await engine.close()
  }
}

function summary(outcome) {
  if (outcome instanceof Error) {
    return { code: outcome.code ?? 'none', message: outcome.message, subject: outcome.subject }
  }
  return {
    answered: true,
    intervalMs: outcome.intervalMs,
    peers: outcome.peers?.length,
    seeders: outcome.seeders,
  }
}

process.send({ id: 'ready' })
