/** `shoal serve` as a child, asked through its API, and ended in ways that it cannot answer. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '../../../packages/daemon/dist/client.js'
import { readRunning } from '../../../packages/daemon/dist/local.js'

const SHOAL = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
const START_MS = 60_000
const LOG_CHARS = 4000
/** Nobody outside is asked; all may run at once. */
const SETTINGS = [
  'network.dht=false',
  'network.lsd=false',
  'network.bind=127.0.0.1',
  'queue.downloads=none',
  'queue.seeds=none',
  'disk.keep_free=0',
]

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Daemon {
  client
  /** From the start of the process to its first answer. */
  startMs = 0
  log = ''
  #child

  /** @param {{ state: string, dir: string }} folders @throws when it does not answer in time */
  static async start({ state, dir }) {
    const daemon = new Daemon()
    const startMs = performance.now()
    mkdirSync(dir, { recursive: true })
    const args = ['serve', '--state', state, '--dir', dir, '--listen', '127.0.0.1:0', '--port', '0', '--json']
    args.push(...SETTINGS.flatMap(setting => ['--set', setting]))
    // No configuration of whoever runs this.
    const env = { ...process.env, XDG_CONFIG_HOME: dir }
    daemon.#child = spawn(process.execPath, [SHOAL, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env })
    running.add(daemon.#child)
    let ended
    daemon.#child.once('close', (code, signal) => {
      ended = code ?? signal
      running.delete(daemon.#child)
    })
    daemon.#child.stderr.setEncoding('utf8').on('data', text => {
      daemon.log = (daemon.log + text).slice(-LOG_CHARS)
    })
    for (;;) {
      const found = readRunning(state)
      if (found?.pid === daemon.#child.pid) {
        daemon.client = createClient(found)
        await daemon.client.torrents({ limit: 1 })
        daemon.startMs = performance.now() - startMs
        return daemon
      }
      if (ended !== undefined || performance.now() - startMs > START_MS)
        throw new Error(`the daemon ended with ${ended} or does not answer: ${daemon.log}`)
      await pause(20)
    }
  }

  /** All rows by their ids. */
  async rows() {
    const rows = new Map()
    for (;;) {
      const { items, total } = await this.client.torrents({ offset: rows.size, limit: 1000 })
      for (const row of items) rows.set(row.id, row)
      if (rows.size >= total || items.length === 0) return rows
    }
  }

  /** Bytes read so far by any call, of files, sockets and pipes. */
  readBytes() {
    return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/io`, 'latin1'))[1])
  }

  freeze() {
    this.#child.kill('SIGSTOP')
    const stat = `/proc/${this.#child.pid}/stat`
    while (readFileSync(stat, 'latin1').split(') ')[1][0] !== 'T');
  }

  /** Resolves when nothing of it is left. */
  async kill(signal = 'SIGKILL') {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = new Promise(resolve => this.#child.once('close', resolve))
    this.#child.kill(signal)
    await closed
  }
}
