/**
 * UDP between the hosts of a simulated network, IPv4 alone: datagrams take as long as the way is and a little more,
 * or get lost.
 */
import { formatAddress, type PeerAddress } from '../src/bytes/address.ts'
import { ShoalError } from '../src/errors.ts'
import type { DatagramHandler, DatagramSocket, Datagrams } from '../src/ports.ts'
import type { SimHost } from './net.ts'

const JITTER_MS = 10
const FIRST_FREE_PORT = 50_000

export class SimUdp {
  /** Share of all datagrams that is lost. */
  loss = 0
  /** Datagrams sent so far. */
  sent = 0
  readonly #sockets = new Map<string, SimSocket>()
  #nextPort = FIRST_FREE_PORT

  portOf(host: SimHost): Datagrams {
    return {
      open: ({ family, port }, handler) => {
        const address = { host: host.address, port: port === 0 ? this.#nextPort++ : port }
        const key = formatAddress(address)
        const error = this.#whyNot(family, key)
        const socket = new SimSocket(this, host, address, handler)
        if (error === undefined) this.#sockets.set(key, socket)
        host.world.after(0, host.name, error === undefined ? `UDP on ${address.port}` : 'no UDP', () => {
          if (socket.isClosed) return
          if (error === undefined) handler.onOpen(address.port)
          else handler.onError(error)
        })
        return socket
      },
    }
  }

  carry(from: SimSocket, bytes: Uint8Array, to: PeerAddress): void {
    this.sent++
    const { host, address } = from
    const target = host.net.hostAt(to.host)
    if (target === undefined || target.silent || host.silent || host.random.chance(this.loss)) return
    const copy = bytes.slice()
    const delayMs = host.latencyTo(target) + host.random.below(JITTER_MS)
    host.world.after(delayMs, target.name, `datagram from ${host.name}`, () => {
      if (!target.silent) this.#sockets.get(formatAddress(to))?.handler.onDatagram(copy, address)
    })
  }

  forget(socket: SimSocket): void {
    const key = formatAddress(socket.address)
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key)
  }

  #whyNot(family: 4 | 6, key: string): ShoalError | undefined {
    if (family === 6) return new ShoalError('NETWORK', 'there is no IPv6 here', { operation: 'bind' })
    if (this.#sockets.has(key))
      return new ShoalError('PORT_IN_USE', `${key} is in use`, { operation: 'bind' })
    return undefined
  }
}

class SimSocket implements DatagramSocket {
  readonly host: SimHost
  readonly address: PeerAddress
  readonly handler: DatagramHandler
  isClosed = false
  readonly #network: SimUdp

  constructor(network: SimUdp, host: SimHost, address: PeerAddress, handler: DatagramHandler) {
    this.#network = network
    this.host = host
    this.address = address
    this.handler = handler
  }

  send(bytes: Uint8Array, to: PeerAddress): void {
    if (!this.isClosed) this.#network.carry(this, bytes, to)
  }

  close(): void {
    this.isClosed = true
    this.#network.forget(this)
  }
}
