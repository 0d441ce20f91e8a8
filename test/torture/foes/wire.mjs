/**
 * A peer that does as it is told, over a real socket: as much of the protocol as an attack needs, and no manners.
 */
import { connect, createServer } from 'node:net'

export const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
}

const HANDSHAKE_BYTES = 68
/** Written at a time by a flood, and how much may wait in the socket. */
const FLOOD_AHEAD = 256 * 1024

/** A message of 32-bit numbers. */
export function message(id, ...numbers) {
  const bytes = Buffer.alloc(5 + 4 * numbers.length)
  bytes.writeUInt32BE(1 + 4 * numbers.length, 0)
  bytes[4] = id
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, 5 + 4 * at)
  return bytes
}

/** A message of bytes. */
export function bytesMessage(id, payload) {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(1 + payload.length, 0)
  head[4] = id
  return Buffer.concat([head, payload])
}

export function extended(id, payload) {
  return bytesMessage(ID.extended, Buffer.concat([Buffer.of(id), Buffer.from(payload)]))
}

export function pieceMessage(piece, begin, data) {
  return bytesMessage(ID.piece, Buffer.concat([message(0, piece, begin).subarray(5), data]))
}

export function handshake(infoHash, peerId, { fast = true, ext = true } = {}) {
  const reserved = Buffer.alloc(8)
  if (ext) reserved[5] |= 0x10
  if (fast) reserved[7] |= 0x04
  return Buffer.concat([Buffer.of(19), Buffer.from('BitTorrent protocol'), reserved, infoHash, peerId])
}

export class WirePeer {
  /** When it was let go, in milliseconds since it connected; undefined: it is still there. */
  goneMs
  closed = false
  /** Payload that came from the other side. */
  receivedBytes = 0
  firstPayloadMs
  /** Their handshake has come. */
  greeted = false
  theirPeerId
  /** Their extension ids, by name, once told. */
  onMessage = () => {}
  onGreeted = () => {}
  onClosed = () => {}
  #buffer = Buffer.alloc(0)
  #timers = []

  /** @param {{ socket: import('node:net').Socket, torrent?: object, random: object }} settings */
  constructor({ socket, torrent, random }) {
    this.socket = socket
    this.torrent = torrent
    this.random = random
    this.startMs = performance.now()
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', chunk => this.#read(chunk))
    // Whoever was let go in the middle of writing hears of it by an error; `close` comes after either.
    socket.on('close', () => {
      this.closed = true
      this.goneMs ??= performance.now() - this.startMs
      for (const timer of this.#timers) clearInterval(timer)
      this.onClosed()
    })
  }

  static dial({ host, port, from, localPort, ...rest }) {
    const socket = connect({ host, port, localAddress: from, localPort })
    return new WirePeer({ socket, ...rest })
  }

  send(...parts) {
    if (!this.closed) this.socket.write(parts.length === 1 ? parts[0] : Buffer.concat(parts))
  }

  greet(options = {}) {
    const { infoHash = this.torrent.infoHash, peerId = this.peerId(), ...features } = options
    this.send(handshake(infoHash, peerId, features))
  }

  peerId() {
    this.ownId ??= Buffer.concat([Buffer.from('-XX0001-'), Buffer.from(this.random.bytes(12))])
    return this.ownId
  }

  every(ms, work) {
    if (this.closed) return
    this.#timers.push(setInterval(() => !this.closed && work(), ms))
  }

  /** Sends what `make` gives again and again, as fast as it is taken. */
  flood(make) {
    const more = () => {
      if (this.closed) return
      let budget = 4
      while (this.socket.writableLength < FLOOD_AHEAD && budget-- > 0) this.socket.write(make())
      // Others in this process want to live, too: the attack is on the other one.
      if (this.socket.writableLength < FLOOD_AHEAD) setTimeout(more, 2)
      else this.socket.once('drain', more)
    }
    more()
  }

  hasEverything() {
    const bits = Buffer.alloc(Math.ceil(this.torrent.pieces / 8), 0xff)
    const spare = bits.length * 8 - this.torrent.pieces
    if (spare > 0) bits[bits.length - 1] &= 0xff << spare
    this.send(bytesMessage(ID.bitfield, bits))
  }

  block(piece, begin, length) {
    const at = piece * this.torrent.pieceBytes + begin
    return this.torrent.data.subarray(at, at + length)
  }

  close() {
    this.socket.destroy()
  }

  #read(chunk) {
    if (this.deaf) return
    let data = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    if (!this.greeted) {
      if (data.length < HANDSHAKE_BYTES) {
        this.#buffer = data
        return
      }
      this.greeted = true
      this.theirInfoHash = data.subarray(28, 48)
      this.theirPeerId = Buffer.from(data.subarray(48, 68))
      data = data.subarray(HANDSHAKE_BYTES)
      this.onGreeted()
    }
    let at = 0
    while (data.length - at >= 4) {
      const length = data.readUInt32BE(at)
      if (data.length - at < 4 + length) break
      if (length > 0) this.#tell(data.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.#buffer = data.subarray(at)
  }

  #tell(body) {
    const id = body[0]
    if (id === ID.piece) {
      this.receivedBytes += body.length - 9
      this.firstPayloadMs ??= performance.now() - this.startMs
    }
    const numbers = []
    if (id !== ID.piece && id !== ID.bitfield && id !== ID.extended) {
      for (let at = 1; at + 4 <= body.length; at += 4) numbers.push(body.readUInt32BE(at))
    }
    this.onMessage(id, numbers, body)
  }
}

