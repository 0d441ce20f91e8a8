/**
 * The namespace of row 12, from inside: canaries, servers, names, and a client in a process of its own that is told what
 * to ask. Prints the result of the row as its last line.
 */
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dict, encoded } from '../support/bencode.mjs'
import { EVIL, EVIL_6, EVIL_TOO, FAR, GOOD, NAS, WEB_PORT } from './addresses.mjs'
import { CASES } from './cases.mjs'
import { startDns } from './dns.mjs'
import { HOSTILE, hostOf, tlsServer } from './hostile.mjs'
import { HTTP_TIMEOUT_MS, UDP_TIMEOUT_MS } from './patience.mjs'

const FIRST_CANARY = 20_000
const FIRST_HOSTILE = 10_000
/** What a busy machine takes beyond what the client waits itself. */
const BUSY_MS = 3_000
/** All hostile trackers at once, of which some send 2 MiB, packed and not. */
const MAX_BYTES = 96 * 2 ** 20
/** How long the other tracker may take beside them. */
const MAX_BESIDE_MS = 3_000

const { work } = JSON.parse(process.argv[2])
const notes = []
const fail = text => notes.push(text)

// ------------------------------------------------------------------------------------------------ servers

const ANNOUNCE = 'd8:intervali1800e5:peers6:\x09\x09\x09\x09\x1a\xe1e'
/** Hosts that were asked with somebody's password. */
const passwords = []

function web(request, response) {
  if (request.headers.authorization !== undefined)
    passwords.push(request.socket.localAddress.replace(/^::ffff:/, ''))
  const path = request.url.split('?')[0]
  const go = /^\/go\/(\d+)\/([\w-]+)\//.exec(path)
  if (go !== null) {
    const location = Buffer.from(go[2], 'base64url').toString()
    response.writeHead(Number(go[1]), { location }).end()
  } else if (/\/scrape/.test(path)) {
    response.end(Buffer.from(`d5:filesd20:${'\x07'.repeat(20)}d8:completei5e10:incompletei1eeee`, 'latin1'))
  } else if (/\/(announce|any)/.test(path)) {
    response.end(Buffer.from(peersOf.get(path) ?? ANNOUNCE, 'latin1'))
  } else if (path === '/x.torrent') {
    response.end(torrent({}))
  } else {
    response.writeHead(404).end()
  }
}

/** Announce bodies by path, where they differ. */
const peersOf = new Map()

function torrent(outer) {
  const info = dict({ name: 'x', length: 16_384, 'piece length': 16_384, pieces: '\x01'.repeat(20) })
  return Buffer.from(encoded(dict({ ...outer, info })))
}

function listen(server, host, port) {
  return new Promise((resolve, reject) =>
    server.on('error', reject).listen(port, host, () => resolve(server)),
  )
}

function bind(host, port, onMessage) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4', onMessage)
  return new Promise((resolve, reject) => socket.on('error', reject).bind(port, host, () => resolve(socket)))
}

/** A tracker over UDP that answers as it should. */
function udpTracker(host) {
  return bind(host, WEB_PORT, function (packet, from) {
    const head = kind => Buffer.concat([Buffer.from([0, 0, 0, kind]), packet.subarray(12, 16)])
    const kind = packet.length === 16 ? 0 : packet.readUInt32BE(8)
    const rest = kind === 0 ? 8 : 12
    this.send(Buffer.concat([head(kind), Buffer.alloc(rest, 1)]), from.port, from.address)
  })
}

// ------------------------------------------------------------------------------------------------ the client

