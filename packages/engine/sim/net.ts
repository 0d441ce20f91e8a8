/**
 * Hosts that speak TCP over a network of limited speed, in virtual time.
 *
 *     send ──▶ queue ──▶ [ window ] ──▶ uplink ── latency ──▶ downlink ──▶ onBytes
 *               │                          │                     └ all who send to a host take turns where its
 *               │                          │                       router lets no more wait (`downQueueMs`)
 *               │                          └ one host's connections take turns
 *               └ what exceeds the kernel's buffer is `queuedBytes`
 *
 * The stream is cut at random places. What goes wrong: nobody listens (refused), a host that cannot be reached (no
 * answer), resets, and hosts that fall silent without a word.
 */
import type { PeerAddress } from '../src/bytes/address.ts'
import { ShoalError } from '../src/errors.ts'
import type { Link, LinkHandler, Listener, ListenHandler, Net } from '../src/ports.ts'
import { SimPipe } from './pipe.ts'
import type { SeededRandom } from './random.ts'
import type { World } from './world.ts'

/** As Linux does: SYN again after 1, 3, 7, 15, 31, 63 s. */
const CONNECT_TIMEOUT_MS = 127_000
/** Where a router's queue is bounded, a connection fills so much of it at a time. */
const QUEUE_PART = 1 / 16
/** As sockets of Node do: only a queue that grew to this tells when it is empty. */
const DRAIN_BYTES = 64 * 1024
/** Part of the closed connections whose other end learns it by a reset, losing what was under way. */
const CLOSED_BY_RESET = 0.3

export interface LinkShape {
  /** Bytes per second; 0: no limit. */
  readonly upBytesPerSec: number
  readonly downBytesPerSec: number
  /** One way, from this host to the middle of the network. */
  readonly latencyMs: number
  /**
   * What the router before the downlink lets wait, by the time it takes to go through: who sends holds the rest back, as TCP
   * does, and all get the same share. Default: it takes everything at once.
   */
  readonly downQueueMs?: number
}

export const FAST: LinkShape = { upBytesPerSec: 20_000_000, downBytesPerSec: 20_000_000, latencyMs: 5 }

/** A line of so many bytes per second down and a fifth of them up. */
export function dsl(downBytesPerSec: number): LinkShape {
  return { upBytesPerSec: downBytesPerSec / 5, downBytesPerSec, latencyMs: 20 }
}

export class SimNet {
  readonly world: World
  readonly #hosts = new Map<string, SimHost>()

  constructor(world: World) {
    this.world = world
  }

  addHost(name: string, shape: LinkShape): SimHost {
    const number = this.#hosts.size + 1
    const host = new SimHost(this, name, `10.0.${number >> 8}.${number & 255}`, shape)
    this.#hosts.set(host.address, host)
    return host
  }

  hostAt(address: string): SimHost | undefined {
    return this.#hosts.get(address)
  }

  get hosts(): SimHost[] {
    return [...this.#hosts.values()]
  }
}

export class SimHost implements Net {
  readonly net: SimNet
  readonly world: World
  readonly name: string
  readonly address: string
  readonly shape: LinkShape
  readonly random: SeededRandom
  /** Others cannot connect to it: behind a router. */
  unreachable = false
  /** Nothing comes from it or gets to it, and nobody is told: its cable was pulled. */
  silent = false
  /** Connections it has, handshakes of TCP included. */
  readonly links = new Set<SimLink>()
  readonly #listeners = new Map<number, ListenHandler>()
  #nextPort = 40_000
  #upFreeAtMs = 0
  #downFreeAtMs = 0
  readonly #waiting: SimPipe[] = []
  #pumping = false
  /** Pipes to here for which the router has no room, in turn. */
  readonly #heldBack: SimPipe[] = []
  #lettingIn = false

  constructor(net: SimNet, name: string, address: string, shape: LinkShape) {
    this.net = net
    this.world = net.world
    this.name = name
    this.address = address
    this.shape = shape
    this.random = net.world.randomFor(`net ${name}`)
  }

