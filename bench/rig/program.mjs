/** Programs as children: what they cost, read from /proc (so on Linux only), and never left behind. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** What a process used in its last moments is missed: at most so much, once for each thread. */
const SAMPLE_MS = 10
/** Of Linux on every machine that Node runs on. */
const TICKS_PER_SECOND = 100
const LOG_CHARS = 2000

const running = new Set()
process.on('exit', () => {
  for (const program of running) program.kill()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

export class Program {
  /** Resolves with the exit code, or the signal. */
  ended
  /** All that it printed, the last so many characters. */
  log = ''
  cpuSeconds = Number.NaN
  /** The most that was resident at any moment. */
  peakMiB = Number.NaN
  #child
  #timer

  constructor([file, ...args], { env = {}, cwd } = {}) {
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd,
      env: { ...process.env, ...env },
    })
    running.add(this)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.log = (this.log + text).slice(-LOG_CHARS)
      })
    }
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS)
    this.ended = new Promise(resolve => {
      const end = how => {
        clearInterval(this.#timer)
        running.delete(this)
        resolve(how)
      }
      this.#child.once('error', error => end(error.message))
      this.#child.once('close', (code, signal) => end(code ?? signal))
    })
  }

  /** Brings {@link cpuSeconds} and {@link peakMiB} up to date; after the end they stay as they were last. */
  sample() {
    try {
      const folder = `/proc/${this.#child.pid}`
      const fields = readFileSync(`${folder}/stat`, 'latin1').split(') ')[1].split(' ')
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`${folder}/status`, 'latin1'))
      // A process that is gone but not yet waited for has no memory any more.
      if (peak === null) return
      this.cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
      this.peakMiB = Number(peak[1]) / 1024
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error
    }
  }

  /** Waits for it to end well. Throws what it printed when it does not, or not in time. */
  async success(timeoutMs) {
    const waiting = new AbortController()
    const how = await Promise.race([this.ended, pause(timeoutMs, 'too slow', { signal: waiting.signal })])
    waiting.abort()
    if (how !== 0) throw new Error(`${this.#child.spawnargs.join(' ')}: ${how}\n${this.log}`)
  }

  /** Waits until it has nothing more to do: a seeder that reads its files first. */
  async settle() {
    for (let before = -1; this.cpuSeconds - before > 0.02; ) {
      before = this.cpuSeconds
      await pause(400)
    }
  }

  kill() {
    this.#child.kill('SIGKILL')
  }

  async stop() {
    this.kill()
    await this.ended
  }
}
