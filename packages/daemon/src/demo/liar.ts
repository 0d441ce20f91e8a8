/**
 * A peer that claims to have everything, lets everybody ask, and answers with bytes that are wrong: so that it can be
 * seen how whoever lies is found out. It says what it is by its name.
 */
import { createServer, type Socket } from 'node:net'
import type { Metainfo } from '@shoal/engine'

export interface Liar {
  close(): void
}

const NAME = 'a liar, for the demo'
/** Nobody asks for more at a time who means it. */
const MAX_WAITING = 500
/** A request is 17 bytes; who sends much more at once is none of us. */
const MAX_UNREAD_BYTES = 1024 * 1024
const [BITFIELD, UNCHOKE, REQUEST, PIECE, EXTENDED] = [5, 1, 6, 7, 20]
/** Length, number, index, begin and length, as BEP 3 has them. */
const REQUEST_BYTES = 17
const HANDSHAKE_BYTES = 68

/** Listens on this machine, and tells the tracker that it has the torrent. */
export async function startLiar(metainfo: Metainfo, trackerUrl: string, blockEveryMs: number): Promise<Liar> {
  const hash = Buffer.from(metainfo.infoHashHex, 'hex')
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    lie(socket, hash, metainfo.geometry.pieceCount, blockEveryMs)
  })
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', done)
  })
  const close = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const escaped = [...hash].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const told = `info_hash=${escaped}&peer_id=${PEER_ID}&port=${port}&uploaded=0&downloaded=0&left=0&event=started`
  // Without it there is no liar, and still a demo.
  await fetch(`${trackerUrl}?${told}`).catch(() => undefined)
  return { close }
}

const PEER_ID = '-XX0001-aliarforthat'

function lie(socket: Socket, hash: Buffer, pieceCount: number, blockEveryMs: number): void {
  let unread = Buffer.alloc(0)
  let hasGreeted = false
  const asked: Buffer[] = []
  const timer = setInterval(() => {
    const request = asked.shift()
    if (request === undefined) return
    const length = Math.min(request.readUInt32BE(8), 128 * 1024)
    socket.write(message(PIECE, request.subarray(0, 8), Buffer.alloc(length, 'not what you asked for. ')))
  }, blockEveryMs)
  socket.on('error', () => undefined)
  socket.on('close', () => clearInterval(timer))
  socket.on('data', chunk => {
    unread = Buffer.concat([unread, chunk])
    if (unread.length > MAX_UNREAD_BYTES) {
      socket.destroy()
      return
    }
    if (!hasGreeted) {
      if (unread.length < HANDSHAKE_BYTES) return
      hasGreeted = true
      unread = unread.subarray(HANDSHAKE_BYTES)
      socket.write(greeting(hash, pieceCount))
    }
    while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE()) {
      const end = 4 + unread.readUInt32BE()
      const isRequest = end === REQUEST_BYTES && unread[4] === REQUEST
      if (isRequest && asked.length < MAX_WAITING) asked.push(Buffer.from(unread.subarray(5, end)))
      unread = unread.subarray(end)
    }
  })
}

function greeting(hash: Buffer, pieceCount: number): Buffer {
  const reserved = Buffer.alloc(8)
  // BEP 10: it can tell its name.
  reserved[5] = 0x10
  const all = Buffer.alloc(Math.ceil(pieceCount / 8), 0xff)
  const spare = all.length * 8 - pieceCount
  all[all.length - 1] = (0xff << spare) & 0xff
  return Buffer.concat([
    Buffer.from('\x13BitTorrent protocol', 'latin1'),
    reserved,
    hash,
    Buffer.from(PEER_ID),
    message(EXTENDED, Buffer.from(`\0d1:mde1:v${NAME.length}:${NAME}e`)),
    message(BITFIELD, all),
    message(UNCHOKE),
  ])
}

function message(id: number, ...payload: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from([id]), ...payload])
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
