/** Many small peers in one process: each has all of one torrent and serves whoever asks. */
import { createServer } from 'node:net'

const PROTOCOL = '\x13BitTorrent protocol'
const HANDSHAKE_BYTES = 68

/**
 * @param {{ infoHash: Uint8Array, pieceLength: number, pieceCount: number, content: Buffer, count: number, paceMs?: number }} o
 * `paceMs`: between two answers of a peer
 */
export async function startPeers({ infoHash, pieceLength, pieceCount, content, count, paceMs = 0 }) {
  const servers = []
  const sockets = new Set()
  for (let n = 0; n < count; n++) {
    const hello = Buffer.concat([
      Buffer.from(PROTOCOL, 'latin1'),
      Buffer.alloc(8),
      infoHash,
      Buffer.from(`-XX0001-${String(n).padStart(12, '0')}`),
    ])
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      serve(socket, hello, { pieceLength, pieceCount, content, paceMs })
    })
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
    servers.push(server)
  }
  return {
    addresses: servers.map(server => `127.0.0.1:${server.address().port}`),
    close() {
      for (const server of servers) server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function serve(socket, hello, { pieceLength, pieceCount, content, paceMs }) {
  const bits = Buffer.alloc(Math.ceil(pieceCount / 8))
  for (let piece = 0; piece < pieceCount; piece++) bits[piece >> 3] |= 0x80 >> (piece & 7)
  let pending = Buffer.alloc(0)
  let greeted = false
  const asked = []
  let pacing = false
  const answer = () => {
    const request = asked.shift()
    if (request === undefined || socket.destroyed) {
      pacing = false
      return
    }
    const [piece, begin, length] = request
    const head = Buffer.alloc(13)
    head.writeUInt32BE(9 + length, 0)
    head[4] = 7
    head.writeUInt32BE(piece, 5)
    head.writeUInt32BE(begin, 9)
    const at = piece * pieceLength + begin
    socket.write(Buffer.concat([head, content.subarray(at, at + length)]))
    if (paceMs === 0) answer()
    else setTimeout(answer, paceMs)
  }
  socket.on('data', bytes => {
    pending = Buffer.concat([pending, bytes])
    if (!greeted) {
      if (pending.length < HANDSHAKE_BYTES) return
      greeted = true
      pending = pending.subarray(HANDSHAKE_BYTES)
      const bitfield = Buffer.alloc(5)
      bitfield.writeUInt32BE(1 + bits.length, 0)
      bitfield[4] = 5
      socket.write(Buffer.concat([hello, bitfield, bits, Buffer.from([0, 0, 0, 1, 1])]))
    }
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0)
      if (pending.length < 4 + length) break
      if (length === 13 && pending[4] === 6) {
        asked.push([pending.readUInt32BE(5), pending.readUInt32BE(9), pending.readUInt32BE(13)])
      }
      pending = pending.subarray(4 + length)
    }
    if (!pacing && asked.length > 0) {
      pacing = true
      answer()
    }
  })
}
