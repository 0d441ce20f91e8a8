/** Starts the daemon's HTTP side, and talks to it as no client would. */
import { fork } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HOST = '127.0.0.1'
const DAEMON = fileURLToPath(new URL('daemon.mjs', import.meta.url))
const DOCUMENT = fileURLToPath(new URL('../../../docs/openapi.json', import.meta.url))
const ID = '0'.repeat(40)

export class Daemon {
  #child
  #waiting = new Map()

  static async start(work) {
    const root = join(work, 'root')
    const web = join(work, 'web')
    for (const folder of [root, web]) mkdirSync(folder)
    writeFileSync(join(web, 'index.html'), '<!doctype html><head></head>Shoal')
    writeFileSync(join(work, 'secret'), 'SECRET')
    const daemon = new Daemon()
    daemon.root = root
    daemon.#child = fork(DAEMON, [JSON.stringify({ state: join(work, 'access.json'), root, web })], {
      execArgv: ['--expose-gc'],
    })
    Object.assign(daemon, await new Promise(done => daemon.#child.once('message', done)))
    daemon.#child.on('message', message => {
      for (const [what, value] of Object.entries(message)) daemon.#waiting.get(what)?.(value)
    })
    return daemon
  }

  /** `memory`, `handles`, `dirs`, `faults`. */
  ask(what) {
    return new Promise(done => {
      this.#waiting.set(what, done)
      this.#child.send(what)
    })
  }

  async close() {
    const ended = new Promise(done => this.#child.once('exit', done))
    this.#child.disconnect()
    await ended
  }

  /** Header by header. @returns the status; 0: closed without an answer */
  raw({ method = 'GET', path, headers = {}, body = '' }) {
    const all = { Host: `${HOST}:${this.port}`, ...headers, Connection: 'close' }
    if (body !== '' || method !== 'GET') all['Content-Length'] ??= String(Buffer.byteLength(body))
    const lines = Object.entries(all).flatMap(([name, values]) =>
      [values].flat().map(value => `${name}: ${value}\r\n`),
    )
    return this.text(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  }

  text(text) {
    return new Promise(done => {
      const socket = connect(this.port, HOST, () => socket.write(text))
      let answer = ''
      socket.setEncoding('latin1')
      socket.on('data', chunk => {
        answer += chunk
      })
      socket.on('error', () => undefined)
      socket.on('close', () =>
        done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0), text: answer }),
      )
    })
  }

  /** What somebody does who may: milliseconds until the answer has come. */
  honest(agent = new Agent()) {
    const start = performance.now()
    return new Promise((done, failed) => {
      const headers = { authorization: `Bearer ${this.token}` }
      const outgoing = request(
        { host: HOST, port: this.port, path: '/api/v1/torrents?limit=100', headers, agent },
        incoming => {
          incoming.resume()
          incoming.on('end', () =>
            incoming.statusCode === 200
              ? done(performance.now() - start)
              : failed(new Error(`${incoming.statusCode}`)),
          )
        },
      )
      outgoing.on('error', failed)
      outgoing.end()
    })
  }
}

/** A request for each route; bodies are JSON of whatever kind: nobody gets so far as to have them read. */
export function routes() {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8'))
  return Object.entries(paths).flatMap(([pattern, operations]) =>
    Object.entries(operations).map(([method, { security, requestBody }]) => ({
      method: method.toUpperCase(),
      path: pattern
        .replace('{id}', ID)
        .replace('{file}', '0')
        .replace(/\{\w+\}/, 'x'),
      isOpen: security.length === 0,
      hasBody: requestBody !== undefined,
    })),
  )
}

export function percentile(times, share) {
  return (
    times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  )
}
