/**
 * How long a player waits: `shoal stream` beside a fast seed on this machine, from the request over HTTP to the first byte
 * of a file of 2 GB, and again after a seek to its middle, while the rest downloads. Run `npm run build` first, then
 *
 *     node bench/stream.mjs [--size 2000] [--runs 5] [--dir /dev/shm] [--webtorrent FOLDER] [--json]
 *
 * `--webtorrent`: a folder in which `npm install webtorrent` was run; its own server then answers the same requests, from
 * the same seed. Clients take turns, medians are shown, in ms.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const SHOAL = fileURLToPath(new URL('../packages/cli/bin/shoal.js', import.meta.url))
const SEED_PORT = 21_881
const WAIT_MS = 120_000
const MB = 1_000_000

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '5' },
    dir: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    webtorrent: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const sizeBytes = Number(values.size) * MB
const folder = mkdtempSync(join(values.dir, 'shoal-stream-'))
const children = []

try {
  const source = join(folder, 'source')
  mkdirSync(source)
  fill(join(source, 'film.mkv'), sizeBytes)
  const torrent = join(folder, 'film.torrent')
  await over(start([SHOAL, 'create', join(source, 'film.mkv'), '-o', torrent]))
  const seed = start([SHOAL, 'seed', torrent, '--dir', source, ...network(SEED_PORT), '--json'])
  await line(seed, text => text.includes('"seeding"'))

  const clients = { shoal: target => shoal(torrent, target) }
  if (values.webtorrent !== undefined) clients.webtorrent = target => webtorrent(torrent, target)
  const took = Object.fromEntries(Object.keys(clients).map(name => [name, { first: [], seek: [] }]))
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, client] of Object.entries(clients)) {
      const target = join(folder, `got ${name}`)
      const child = client(target)
      const url = await line(child, text => text.startsWith('http://'))
      const { first, seek } = took[name]
      first.push(await firstByte(url, 0))
      seek.push(await firstByte(url, Math.floor(sizeBytes / 2) + 12_345))
      child.kill('SIGKILL')
      await over(child)
      rmSync(target, { recursive: true, force: true })
    }
  }
  const figures = Object.fromEntries(
    Object.entries(took).map(([name, { first, seek }]) => [
      name,
      { firstMs: median(first), seekMs: median(seek) },
    ]),
  )
  if (values.json) console.log(JSON.stringify(figures))
  else {
    console.table(figures)
    console.log('each run:', JSON.stringify(took))
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

function shoal(torrent, target) {
  const state = ['--state', join(target, 'state')]
  return start([
    SHOAL,
    'stream',
    torrent,
    '--dir',
    target,
    ...network(0),
    ...state,
    '--peer',
    `127.0.0.1:${SEED_PORT}`,
  ])
}

function webtorrent(torrent, target) {
  const script = join(folder, 'webtorrent.mjs')
  const entry = pathToFileURL(join(values.webtorrent, 'node_modules/webtorrent/index.js')).href
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs'
import WebTorrent from ${JSON.stringify(entry)}
const client = new WebTorrent({ dht: false, tracker: false, lsd: false, utPex: false, utp: false, natUpnp: false, natPmp: false })
const torrent = client.add(readFileSync(${JSON.stringify(torrent)}), { path: ${JSON.stringify(target)} })
torrent.on('ready', () => {
  torrent.addPeer('127.0.0.1:${SEED_PORT}')
  const instance = client.createServer()
  instance.server.listen(0, '127.0.0.1', () =>
    console.log('http://127.0.0.1:' + instance.server.address().port + torrent.files[0].streamURL))
})
`,
  )
  return start([script])
}

function network(port) {
  return ['--bind', '127.0.0.1', '--port', String(port), '--no-discovery']
}

function start(args) {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  child.out = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    child.out += text
  })
  children.push(child)
  return child
}

function over(child) {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', resolve)
  })
}

/** The first line of standard output that fits. */
function line(child, fits) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = child.out.split('\n').slice(0, -1).find(fits)
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', look)
    child.once('exit', () => reject(new Error(`ended too early: ${child.out}`)))
    look()
  })
}

/** From the request to the first byte of the body, in ms. */
function firstByte(url, from) {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const request = get(url, { agent: false, headers: { Range: `bytes=${from}-` } }, response => {
      if (response.statusCode !== 206) reject(new Error(`status ${response.statusCode}`))
      response.once('data', () => {
        resolve(performance.now() - startMs)
        request.destroy()
      })
    })
    request.setTimeout(WAIT_MS, () => reject(new Error('nothing came')))
    request.on('error', reject)
  })
}

function fill(path, length) {
  if (existsSync(path) && statSync(path).size === length) return
  const file = openSync(path, 'w')
  const chunk = randomBytes(4 * MB)
  for (let done = 0; done < length; done += chunk.length) {
    chunk.writeDoubleLE(done, 0)
    writeSync(file, chunk, 0, Math.min(chunk.length, length - done))
  }
  closeSync(file)
}

function median(values) {
  return Math.round(values.sort((a, b) => a - b)[Math.floor(values.length / 2)])
}
