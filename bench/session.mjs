/**
 * The daemon's session with many torrents: how long it takes from the start of the process to the first page of a list,
 * how much memory a stopped torrent takes, how long a page, adding, and a poll of Sonarr's by Transmission's protocol take,
 * and what share of a core 50 active ones among them. One line of JSON.
 *
 *     node bench/session.mjs                     # 10,000 stopped torrents of 1,000 pieces each
 *     node bench/session.mjs --torrents 1000     # fewer; 20 KiB of disk for each, in a folder that goes afterwards
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    torrents: { type: 'string', default: '10000' },
    pieces: { type: 'string', default: '1000' },
    active: { type: 'string', default: '50' },
    child: { type: 'string' },
    state: { type: 'string' },
  },
})
const SETTINGS = {
  dir: '/nowhere',
  incompleteDir: null,
  startAdded: true,
  limits: { download: null, upload: null, connections: 300, torrentConnections: 100, uploadSlots: 8 },
  alternative: { download: null, upload: null, timetable: [] },
  queue: { downloads: null, seeds: null, slowBytesPerSec: 2048, slowSeconds: 60 },
  goals: { ratio: null, seedSeconds: null, idleSeconds: null },
  keepFreeBytes: 0,
}

/** What Sonarr asks of every torrent, every minute or more often. */
const SONARR_FIELDS = [
  ...['id', 'hashString', 'name', 'downloadDir', 'totalSize', 'leftUntilDone', 'isFinished', 'eta', 'status'],
  ...[
    'secondsDownloading',
    'secondsSeeding',
    'errorString',
    'uploadedEver',
    'downloadedEver',
    'seedRatioLimit',
  ],
  ...['seedRatioMode', 'seedIdleLimit', 'seedIdleMode', 'fileCount', 'file-count', 'labels'],
]

