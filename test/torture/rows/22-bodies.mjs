/**
 * What is sent to break the API: bodies without end, JSON that is a bomb, paths that lead elsewhere, clients that drip
 * and clients that never read. Meanwhile somebody honest is answered as quickly as ever, and memory stays where it was.
 */
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Daemon, percentile } from '../http/rig.mjs'
import { traversals } from '../http/traversals.mjs'
import { StoodStill } from '../support/stood-still.mjs'

export const title = 'API: floods, bombs, slow clients'
export const alone = true

const MIB = 2 ** 20
const MAX_HONEST_MS = 100
/** On a machine that has other work to do, of what it takes at rest. */
const MAX_SLOWDOWN = 5
const MAX_GROWTH_BYTES = 64 * MIB
const MAX_BOMB_MS = 2000
const BODY_BYTES = 1024 * MIB
const SLOW = 1000
const UPGRADES = 1000

export async function run({ full, work, log }) {
  const notes = []
  const daemon = await Daemon.start(work)
  const rest = await rested(daemon)
  const atRest = percentile((await besides(daemon, () => pause(2000))).times, 0.99)
  log(`at rest: p99 ${atRest.toFixed(1)} ms`)
  let slowest = 0
  let most = 0
  const during = async (name, attack) => {
    const { times, result, peak } = await besides(daemon, attack)
    const p99 = percentile(times, 0.99)
    log(
      `${name}: ${result}; ${times.length} honest requests, p99 ${p99.toFixed(1)} ms, ${((peak - rest) / MIB).toFixed(1)} MiB more`,
    )
    slowest = Math.max(slowest, p99)
    most = Math.max(most, peak - rest)
    if (!(p99 <= Math.max(MAX_HONEST_MS, MAX_SLOWDOWN * atRest)))
      notes.push(`${name}: honest requests took ${p99.toFixed(0)} ms (p99)`)
    if (peak - rest > MAX_GROWTH_BYTES) notes.push(`${name}: ${((peak - rest) / MIB).toFixed(0)} MiB more`)
  }
  try {
    const escapes = await paths(daemon, work, notes)
    await during('1 GiB bodies', () => bodies(daemon, notes))
    // Made beforehand: whoever measures must not be busy.
    const made = bombs(daemon)
    await during('JSON bombs', () => throwAll(daemon, made, notes))
    await during('slow clients', () => slow(daemon, full ? 60_000 : 8000))
    await during('upgrades', () => upgrades(daemon, notes))
    await pause(500)
    const handles = await daemon.ask('handles')
    if (handles > 50) notes.push(`${handles} sockets are left`)
    notes.push(...(await daemon.ask('faults')))
    return {
      ok: notes.length === 0,
      count: `${escapes} paths, 4 attacks`,
      figure: `honest p99 ${Math.round(slowest)} ms, ${Math.round(most / MIB)} MiB more`,
      notes: notes.slice(0, 20),
    }
  } finally {
    await daemon.close()
  }
}

async function rested(daemon) {
  // What is compiled and filled at the first requests is no growth.
  const agent = new Agent({ keepAlive: true })
  for (let n = 0; n < 300; n++) await daemon.honest(agent)
  agent.destroy()
  return daemon.ask('memory')
}

/** What somebody honest meets during an attack: one with a connection that they have, and one with a new one each time. */
async function besides(daemon, attack) {
  const times = []
  let peak = 0
  let isOver = false
  const agent = new Agent({ keepAlive: true })
  const ask = async own => {
    while (!isOver) {
      times.push(await daemon.honest(own).catch(() => Number.POSITIVE_INFINITY))
      await pause(10)
    }
  }
  const look = async () => {
    while (!isOver) {
      peak = Math.max(peak, await daemon.ask('memory'))
      await pause(250)
    }
  }
  const honest = [ask(agent), ask(), look()]
  const result = await attack()
  isOver = true
  await Promise.all(honest)
  agent.destroy()
  return { times, result, peak }
}