let lastJob = 0
const waiting = new Map()
const client = fork(fileURLToPath(new URL('client.mjs', import.meta.url)), [join(work, 'client')], {
  execArgv: ['--unhandled-rejections=strict', '--expose-gc'],
  env: { ...process.env, NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('certs/ca.pem', import.meta.url)) },
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
client.on('message', answer => {
  waiting.get(answer.id)?.(answer)
  waiting.delete(answer.id)
})
client.on('exit', (code, signal) => {
  fail(`the client ended: ${signal ?? code}`)
  finish()
})

function ask(job) {
  const id = ++lastJob
  client.send({ ...job, id })
  return new Promise(resolve => waiting.set(id, resolve))
}

// ------------------------------------------------------------------------------------------------ near

/** By port: what came to near addresses, in words. */
const hits = new Map()

function isNear(address) {
  return !FAR.includes(address) || address === NAS
}

async function canary(port) {
  const note = text => hits.set(port, [...(hits.get(port) ?? []), text])
  const tcp = createTcpServer(socket => {
    socket.on('error', () => {})
    const address = socket.localAddress.replace(/^::ffff:/, '')
    if (isNear(address)) note(`TCP ${address}`)
    socket.on('data', bytes => {
      if (isNear(address)) note(`TCP ${address}: ${JSON.stringify(bytes.toString('latin1', 0, 60))}`)
    })
    setTimeout(() => socket.destroy(), 500)
  })
  await listen(tcp, '::', port)
  const onDatagram = bytes => note(bytes.length === 16 ? 'probe' : `UDP ${bytes.length} bytes`)
  await bind('::', port, onDatagram)
}

async function runCase({ op, url, expect }, at) {
  const port = FIRST_CANARY + at
  const put = text => text.replaceAll('{port}', String(port))
  // A URL within a URL is in base 64.
  const target = url.replace(/(\/go\/\d+\/)([\w-]+)(\/)/g, (_, a, b, c) => a + filled(b, put) + c)
  const job = { op, url: put(target) }
  if (op === 'torrent') job.torrent = wholeTorrent(port)
  if (op === 'peers') job.torrent = torrentOfTracker(port)
  if (op === 'magnet') job.link = wholeLink(port)
  const answer = await ask(job)
  if (answer.error !== undefined) fail(`${op} ${job.url}: ${answer.error}`)
  if (expect === 'works' && !answer.answered)
    fail(`${op} ${job.url} no longer works: ${answer.code} ${answer.message}`)
  if (expect === 'none' && ['announce', 'scrape', 'load'].includes(op)) {
    if (answer.answered) fail(`${op} ${job.url} was answered`)
    else if (answer.code === 'none' || !answer.message)
      fail(`${op} ${job.url}: no clear error (${answer.message})`)
  }
  if (op === 'torrent' && answer.tried < answer.trackers) {
    fail(`only ${answer.tried} of ${answer.trackers} trackers of the torrent were tried`)
  }
  return { port, job, expect }
}

/** `text` in base 64, and what is within it, with the port in its place. */
function filled(text, put) {
  const inner = Buffer.from(text, 'base64url')
    .toString()
    .replace(/(\/go\/\d+\/)([\w-]+)(\/)/g, (_, a, b, c) => a + filled(b, put) + c)
  return Buffer.from(put(inner)).toString('base64url')
}

const NEAR_HOSTS = [
  '127.0.0.1',
  '[::1]',
  '0x7f.1',
  '10.0.0.9',
  '192.168.1.9',
  '169.254.169.254',
  '0.0.0.0',
  '10.0.0.9.ip.example',
]

function wholeTorrent(port) {
  const urls = NEAR_HOSTS.map(host => `http://${host}:${port}/x`)
  const torrentBytes = torrent({
    announce: urls[0],
    'announce-list': [
      urls,
      [`udp://169.254.169.254:${port}/announce`, `gopher://127.0.0.1:${port}/announce`],
    ],
    'url-list': NEAR_HOSTS.map(host => `http://${host}:${port}/`),
    httpseeds: NEAR_HOSTS.map(host => `http://${host}:${port}/seed`),
    nodes: ['127.0.0.1', '::1', '0.0.0.0', '169.254.169.254', '127.0.0.1.ip.example'].map(host => [
      host,
      port,
    ]),
    'publisher-url': `http://127.0.0.1:${port}/`,
  })
  return torrentBytes.toString('base64')
}

/** Of a torrent whose tracker names near peers. */
function torrentOfTracker(port) {
  const peers = [
    [127, 0, 0, 1],
    [127, 9, 9, 9],
    [169, 254, 169, 254],
    [0, 0, 0, 0],
  ].map(ip => String.fromCharCode(...ip, port >> 8, port & 255))
  const peers6 = `${'\0'.repeat(15)}\x01${String.fromCharCode(port >> 8, port & 255)}`
  peersOf.set(
    `/any/${port}`,
    `d8:intervali1800e5:peers${peers.length * 6}:${peers.join('')}6:peers618:${peers6}e`,
  )
  return torrent({ announce: `http://${EVIL}:${WEB_PORT}/any/${port}` }).toString('base64')
}

function wholeLink(port) {
  const near = NEAR_HOSTS.map(host => `http://${host}:${port}/x`)
  const peers = [
    '127.0.0.1',
    '[::1]',
    '0x7f.1',
    'localhost',
    '169.254.169.254',
    '0.0.0.0',
    '127.0.0.1.ip.example',
  ]
  const link = [`magnet:?xt=urn:btih:${'ab'.repeat(20)}`]
  for (const key of ['tr', 'ws', 'xs', 'as'])
    for (const url of near) link.push(`${key}=${encodeURIComponent(url)}`)
  for (const peer of peers) link.push(`x.pe=${peer}:${port}`)
  return link.join('&')
}

// ------------------------------------------------------------------------------------------------ hostile

async function runHostile(hostile, at) {
  const port = FIRST_HOSTILE + at
  const host = hostOf(hostile)
  let url = `http://${host}:${port}/announce`
  if (hostile.udp !== undefined) {
    url = `udp://${host}:${port}/announce`
    const stranger = await bind(EVIL_TOO, port, () => {})
    const other = await bind(host, port + 1_000, () => {})
    await bind(host, port, function (packet, from) {
      const elsewhere = bytes => {
        for (const socket of [stranger, other]) socket.send(bytes, from.port, from.address)
      }
      hostile.udp(packet, bytes => this.send(bytes, from.port, from.address), elsewhere)
    })
  } else if (hostile.tls !== undefined) {
    url = url.replace('http:', 'https:').replace(GOOD, 'good.example')
    await listen(tlsServer(hostile.tls), host, port)
  } else {
    if (hostile.scheme !== undefined) url = url.replace('http:', 'https:')
    for (const each of [host, EVIL_TOO]) {
      const server = createTcpServer(socket => {
        socket.on('error', () => {})
        if (hostile.first !== undefined) return hostile.first(socket)
        let head = ''
        const read = bytes => {
          head += bytes.toString('latin1')
          if (!head.includes('\r\n\r\n')) return
          socket.off('data', read)
          socket.resume()
          hostile.serve(socket, head, port)
        }
        socket.on('data', read)
      })
      await listen(server, each, port)
    }
  }
  const answer = await ask({ op: 'announce', url })
  const told = `${hostile.name}: `
  if (answer.ms > (hostile.udp ? UDP_TIMEOUT_MS : HTTP_TIMEOUT_MS) + BUSY_MS)
    fail(`${told}took ${answer.ms.toFixed(0)} ms`)
  if (answer.answered) {
    if (hostile.reply === undefined || !hostile.reply(answer))
      fail(`${told}answered with ${JSON.stringify(answer)}`)
  } else if (!hostile.codes.includes(answer.code)) {
    fail(`${told}${answer.code} ${answer.message ?? answer.error}`)
  } else if (!isClear(answer) || (hostile.words !== undefined && !hostile.words.test(answer.message))) {
    fail(`${told}is not clear: ${answer.subject} ${JSON.stringify(answer.message)}`)
  }
  process.stderr.write(
    `${told}${answer.answered ? 'answered' : `${answer.code} ${answer.message.slice(0, 90)}`}\n`,
  )
}

/** Some words, no terminal sequences, and the name of the tracker. */
function isClear({ message, subject }) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those must not be there
  return /^[^\u0000-\u001f\u202e]{5,400}$/.test(message) && /^(https?|udp):\/\//.test(subject ?? '')
}

