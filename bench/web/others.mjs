/**
 * Transmission and qBittorrent with thousands of torrents that rest: their state folders are written as they would write
 * them, which takes seconds where adding takes minutes. Neither speaks to anybody but the browser.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../rig/tracker.mjs'
import { torrents } from './torrents.mjs'

const DIR = '/nowhere'
const READY_MS = 600_000

/** @returns the address of its page */
export async function startTransmission({ folder, count, files, onEnd }) {
  for (const name of ['torrents', 'resume']) mkdirSync(join(folder, name))
  for (const { bytes, id } of torrents(count, files)) {
    writeFileSync(join(folder, 'torrents', `${id}.torrent`), bytes)
    const resume = { 'added-date': 1_790_000_000, destination: DIR, paused: 1 }
    writeFileSync(join(folder, 'resume', `${id}.resume`), bencode(resume))
  }
  const port = await freePort('127.0.0.1')
  const settings = {
    'rpc-port': port,
    'rpc-bind-address': '127.0.0.1',
    'rpc-authentication-required': false,
    'bind-address-ipv4': '127.0.0.1',
    'peer-port': await freePort('127.0.0.1'),
    'port-forwarding-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    'download-dir': DIR,
  }
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings))
  run('transmission-daemon', ['--foreground', '--config-dir', folder], onEnd)
  const url = `http://127.0.0.1:${port}/transmission`
  let session = ''
  const startSeconds = await untilAll(count, async () => {
    const body = JSON.stringify({ method: 'session-stats' })
    const headers = { 'X-Transmission-Session-Id': session }
    const response = await fetch(`${url}/rpc`, { method: 'POST', headers, body })
    session = response.headers.get('x-transmission-session-id') ?? session
    return response.ok ? (await response.json()).arguments.torrentCount : 0
  })
  return { url: `${url}/web/`, startSeconds }
}

/** @returns the address of its page */
export async function startQbittorrent({ folder, count, files, onEnd }) {
  const [config, backup] = ['config', 'data/BT_backup'].map(name => join(folder, 'qBittorrent', name))
  for (const dir of [config, backup]) mkdirSync(dir, { recursive: true })
  for (const { bytes, id } of torrents(count, files)) {
    writeFileSync(join(backup, `${id}.torrent`), bytes)
    const resume = {
      added_time: 1_790_000_000,
      auto_managed: 0,
      'file-format': 'libtorrent resume file',
      'file-version': 1,
      'info-hash': Buffer.from(id, 'hex'),
      paused: 1,
      'qBt-contentLayout': 'Original',
      'qBt-savePath': DIR,
      'qBt-stopCondition': 'None',
      save_path: DIR,
    }
    writeFileSync(join(backup, `${id}.fastresume`), bencode(resume))
  }
  const port = await freePort('127.0.0.1')
  const lines = [
    '[LegalNotice]',
    'Accepted=true',
    '[Preferences]',
    'WebUI\\LocalHostAuth=false',
    'WebUI\\Address=127.0.0.1',
    '[BitTorrent]',
    ...['DHT', 'LSD', 'PeX'].map(name => `Session\\${name}Enabled=false`),
    'Session\\InterfaceAddress=127.0.0.1',
    `Session\\Port=${await freePort('127.0.0.1')}`,
    '[Network]',
    'PortForwardingEnabled=false',
  ]
  writeFileSync(join(config, 'qBittorrent.conf'), `${lines.join('\n')}\n`)
  run('qbittorrent-nox', [`--profile=${folder}`, `--webui-port=${port}`], onEnd)
  const url = `http://127.0.0.1:${port}/`
  const startSeconds = await untilAll(count, async () => {
    const response = await fetch(`${url}api/v2/sync/maindata`)
    return response.ok ? Object.keys((await response.json()).torrents ?? {}).length : 0
  })
  return { url, startSeconds }
}

function run(program, args, onEnd) {
  const child = spawn(program, args, { stdio: 'ignore' })
  const ended = new Promise(done => child.once('exit', done))
  onEnd(async () => {
    // With so many it takes its time to end in order, and nothing of it is wanted.
    child.kill('SIGKILL')
    await ended
  })
}

/** @returns after how many seconds it has them all */
async function untilAll(count, ask) {
  const begin = performance.now()
  for (;;) {
    const there = await ask().catch(() => 0)
    const seconds = (performance.now() - begin) / 1000
    if (there === count) return seconds
    if (seconds * 1000 > READY_MS) throw new Error(`it has ${there} of ${count} torrents after ${seconds} s`)
    await pause(500)
  }
}

/** Keys in their order. */
function bencode(value) {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  const keys = Object.keys(value).sort()
  const parts = keys.flatMap(key => [bencode(key), bencode(value[key])])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}
