import { expect, test } from 'vitest'
import { concatBytes } from '../src/bytes/bytes.ts'
import type { Link, LinkHandler } from '../src/ports.ts'
import { dsl, FAST, type LinkShape, type SimHost, SimNet } from './net.ts'
import { World } from './world.ts'

class Recorder implements LinkHandler {
  readonly log: string[] = []
  readonly chunks: Uint8Array[] = []
  link: Link | undefined
  onOpen(): void {
    this.log.push('open')
  }
  onBytes(chunk: Uint8Array): void {
    this.chunks.push(chunk.slice())
  }
  onDrain(): void {
    this.log.push('drain')
  }
  onClose(reason: Error | undefined): void {
    this.log.push(`close ${reason?.message ?? 'quietly'}`)
  }
  get bytes(): Uint8Array {
    return concatBytes(this.chunks)
  }
}

interface Pair {
  world: World
  a: SimHost
  b: SimHost
  client: Recorder
  server: Recorder
}

function pair(shape: LinkShape = FAST, seed = 1): Pair {
  const world = new World({ scenario: 'net', seed })
  const net = new SimNet(world)
  const a = net.addHost('a', shape)
  const b = net.addHost('b', shape)
  return { world, a, b, ...connected(a, b) }
}

/** `from` dials `to`. */
function connected(from: SimHost, to: SimHost): { client: Recorder; server: Recorder } {
  const client = new Recorder()
  const server = new Recorder()
  to.listen(
    { host: undefined, port: 80 },
    {
      onListening: () => {},
      onError: () => {},
      onLink: link => {
        server.link = link
        return server
      },
    },
  )
  client.link = from.connect({ host: to.address, port: 80 }, client)
  return { client, server }
}

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7) ^ (at >> 8))
}

test('bytes arrive in order, whole, and cut at other places than they were sent', () => {
  const { world, client, server } = pair()
  expect(client.log).toEqual([])
  world.runFor(100)
  expect(client.log).toEqual(['open'])
  const sent = numbered(300_000)
  for (let at = 0; at < sent.length; at += 1000) client.link?.send(sent.subarray(at, at + 1000))
  expect(server.chunks).toEqual([])
  world.runFor(5000)
  expect(server.bytes).toEqual(sent)
  expect(server.chunks.some(chunk => chunk.length < 31)).toBe(true)
  expect(server.chunks.some(chunk => chunk.length > 1000 && chunk.length % 1000 !== 0)).toBe(true)
})

test('a line has its speed, and what it has not taken is queued until onDrain', () => {
  const { world, client, server } = pair(dsl(500_000))
  world.runFor(200)
  client.link?.send(numbered(1_000_000))
  expect(client.link?.queuedBytes).toBeGreaterThan(800_000)
  world.runFor(5000)
  // 100 kB/s up for five seconds
  expect(server.bytes.length).toBeGreaterThan(450_000)
  expect(server.bytes.length).toBeLessThan(500_001)
  expect(client.log).toEqual(['open'])
  world.runFor(10_000)
  expect(server.bytes.length).toBe(1_000_000)
  expect(client.log).toEqual(['open', 'drain'])
  expect(client.link?.queuedBytes).toBe(0)
})

test('behind a router that lets little wait, all who send have the same share, and nobody waits for long', () => {
  const world = new World({ scenario: 'net', seed: 1 })
  const net = new SimNet(world)
  const home = net.addHost('home', { ...FAST, downBytesPerSec: 100_000, downQueueMs: 400 })
  const servers = [0, 1, 2].map(n => connected(home, net.addHost(`server${n}`, FAST)))
  world.runFor(100)
  const [first, second, third] = servers
  first!.server.link?.send(numbered(1_000_000))
  second!.server.link?.send(numbered(1_000_000))
  world.runFor(4_000)
  const counts = [first, second].map(server => server!.client.bytes.length)
  expect(counts[0]! + counts[1]!).toBeGreaterThan(390_000)
  for (const count of counts) expect(count / (counts[0]! + counts[1]!)).toBeCloseTo(0.5, 1)
  third!.server.link?.send(numbered(100))
  world.runFor(600)
  expect(third!.client.bytes.length).toBe(100)
})

test('what is corked waits for uncork', () => {
  const { world, client, server } = pair()
  world.runFor(100)
  client.link?.cork()
  client.link?.send(numbered(10))
  world.runFor(1000)
  expect(server.bytes.length).toBe(0)
  client.link?.uncork()
  world.runFor(1000)
  expect(server.bytes).toEqual(numbered(10))
})

test('a close is told to both sides once, and not in the same turn', () => {
  for (let seed = 1; seed < 10; seed++) {
    const { world, client, server } = pair(FAST, seed)
    world.runFor(100)
    client.link?.close()
    client.link?.close()
    server.link?.send(numbered(50))
    expect(client.log).toEqual(['open'])
    world.runFor(1000)
    expect(client.log).toEqual(['open', 'close quietly'])
    expect(client.chunks).toEqual([])
    expect(server.log).toHaveLength(1)
    expect(['close quietly', 'close ECONNRESET']).toContain(server.log[0])
  }
})

test('who closes before the connection is there is told so, and so is the other side', () => {
  const { world, client, server } = pair()
  world.runFor(12)
  expect(server.link).toBeDefined()
  client.link?.close()
  world.runFor(1000)
  expect(client.log).toEqual(['close quietly'])
  expect(server.log).toHaveLength(1)
})

test('nobody listens: refused; nobody there, or behind a router: no answer for two minutes', () => {
  const { world, a, b } = pair()
  const refused = new Recorder()
  a.connect({ host: b.address, port: 81 }, refused)
  const nobody = new Recorder()
  a.connect({ host: '10.9.9.9', port: 80 }, nobody)
  b.unreachable = true
  const hidden = new Recorder()
  a.connect({ host: b.address, port: 80 }, hidden)
  world.runFor(1000)
  expect(refused.log).toEqual(['close ECONNREFUSED'])
  expect(nobody.log).toEqual([])
  world.runFor(200_000)
  expect(nobody.log).toEqual(['close ETIMEDOUT'])
  expect(hidden.log).toEqual(['close ETIMEDOUT'])
})

test('a silent host tells nobody: the queue stands still', () => {
  const { world, b, client, server } = pair()
  world.runFor(100)
  b.silent = true
  client.link?.send(numbered(1_000_000))
  world.runFor(5000)
  const { queuedBytes } = client.link!
  world.runFor(60_000)
  expect(client.link?.queuedBytes).toBe(queuedBytes)
  expect(queuedBytes).toBeGreaterThan(0)
  b.silent = false
  world.runFor(60_000)
  // What was lost does not come, so nothing after it may.
  expect(server.bytes.length).toBe(0)
})

test('a reset is told to both sides', () => {
  const { world, a, client, server } = pair()
  world.runFor(100)
  client.link?.send(numbered(1_000_000))
  a.resetAll()
  world.runFor(1000)
  expect(client.log).toEqual(['open', 'close ECONNRESET'])
  expect(server.log).toEqual(['close ECONNRESET'])
  expect(a.links.size).toBe(0)
})