if (options.child === undefined) {
  const state = mkdtempSync(join(tmpdir(), 'shoal-bench-session-'))
  try {
    const results = {}
    for (const child of ['fill', 'empty', 'start', 'poll', 'work']) Object.assign(results, run(child, state))
    const count = Number(options.torrents)
    const { emptyRssMiB, startRssMiB, emptyHeapMiB, startHeapMiB, ...figures } = results
    figures.rssKiBPerTorrent = round(((startRssMiB - emptyRssMiB) * 1024) / count)
    figures.heapKiBPerTorrent = round(((startHeapMiB - emptyHeapMiB) * 1024) / count)
    console.log(JSON.stringify(figures))
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
} else {
  // Loaded here, so that the first line of a child is the start of its process.
  const { createEngine } = await import('../packages/engine/dist/index.js')
  const { createSession } = await import('../packages/daemon/dist/session/create-session.js')
  const stateDir = options.child === 'empty' ? `${options.state}/empty` : `${options.state}/full`
  const open = async () => {
    const engine = await createEngine({
      port: 0,
      bind: '127.0.0.1',
      dht: false,
      lsd: false,
      stateDir: `${stateDir}/engine`,
    })
    return await createSession({ engine, stateDir, settings: SETTINGS })
  }
  const results = await { fill, empty, start, poll, work }[options.child](open)
  console.log(JSON.stringify(results))
  process.exit(0)
}

function run(child, state) {
  const args = ['--expose-gc', fileURLToPath(import.meta.url), '--child', child, '--state', state]
  for (const name of ['torrents', 'pieces', 'active']) args.push(`--${name}`, options[name])
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${child} failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** All of the torrents, added as files. */
async function fill(open) {
  const session = await open()
  const count = Number(options.torrents)
  const begin = performance.now()
  for (let at = 0; at < count; at += 1000) {
    const files = Array.from({ length: Math.min(1000, count - at) }, (_, index) => torrentFile(at + index))
    await session.add(files, { start: false, labels: [`label ${at / 1000}`] })
  }
  const addFilesMs = round(performance.now() - begin)
  await session.close()
  return { addFilesMs }
}

async function empty(open) {
  const session = await open()
  session.list({})
  return { emptyRssMiB: memory().rss, emptyHeapMiB: memory().heap }
}

async function start(open) {
  const session = await open()
  const { total } = session.list({ sort: 'name' })
  const firstAnswerMs = round(performance.now())
  const { user, system } = process.cpuUsage()
  if (total !== Number(options.torrents)) throw new Error(`${total} torrents`)
  const { rss, heap } = memory()
  return {
    firstAnswerMs,
    firstAnswerCpuMs: round((user + system) / 1000),
    startRssMiB: rss,
    startHeapMiB: heap,
  }
}

/** By Transmission's protocol, from the request's bytes to the answer's. */
async function poll(open) {
  const { TransmissionRpc, SESSION_ID_HEADER } = await import('../packages/daemon/dist/transmission/rpc.js')
  const session = await open()
  const rpc = new TransmissionRpc({
    session,
    settings: { list: () => [], change: async () => {} },
    roots: { admit: async path => path },
    close: () => {},
  })
  const request = {
    method: 'POST',
    headers: new Headers(),
    body: new Uint8Array(0),
    caller: { scope: 'full' },
  }
  request.headers.set(SESSION_ID_HEADER, (await rpc.handle(request)).headers.get(SESSION_ID_HEADER))
  const results = {}
  const counts = [3000, 10_000].filter(count => count <= Number(options.torrents))
  for (const count of counts) {
    const ids = Array.from({ length: count }, (_, index) => index + 1)
    const polls = [
      ["Sonarr's poll of", SONARR_FIELDS],
      ['trackers of', ['id', 'trackers']],
    ]
    for (const [name, fields] of polls) {
      request.body = Buffer.from(JSON.stringify({ method: 'torrent-get', arguments: { ids, fields } }))
      let answer
      results[`${name} ${count}`] = await timed(async () => {
        answer = await (await rpc.handle(request)).arrayBuffer()
      })
      const { result, arguments: told } = JSON.parse(Buffer.from(answer).toString())
      if (result !== 'success' || told.torrents.length !== count) throw new Error(result)
    }
  }
  rpc.close()
  await session.close()
  return results
}

async function work(open) {
  const session = await open()
  const results = {}
  for (const sort of ['name', 'totalBytes', 'ratio', 'addedAt']) {
    results[`page by ${sort}`] = await timed(index => {
      session.list({ sort, order: index % 2 ? 'desc' : 'asc', offset: 5_000, limit: 100 })
    })
  }
  results['page of a search'] = await timed(() => session.list({ sort: 'name', text: 'torrent 77' }))
  // The first ones run: they find nothing on disk and nobody to connect to.
  const ids = session
    .rows()
    .slice(0, Number(options.active))
    .map(({ id }) => id)
  await session.act('start', ids)
  await session.settled()
  const { user, system } = process.cpuUsage()
  const begin = performance.now()
  await new Promise(resolve => setTimeout(resolve, 10_000))
  const used = process.cpuUsage()
  const share = (used.user + used.system - user - system) / 1000 / (performance.now() - begin)
  results.activeCpuPercent = round(share * 100)
  await session.act('stop', ids)
  const links = Array.from({ length: 1000 }, () => `magnet:?xt=urn:btih:${randomBytes(20).toString('hex')}`)
  const beforeAdd = performance.now()
  await session.add(links, { start: false })
  results.add1000MagnetsMs = round(performance.now() - beforeAdd)
  await session.close()
  return results
}

/** The first time, and the median of those after it: by the clock, and of the processor where that is asked for. */
async function timed(call) {
  const times = []
  for (let index = 0; index < 22; index++) {
    const before = process.cpuUsage()
    const begin = performance.now()
    await call(index)
    const ms = performance.now() - begin
    const { user, system } = process.cpuUsage(before)
    times.push({ ms, cpuMs: (user + system) / 1000 })
  }
  const [first, ...rest] = times
  const median = name => rest.map(time => time[name]).sort((a, b) => a - b)[Math.floor(rest.length / 2)]
  return { firstMs: round(first.ms), ms: round(median('ms')), cpuMs: round(median('cpuMs')) }
}

function memory() {
  for (let again = 0; again < 3; again++) globalThis.gc()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: round(rss / 1024 ** 2), heap: round(heapUsed / 1024 ** 2) }
}

function torrentFile(number) {
  const pieces = Number(options.pieces)
  const name = `Some.Torrent.${(number * 7919) % 10_007}.torrent ${number}`
  const head = `d8:announce29:http://tracker${number % 7}.example/a/foo4:infod6:lengthi${pieces * 262_144}e4:name`
  const tail = `${name.length}:${name}12:piece lengthi262144e6:pieces${pieces * 20}:`
  return Buffer.concat([Buffer.from(head + tail), randomBytes(pieces * 20), Buffer.from('ee')])
}

function round(value) {
  return Math.round(value * 100) / 100
}
