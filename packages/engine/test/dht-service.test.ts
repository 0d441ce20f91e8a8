import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SeededRandom } from '../sim/random.ts'
import { DhtService } from '../src/dht-service.ts'
import { ShoalError } from '../src/errors.ts'
import type { DatagramHandler } from '../src/ports.ts'

class FakeSocket {
  readonly family: 4 | 6
  readonly port: number
  readonly handler: DatagramHandler
  sent = 0
  isClosed = false

  constructor(family: 4 | 6, port: number, handler: DatagramHandler) {
    this.family = family
    this.port = port
    this.handler = handler
  }

  send(): void {
    this.sent++
  }

  close(): void {
    this.isClosed = true
  }

  fail(code: 'NETWORK' | 'PORT_IN_USE' = 'NETWORK'): void {
    this.handler.onError(new ShoalError(code, 'no socket'))
  }
}

function bench(host?: string): {
  sockets: FakeSocket[]
  settled: (readonly ShoalError[])[]
  dht: DhtService
  wait: (ms: number) => void
} {
  let now = 1_000_000
  const sockets: FakeSocket[] = []
  const settled: (readonly ShoalError[])[] = []
  const dht = new DhtService(
    {
      clock: { now: () => now, unixTime: () => 0, every: () => () => {} },
      random: new SeededRandom(1),
      sha1: bytes => new Uint8Array(createHash('sha1').update(bytes).digest()),
      datagrams: {
        open: ({ family, port }, handler) => {
          sockets.push(new FakeSocket(family, port, handler))
          return sockets.at(-1)!
        },
      },
    },
    host,
    { bootstrap: [{ host: '10.0.0.9', port: 6881 }], saved: undefined },
    { onSettled: errors => settled.push(errors) },
  )
  const wait = (ms: number): void => {
    now += ms
    dht.tick(now)
  }
  return { sockets, settled, dht, wait }
}

test('a socket that breaks is opened again after half a minute, and the node goes on by it', () => {
  const { sockets, settled, dht, wait } = bench('10.0.0.1')
  dht.open(6881)
  sockets[0]!.handler.onOpen(6881)
  wait(100)
  expect(sockets[0]!.sent).toBe(1)
  sockets[0]!.fail()
  expect(dht.port).toBeUndefined()
  wait(29_000)
  expect(sockets.length).toBe(1)
  wait(1_000)
  expect(sockets[1]!.port).toBe(6881)
  sockets[1]!.handler.onOpen(6881)
  expect(dht.port).toBe(6881)
  dht.ping({ host: '10.0.0.9', port: 6881 }, () => {})
  expect(sockets[1]!.sent).toBe(1)
  expect(settled).toEqual([[]])
})

test('without any socket at first it tries again, and tells of it once', () => {
  const { sockets, settled, dht, wait } = bench('10.0.0.1')
  dht.open(6881)
  sockets[0]!.fail()
  wait(30_000)
  sockets[1]!.fail('PORT_IN_USE')
  expect(sockets[2]!.port).toBe(0)
  sockets[2]!.fail()
  wait(30_000)
  sockets[3]!.handler.onOpen(6881)
  wait(100)
  expect(sockets[3]!.sent).toBe(1)
  expect(settled.map(errors => errors.length)).toEqual([1])
})

test('a family that was never there is not asked for again', () => {
  const { sockets, dht, wait } = bench()
  dht.open(6881)
  const [four, six] = sockets
  six!.fail()
  four!.handler.onOpen(6881)
  wait(60_000)
  expect(sockets.length).toBe(2)
})

test('once closed nothing is opened any more', () => {
  const { sockets, dht, wait } = bench('10.0.0.1')
  dht.open(6881)
  sockets[0]!.fail()
  dht.close()
  wait(60_000)
  dht.open(6881)
  expect(sockets.length).toBe(1)
})
