/** {@link Datagrams} over this machine's UDP sockets. */
import { createSocket, type Socket } from 'node:dgram'
import { canonicalIp, formatAddress, type PeerAddress } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import type { DatagramHandler, DatagramSocket, Datagrams } from '../ports.ts'

/** What waits for the operating system at a socket; more comes from a network that takes nothing. */
const MAX_QUEUED_BYTES = 256 * 1024
/** Words from the network about one datagram that was sent; the socket is as good as before. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMSGSIZE',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOBUFS',
  'EPERM',
])

export const udp: Datagrams = {
  open: (at, handler) => new UdpSocket(at, handler),
}

class UdpSocket implements DatagramSocket {
  readonly #socket: Socket
  readonly #handler: DatagramHandler
  #state: 'opening' | 'open' | 'closed' = 'opening'

  constructor(
    at: { readonly family: 4 | 6; readonly host: string | undefined; readonly port: number },
    handler: DatagramHandler,
  ) {
    this.#handler = handler
    const { family, host, port } = at
    this.#socket = createSocket(
      family === 4 ? { type: 'udp4' } : { type: 'udp6', ipv6Only: true },
      // Not as a Buffer, whose slices share its memory.
      (bytes, from) => this.#onDatagram(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), from),
    )
    this.#socket.on('error', error => this.#onError(error, at))
    this.#socket.on('listening', () => this.#onOpen())
    // Even an address that needs no look-up is bound in a later turn.
    this.#socket.bind({ port, ...(host !== undefined && { address: host }) })
  }

  send(bytes: Uint8Array, to: PeerAddress): void {
    if (this.#state !== 'open' || this.#socket.getSendQueueSize() > MAX_QUEUED_BYTES) return
    // With a callback, an error of this datagram is not one of the socket.
    this.#socket.send(bytes, to.port, to.host, () => {})
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#socket.close()
  }

  #onOpen(): void {
    if (this.#state !== 'opening') return
    this.#state = 'open'
    this.#handler.onOpen(this.#socket.address().port)
  }

  #onDatagram(bytes: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    // An address with a zone (fe80::1%eth0) is good on one interface only, and is not one that peers are known by.
    const host = canonicalIp(from.address)
    if (this.#state !== 'open' || host === undefined) return
    this.#handler.onDatagram(bytes, { host, port: from.port })
  }

  #onError(
    error: NodeJS.ErrnoException,
    at: { readonly host: string | undefined; readonly port: number },
  ): void {
    if (this.#state === 'closed' || (this.#state === 'open' && PASSING.has(error.code))) return
    this.close()
    this.#handler.onError(bindError(error, at))
  }
}

function bindError(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): ShoalError {
  const subject = host === undefined ? `*:${port}` : formatAddress({ host, port })
  const details = { operation: 'bind', subject, cause: error }
  if (error.code === 'EADDRINUSE' || error.code === 'EACCES') {
    return new ShoalError('PORT_IN_USE', `UDP port ${port} is in use, or not ours to use`, details)
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EINVAL') {
    return new ShoalError('ADDRESS_UNAVAILABLE', `${host ?? 'this'} is no address of this machine`, details)
  }
  return new ShoalError('NETWORK', `no UDP on ${subject}: ${error.message}`, details)
}
