/**
 * What stays behind: torrents added and removed, engines started and closed, peers that come and go at full speed; and
 * the process itself: few open files, an end in the midst of work, store workers that die.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import workerThreads from 'node:worker_threads'
import { createEngine, createTorrent, parseTorrent } from '../../../packages/engine/dist/index.js'
import { growth, held, openFiles, resources, settled, slope } from '../leaks/measure.mjs'
import { startPeers } from '../leaks/peers.mjs'
import { Random } from '../random.mjs'
import { dict, encoded } from '../support/bencode.mjs'

export const title = 'leaks, few files, sudden ends'

const SHOAL = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
const HOST = '127.0.0.1'
const MIB = 2 ** 20
/** Of heap and array buffers, after collections. */
const MAX_GROWTH = 5
/** Beside what is a percentage of very little. */
const MAX_GROWTH_BYTES = MIB / 2
/** Until all is compiled and tables have their size. */
const WARM_UP = 1_500
const MAX_END_MS = 10_000
const QUIET = { bind: HOST, port: 0, lsd: false, dht: false }

/** Every store worker of this process, and since when it has been at work. */
const threads = new Map()
const { Worker } = workerThreads
workerThreads.Worker = class extends Worker {
  constructor(...args) {
    super(...args)
    threads.set(this, Number.POSITIVE_INFINITY)
    this.once('message', () => threads.set(this, performance.now()))
    this.on('exit', () => threads.delete(this))
  }
}
syncBuiltinESMExports()

/** @param {{ full: boolean, seed: number, work: string, log: (line: string) => void }} t */
export async function run({ full, seed, work, log }) {
  const random = new Random(seed)
  const notes = []
  const fail = text => notes.push(text)
  const figures = []
  const part = async (name, action) => {
    const startMs = performance.now()
    const folder = join(work, name)
    mkdirSync(folder)
    const figure = await action(folder)
    rmSync(folder, { recursive: true, force: true })
    log(
      `${name}: ${figure}, ${((performance.now() - startMs) / 1000).toFixed(1)} s, ${openFiles()} files, ${resources()}`,
    )
    figures.push(figure)
  }
  process.on('uncaughtExceptionMonitor', error => log(`uncaught: ${error?.stack}`))

  await part('torrents', folder => torrents(folder, full ? 10_000 : 2_000, fail))
  await part('engines', folder => engines(folder, full ? 1_000 : 300, fail))
  await part('soak', folder => soak(folder, full ? 2 * 3600 : 5, random, fail, log))
  await part('workers', folder => workers(folder, full, random, fail))
  const swarm = await manyFiles(work)
  await part('files', folder => fewFiles(folder, swarm, full, fail))
  await part('end', folder => suddenEnd(folder, swarm, full ? 20 : 1, random, fail))
  const counts = full ? '10,000 torrents, 1,000 engines, 2 h' : '2,000 torrents, 300 engines, 5 s'
  return { ok: notes.length === 0, count: counts, figure: figures.join('; '), notes: notes.slice(0, 30) }
}

// -------------------------------------------------------------------------------------------- adding, removing

async function torrents(folder, count, fail) {
  const engine = await createEngine({ ...QUIET, stateDir: join(folder, 'state') })
  const many = async (from, to) => {
    for (let at = from; at < to; at += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, to - at) }, (_, n) => addAndRemove(engine, folder, at + n)),
      )
    }
  }
  await many(0, WARM_UP)
  let before = await held()
  await many(WARM_UP, WARM_UP + count)
  let after = await held()
  if (growth(before, after) > MAX_GROWTH) {
    // What grows once was not warm yet, what grows again leaks.
    before = after
    await many(WARM_UP + count, WARM_UP + 2 * count)
    after = await held()
  }
  const grown = compare('torrents', before, after, fail)
  await engine.close()
  return `torrents ${grown}`
}

