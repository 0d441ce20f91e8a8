/** A DHT of libtorrent's nodes: Shoal finds peers in it, and is found, without any tracker. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bencode } from './rig/bencode.ts'
import { type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { Program } from './rig/program.ts'
import { differences } from './rig/tree.ts'
import { until } from './rig/wait.ts'

const TIMEOUT_MS = 60_000
/** Of the namespace, see run.mjs: 10.77.1.1 and so on. */
const ADDRESSES = 20
const NODES = 4
const BOOTSTRAP = '10.77.1.2:8002'
const PAYLOAD: Case = {
  title: 'a file that the DHT leads to',
  name: 'trackerless.bin',
  pieceBytes: 64 * 1024,
  files: 2 * 1024 * 1024 + 77,
  tracker: 'udp',
  dials: 'getter',
}

const work = process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop')
const payload = join(work, 'dht-payload')
const shoalBin = fileURLToPath(new URL('../../packages/cli/bin/shoal.js', import.meta.url))
const libtorrentPeer = fileURLToPath(new URL('rig/libtorrent-dht.py', import.meta.url))
const programs: Program[] = []
let info: ReturnType<typeof writePayload>
let last = 1

beforeAll(() => {
  mkdirSync(payload)
  info = writePayload(PAYLOAD, payload)
  for (let n = 0; n < NODES; n++) libtorrent('node', n === 0 ? '' : BOOTSTRAP)
})

afterAll(async () => {
  await Promise.all(programs.map(program => program.stop()))
})

test('Shoal gets a torrent without trackers from a libtorrent seed', async () => {
  const { file, infoHash } = trackerless('libtorrent-seeds')
  libtorrent('seed', BOOTSTRAP, file, folder('lt-seed', true))
  await isFound(infoHash)
  const dir = folder('shoal-get')
  await completes(shoal('get', file, '--dir', dir))
  expect(differences(payload, dir)).toEqual([])
})

test('libtorrent gets a torrent without trackers from a Shoal seed', async () => {
  const { file, infoHash } = trackerless('shoal-seeds')
  shoal('seed', file, '--dir', folder('shoal-seed', true))
  await isFound(infoHash)
  const dir = folder('lt-get')
  await completes(libtorrent('get', BOOTSTRAP, file, dir))
  expect(differences(payload, dir)).toEqual([])
})

test("libtorrent enters by Shoal's node, and gets the torrent from there", async () => {
  const { file, infoHash } = trackerless('shoal-leads')
  const at = shoal('seed', file, '--dir', folder('shoal-leads-seed', true)).address
  await isFound(infoHash)
  const dir = folder('lt-led')
  await completes(libtorrent('get', at, file, dir))
  expect(differences(payload, dir)).toEqual([])
})

test("Shoal stores a value at libtorrent's nodes, and gets it back", async () => {
  const put = ask('put', 'a value of BEP 44')
  await completes(put)
  const target = /^[0-9a-f]{40}$/m.exec(put.program.describe())?.[0] ?? expect.unreachable()
  const got = ask('get', target)
  await completes(got)
  expect(got.program.describe()).toContain('\na value of BEP 44')
})

interface Started {
  readonly program: Program
  readonly address: string
}

function start(command: (ip: string, port: string, scratch: string) => readonly string[]): Started {
  last++
  const ip = `10.77.1.${1 + ((last - 1) % ADDRESSES)}`
  const port = String(8000 + last)
  const scratch = join(work, `dht-${last}`)
  mkdirSync(scratch)
  const program = new Program(command(ip, port, scratch), {
    logFile: join(scratch, 'log'),
    cwd: scratch,
    env: { HOME: scratch, XDG_STATE_HOME: scratch },
  })
  programs.push(program)
  return { program, address: `${ip}:${port}` }
}

function libtorrent(mode: 'node' | 'seed' | 'get', bootstrap: string, ...torrent: string[]): Started {
  return start((ip, port) => ['/usr/bin/python3', libtorrentPeer, mode, ip, port, bootstrap, ...torrent])
}

function shoal(command: 'seed' | 'get', ...args: string[]): Started {
  return start((ip, port) => [
    ...[process.execPath, shoalBin, command, ...args],
    ...['--bind', ip, '--port', port, '--no-lsd', '--dht-node', BOOTSTRAP],
  ])
}

function ask(...args: string[]): Started {
  const options = ['--dht-node', BOOTSTRAP, '--timeout', '10']
  return start(ip => [process.execPath, shoalBin, 'dht', ...args, '--bind', ip, ...options])
}

/** Waits until the DHT knows of a peer: nobody looks again within minutes. */
async function isFound(infoHash: string): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const { program } = ask('find', infoHash)
    if ((await program.ended) === 0) return
    if (performance.now() > deadlineMs) throw new Error(`nobody is found\n${logs()}`)
  }
}

async function completes({ program }: Started): Promise<void> {
  await until(logs, TIMEOUT_MS, () => program.ending !== undefined)
  if (program.ending !== 0) throw new Error(`ended early\n${logs()}`)
}

function trackerless(unique: string): { readonly file: string; readonly infoHash: string } {
  const { infoHash } = makeTorrent(info, '', unique)
  const file = join(work, `dht-${unique}.torrent`)
  writeFileSync(file, bencode({ info: { ...info, source: unique } }))
  return { file, infoHash: infoHash.toString('hex') }
}

function folder(name: string, filled = false): string {
  const dir = join(work, `dht-${name}-data`)
  mkdirSync(dir)
  if (filled) cpSync(payload, dir, { recursive: true })
  return dir
}

function logs(): string {
  return programs.map(program => program.describe()).join('\n')
}
