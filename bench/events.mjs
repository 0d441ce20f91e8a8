/**
 * What it costs to tell clients what changes: 10,000 torrents, of which 1,000 change each second, to 20 listeners in
 * another process. Prints the processor time of the server as a share of one core, once for listeners of all torrents
 * and once for listeners of a window each, and how long a page of 100 of the 10,000 takes.
 *
 *     node bench/events.mjs [seconds]
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '../packages/daemon/dist/client.js'
import { openAccess } from '../packages/daemon/dist/http/access/access.js'
import { createHttp } from '../packages/daemon/dist/http/create-http.js'

const TORRENTS = 10_000
const CHANGES = 1000
const CLIENTS = 20
const PAGES = 200

async function measure(seconds) {
  const dir = mkdtempSync(join(tmpdir(), 'shoal-bench-'))
  const session = new Rows()
  const access = await openAccess(join(dir, 'access.json'))
  const { token } = await access.createToken('bench', 'read')
  const settings = { list: () => [], change: async () => undefined }
  const http = createHttp({
    session,
    access,
    settings,
    roots: () => [dir],
    doctor: async () => [],
    demo: async () => ({}),
  })
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  const result = {}
  for (const kind of ['all', 'window']) {
    const child = fork(fileURLToPath(import.meta.url), ['listen', JSON.stringify({ url, token, kind })])
    await new Promise(done => child.once('message', done))
    const alone = await share(seconds, () => session.change())
    child.send('end')
    const { steps, bytes } = await new Promise(done => child.once('message', done))
    await new Promise(done => child.once('exit', done))
    // What it takes to change the rows is not what telling about it costs.
    const idle = await share(Math.min(3, seconds), () => session.change())
    result[kind] = { percentOfCore: alone - idle, steps, megabytesPerSec: bytes / 1e6 / seconds }
  }
  result.pageMs = await pages(createClient({ url, token }))
  await http.close(0)
  rmSync(dir, { recursive: true, force: true })
  const rounded = (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)
  console.log(JSON.stringify(result, rounded))
}

/** Percent of one core, while something is done each second. */
async function share(seconds, work) {
  const before = process.cpuUsage()
  for (let second = 0; second < seconds; second++) {
    work()
    await new Promise(done => setTimeout(done, 1000))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e4 / seconds
}

async function pages(client) {
  const times = []
  const before = process.cpuUsage()
  for (let n = 0; n < PAGES; n++) {
    const start = performance.now()
    const page = await client.torrents({
      sort: 'downloadRate',
      order: 'desc',
      limit: 100,
      offset: (n * 37) % TORRENTS,
    })
    times.push(performance.now() - start)
    if (page.items.length === 0) throw new Error('a page is empty')
  }
  times.sort((a, b) => a - b)
  // Of both sides: the client is in this process.
  const { user, system } = process.cpuUsage(before)
  return {
    processor: (user + system) / 1000 / PAGES,
    p50: times[PAGES / 2],
    p99: times[Math.floor(PAGES * 0.99)],
  }
}

async function listen({ url, token, kind }) {
  const end = new AbortController()
  const count = { steps: 0, bytes: 0 }
  const clients = Array.from({ length: CLIENTS }, async (_, n) => {
    const client = createClient({ url, token, fetch: counting(count) })
    const window = { sort: 'downloadRate', order: 'desc', limit: 50, offset: n * 50 }
    const opened = new Promise(done => {
      const options = { signal: end.signal, onState: done, ...(kind === 'window' ? { window } : {}) }
      void (async () => {
        for await (const event of client.events(options))
          count.steps += event.type === 'reset' ? Number.NaN : 1
      })()
    })
    await opened
  })
  await Promise.all(clients)
  process.send('ready')
  process.once('message', () => {
    process.send(count, () => {
      end.abort()
      process.disconnect()
    })
  })
}

function counting(count) {
  return async (target, init) => {
    const response = await fetch(target, init)
    const counted = response.body.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          count.bytes += chunk.length
          controller.enqueue(chunk)
        },
      }),
    )
    return new Response(counted, response)
  }
}

/** As much of a session as is asked for here: rows, and steps. */
class Rows {
  #rows = Array.from({ length: TORRENTS }, (_, n) => row(n))
  #step = 0
  #listeners = new Set()

  changes = {
    cursor: 'bench.0',
    since: () => undefined,
    subscribe: listener => {
      this.#listeners.add(listener)
      return () => this.#listeners.delete(listener)
    },
  }

  change() {
    this.#step++
    this.changes.cursor = `bench.${this.#step}`
    const changed = []
    for (let n = 0; n < CHANGES; n++) {
      const at = (n * 7 + this.#step) % TORRENTS
      const delta = {
        downloadRate: (at * 31 + this.#step * 1009) % 10_000_000,
        haveBytes: at * 1000 + this.#step,
        etaSeconds: (at + this.#step) % 9999,
        progress: ((at + this.#step) % 1000) / 1000,
      }
      this.#rows[at] = { ...this.#rows[at], ...delta }
      changed.push({ id: this.#rows[at].id, ...delta })
    }
    const step = { cursor: this.changes.cursor, added: [], changed, removed: [], session: undefined, log: [] }
    for (const listener of this.#listeners) listener(step)
  }

  list({ sort = 'queue', order, offset = 0, limit = 100 }) {
    const sign = order === 'desc' ? -1 : 1
    const sorted = [...this.#rows].sort((a, b) => sign * (a[sort] - b[sort]))
    const facets = { all: TORRENTS, states: {}, categories: {}, labels: {}, trackers: {} }
    const items = sorted.slice(offset, offset + limit)
    return { total: TORRENTS, offset, items, facets, cursor: this.changes.cursor }
  }

  info() {
    return { version: 'bench' }
  }
}

function row(n) {
  const id = n.toString(16).padStart(40, '0')
  const zeros = Object.fromEntries(
    'work totalBytes wantedBytes leftBytes uploadRate downloadedBytes uploadedBytes ratio seeds peers sending receiving swarmSeeds swarmPeers addedAt completedAt activeAt downloadSeconds seedSeconds availability'
      .split(' ')
      .map(key => [key, n]),
  )
  const text = { name: `a torrent with a name of some length, number ${n}`, dir: '/home/somebody/Downloads' }
  const rest = { state: 'downloading', intent: 'run', complete: false, category: null, labels: ['linux'] }
  const last = { tracker: 'tracker.example', private: false, sequential: false, error: null, why: null }
  return {
    id,
    ...text,
    ...rest,
    ...zeros,
    ...last,
    progress: 0,
    haveBytes: 0,
    downloadRate: n,
    etaSeconds: n,
    queue: n,
  }
}

if (process.argv[2] === 'listen') await listen(JSON.parse(process.argv[3]))
else await measure(Number(process.argv[2] ?? 10))