/** Listens at an address; each connection becomes a {@link WirePeer}, handed to `onPeer`. */
export async function listen({ host, port = 0, torrent, random }, onPeer) {
  const peers = new Set()
  const server = createServer(socket => {
    const peer = new WirePeer({ socket, torrent, random })
    peers.add(peer)
    const { onClosed } = peer
    peer.onClosed = () => {
      peers.delete(peer)
      onClosed()
    }
    onPeer(peer)
  })
  server.on('error', () => {})
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    address: `${host}:${server.address().port}`,
    host,
    port: server.address().port,
    peers,
    close: () =>
      new Promise(resolve => {
        for (const peer of peers) peer.close()
        server.close(resolve)
      }),
  }
}

/** An honest seed of some torrents, at so many bytes a second for each connection. */
export async function startSeed({ host = '127.0.0.1', torrents, bytesPerSec, random }) {
  const byHash = new Map(torrents.map(torrent => [torrent.key, torrent]))
  const peerId = Buffer.concat([Buffer.from('-HS0001-'), Buffer.from(random.bytes(12))])
  const seed = await listen({ host, random }, peer => {
    const queue = []
    let tokens = 0
    let filledAt = performance.now()
    let choking = true
    peer.onGreeted = () => {
      peer.torrent = byHash.get(peer.theirInfoHash.toString('hex'))
      if (peer.torrent === undefined) return peer.close()
      peer.greet({ peerId, fast: false, ext: false })
      peer.hasEverything()
    }
    peer.onMessage = (id, [piece, begin, length]) => {
      if (id === ID.interested && choking) {
        choking = false
        peer.send(message(ID.unchoke))
      }
      if (id === ID.request) queue.push([piece, begin, length])
      if (id === ID.cancel) {
        const at = queue.findIndex(each => each[0] === piece && each[1] === begin)
        if (at >= 0) queue.splice(at, 1)
      }
    }
    peer.every(10, () => {
      const now = performance.now()
      tokens = Math.min(tokens + ((now - filledAt) / 1000) * bytesPerSec, bytesPerSec / 5)
      filledAt = now
      const parts = []
      while (queue.length > 0 && tokens >= queue[0][2]) {
        const [piece, begin, length] = queue.shift()
        tokens -= length
        parts.push(pieceMessage(piece, begin, peer.block(piece, begin, length)))
      }
      if (parts.length > 0) peer.send(...parts)
    })
  })
  return { ...seed, peerId }
}
