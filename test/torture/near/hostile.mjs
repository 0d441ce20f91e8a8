/**
 * Trackers that do what no tracker should: `serve(socket)` speaks TCP after the request has come, `udp(packet, reply)`
 * UDP. `codes`: what it may come to; `reply`: or an answer, and what has to hold of it. How long the client waits is in
 * `patience.mjs`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { EVIL, EVIL_TOO, GOOD } from './addresses.mjs'

const OK = 'HTTP/1.1 200 OK\r\n'
const MiB = 1 << 20

/** As fast as it is taken, until it is gone. */
function endless(socket, piece) {
  const more = () => {
    while (!socket.destroyed && socket.write(piece)) {}
  }
  socket.on('drain', more)
  more()
}

function drip(socket, piece, everyMs, head = '') {
  socket.write(head)
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(piece)), everyMs)
}

const sends = (head, piece) => socket => {
  socket.write(head)
  endless(socket, piece)
}
const body = bytes => socket =>
  socket.end(Buffer.concat([Buffer.from(`${OK}content-length: ${bytes.length}\r\n\r\n`), Buffer.from(bytes)]))
const gzipped = bytes => socket => {
  socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`)
  socket.end(bytes)
}
const TINY = Buffer.from('1\r\n1\r\n'.repeat(10_000))
const PEER = '\x09\x09\x09\x09\x1a\xe1'

const INVALID = ['TRACKER_INVALID']
const BROKEN = ['TRACKER_UNREACHABLE', 'TRACKER_INVALID']
const LATE = ['TRACKER_TIMEOUT']
/** All there is in an answer of `interval`. */
const interval = (text, check) => ({
  name: `interval ${text.slice(0, 24)}`,
  serve: body(Buffer.from(`d8:interval${text}5:peers6:${PEER}e`, 'latin1')),
  codes: INVALID,
  reply: check,
})
const isSane = reply => reply.intervalMs >= 60_000 && reply.intervalMs <= 6 * 3_600_000
const hasFewPeers = reply => isSane(reply) && reply.peers <= 2_000

export const HOSTILE = [
  {
    name: 'endless body',
    serve: sends(`${OK}\r\n`, Buffer.alloc(65_536, 0x31)),
    codes: INVALID,
  },
  {
    name: 'endless body in chunks of a byte',
    serve: sends(`${OK}transfer-encoding: chunked\r\n\r\n`, TINY),
    codes: INVALID,
    words: /too small pieces/,
  },
  {
    name: 'endless chunk extensions',
    serve: sends(`${OK}transfer-encoding: chunked\r\n\r\n1;`, Buffer.alloc(65_536, 0x61)),
    codes: [...BROKEN, ...LATE],
  },
  {
    name: 'endless trailers',
    serve: sends(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, Buffer.from('a: b\r\n'.repeat(9_999))),
    codes: [...BROKEN, ...LATE],
  },
  { name: 'dripping body', serve: s => drip(s, 'd', 20, `${OK}\r\n`), codes: LATE },
  { name: 'dripping headers', serve: s => drip(s, 'a', 20, OK), codes: LATE },
  { name: 'dripping status line', serve: s => drip(s, 'H', 20), codes: [...BROKEN, ...LATE] },
  {
    name: 'a header without end',
    serve: sends(`${OK}a: `, Buffer.alloc(65_536, 0x61)),
    codes: BROKEN,
  },
  {
    name: 'headers without end',
    serve: sends(OK, Buffer.from('a: b\r\n'.repeat(9_999))),
    codes: BROKEN,
  },
  {
    name: 'answers 103 without end',
    serve: s => drip(s, 'HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n'.repeat(99), 1),
    codes: INVALID,
  },
  { name: 'gzip bomb, 256 MiB', serve: gzipped(gzipSync(Buffer.alloc(256 * MiB))), codes: INVALID },
  { name: 'cut-off gzip', serve: gzipped(gzipSync(randomBytes(9_999)).subarray(0, 5_000)), codes: INVALID },
  {
    name: 'gzip bomb in two layers',
    serve: gzipped(gzipSync(gzipSync(Buffer.alloc(64 * MiB)))),
    codes: INVALID,
  },
  {
    name: 'a length of 2^60',
    serve: s => s.write(`${OK}content-length: ${2n ** 60n}\r\n\r\nd`),
    codes: BROKEN,
  },
  {
    name: 'a negative length',
    serve: s => s.write(`${OK}content-length: -1\r\n\r\nd`),
    codes: [...BROKEN, ...LATE],
  },
  {
    name: 'two lengths',
    serve: s => s.end(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nde`),
    codes: BROKEN,
  },
  { name: 'half of its length', serve: s => s.end(`${OK}content-length: 9\r\n\r\nd`), codes: BROKEN },
  { name: 'noise', serve: s => s.end(randomBytes(100_000)), codes: BROKEN },
  { name: 'endless noise', serve: s => endless(s, randomBytes(65_536)), codes: BROKEN },
  { name: 'the end at once', serve: s => s.end(), codes: BROKEN },
  { name: 'a reset', serve: s => s.resetAndDestroy(), codes: BROKEN },
  { name: 'silence', serve: () => {}, codes: LATE },
  { name: 'headers, then silence', serve: s => s.write(`${OK}\r\n`), codes: LATE },
  { name: 'status 204', serve: s => s.end('HTTP/1.1 204 No\r\n\r\n'), codes: INVALID },
  { name: 'status 000', serve: s => s.end('HTTP/1.1 000 No\r\n\r\n'), codes: BROKEN },
  {
    name: 'status 101',
    serve: s => s.end('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    codes: BROKEN,
  },
  { name: 'HTTP 0.9', serve: s => s.end('d8:intervali1800ee'), codes: BROKEN },
  {
    name: 'a second answer behind the first',
    serve: s => s.end(`${OK}content-length: 18\r\n\r\nd8:intervali1800ee${OK}content-length: 1\r\n\r\nx`),
    codes: BROKEN,
    reply: isSane,
  },
  {
    name: 'a redirect to itself',
    serve: s => s.end(`HTTP/1.1 302 x\r\nlocation: /announce\r\n\r\n`),
    codes: INVALID,
  },
  {
    name: 'a redirect that grows',
    serve: (s, head) =>
      s.end(`HTTP/1.1 302 x\r\nlocation: ${head.split(' ')[1].split('?')[0]}/${'a'.repeat(9_000)}\r\n\r\n`),
    codes: BROKEN,
  },
  {
    name: 'a redirect with an endless body',
    serve: sends('HTTP/1.1 302 x\r\nlocation: /announce\r\n\r\n', Buffer.alloc(65_536)),
    codes: INVALID,
  },
  {
    name: 'redirects between two hosts',
    serve: (s, _, port) =>
      s.end(
        `HTTP/1.1 302 x\r\nlocation: http://${s.localAddress === EVIL ? EVIL_TOO : EVIL}:${port}/announce\r\n\r\n`,
      ),
    codes: INVALID,
  },
  {
    name: '100 MB of digits',
    serve: sends(`${OK}\r\ni`, Buffer.alloc(65_536, 0x39)),
    codes: INVALID,
  },
  {
    name: '2 MB of digits',
    serve: body(Buffer.concat([Buffer.from('i'), Buffer.alloc(2_000_000, 0x39), Buffer.from('e')])),
    codes: INVALID,
  },
  { name: '2 MB of digits of a length', serve: body(Buffer.alloc(2_000_000, 0x39)), codes: INVALID },
  { name: 'lists in lists', serve: body(Buffer.alloc(2_000_000, 0x6c)), codes: INVALID },
  { name: 'dictionaries in dictionaries', serve: body(Buffer.from('d1:a'.repeat(400_000))), codes: INVALID },
  {
    name: '400,000 keys',
    serve: body(Buffer.from(`d${Array.from({ length: 200_000 }, (_, n) => `6:${100_000 + n}0:`).join('')}e`)),
    codes: INVALID,
  },
  { name: 'a string longer than all', serve: body(Buffer.from('d5:peers999999999:xxe')), codes: INVALID },
  {
    name: '349,000 peers',
    serve: body(Buffer.from(`d8:intervali1800e5:peers${349_000 * 6}:${PEER.repeat(349_000)}e`, 'latin1')),
    codes: [],
    reply: hasFewPeers,
  },
  {
    name: 'a million peers',
    serve: body(Buffer.from(`d8:intervali1800e5:peers6000000:${PEER.repeat(1_000_000)}e`, 'latin1')),
    codes: INVALID,
  },
  {
    name: '40,000 peers in the long form',
    serve: body(Buffer.from(`d8:intervali1800e5:peersl${'d2:ip7:9.9.9.94:porti1ee'.repeat(40_000)}ee`)),
    codes: INVALID,
    reply: hasFewPeers,
  },
  {
    name: 'a reason of 2 MB',
    serve: body(Buffer.from(`d14:failure reason2000000:${'\x1b[2J'.repeat(500_000)}e`)),
    codes: ['TRACKER_REFUSED'],
  },
  {
    name: 'a tracker id of 1 MB',
    serve: body(Buffer.from(`d8:intervali1e10:tracker id1000000:${'x'.repeat(1_000_000)}e`)),
    codes: [],
    reply: isSane,
  },
  ...[
    'i0e',
    'i-1e',
    'i-9007199254740993e',
    `i${2n ** 63n}e`,
    'i1e',
    'i9007199254740991e',
    'i-0e',
    'i01e',
    '3:abc',
    'le',
    `i${'9'.repeat(400)}e`,
  ].map(text => interval(text, isSane)),
  interval('i1800e12:min intervali99999999999e', isSane),
  interval('i1800e12:min intervali-5e', isSane),

  {
    name: 'TLS: self-signed',
    tls: 'self',
    codes: ['TRACKER_UNREACHABLE'],
    words: /certificate.*SELF_SIGNED/,
  },
  { name: 'TLS: expired', tls: 'expired', codes: ['TRACKER_UNREACHABLE'], words: /certificate.*EXPIRED/ },
  {
    name: 'TLS: the name of another',
    tls: 'other',
    codes: ['TRACKER_UNREACHABLE'],
    words: /certificate.*ALTNAME/,
  },
  {
    name: 'TLS: a certificate without its chain',
    tls: 'good',
    host: EVIL,
    codes: ['TRACKER_UNREACHABLE'],
    words: /certificate.*ALTNAME/,
  },
  { name: 'TLS: none', scheme: 'https', first: s => s.end(`${OK}\r\nde`), codes: ['TRACKER_UNREACHABLE'] },
  { name: 'TLS: silence', scheme: 'https', first: () => {}, codes: LATE },
  {
    name: 'TLS: noise',
    scheme: 'https',
    first: s => endless(s, randomBytes(65_536)),
    codes: ['TRACKER_UNREACHABLE'],
  },

  { name: 'UDP: silence', udp: () => {}, codes: LATE },
  {
    name: 'UDP: wrong transactions',
    udp: (_, send) => {
      for (let n = 0; n < 50; n++) send(Buffer.concat([Buffer.alloc(4), randomBytes(12)]))
    },
    codes: LATE,
  },
  {
    name: 'UDP: wrong kinds',
    udp: (p, send) => {
      for (const kind of [1, 2, 4, 255])
        send(Buffer.concat([Buffer.from([0, 0, 0, kind]), p.subarray(12, 16), Buffer.alloc(40)]))
    },
    codes: LATE,
  },
  {
    name: 'UDP: short and empty',
    udp: (p, send) => {
      for (const length of [0, 1, 4, 7, 8, 15])
        send(Buffer.concat([Buffer.alloc(4), p.subarray(12, 16), Buffer.alloc(8)]).subarray(0, length))
    },
    codes: LATE,
  },
  {
    name: 'UDP: noise',
    udp: (_, send) => {
      for (let n = 0; n < 200; n++) send(randomBytes(n * 7))
    },
    codes: LATE,
  },
  {
    name: 'UDP: from another port and address',
    udp: (p, _, elsewhere) =>
      elsewhere(Buffer.concat([Buffer.from([0, 0, 0, 3]), p.subarray(12, 16), Buffer.from('lies')])),
    codes: LATE,
  },
  {
    name: 'UDP: a flood',
    udp: (_, send) => {
      for (let n = 0; n < 20_000; n++) send(Buffer.alloc(1_400))
    },
    codes: LATE,
  },
  {
    name: 'UDP: an error of 60 kB',
    udp: (p, send) =>
      send(Buffer.concat([Buffer.from([0, 0, 0, 3]), p.subarray(12, 16), Buffer.alloc(60_000, 0x1b)])),
    codes: ['TRACKER_REFUSED'],
  },
  {
    name: 'UDP: connects, then silence',
    udp: (p, send) => {
      if (p.length === 16) send(Buffer.concat([Buffer.alloc(4), p.subarray(12, 16), Buffer.alloc(8, 1)]))
    },
    codes: LATE,
  },
  {
    name: 'UDP: connects for ever',
    udp: (p, send) => send(Buffer.concat([Buffer.alloc(4), p.subarray(12, 16), Buffer.alloc(8, 1)])),
    codes: LATE,
  },
  {
    name: 'UDP: interval 0, 10,000 peers',
    udp: (p, send) =>
      send(
        p.length === 16
          ? Buffer.concat([Buffer.alloc(4), p.subarray(12, 16), Buffer.alloc(8, 1)])
          : Buffer.concat([
              Buffer.from([0, 0, 0, 1]),
              p.subarray(12, 16),
              Buffer.alloc(12),
              Buffer.alloc(60_000, 9),
            ]),
      ),
    codes: [],
    reply: hasFewPeers,
  },
]

/** The server of a TLS case, which answers well to whoever trusts it. */
export function tlsServer(name) {
  const pem = readFileSync(fileURLToPath(new URL(`certs/${name}.pem`, import.meta.url)))
  return createTlsServer({ key: pem, cert: pem }, (_, response) =>
    response.end('d8:intervali1800e5:peers0:e'),
  )
}

/** The host that a case is asked at. */
export function hostOf(hostile) {
  if (hostile.host !== undefined) return hostile.host
  return hostile.tls === undefined ? EVIL : GOOD
}
