/**
 * Answers of web servers that are damaged, head and body, over a real connection: whatever comes, {@link httpGet} says
 * once what came of it, in the words of its own error, and holds no more than it may.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { HttpGetError, httpGet } from '../../../packages/engine/dist/node/http-get.js'
import { Random } from '../random.mjs'
import { latin1, textOf } from './bencode.mjs'
import { Mutator } from './mutate.mjs'
import { httpReplies } from './samples.mjs'

const MAX_BYTES = 64 * 1024
const AT_ONCE = 8
const TIMEOUT_MS = 2000
/** Time is ours to spend, not the server's. */
const LATE_MS = TIMEOUT_MS + 8000

export async function fuzzHttp(count, seed) {
  const startMs = performance.now()
  const answers = new Mutator(samples(), { tokens: TOKENS })
  const waiting = new Map()
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', request => {
      const key = /^GET \/(\d+)/.exec(request.toString('latin1'))?.[1]
      // Redirected: there is nothing there.
      socket.end(waiting.get(key) ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const counts = { answered: 0, failed: 0 }
  let failure
  const one = async n => {
    const bytes = answers.next(new Random(seed * 1_000_003 + n))
    waiting.set(`${n}`, bytes)
    const beginMs = performance.now()
    const problem = await new Promise(resolve => {
      let calls = 0
      const late = setTimeout(() => resolve('nothing was told'), LATE_MS)
      httpGet(
        new URL(`http://127.0.0.1:${port}/${n}`),
        { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, refuse },
        outcome => {
          clearTimeout(late)
          if (++calls > 1) failure = `answer ${n}: told twice\n${textOf(bytes)}`
          counts[outcome instanceof Error ? 'failed' : 'answered']++
          resolve(judge(outcome))
        },
      )
    })
    waiting.delete(`${n}`)
    if (problem !== undefined)
      failure = `http-answers, input ${n}: ${problem} (${Math.round(performance.now() - beginMs)} ms)\n${JSON.stringify(textOf(bytes.subarray(0, 600)))}`
  }
  /** Redirects may name other ports, where there may be others. */
  const refuse = (_address, url) => (url.port === `${port}` ? undefined : 'it is not ours to ask')
  let next = 0
  const lane = async () => {
    while (next < count && failure === undefined) await one(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  server.close()
  const seconds = (performance.now() - startMs) / 1000
  return { failure, seconds, slowestMs: 0, accepted: counts.answered, replayed: 0 }
}

function judge(outcome) {
  if (outcome instanceof HttpGetError) return undefined
  if (outcome instanceof Error) return `another error: ${outcome.stack}`
  if (outcome.body.length > MAX_BYTES) return `a body of ${outcome.body.length} bytes`
  return outcome.status >= 200 && outcome.status < 600 ? undefined : `a status of ${outcome.status}`
}

const TOKENS = ['\r\n', '\r\n\r\n', 'Content-Length: 5\r\n', 'Content-Length: -1\r\n', 'Content-Length: 99999999999\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Encoding: gzip\r\n', 'Content-Encoding: br\r\n', 'Location: /\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 101 Switching\r\n', '0\r\n\r\n', 'ffffffff\r\n', ': ', '\0'] // biome-ignore format: a list

function samples() {
  const body = textOf(httpReplies()[0])
  const head = (more, length) =>
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${more}${length === undefined ? '' : `Content-Length: ${length}\r\n`}\r\n`
  const packed = (kind, bytes) => head(`Content-Encoding: ${kind}\r\n`, bytes.length) + textOf(bytes)
  const plain = Buffer.from(body, 'latin1')
  // As small as it can be for what it becomes.
  const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024))
  return [
    head('', body.length) + body,
    head('') + body,
    `${head('Transfer-Encoding: chunked\r\n')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    packed('gzip', gzipSync(plain)),
    packed('deflate', deflateSync(plain)),
    packed('deflate', deflateRawSync(plain)),
    packed('gzip', bomb),
    'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 301 Moved\r\nLocation: http://user:pw@127.0.0.1/x\r\nContent-Length: 0\r\n\r\n',
    `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `HTTP/1.0 200 OK\r\n\r\n${'x'.repeat(1000)}`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nabc',
    `${head('', 200_000)}${'y'.repeat(60_000)}`,
  ].map(latin1)
}
