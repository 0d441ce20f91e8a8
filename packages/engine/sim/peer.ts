/**
 * A peer that speaks raw wire messages by a script, for what no honest engine would do. It listens, and takes part in
 * the swarm as its {@link Script} says; what a script leaves out is done as an honest seed would.
 */
import type { PeerAddress } from '../src/bytes/address.ts'
import { Bitfield } from '../src/bytes/bitfield.ts'
import type { Link, LinkHandler } from '../src/ports.ts'
import { Framer } from '../src/wire/framer.ts'
import { encodeHandshake, readReserved, reservedBits } from '../src/wire/handshake.ts'
import * as messages from '../src/wire/messages.ts'
import type { WireSink } from '../src/wire/sink.ts'
import type { SimHost } from './net.ts'
import type { SeededRandom } from './random.ts'
import type { SimTorrent } from './torrent.ts'
import type { World } from './world.ts'

export interface Script {
  /** Offers the fast extension (BEP 6); default false. */
  readonly fast?: boolean
  /** What it claims to have; default all. */
  readonly pieces?: readonly number[]
  /** In place of the handshake. */
  readonly greet?: (session: Session) => void
  /** Both handshakes are done; default: tells its pieces. */
  readonly onReady?: (session: Session) => void
  /** Default: unchokes. */
  readonly onInterested?: (session: Session) => void
  /** Offers the extension protocol (BEP 10), and gets its messages. */
  readonly onExtended?: (session: Session, id: number, payload: Uint8Array) => void
  /** Default: sends the block. */
  readonly onRequest?: (session: Session, piece: number, begin: number, length: number) => void
}

const SCRIPTED_PORT = 6881

export class ScriptedPeer {
  readonly host: SimHost
  /** Where it listens. */
  readonly port: number
  readonly torrent: SimTorrent
  readonly script: Script
  readonly random: SeededRandom
  readonly peerId: Uint8Array
  /** Connections so far; those open now. */
  connections = 0
  /** Connections that have ended. */
  ended = 0
  readonly sessions = new Set<Session>()
  blocksSent = 0
  bytesSent = 0
  requests = 0
  /** Blocks of others that came, asked for or not. */
  blocksReceived = 0

  constructor(host: SimHost, torrent: SimTorrent, script: Script, port: number = SCRIPTED_PORT) {
    this.host = host
    this.port = port
    this.torrent = torrent
    this.script = script
    this.random = host.world.randomFor(
      port === SCRIPTED_PORT ? `script ${host.name}` : `script ${host.name}:${port}`,
    )
    this.peerId = this.random.bytes(20)
    host.listen(
      { host: undefined, port },
      {
        onListening: () => {},
        onError: error => host.world.fail(error.message),
        onLink: link => {
          const session = this.#session()
          session.attach(link)
          return session
        },
      },
    )
  }

  get address(): PeerAddress {
    return { host: this.host.address, port: this.port }
  }

  dial(to: PeerAddress): void {
    const session = this.#session()
    session.attach(this.host.connect(to, session))
  }

  #session(): Session {
    this.connections++
    const session = new Session(this)
    this.sessions.add(session)
    return session
  }
}

/** One connection of a {@link ScriptedPeer}. */
export class Session implements LinkHandler, WireSink {
  readonly peer: ScriptedPeer
  /** What the other end has told to have. */
  readonly theirs: Bitfield
  link: Link | undefined
  /** Whether we choke the other end. */
  choking = true
  chokedByThem = true
  interested = false
  /** Blocks sent on this connection. */
  blocksSent = 0
  closed = false
  readonly #framer: Framer
  #theirFast = false

  constructor(peer: ScriptedPeer) {
    this.peer = peer
    this.theirs = new Bitfield(peer.torrent.geometry.pieceCount)
    this.#framer = new Framer(new Uint8Array(0), this, { maxMessageBytes: 1024 * 1024 })
  }

  get world(): World {
    return this.peer.host.world
  }

  get random(): SeededRandom {
    return this.peer.random
  }

  attach(link: Link): void {
    this.link = link
    // Accepted or dialled: whoever is first to speak does no harm.
    const { greet } = this.peer.script
    this.after(0, 'greets', () => (greet === undefined ? this.sendHandshake() : greet(this)))
  }

  /** Both of us speak the fast extension. */
  get fast(): boolean {
    return this.#theirFast && this.peer.script.fast === true
  }

