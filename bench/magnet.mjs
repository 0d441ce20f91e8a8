/**
 * How long from a magnet link to the first piece on disk, in a private DHT of 50 nodes with one seed and no tracker:
 * Shoal and, where python3-libtorrent is installed, libtorrent, taking turns. Needs root and iproute2: DHT nodes must
 * have addresses of their own, in a network namespace that is gone afterwards.
 *
 *     node bench/magnet.mjs [RUNS]        medians of RUNS (5) runs
 *     node bench/magnet.mjs --idle        instead, what a node with that table costs while nobody asks it
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createDht, createEngine, createTorrent } from '../packages/engine/dist/index.js'
import { writePayload } from './rig/payload.mjs'

const NODES = 50
const INSIDE = 'SHOAL_BENCH_MAGNET'
const address = n => `10.77.3.${n}`
const SEED = 200
const SHOAL = 201
const LIBTORRENT = 202
const PORT = 6881

function again() {
  const name = `shoal-magnet-${process.pid}`
  const ip = (...args) => spawnSync('ip', args).status === 0
  if (!ip('netns', 'add', name)) throw new Error('this needs root and iproute2')
  try {
    ip('-n', name, 'link', 'set', 'lo', 'up')
    for (const n of [...Array(NODES).keys(), SEED, SHOAL, LIBTORRENT]) {
      ip('-n', name, 'address', 'add', `${address(n + (n < NODES ? 1 : 0))}/32`, 'dev', 'lo')
    }
    const args = ['netns', 'exec', name, process.execPath, ...process.argv.slice(1)]
    const { status } = spawnSync('ip', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
    process.exitCode = status ?? 1
  } finally {
    ip('netns', 'delete', name)
  }
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-magnet-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const entry = `${address(1)}:${PORT}`
  const nodes = []
  for (let n = 1; n <= NODES; n++) {
    nodes.push(await createDht({ bind: address(n), port: PORT, bootstrap: n === 1 ? [] : [entry] }))
  }
  await pause(3_000)
  if (process.argv[2] === '--idle') return await idle(nodes)

  const payload = join(folder, 'payload.bin')
  writePayload(payload, 64 * 2 ** 20)
  const { metainfo } = await createTorrent(payload, { pieceLength: 2 ** 18 })
  const seeder = await createEngine({ bind: address(SEED), port: PORT, dhtBootstrap: [entry], lsd: false })
  const seed = await seeder.add(metainfo, { dir: folder, seedOnly: true })
  await seed.done
  // Until it has announced itself.
  await pause(4_000)

  const times = { shoal: [], libtorrent: [] }
  const runs = Number(process.argv[2] ?? 5)
  const link = `magnet:?xt=urn:btih:${metainfo.infoHashHex}`
  for (let run = 0; run < runs; run++) {
    times.shoal.push(await withShoal(link, join(folder, `shoal-${run}`), entry))
    const took = await withLibtorrent(link, join(folder, `libtorrent-${run}`))
    if (took !== undefined) times.libtorrent.push(took)
  }
  for (const [client, ms] of Object.entries(times)) {
    if (ms.length === 0) console.log(`${client}: not installed`)
    else console.log(`${client}: median ${median(ms)} ms to the first piece (${ms.join(', ')})`)
  }
  await seeder.close()
  await Promise.all(nodes.map(node => node.close()))
  process.exit()
}

async function withShoal(link, dir, entry) {
  const began = performance.now()
  const engine = await createEngine({ bind: address(SHOAL), port: PORT, dhtBootstrap: [entry], lsd: false })
  const torrent = await engine.add(link, { dir })
  await new Promise(resolve => torrent.on('piece', resolve))
  const took = Math.round(performance.now() - began)
  await engine.close()
  return took
}

const LIBTORRENT_GET = `
import sys, time
began = time.monotonic()
import libtorrent as lt
link, dir, ip, port, entry = sys.argv[1:6]
began = time.monotonic()
s = lt.session({'listen_interfaces': ip + ':' + port, 'outgoing_interfaces': ip, 'enable_dht': True,
  'dht_bootstrap_nodes': entry, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
  'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False, 'dht_ignore_dark_internet': False,
  'allow_multiple_connections_per_ip': True, 'enable_outgoing_utp': False})
p = lt.parse_magnet_uri(link); p.save_path = dir
h = s.add_torrent(p)
while h.status().num_pieces < 1:
  if time.monotonic() - began > 60: sys.exit(1)
  time.sleep(0.005)
print(round((time.monotonic() - began) * 1000))
sys.stdout.flush()
import os; os._exit(0)
`

async function withLibtorrent(link, dir) {
  const script = `${dir}.py`
  writeFileSync(script, LIBTORRENT_GET)
  const args = [script, link, dir, address(LIBTORRENT), String(PORT), `${address(1)}:${PORT}`]
  const child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  const code = await new Promise(resolve => child.on('error', () => resolve(1)).on('close', resolve))
  return code === 0 ? Number(text) : undefined
}

/** Of all nodes in this process, so a single one costs a fiftieth of it. */
async function idle(nodes) {
  await pause(10_000)
  const before = process.cpuUsage()
  await pause(30_000)
  const { user, system } = process.cpuUsage(before)
  const cpu = ((user + system) / 1e6 / 30 / NODES) * 100
  const { rss } = process.memoryUsage()
  console.log(
    `${NODES} idle nodes: ${(rss / 2 ** 20).toFixed(0)} MiB resident in all, ${cpu.toFixed(3)} % of a core each`,
  )
  await Promise.all(nodes.map(node => node.close()))
  process.exit()
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

if (process.env[INSIDE] === undefined) again()
else await main()
