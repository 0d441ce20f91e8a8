/** What rows with hostile peers share: a torrent made up from a seed, an honest peer, and the engine under attack. */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encode } from '../../../packages/engine/dist/bencode/encode.js'
import { Random } from '../random.mjs'

export const BLOCK = 16 * 1024

/** Contents that follow from the seed, and the torrent of them. */
export function makeTorrent(seed, { name, bytes, pieceBytes }) {
  const data = Buffer.from(Random.named(seed, name).bytes(bytes).buffer, 0, bytes)
  const hashes = []
  for (let at = 0; at < bytes; at += pieceBytes) {
    hashes.push(
      createHash('sha1')
        .update(data.subarray(at, at + pieceBytes))
        .digest(),
    )
  }
  const info = { length: bytes, name, 'piece length': pieceBytes, pieces: Buffer.concat(hashes) }
  const infoHash = createHash('sha1').update(encode(info)).digest()
  return {
    data,
    pieceBytes,
    pieces: hashes.length,
    infoHash,
    key: infoHash.toString('hex'),
    file: Buffer.from(encode({ info })),
  }
}

/** The engine in its process. */
export class Victim {
  /** Milliseconds from adding to completion, by info-hash. */
  done = new Map()
  #child
  #answers = new Map()
  #waiting = new Map()
  #nextId = 1

  static async start(work, engine = {}) {
    const victim = new Victim()
    victim.dir = mkdtempSync(join(work, 'victim-'))
    const file = fileURLToPath(new URL('victim.mjs', import.meta.url))
    victim.#child = fork(file, [JSON.stringify({ engine })], {
      execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    victim.died = undefined
    await new Promise((resolve, reject) => {
      victim.#child.on('exit', (code, signal) => {
        victim.died = `the engine ended by ${signal ?? `exit code ${code}`}`
        reject(new Error(victim.died))
        for (const { reject: refuse } of victim.#answers.values()) refuse(new Error(victim.died))
      })
      victim.#child.on('message', message => {
        if (message.port !== undefined) {
          victim.port = message.port
          return resolve()
        }
        if (message.done !== undefined) {
          victim.done.set(message.done, message.error ?? message.ms)
          return victim.#waiting.get(message.done)?.(message.error ?? message.ms)
        }
        const answer = victim.#answers.get(message.id)
        victim.#answers.delete(message.id)
        if (message.error !== undefined) answer?.reject(new Error(message.error))
        else answer?.resolve(message)
      })
    })
    return victim
  }

  add(torrent, peers, dir = this.dir, check = 'auto') {
    return this.#ask({ ask: 'add', torrent: torrent.file.toString('base64'), dir, peers, check })
  }

  /** Completion counts from here. */
  dial(torrent, address) {
    return this.#ask({ ask: 'dial', infoHash: torrent.key, address })
  }

  remove(torrent) {
    return this.#ask({ ask: 'remove', infoHash: torrent.key })
  }

  state() {
    return this.#ask({ ask: 'state' })
  }

  /** Milliseconds it took, or Infinity. */
  async whenDone(torrent, timeoutMs) {
    const known = this.done.get(torrent.key)
    if (known !== undefined) return known
    return await new Promise(resolve => {
      const timer = setTimeout(() => resolve(Number.POSITIVE_INFINITY), timeoutMs)
      this.#waiting.set(torrent.key, ms => {
        clearTimeout(timer)
        resolve(typeof ms === 'number' ? ms : Number.POSITIVE_INFINITY)
      })
    })
  }

  async stop() {
    if (this.died !== undefined) return
    await new Promise(resolve => {
      this.#child.removeAllListeners('exit')
      this.#child.on('exit', resolve)
      this.#child.kill('SIGKILL')
    })
  }

  #ask(message) {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (this.died !== undefined) return reject(new Error(this.died))
      this.#answers.set(id, { resolve, reject })
      this.#child.send({ ...message, id })
    })
  }
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** True as soon as `test` holds, false when it does not in time. */
export async function until(test, timeoutMs, everyMs = 25) {
  const deadline = performance.now() + timeoutMs
  while (!test()) {
    if (performance.now() > deadline) return false
    await sleep(everyMs)
  }
  return true
}
