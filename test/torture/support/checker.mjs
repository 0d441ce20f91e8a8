/**
 * A leecher that trusts nobody: asks one peer for blocks again and again, over and over the same ones, and compares every
 * byte with what belongs there. It connects again whenever it is let go.
 */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const BLOCK_BYTES = 16 * 1024
const WINDOW = 16
/** What is not answered is asked for again: a peer may lose a piece without a word. */
const PATIENCE_MS = 1_500
const AGAIN_MS = 50

export class Checker {
  good = 0
  /** In words. */
  bad = []
  #o
  #socket
  #timer
  #closed = false
  #buffer = Buffer.alloc(0)
  #greeted = false
  #choked = true
  #has
  #asked = 0
  #sentAt = 0
  /** Pieces of which all blocks came, since {@link Checker.begin}. */
  #seen = new Map()

  /** @param {{ port: number, infoHash: Uint8Array, content: Buffer, pieceLength: number, random: import('../random.mjs').Random }} o */
  constructor(o) {
    this.#o = o
    this.pieces = Math.ceil(o.content.length / o.pieceLength)
    this.#connect()
    this.#timer = setInterval(() => this.#look(), 100)
  }

  /** How many pieces came whole since `begin`. */
  get seen() {
    let whole = 0
    for (const [piece, blocks] of this.#seen) if (blocks.size === this.#blocksOf(piece)) whole++
    return whole
  }

  begin() {
    this.#seen.clear()
  }

  close() {
    this.#closed = true
    clearInterval(this.#timer)
    this.#socket.destroy()
  }

  #connect() {
    if (this.#closed) return
    this.#buffer = Buffer.alloc(0)
    this.#greeted = false
    this.#choked = true
    this.#has = new Set()
    this.#asked = 0
    const socket = connect(this.#o.port, '127.0.0.1')
    this.#socket = socket
    socket.on('connect', () => {
      const id = Buffer.concat([Buffer.from('-CK0001-'), randomBytes(12)])
      socket.write(
        Buffer.concat([Buffer.from('\x13BitTorrent protocol'), Buffer.alloc(8), this.#o.infoHash, id]),
      )
      socket.write(Buffer.from([0, 0, 0, 1, 2]))
    })
    socket.on('data', bytes => this.#onData(bytes))
    socket.on('error', () => {})
    socket.on('close', () => setTimeout(() => this.#connect(), AGAIN_MS))
  }

  #onData(bytes) {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
    if (!this.#greeted) {
      if (this.#buffer.length < 68) return
      this.#buffer = this.#buffer.subarray(68)
      this.#greeted = true
    }
    while (this.#buffer.length >= 4) {
      const length = this.#buffer.readUInt32BE(0)
      if (this.#buffer.length < 4 + length) break
      if (length > 0) this.#onMessage(this.#buffer[4], this.#buffer.subarray(5, 4 + length))
      this.#buffer = this.#buffer.subarray(4 + length)
    }
    this.#ask()
  }

  #onMessage(id, body) {
    if (id === 0) {
      this.#choked = true
      this.#asked = 0
    } else if (id === 1) this.#choked = false
    else if (id === 4) this.#has.add(body.readUInt32BE(0))
    else if (id === 5) {
      for (let piece = 0; piece < this.pieces; piece++) {
        if (body[piece >> 3] & (128 >> (piece & 7))) this.#has.add(piece)
      }
    } else if (id === 7) this.#onBlock(body.readUInt32BE(0), body.readUInt32BE(4), body.subarray(8))
  }

  #onBlock(piece, begin, block) {
    this.#asked = Math.max(0, this.#asked - 1)
    const { content, pieceLength } = this.#o
    const start = piece * pieceLength + begin
    if (!content.subarray(start, start + block.length).equals(block)) {
      this.bad.push(`piece ${piece} at ${begin} came with other bytes`)
      return
    }
    this.good++
    const blocks = this.#seen.get(piece) ?? new Set()
    blocks.add(begin)
    this.#seen.set(piece, blocks)
  }

  #look() {
    if (this.#asked > 0 && performance.now() - this.#sentAt > PATIENCE_MS) this.#asked = 0
    this.#ask()
  }

  /** Mostly what has not come yet, but never only that. */
  #ask() {
    if (this.#choked || !this.#greeted || this.#has.size === 0) return
    const { random } = this.#o
    const pieces = [...this.#has]
    const missing = pieces.filter(piece => (this.#seen.get(piece)?.size ?? 0) < this.#blocksOf(piece))
    for (; this.#asked < WINDOW; this.#asked++) {
      const piece = random.pick(missing.length > 0 && random.chance(0.8) ? missing : pieces)
      const blocks = this.#blocksOf(piece)
      const seen = this.#seen.get(piece)
      let block = random.below(blocks)
      for (let n = 0; n < blocks && seen?.has(block * BLOCK_BYTES); n++) block = (block + 1) % blocks
      const begin = block * BLOCK_BYTES
      const request = Buffer.alloc(17)
      request.writeUInt32BE(13, 0)
      request[4] = 6
      request.writeUInt32BE(piece, 5)
      request.writeUInt32BE(begin, 9)
      request.writeUInt32BE(Math.min(BLOCK_BYTES, this.#sizeOf(piece) - begin), 13)
      this.#socket.write(request)
      this.#sentAt = performance.now()
    }
  }

  #sizeOf(piece) {
    const { content, pieceLength } = this.#o
    return Math.min(pieceLength, content.length - piece * pieceLength)
  }

  #blocksOf(piece) {
    return Math.ceil(this.#sizeOf(piece) / BLOCK_BYTES)
  }
}