/** Asks a tracker that behaves, until `stop`, and keeps the longest it took. */
async function beside() {
  let longestMs = 0
  let asked = 0
  let running = true
  const over = (async () => {
    while (running) {
      const answer = await ask({ op: 'announce', url: `http://${GOOD}:${WEB_PORT}/any` })
      asked++
      longestMs = Math.max(longestMs, answer.ms)
      if (!answer.answered) fail(`the tracker beside was harmed: ${answer.code} ${answer.message}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  return {
    stop: async () => {
      running = false
      await over
      return { longestMs, asked }
    },
  }
}

// ------------------------------------------------------------------------------------------------ the row

await startDns()
for (const host of [EVIL, EVIL_TOO, GOOD, NAS, EVIL_6, '127.0.0.1', '::1']) {
  await listen(createServer(web), host, WEB_PORT)
}
for (const host of [GOOD, NAS, '127.0.0.1']) await udpTracker(host)
const secure = tlsServer('good')
secure.removeAllListeners('request')
await listen(secure.on('request', web), GOOD, 7443)
for (let at = 0; at < CASES.length; at++) await canary(FIRST_CANARY + at)
await new Promise(resolve => waiting.set('ready', resolve))

// Engines listen on the usual ports: one after the other.
const engines = CASES.filter(({ op }) => ['torrent', 'magnet', 'peers'].includes(op))
const others = CASES.map((each, at) => [each, at]).filter(([each]) => !engines.includes(each))
const done = await Promise.all([
  ...others.map(([each, at]) => runCase(each, at)),
  ...engines.map(each => runCase(each, CASES.indexOf(each))),
])
for (const { port, job, expect } of done) {
  const heard = hits.get(port) ?? []
  const allowed = expect === 'probe' ? heard.filter(text => text === 'probe') : []
  if (heard.length > allowed.length) fail(`${job.op} ${job.url}: ${heard.slice(0, 3).join(', ')}`)
  if (expect === 'probe' && allowed.length === 0) fail(`${job.url} was not asked`)
}
// Users and passwords went to those they were for.
for (const host of passwords) if (host !== NAS) fail(`${host} was told a password that is not for it`)

const before = await ask({ op: 'memory', reset: true })
const other = await beside()
await Promise.all(HOSTILE.map(runHostile))
const { longestMs, asked } = await other.stop()
const memory = await ask({ op: 'memory' })
const grownBytes = memory.peakBytes - before.bytes
if (longestMs > MAX_BESIDE_MS) fail(`the tracker beside took ${longestMs.toFixed(0)} ms`)
if (grownBytes > MAX_BYTES)
  fail(`${mib(grownBytes)} MiB at the most, ${mib(memory.bytes - before.bytes)} kept`)
finish(`no hit; hostile: ${mib(grownBytes)} MiB, good one ≤ ${longestMs.toFixed(0)} ms (${asked}×)`)

function mib(bytes) {
  return (bytes / 2 ** 20).toFixed(0)
}

function finish(figure) {
  const nears = CASES.filter(({ expect }) => expect !== 'works').length
  const count = `${nears} near, ${CASES.length - nears} good, ${HOSTILE.length} hostile`
  const result = {
    ok: notes.length === 0,
    count,
    figure: figure ?? 'did not finish',
    notes: notes.slice(0, 40),
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}
