import { describe, expect, onTestFinished, test } from 'vitest'
import type { PeerAddress } from '../../src/bytes/address.ts'
import type { ShoalError } from '../../src/errors.ts'
import { udp } from '../../src/node/udp.ts'
import type { DatagramSocket } from '../../src/ports.ts'

interface Opened {
  readonly socket: DatagramSocket
  readonly address: PeerAddress
  /** The next datagram that comes. */
  readonly next: () => Promise<{ readonly bytes: Uint8Array; readonly from: PeerAddress }>
  readonly heard: number[]
}

/** Rejects with the error of a socket that cannot be opened. */
function open(host: string, port = 0): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const waiting: ((datagram: { bytes: Uint8Array; from: PeerAddress }) => void)[] = []
    const heard: number[] = []
    const socket = udp.open(
      { family: host.includes(':') ? 6 : 4, host, port },
      {
        onOpen: actual => {
          const next: Opened['next'] = () => new Promise(take => waiting.push(take))
          resolve({ socket, address: { host, port: actual }, next, heard })
        },
        onDatagram: (bytes, from) => {
          heard.push(bytes.length)
          waiting.shift()?.({ bytes: bytes.slice(), from })
        },
        onError: reject,
      },
    )
    onTestFinished(() => socket.close())
  })
}

describe('a UDP socket', () => {
  test('carries datagrams both ways, and tells from where', async () => {
    const a = await open('127.0.0.1')
    const b = await open('127.0.0.1')
    const atB = b.next()
    a.socket.send(Uint8Array.of(1, 2, 3), b.address)
    expect(await atB).toEqual({ bytes: Uint8Array.of(1, 2, 3), from: a.address })
    const atA = a.next()
    b.socket.send(new Uint8Array(1400).fill(7), a.address)
    expect((await atA).bytes).toEqual(new Uint8Array(1400).fill(7))
  })

  test('says that its port is taken', async () => {
    const { address } = await open('127.0.0.1')
    await expect(open('127.0.0.1', address.port)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })

  test('says that an address is not of this machine', async () => {
    await expect(open('192.0.2.1')).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  })

  test('goes on after sending to where nobody is, or what cannot be sent', async () => {
    const a = await open('127.0.0.1')
    const b = await open('127.0.0.1')
    const atB = b.next()
    a.socket.send(Uint8Array.of(1), { host: '127.0.0.1', port: 9 })
    a.socket.send(new Uint8Array(70_000), b.address)
    a.socket.send(Uint8Array.of(1), { host: '::1', port: b.address.port })
    a.socket.send(Uint8Array.of(2), b.address)
    expect((await atB).bytes).toEqual(Uint8Array.of(2))
  })

  test('drops rather than queues without bound', async () => {
    const a = await open('127.0.0.1')
    const b = await open('127.0.0.1')
    const datagram = new Uint8Array(1000)
    const before = process.memoryUsage().arrayBuffers
    for (let n = 0; n < 200_000; n++) a.socket.send(datagram, b.address)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000)
    await expect.poll(() => b.heard.length).toBeGreaterThan(0)
  })

  test('tells nothing once closed, and may be closed before it is open', async () => {
    const told: (string | ShoalError)[] = []
    const socket = udp.open(
      { family: 4, host: '127.0.0.1', port: 0 },
      {
        onOpen: () => told.push('open'),
        onDatagram: () => told.push('datagram'),
        onError: e => told.push(e),
      },
    )
    socket.close()
    socket.close()
    socket.send(Uint8Array.of(1), { host: '127.0.0.1', port: 9 })
    // One that is opened after it is open after it would have been.
    await open('127.0.0.1')
    expect(told).toEqual([])
  })
})