  connect(to: PeerAddress, handler: LinkHandler): Link {
    const { world } = this
    const link = new SimLink(this, { host: to.host, port: to.port }, handler)
    const target = this.net.hostAt(to.host)
    if (target === undefined || target.silent || target.unreachable || this.silent) {
      world.after(CONNECT_TIMEOUT_MS, this.name, `no answer from ${to.host}`, () =>
        link.ended(failure('ETIMEDOUT')),
      )
      return link
    }
    const oneWayMs = this.latencyTo(target)
    world.after(oneWayMs, target.name, `syn from ${this.name}`, () => {
      const listener = target.#listeners.get(to.port)
      if (listener === undefined) {
        world.after(oneWayMs, this.name, `refused by ${target.name}`, () =>
          link.ended(failure('ECONNREFUSED')),
        )
        return
      }
      if (link.isClosed) return
      const accepted = new SimLink(target, { host: this.address, port: this.#nextPort++ }, undefined)
      accepted.join(link)
      link.join(accepted)
      accepted.accept(listener.onLink(accepted))
      world.after(oneWayMs, this.name, `connected to ${target.name}`, () => link.opened())
    })
    return link
  }

  listen(at: { host: string | undefined; port: number }, handler: ListenHandler): Listener {
    const port = at.port === 0 ? this.#nextPort++ : at.port
    if (this.#listeners.has(port)) {
      const error = new ShoalError('PORT_IN_USE', `port ${port} is in use`, { operation: 'listen' })
      this.world.after(0, this.name, 'cannot listen', () => handler.onError(error))
      return { close: () => {} }
    }
    let closed = false
    this.#listeners.set(port, handler)
    this.world.after(0, this.name, `listening on ${port}`, () => {
      if (!closed) handler.onListening(port)
    })
    return {
      close: () => {
        if (!closed) this.#listeners.delete(port)
        closed = true
      },
    }
  }

  latencyTo(other: SimHost): number {
    return this.shape.latencyMs + other.shape.latencyMs
  }

  /** Both ends of every connection it has learns of a reset, at different times. */
  resetAll(): void {
    for (const link of [...this.links]) link.reset()
  }

  // --------------------------------------------------------------------------------------------- uplink, downlink

  /** The pipe has something that may be sent now. */
  wants(pipe: SimPipe): void {
    if (!pipe.to.#holdsBack(pipe)) this.#queue(pipe)
  }

  /** When `bytes` that arrive at `atMs` are through the downlink. */
  downlink(bytes: number, atMs: number): number {
    const { downBytesPerSec } = this.shape
    if (downBytesPerSec === 0) return atMs
    this.#downFreeAtMs = Math.max(this.#downFreeAtMs, atMs) + (bytes * 1000) / downBytesPerSec
    return this.#downFreeAtMs
  }

  /** The router has no room for what the pipe would send: it has its turn later. */
  #holdsBack(pipe: SimPipe): boolean {
    const { downQueueMs } = this.shape
    if (downQueueMs === undefined || this.shape.downBytesPerSec === 0) return false
    if (this.#heldBack.includes(pipe)) return true
    if (this.#heldBack.length === 0 && this.#downFreeAtMs - this.world.nowMs < downQueueMs) return false
    this.#heldBack.push(pipe)
    this.#letIn(downQueueMs)
    return true
  }

  /** As many as there is room for, as long as there are any. */
  #letIn(downQueueMs: number): void {
    if (this.#lettingIn || this.#heldBack.length === 0) return
    this.#lettingIn = true
    this.world.after(downQueueMs * QUEUE_PART, this.name, 'router', () => {
      this.#lettingIn = false
      const roomMs = downQueueMs - (this.#downFreeAtMs - this.world.nowMs)
      const count = Math.ceil(roomMs / (downQueueMs * QUEUE_PART))
      for (const pipe of this.#heldBack.splice(0, Math.max(0, count))) pipe.from.#queue(pipe)
      this.#letIn(downQueueMs)
    })
  }

  #queue(pipe: SimPipe): void {
    if (!this.#waiting.includes(pipe)) this.#waiting.push(pipe)
    this.#pump()
  }

  #pump(): void {
    if (this.#pumping || this.#waiting.length === 0) return
    this.#pumping = true
    this.world.after(this.#upFreeAtMs - this.world.nowMs, this.name, 'uplink', () => {
      const pipe = this.#waiting.shift()
      const bytes = pipe?.transmit(Math.min(this.#cut(), pipe.to.#mostAtOnce)) ?? 0
      const { upBytesPerSec } = this.shape
      if (upBytesPerSec > 0) this.#upFreeAtMs = this.world.nowMs + (bytes * 1000) / upBytesPerSec
      this.#pumping = false
      if (pipe?.canTransmit === true) this.wants(pipe)
      this.#pump()
    })
  }

  get #mostAtOnce(): number {
    const { downBytesPerSec, downQueueMs } = this.shape
    if (downQueueMs === undefined || downBytesPerSec === 0) return Number.POSITIVE_INFINITY
    return Math.max(1, Math.floor((downBytesPerSec * downQueueMs * QUEUE_PART) / 1000))
  }

  /** How much of the stream goes at once: mostly much, sometimes a few bytes. */
  #cut(): number {
    if (this.random.chance(0.06)) return this.random.between(1, 30)
    const most = this.shape.upBytesPerSec === 0 ? 32_768 : this.shape.upBytesPerSec / 20
    return this.random.between(1_460, Math.max(1_461, Math.min(32_768, Math.floor(most))))
  }
}

/** One end of a connection. */
export class SimLink implements Link {
  readonly remote: PeerAddress
  readonly host: SimHost
  #handler: LinkHandler | undefined
  #peer: SimLink | undefined
  /** From here to the other end. */
  #pipe: SimPipe | undefined
  /** `closing`: our own close, of which onClose has yet to tell. */
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  #corks = 0
  #drainDue = false
  /** Sent before the connection was there. */
  readonly #early: { bytes: Uint8Array; onTaken: (() => void) | undefined }[] = []

  constructor(host: SimHost, remote: PeerAddress, handler: LinkHandler | undefined) {
    this.host = host
    this.remote = remote
    this.#handler = handler
    host.links.add(this)
  }

  get isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed'
  }

  get queuedBytes(): number {
    return this.isClosed ? 0 : (this.#pipe?.queuedBytes ?? 0)
  }

  send(bytes: Uint8Array, onTaken?: () => void): void {
    if (this.isClosed || bytes.length === 0) return
    if (this.#state === 'connecting') {
      this.#early.push({ bytes, onTaken })
      return
    }
    this.#pipe?.push(bytes, onTaken)
    if (this.queuedBytes >= DRAIN_BYTES) this.#drainDue = true
    if (this.#corks === 0) this.#pipe?.flush()
  }

  cork(): void {
    this.#corks++
  }

  uncork(): void {
    this.host.world.check(this.#corks > 0, 'a link is uncorked as often as it is corked')
    if (--this.#corks === 0 && !this.isClosed) this.#pipe?.flush()
  }

  close(): void {
    if (this.isClosed) return
    this.#state = 'closing'
    this.#pipe?.finish(this.host.random.chance(CLOSED_BY_RESET))
    this.host.world.after(0, this.host.name, 'closed by us', () => this.#tellClosed(undefined))
  }

  /** Both ends learn that the connection is no more; what was under way is lost. */
  reset(): void {
    for (const link of [this, this.#peer]) {
      if (link === undefined) continue
      const { world, name, random } = link.host
      link.#pipe?.stop()
      world.after(random.between(0, 50), name, 'connection reset', () => link.ended(failure('ECONNRESET')))
    }
  }

  // ------------------------------------------------------------------------------------------- for the network

  join(peer: SimLink): void {
    this.#peer = peer
    this.#pipe = new SimPipe(this.host, peer.host, {
      onBytes: bytes => peer.received(bytes),
      onEmpty: () => this.#drained(),
      onBroken: () => this.reset(),
      onEnd: reset => peer.ended(reset ? failure('ECONNRESET') : undefined),
    })
  }

  /** An accepted connection is open at once; its handler hears no `onOpen`. */
  accept(handler: LinkHandler): void {
    this.#handler = handler
    if (this.#state === 'connecting') this.#state = 'open'
    this.#flushEarly()
  }

  opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    this.#handler?.onOpen()
    this.#flushEarly()
  }

  received(bytes: Uint8Array): void {
    if (this.#state === 'open') this.#handler?.onBytes(bytes)
  }

  /** The connection is over through no act of ours. */
  ended(reason: Error | undefined): void {
    if (this.isClosed) return
    this.#pipe?.stop()
    this.#tellClosed(reason)
  }

  #flushEarly(): void {
    for (const { bytes, onTaken } of this.#early.splice(0)) this.send(bytes, onTaken)
  }

  #drained(): void {
    if (!this.#drainDue) return
    this.#drainDue = false
    this.host.world.after(0, this.host.name, 'drained', () => {
      if (this.#state === 'open' && this.queuedBytes === 0) this.#handler?.onDrain()
    })
  }

  #tellClosed(reason: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.host.links.delete(this)
    const handler = this.#handler
    this.#handler = undefined
    handler?.onClose(reason)
  }
}

function failure(code: 'ECONNRESET' | 'ECONNREFUSED' | 'ETIMEDOUT'): Error {
  return Object.assign(new Error(code), { code })
}
