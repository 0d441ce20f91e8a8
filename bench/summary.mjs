/**
 * What a list of 10,000 torrents costs: `summary()` of all of them, 50 of which are at work with 40 peers each. Run
 * `npm run build` first, then `node bench/summary.mjs` (`--json`: one figure). Medians of 20 rounds, ms of one core.
 */
import { createHash } from 'node:crypto'
import { Bitfield } from '../packages/engine/dist/bytes/bitfield.js'
import { Engine } from '../packages/engine/dist/engine.js'
import { summarizeTorrent } from '../packages/engine/dist/library/summary.js'
import { Geometry } from '../packages/engine/dist/metainfo/geometry.js'
import { encodeHandshake, reservedBits } from '../packages/engine/dist/wire/handshake.js'
import { encodeBitfield, unchoke } from '../packages/engine/dist/wire/messages.js'

const TORRENTS = 10_000
const ACTIVE = 50
const PEERS = 40
const PIECES = 4_000
const FILES = 100
const ROUNDS = 20

let nowMs = 1_000_000
const sha1 = bytes => createHash('sha1').update(bytes).digest()
const handlers = []
const store = {
  write() {},
  abandon() {},
  read() {},
  vouch() {},
  check() {},
  select() {},
  sync() {},
  stamp() {},
  close() {},
}
const ports = {
  clock: { now: () => nowMs, unixTime: () => 1_700_000_000, every: () => () => {} },
  random: { bytes: length => new Uint8Array(length), below: bound => Math.floor(Math.random() * bound) },
  sha1,
  net: { connect: () => link(), listen: () => ({ close() {} }) },
  datagrams: {},
  storage: {
    memory: new Uint8Array(192 * 256 * 1024),
    open: (_plan, handler) => {
      handlers.push(handler)
      return store
    },
    probe() {},
  },
  trackers: { announce: () => () => {}, scrape: () => () => {} },
}
let hosts = 0

function link() {
  hosts++
  const remote = { host: `10.${(hosts >> 16) & 255}.${(hosts >> 8) & 255}.${hosts & 255}`, port: 6881 }
  return { remote, queuedBytes: 0, send() {}, cork() {}, uncork() {}, close() {} }
}

const engine = new Engine(
  ports,
  { listen: undefined, maxConnections: 10_000, maxHalfOpen: 10, clientName: 'bench' },
  { onListening() {}, onError() {}, onClosed() {} },
)
const observer = new Proxy({}, { get: () => () => {} })
const torrents = []
for (let n = 0; n < TORRENTS; n++) {
  const files = Array.from({ length: FILES }, (_, at) => ({
    path: [`${at}`],
    length: (PIECES * 262_144) / FILES,
    pad: false,
  }))
  const geometry = n === 0 ? new Geometry(262_144, files) : torrents[0].geometry
  const infoHash = sha1(Buffer.from(String(n)))
  const metainfo = {
    infoHash,
    infoHashHex: infoHash.toString('hex'),
    name: `torrent ${n}`,
    geometry,
    files: geometry.files,
    trackers: Array.from({ length: 5 }, (_, at) => [`http://tracker${at}.example/announce`]),
    pieceHashes: new Uint8Array(0),
    infoBytes: new Uint8Array(10),
    webSeeds: [],
    private: false,
  }
  torrents.push(
    engine.add(
      metainfo,
      {
        dir: '/',
        filePriorities: files.map(() => 4),
        sequential: false,
        check: 'auto',
        allocation: 'sparse',
        readOnly: false,
        recover: false,
        resume: undefined,
        peers: [],
        discovery: true,
        trackers: [],
        maxConnections: 100,
        uploadSlots: 4,
      },
      observer,
    ),
  )
}
const remotes = []
for (const torrent of torrents.slice(0, ACTIVE)) {
  torrent.start()
  handlers.pop().onPrepared(torrent.geometry.files.map(() => undefined))
  for (let n = 0; n < PEERS; n++) {
    const pieces = new Bitfield(PIECES)
    for (let piece = 0; piece < PIECES; piece++) if (Math.random() < 0.5) pieces.add(piece)
    const { infoHash } = torrent.metainfo
    const peer = torrent.accept(link())
    const reserved = reservedBits({ fast: false, extended: false, dht: false })
    peer.onBytes(encodeHandshake({ infoHash, peerId: sha1(Buffer.from(String(hosts))), reserved }))
    peer.onBytes(encodeBitfield(pieces.bytes))
    peer.onBytes(unchoke)
    remotes.push(peer)
  }
}

const around = () => ({ engine, now: nowMs, unixTime: 1_700_000_000, dhtNodes: () => undefined })
const took = []
let bytes = 0
for (let round = 0; round < ROUNDS; round++) {
  nowMs += 1000
  // Some haves and a new piece of our own in each, as in a second of a swarm at work.
  for (const torrent of torrents.slice(0, ACTIVE)) torrent.have.add(100 + round)
  const before = performance.now()
  for (const torrent of torrents) bytes += summarizeTorrent(torrent, around()).haveBytes
  took.push(performance.now() - before)
}
took.sort((a, b) => a - b)
const ms = Number(took[ROUNDS / 2].toFixed(2))
if (process.argv.includes('--json')) console.log(JSON.stringify({ summaryOf10000Ms: ms }))
else
  console.log(
    `summary() of ${TORRENTS} torrents, ${ACTIVE} with ${PEERS} peers each: ${ms} ms (least ${took[0].toFixed(2)}, most ${took.at(-1).toFixed(2)}), ${bytes > 0 ? 'figures true' : 'nothing had'}`,
  )