  // ------------------------------------------------------------------------------------------------- for scripts

  /** Something that this connection does later, unless it is closed by then. */
  after(delayMs: number, what: string, run: () => void): void {
    this.world.after(delayMs, this.peer.host.name, what, () => {
      if (!this.closed) run()
    })
  }

  send(bytes: Uint8Array): void {
    if (!this.closed) this.link?.send(bytes)
  }

  sendHandshake(): void {
    const { peerId, script, torrent } = this.peer
    const reserved = reservedBits({
      fast: script.fast === true,
      extended: script.onExtended !== undefined,
      dht: false,
    })
    this.send(encodeHandshake({ infoHash: torrent.metainfo.infoHash, peerId, reserved }))
  }

  tellPieces(): void {
    const { pieces } = this.peer.script
    const { pieceCount } = this.peer.torrent.geometry
    const field = pieces === undefined ? Bitfield.full(pieceCount) : new Bitfield(pieceCount)
    for (const piece of pieces ?? []) field.add(piece)
    if (this.fast || !field.isEmpty) this.send(messages.encodeBitfield(field.bytes))
  }

  unchoke(): void {
    this.choking = false
    this.send(messages.unchoke)
  }

  choke(): void {
    this.choking = true
    this.send(messages.choke)
  }

  /** The true bytes, or some that are wrong in one place. */
  block(piece: number, begin: number, length: number, isTrue = true): Uint8Array {
    const bytes = this.peer.torrent.piece(piece).slice(begin, begin + length)
    if (!isTrue) bytes[this.random.below(bytes.length)]! ^= 1 + this.random.below(255)
    return bytes
  }

  sendBlock(piece: number, begin: number, bytes: Uint8Array): void {
    this.blocksSent++
    this.peer.blocksSent++
    this.peer.bytesSent += bytes.length
    this.send(messages.pieceHeader(piece, begin, bytes.length))
    this.send(bytes)
  }

  close(): void {
    this.link?.close()
  }

  // ------------------------------------------------------------------------------------------------ LinkHandler

  onOpen(): void {}

  onBytes(chunk: Uint8Array): void {
    this.#framer.feed(chunk)
  }

  onDrain(): void {}

  onClose(): void {
    this.closed = true
    this.#framer.close()
    this.peer.ended++
    this.peer.sessions.delete(this)
  }

  // --------------------------------------------------------------------------------------------------- WireSink

  onInfoHash(_infoHash: Uint8Array, reserved: Uint8Array): void {
    this.#theirFast = readReserved(reserved).fast
  }

  onPeerId(): void {
    const { onReady } = this.peer.script
    if (onReady === undefined) this.tellPieces()
    else onReady(this)
  }

  onInterested(): void {
    this.interested = true
    const { onInterested } = this.peer.script
    if (onInterested === undefined) this.unchoke()
    else onInterested(this)
  }

  onRequest(piece: number, begin: number, length: number): void {
    this.peer.requests++
    const { onRequest } = this.peer.script
    if (onRequest !== undefined) onRequest(this, piece, begin, length)
    else if (!this.choking) this.sendBlock(piece, begin, this.block(piece, begin, length))
  }

  openBlock(): number {
    this.peer.blocksReceived++
    return -1
  }

  onHave(piece: number): void {
    this.world.check(piece < this.theirs.length, 'an engine announces pieces that exist')
    this.theirs.add(piece)
  }

  onBitfield(bytes: Uint8Array): void {
    const field = Bitfield.from(this.theirs.length, bytes)
    if (field === undefined) throw new Error('an engine sent a wrong bitfield')
    for (const piece of field) this.theirs.add(piece)
  }

  onHaveAll(): void {
    this.theirs.fill()
  }

  onExtended(id: number, payload: Uint8Array): void {
    this.peer.script.onExtended?.(this, id, payload)
  }

  onChoke(): void {
    this.chokedByThem = true
  }

  onUnchoke(): void {
    this.chokedByThem = false
  }

  onNotInterested(): void {
    this.interested = false
  }

  onKeepAlive(): void {}
  onBlock(): void {}
  onSkipped(): void {}
  onCancel(): void {}
  onPort(): void {}
  onSuggest(): void {}
  onHaveNone(): void {}
  onReject(): void {}
  onAllowedFast(): void {}
  onUnknown(): void {}
}