async function paths(daemon, work, notes) {
  mkdirSync(join(daemon.root, 'films'))
  symlinkSync(work, join(daemon.root, 'out'))
  symlinkSync(join(work, 'nowhere'), join(daemon.root, 'dangling'))
  const tried = traversals(daemon.root, work)
  if (tried.length < 500) notes.push(`only ${tried.length} paths`)
  const headers = { Authorization: `Bearer ${daemon.token}`, 'Content-Type': 'application/json' }
  const left = [...tried]
  const lane = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const add = JSON.stringify({ sources: ['0'.repeat(40)], options: { dir: path } })
      await daemon.raw({ method: 'POST', path: '/api/v1/torrents', headers, body: add })
      const folders = `/api/v1/folders?path=${encodeURIComponent(path)}`
      for (const target of [`/${path}`, `/${encodeURIComponent(path)}`, folders]) {
        if (/[\s\0]/.test(target)) continue
        const { text } = await daemon.raw({ path: Buffer.from(target, 'utf8').toString('latin1'), headers })
        if (/SECRET|root:x:0/.test(text) || text.includes('"access.json"'))
          notes.push(`${JSON.stringify(target)} shows what it must not`)
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  const root = realpathSync(daemon.root)
  for (const dir of await daemon.ask('dirs')) {
    if (dir !== root && !dir.startsWith(root + sep)) notes.push(`${JSON.stringify(dir)} was let through`)
    else if (/^(?:out|dangling)(?:\/|$)/.test(dir.slice(root.length + 1))) notes.push(`${dir} leads out`)
  }
  return tried.length
}

async function bodies(daemon, notes) {
  const bearer = `Authorization: Bearer ${daemon.token}\r\n`
  const head = (more, length) =>
    `POST /api/v1/torrents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}${length}\r\n`
  const cases = [
    ['told', head(bearer, `Content-Length: ${BODY_BYTES}\r\n`), 413],
    ['in chunks', head(bearer, 'Transfer-Encoding: chunked\r\n'), 413],
    ['without a token', head('', 'Transfer-Encoding: chunked\r\n'), 401],
  ]
  const results = await Promise.all(
    cases.map(async ([name, text, wanted]) => {
      const { status, sent } = await pour(daemon.port, text, text.includes('chunked'))
      if (status !== wanted && status !== 0) notes.push(`1 GiB ${name}: ${status}`)
      if (sent >= BODY_BYTES) notes.push(`1 GiB ${name}: all of it was taken`)
      return `${name} ${status} after ${Math.round(sent / MIB)} MiB`
    }),
  )
  return results.join(', ')
}

/** Sends until it is told to stop, or all is sent. */
function pour(port, head, isChunked) {
  const size = MIB
  const bytes = Buffer.alloc(size, 0x20)
  const piece = isChunked
    ? Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
    : bytes
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head)
      more()
    })
    let sent = 0
    let status = 0
    const more = () => {
      while (sent < BODY_BYTES && !socket.destroyed && status === 0) {
        sent += size
        if (!socket.write(piece)) return
      }
    }
    socket.on('drain', more)
    socket.on('data', chunk => {
      status ||= Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString('latin1'))?.[1] ?? 0)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => done({ status, sent }))
    setTimeout(() => socket.destroy(), 30_000).unref()
  })
}

function bombs(daemon) {
  const deep = 5_000_000
  const all = {
    arrays: '['.repeat(deep),
    objects: '{"a":'.repeat(deep / 5),
    closed: '['.repeat(deep) + ']'.repeat(deep),
    keys: `{${Array.from({ length: 500_000 }, (_, n) => `"k${n}":1`).join()}}`,
    protos: `{"sources":["x"],"__proto__":{"options":{}},"constructor":{"prototype":{"a":1}}}`,
    sources: JSON.stringify({ sources: Array.from({ length: 100_000 }, () => 'x'.repeat(100)) }),
    long: JSON.stringify({ sources: ['x'.repeat(20 * MIB)], options: { dir: 7 } }),
    numbers: `{"sources":["x"],"options":{"queue":${'9'.repeat(1_000_000)}}}`,
    escapes: `{"sources":"${'\\u0000'.repeat(1_000_000)}"}`,
    surrogates: '{"sources":["\\ud800"],"options":{"category":"\\udfff\\u0000"}}',
  }
  return Object.entries(all).map(([name, body]) => [name, Buffer.from(requestOf(daemon, body))])
}

function requestOf({ token }, body) {
  const length = Buffer.byteLength(body)
  const head = `Host: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${length}`
  return `POST /api/v1/torrents HTTP/1.1\r\n${head}\r\nConnection: close\r\n\r\n${body}`
}

async function throwAll(daemon, made, notes) {
  let slowest = 0
  const stoodStill = new StoodStill()
  for (const [name, bytes] of made) {
    const start = performance.now() - stoodStill.ms
    const { status } = await daemon.text(bytes)
    slowest = Math.max(slowest, performance.now() - stoodStill.ms - start)
    // 0: it was refused while the rest was on its way, and the answer is lost with the connection.
    if (status !== 400 && status !== 413 && status !== 0) notes.push(`bomb of ${name}: ${status}`)
  }
  if (slowest > MAX_BOMB_MS) notes.push(`a bomb took ${slowest.toFixed(0)} ms`)
  return `slowest ${slowest.toFixed(0)} ms`
}

/** A byte of a header now and then, from many addresses; who is let go comes again. */
async function slow(daemon, ms) {
  const end = performance.now() + ms
  let again = 0
  const drip = async (_, n) => {
    while (performance.now() < end) {
      const localAddress = `127.2.${n >> 3}.${1 + (n & 7)}`
      const socket = connect({ port: daemon.port, host: '127.0.0.1', localAddress })
      socket.on('error', () => undefined)
      socket.write('GET /api/v1/torrents HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
      while (!socket.destroyed && performance.now() < end) {
        socket.write('a')
        await pause(500)
      }
      socket.destroy()
      again++
    }
  }
  await Promise.all(Array.from({ length: SLOW }, drip))
  return `${again} connections`
}

async function upgrades(daemon, notes) {
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version': '13',
  }
  let refused = 0
  const lane = async () => {
    for (let n = 0; n < UPGRADES / 20; n++) {
      const { status } = await daemon.raw({ path: '/api/v1/events', headers })
      if (status === 401 || status === 0) refused++
      else notes.push(`a WebSocket: ${status}`)
    }
  }
  await Promise.all(Array.from({ length: 20 }, lane))
  return `${refused} refused`
}
