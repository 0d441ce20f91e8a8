/** `shoal` as a child: its `--json` events as they come, and ways to end it that it cannot answer. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SHOAL = fileURLToPath(new URL('../../../packages/cli/bin/shoal.js', import.meta.url))
const LOG_CHARS = 4000
const FREEZE_MS = 30_000

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Shoal {
  /** All events so far. */
  events = []
  /** What it wrote to standard error, the last so many characters. */
  log = ''
  /** Resolves with { code, signal }. */
  ended
  #child
  #watchers = new Set()

  /**
   * @param {string[]} args `--json` is added
   * @param {{ uid?: number, gid?: number }} as another user
   */
  constructor(args, as = {}) {
    const stdio = ['ignore', 'pipe', 'pipe']
    this.#child = spawn(process.execPath, [SHOAL, ...args, '--json'], { stdio, ...as })
    running.add(this.#child)
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', text => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        const event = JSON.parse(line)
        this.events.push(event)
        for (const watch of this.#watchers) watch(event)
      }
    })
    this.#child.stderr.setEncoding('utf8').on('data', text => {
      this.log = (this.log + text).slice(-LOG_CHARS)
    })
    this.ended = new Promise(resolve => {
      const end = (code, signal) => {
        running.delete(this.#child)
        resolve({ code, signal })
      }
      this.#child.once('error', error => {
        this.log += error.message
        end(undefined, undefined)
      })
      this.#child.once('close', end)
    })
  }

  /** Resolves with the first event, past or to come, that `matches`; with undefined when it ends before. */
  until(matches) {
    const known = this.events.find(matches)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise(resolve => {
      const settle = event => {
        this.#watchers.delete(watch)
        resolve(event)
      }
      const watch = event => {
        if (matches(event)) settle(event)
      }
      this.#watchers.add(watch)
      void this.ended.then(() => settle(undefined))
    })
  }

  last(name) {
    return this.events.findLast(({ event }) => event === name)
  }

  /** SIGKILL. There are threads, no processes below it: nothing of it is left. How it ended, if it had already. */
  async kill() {
    this.#child.kill('SIGKILL')
    return await this.ended
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** SIGSTOP, and waits until it stands still or is gone. On a busy machine that takes a while. */
  freeze() {
    this.#child.kill('SIGSTOP')
    const endMs = performance.now() + FREEZE_MS
    while (performance.now() < endMs) {
      const state = stateOf(this.#child.pid)
      if (state === 'T' || state === 'Z' || state === undefined) return
    }
    throw new Error(`it did not stand still within ${FREEZE_MS / 1000} s`)
  }

  /** Bytes read so far by any call, of files, sockets and pipes; undefined where the system does not tell. */
  readBytes() {
    try {
      return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/io`, 'latin1'))[1])
    } catch {
      return undefined
    }
  }

  /** Waits for it to end; { code: 'too slow' } and SIGKILL when it does not in time. */
  async end(timeoutMs) {
    let timer
    const late = new Promise(resolve => {
      timer = setTimeout(() => resolve({ code: 'too slow' }), timeoutMs)
    })
    const how = await Promise.race([this.ended, late])
    clearTimeout(timer)
    if (how.code === 'too slow') await this.kill()
    return how
  }
}

function stateOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1][0]
  } catch {
    return undefined
  }
}