async function addAndRemove(engine, folder, n) {
  const info = dict({ name: `t${n}`, length: 40_000, 'piece length': 16_384, pieces: '\x01'.repeat(60) })
  const metainfo = parseTorrent(encoded(dict({ announce: `http://${HOST}:1/announce`, info })))
  const torrent = await engine.add(metainfo, { dir: folder, peers: [`${HOST}:1`] })
  torrent.done.catch(() => {})
  torrent.on('piece', () => {})
  if (n % 3 === 0) await new Promise(resolve => setImmediate(resolve))
  if (n % 5 === 0) await pause(20)
  await torrent.remove()
}

function compare(what, before, after, fail) {
  const percent = growth(before, after)
  if (percent > MAX_GROWTH && after.bytes - before.bytes > MAX_GROWTH_BYTES) {
    fail(`${what}: memory grew by ${percent.toFixed(1)} %, from ${before.bytes} to ${after.bytes} bytes`)
  }
  if (after.files > before.files) fail(`${what}: ${after.files - before.files} more open files than before`)
  if (after.resources !== before.resources) fail(`${what}: from ${before.resources} to ${after.resources}`)
  return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`
}

// ------------------------------------------------------------------------------------------ starting, closing

async function engines(folder, count, fail) {
  const some = async rounds => {
    // A start takes two processors only in part.
    let started = 0
    const lane = async state => {
      while (started < rounds) await one(started++, state)
    }
    await Promise.all(['a', 'b', 'c'].map(lane))
  }
  const one = async (n, state) => {
    const engine = await createEngine({
      bind: HOST,
      port: 0,
      dhtBootstrap: [`${HOST}:1`],
      lsd: n % 2 === 0,
      stateDir: join(folder, state),
    })
    // With a torrent under way, and without.
    if (n % 3 === 0) {
      const info = dict({ name: 'e', length: 16_384, 'piece length': 16_384, pieces: '\x01'.repeat(20) })
      const torrent = await engine.add(parseTorrent(encoded(dict({ info }))), { dir: folder })
      torrent.done.catch(() => {})
    }
    await engine.close()
  }
  await some(count / 10)
  const before = await held()
  await some(count)
  const after = await held()
  const grown = compare('engines', before, after, fail)
  if (threads.size > 0) fail(`${threads.size} store workers are left`)
  return `engines ${grown}`
}

// ---------------------------------------------------------------------------------------------------- the soak

/** A seed and a leecher that begins again and again, among visitors that leave in the midst of everything. */
async function soak(folder, seconds, random, fail, log) {
  const { metainfo, dir } = await payload(join(folder, 'data'), 24 * MIB, 2 ** 18, random)
  const seeder = await createEngine({ ...QUIET, memoryBytes: 32 * MIB })
  const seed = await seeder.add(metainfo, { dir, seedOnly: true })
  await seed.done
  const leecher = await createEngine({ ...QUIET, memoryBytes: 32 * MIB })
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  let movedBytes = 0
  let visits = 0
  const samples = []
  const visitors = leaving =>
    Array.from({ length: 4 }, async () => {
      while (!leaving.aborted) {
        await visit(seeder.port, metainfo.infoHash, random)
        visits++
      }
    })
  for (let n = 0; performance.now() < endMs; n++) {
    const leaving = new AbortController()
    const visiting = visitors(leaving.signal)
    // Every third goes while it is at its best.
    for (let at = 0; at < 3; at++)
      movedBytes += await leech(leecher, seeder.port, metainfo, join(folder, 'l'), at < 2)
    leaving.abort()
    await Promise.all(visiting)
    const { bytes, files } = await held()
    samples.push({ atMs: performance.now() - startMs, bytes, files })
    if (n % 50 === 0) log(`soak: ${(bytes / MIB).toFixed(1)} MiB after ${n} rounds, ${files} files`)
  }
  await seeder.close()
  await leecher.close()
  // The first rounds fill caches, compile and grow tables.
  const steady = samples.slice(Math.floor(samples.length / 3))
  const perMinute = slope(steady)
  const spread = Math.max(...steady.map(({ bytes }) => bytes)) - Math.min(...steady.map(({ bytes }) => bytes))
  const grown = (perMinute * (steady.at(-1).atMs - steady[0].atMs)) / 60_000
  if (grown > Math.max(2 * MIB, 0.05 * steady[0].bytes)) {
    fail(`soak: ${(grown / MIB).toFixed(2)} MiB more at the end, spread ${(spread / MIB).toFixed(2)} MiB`)
  }
  const files = steady.map(each => each.files)
  if (Math.max(...files.slice(-3)) > Math.max(...files.slice(0, 3)) + 8)
    fail(`soak: open files ${files.join(' ')}`)
  const rate = (movedBytes / MIB / samples.at(-1).atMs) * 1000
  return `soak ${(perMinute / MIB).toFixed(2)} MiB/min at ${rate.toFixed(0)} MiB/s, ${visits} visits`
}

/** Bytes that came, if it was allowed to get them all. */
async function leech(engine, port, metainfo, dir, isPatient) {
  const torrent = await engine.add(metainfo, { dir, peers: [`${HOST}:${port}`] })
  torrent.done.catch(() => {})
  if (isPatient) await torrent.done
  else await pause(100)
  const { downloadedBytes } = torrent.snapshot()
  await torrent.remove()
  rmSync(dir, { recursive: true, force: true })
  return downloadedBytes
}

/** Some words of a handshake, a whole one, requests without reading, noise; then gone, politely or not. */
function visit(port, infoHash, random) {
  return new Promise(resolve => {
    const socket = connect(port, HOST)
    socket.on('error', () => {})
    socket.on('close', resolve)
    socket.on('connect', () => {
      const hello = Buffer.concat([
        Buffer.from('\x13BitTorrent protocol', 'latin1'),
        Buffer.alloc(8),
        infoHash,
        random.bytes(20),
      ])
      const kind = random.below(5)
      if (kind === 0) socket.write(hello.subarray(0, random.below(68)))
      else if (kind === 1) socket.write(random.bytes(200))
      else socket.write(hello)
      if (kind >= 3) {
        socket.write(Buffer.from([0, 0, 0, 1, 2]))
        for (let n = 0; n < 20; n++) {
          const request = Buffer.alloc(17)
          request.writeUInt32BE(13, 0)
          request[4] = 6
          request.writeUInt32BE(random.below(100), 5)
          request.writeUInt32BE(16_384, 13)
          socket.write(request)
        }
      }
      if (kind !== 4) socket.resume()
      setTimeout(() => (random.chance(0.5) ? socket.destroy() : socket.resetAndDestroy()), random.below(120))
    })
  })
}

// ----------------------------------------------------------------------------------------- workers that die

async function workers(folder, full, random, fail) {
  const deaths = full ? 30 : 8
  const { metainfo, content, dir } = await payload(join(folder, 'data'), 64 * MIB, 4 * MIB, random)
  const seeder = await createEngine(QUIET)
  await (await seeder.add(metainfo, { dir, seedOnly: true })).done
  const leecher = await createEngine({ ...QUIET, downloadLimitBytesPerSec: (full ? 8 : 32) * MIB })
  let killed = 0
  const target = join(folder, 'target')
  const torrent = await leecher.add(metainfo, { dir: target, peers: [`${HOST}:${seeder.port}`] })
  // The seeder's die, too: it needs none any more.
  const timer = setInterval(() => {
    for (const [thread, sinceMs] of threads) {
      // Each does some work first: a job that three died with fails.
      if (killed >= deaths || performance.now() - sinceMs < 100 + random.below(100)) continue
      threads.set(thread, Number.POSITIVE_INFINITY)
      killed++
      void thread.terminate()
    }
  }, 10)
  const outcome = await Promise.race([
    torrent.done.then(
      () => 'done',
      error => error,
    ),
    pause(30_000, 'late'),
  ])
  clearInterval(timer)
  if (outcome !== 'done') fail(`workers: the download ended with ${outcome?.message ?? outcome}`)
  else if (!readFileSync(join(target, 'payload')).equals(content)) fail('workers: the content differs')
  const { downloadedBytes } = torrent.snapshot()
  await seeder.close()
  await leecher.close()
  if (killed < Math.min(deaths, 5)) fail(`workers: only ${killed} were killed`)
  if (downloadedBytes > content.length * 1.02) fail(`workers: ${downloadedBytes} bytes for ${content.length}`)
  return `${killed} dead workers, ${((downloadedBytes ?? 0) / content.length).toFixed(2)}× data`
}

// --------------------------------------------------------------------------------------------- few open files

async function fewFiles(folder, swarm, full, fail) {
  const peers = await startPeers({ ...swarm, count: 60 })
  const results = []
  for (const limit of full ? [256, 96, 64] : [256]) {
    const target = join(folder, `target ${limit}`)
    const { code, seconds, log, mostFiles } = await shoal(
      [
        'get',
        swarm.file,
        '--dir',
        target,
        '--state',
        join(folder, `s${limit}`),
        ...peersOf(peers),
        '--give-up',
        '20s',
      ],
      { limit },
    )
    if (code !== 0) fail(`ulimit -n ${limit}: exit code ${code}: ${log.slice(-600)}`)
    else if (!isWhole(target, swarm)) fail(`ulimit -n ${limit}: the content differs`)
    results.push(`${limit}: ${mostFiles} in ${seconds.toFixed(1)} s`)
  }
  peers.close()
  results.push(`64: 200 visitors, ${(await crowd(folder, fail)).toFixed(1)} s`)
  return `files of ${results.join(', ')}`
}

/** A seed with few files, whom many visitors keep busy who say nothing: how long an honest one takes. */
async function crowd(folder, fail) {
  const { metainfo, content, dir } = await payload(join(folder, 'crowd'), 4 * MIB, 2 ** 18, new Random(8))
  const { bytes } = await createTorrent(join(dir, 'payload'), { pieceLength: 2 ** 18 })
  const file = join(folder, 'crowd.torrent')
  writeFileSync(file, bytes)
  const visitors = []
  let seconds = Number.NaN
  const seeding = [
    'seed',
    file,
    '--dir',
    dir,
    '--state',
    join(folder, 'cs'),
    '--bind',
    HOST,
    '--port',
    '0',
    '--no-discovery',
  ]
  const { code, log } = await shoal(seeding, {
    limit: 64,
    onStart: async (child, until) => {
      const port = Number((await until(/"listening","port":(\d+)/))[1])
      for (let n = 0; n < 200; n++) visitors.push(connect(port, HOST).on('error', () => {}))
      await pause(500)
      const leecher = await createEngine(QUIET)
      const startMs = performance.now()
      const torrent = await leecher.add(metainfo, { dir: join(folder, 'honest'), peers: [`${HOST}:${port}`] })
      const outcome = await Promise.race([torrent.done.then(() => 'done', String), pause(20_000, 'late')])
      seconds = (performance.now() - startMs) / 1000
      if (outcome !== 'done') fail(`crowd: ${outcome}`)
      else if (!readFileSync(join(folder, 'honest', 'payload')).equals(content))
        fail('crowd: the content differs')
      await leecher.close()
      for (const visitor of visitors) visitor.destroy()
      child.kill('SIGINT')
    },
  })
  if (code !== 130) fail(`crowd: exit code ${code}: ${log.slice(-300)}`)
  if (seconds > 10) fail(`crowd: an honest peer took ${seconds.toFixed(1)} s`)
  return seconds
}

function peersOf(peers) {
  return [
    ...peers.addresses.flatMap(address => ['--peer', address]),
    '--bind',
    HOST,
    '--port',
    '0',
    '--no-discovery',
  ]
}

async function manyFiles(folder) {
  const root = join(folder, 'many')
  mkdirSync(root)
  const content = Buffer.alloc(2_000 * 5_000)
  const random = new Random(7)
  for (let n = 0; n < 2_000; n++) {
    const bytes = Buffer.from(random.bytes(5_000))
    bytes.copy(content, n * 5_000)
    writeFileSync(join(root, String(n).padStart(5, '0')), bytes)
  }
  const { metainfo, bytes } = await createTorrent(root, { pieceLength: 2 ** 16 })
  const file = join(folder, 'many.torrent')
  writeFileSync(file, bytes)
  const pieceCount = Math.ceil(content.length / 2 ** 16)
  return {
    file,
    content,
    infoHash: metainfo.infoHash,
    pieceLength: 2 ** 16,
    pieceCount,
    digest: sha256(content),
  }
}

function isWhole(target, { digest }) {
  const root = join(target, 'many')
  const hash = createHash('sha256')
  for (const name of readdirSync(root).sort()) hash.update(readFileSync(join(root, name)))
  return hash.digest('hex') === digest
}

/** Resolves when it ends; `onStart` gets the child, and a way to wait for what it says. */
function shoal(args, { limit, onStart } = {}) {
  const startMs = performance.now()
  const command = limit === undefined ? 'exec "$@"' : `ulimit -n ${limit}; exec "$@"`
  const node = [process.execPath, '--unhandled-rejections=strict', SHOAL, ...args, '--json']
  const child = spawn('sh', ['-c', command, 'sh', ...node], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  let mostFiles = 0
  const count = setInterval(() => {
    try {
      mostFiles = Math.max(mostFiles, readdirSync(`/proc/${child.pid}/fd`).length)
    } catch {}
  }, 20)
  const watchers = new Set()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', text => {
      log = (log + text).slice(-4000)
      for (const watch of watchers) watch()
    })
  }
  const until = pattern =>
    new Promise(resolve => {
      const watch = () => {
        const match = pattern.exec(log)
        if (match === null) return
        watchers.delete(watch)
        resolve(match)
      }
      watchers.add(watch)
    })
  onStart?.(child, until)
  return new Promise(resolve => {
    child.on('close', (code, signal) => {
      clearInterval(count)
      resolve({ code: code ?? signal, seconds: (performance.now() - startMs) / 1000, log, mostFiles })
    })
  })
}

// ------------------------------------------------------------------------------------------------ sudden ends

async function suddenEnd(folder, swarm, rounds, random, fail) {
  const peers = await startPeers({ ...swarm, count: 60, paceMs: 20 })
  let longestMs = 0
  for (let n = 0; n < rounds; n++) {
    const signal = n % 2 === 0 ? 'SIGINT' : 'SIGTERM'
    let sentMs = 0
    const args = [
      'get',
      swarm.file,
      '--dir',
      join(folder, `t${n}`),
      '--state',
      join(folder, `s${n}`),
      ...peersOf(peers),
    ]
    const { code, log } = await shoal(args, {
      onStart: async (child, until) => {
        // Never to be needed.
        setTimeout(() => child.kill('SIGKILL'), 40_000).unref()
        await until(/"state":"downloading"/)
        await pause(random.below(1_000))
        sentMs = performance.now()
        child.kill(signal)
      },
    })
    const endMs = performance.now() - sentMs
    longestMs = Math.max(longestMs, endMs)
    if (sentMs === 0) fail(`${signal}: it ended before`)
    if (endMs > MAX_END_MS) fail(`${signal}: ended after ${(endMs / 1000).toFixed(1)} s`)
    if (code !== 130 && code !== 143) fail(`${signal}: exit code ${code}: ${log.slice(-300)}`)
  }
  peers.close()
  return `ended in ${(longestMs / 1000).toFixed(1)} s`
}

// ----------------------------------------------------------------------------------------------------- helpers

/** One file of noise, and its torrent. */
async function payload(dir, bytes, pieceLength, random) {
  mkdirSync(dir, { recursive: true })
  const content = Buffer.from(random.bytes(bytes))
  writeFileSync(join(dir, 'payload'), content)
  const { metainfo } = await createTorrent(join(dir, 'payload'), { pieceLength })
  await settled()
  return { metainfo, content, dir }
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
