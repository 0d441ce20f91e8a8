/**
 * Many peers that have everything: each on a loopback address of its own, with a rate of its own.
 *
 *     node bench/peers.mjs a.torrent data/a.bin [peers, 200] [KiB/s of each, 1024; 0: they unchoke nobody]
 *
 * They listen on port 7100 of 127.1.0.1 and the addresses after it (Linux; elsewhere those have to be set up first).
 * For torrents of one file.
 */
import { openSync, readFileSync, readSync } from 'node:fs'
import { createServer } from 'node:net'
import { parseTorrent } from '../packages/engine/dist/index.js'

const PORT = 7100
const TICK_MS = 20
/** What a peer may send at once after it had nothing to do. */
const BURST_MS = 100
const HANDSHAKE_BYTES = 68
const MAX_MESSAGE_BYTES = 1024 * 1024
const [CHOKE, UNCHOKE, BITFIELD, REQUEST, PIECE, CANCEL] = [0, 1, 5, 6, 7, 8]

const [torrent, file, count = '200', kibPerSecond = '1024'] = process.argv.slice(2)
const { infoHash, geometry } = parseTorrent(readFileSync(torrent))
const fd = openSync(file, 'r')
const bytesPerMs = (Number(kibPerSecond) * 1024) / 1000
const bitfield = Buffer.alloc(Math.ceil(geometry.pieceCount / 8), 0xff)
const spare = bitfield.length * 8 - geometry.pieceCount
bitfield[bitfield.length - 1] = (0xff << spare) & 0xff

/** { socket, received, requests: [index, begin, length][], allowance } */
const conversations = new Set()

for (let n = 1; n <= Number(count); n++) {
  const peerId = Buffer.from(`-BN0001-${String(n).padStart(12, '0')}`)
  createServer({ noDelay: true }, socket => converse(socket, peerId)).listen(PORT, `127.1.0.${n}`)
}
setInterval(() => {
  for (const each of conversations) serve(each)
}, TICK_MS)

function converse(socket, peerId) {
  const self = { socket, peerId, received: Buffer.alloc(0), isGreeted: false, requests: [], allowance: 0 }
  conversations.add(self)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => conversations.delete(self))
  socket.on('data', chunk => {
    self.received = self.received.length === 0 ? chunk : Buffer.concat([self.received, chunk])
    while (takeMessage(self));
  })
}

function takeMessage(self) {
  const { received, socket } = self
  if (!self.isGreeted) {
    if (received.length < HANDSHAKE_BYTES) return false
    self.isGreeted = true
    self.received = received.subarray(HANDSHAKE_BYTES)
    const reserved = Buffer.alloc(8)
    socket.write(Buffer.concat([Buffer.from('\x13BitTorrent protocol'), reserved, infoHash, self.peerId]))
    socket.write(message(BITFIELD, bitfield))
    socket.write(message(bytesPerMs > 0 ? UNCHOKE : CHOKE))
    return true
  }
  if (received.length < 4) return false
  const length = received.readUInt32BE(0)
  if (length > MAX_MESSAGE_BYTES) return socket.destroy() === undefined
  if (received.length < 4 + length) return false
  self.received = received.subarray(4 + length)
  const type = length === 0 ? undefined : received[4]
  if (type !== REQUEST && type !== CANCEL) return true
  const asked = [5, 9, 13].map(at => received.readUInt32BE(at))
  if (type === REQUEST) self.requests.push(asked)
  else self.requests = self.requests.filter(each => each[0] !== asked[0] || each[1] !== asked[1])
  return true
}

function serve(self) {
  self.allowance = Math.min(self.allowance + bytesPerMs * TICK_MS, bytesPerMs * BURST_MS)
  while (self.requests.length > 0 && self.allowance > 0 && !self.socket.writableNeedDrain) {
    const [index, begin, length] = self.requests.shift()
    const payload = Buffer.allocUnsafe(8 + length)
    payload.writeUInt32BE(index, 0)
    payload.writeUInt32BE(begin, 4)
    readSync(fd, payload, 8, length, index * geometry.pieceLength + begin)
    self.socket.write(message(PIECE, payload))
    self.allowance -= length
  }
}

function message(type, payload = Buffer.alloc(0)) {
  const bytes = Buffer.allocUnsafe(5 + payload.length)
  bytes.writeUInt32BE(1 + payload.length, 0)
  bytes[4] = type
  bytes.set(payload, 5)
  return bytes
}
