import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SeededRandom } from '../sim/random.ts'
import { IpRanges } from '../src/bytes/ip-ranges.ts'
import { Engine } from '../src/engine.ts'
import { ShoalError } from '../src/errors.ts'
import type { Link, ListenHandler } from '../src/ports.ts'

/** An engine that does nothing but listen. */
class Bench {
  now = 1_000_000
  readonly asked: ListenHandler[] = []
  readonly heard: string[] = []
  readonly engine: Engine
  #tick = (): void => {}

  constructor(maxConnections = 9) {
    const never = (): never => {
      throw new Error('not to be used')
    }
    this.engine = new Engine(
      {
        clock: {
          now: () => this.now,
          unixTime: () => 0,
          every: (_intervalMs, tick) => {
            this.#tick = tick
            return () => {
              this.#tick = (): void => {}
            }
          },
        },
        random: new SeededRandom(1),
        sha1: bytes => new Uint8Array(createHash('sha1').update(bytes).digest()),
        net: {
          connect: never,
          listen: (_at, handler) => {
            this.asked.push(handler)
            return { close: () => {} }
          },
        },
        datagrams: { open: never },
        storage: { memory: new Uint8Array(0), open: never, probe: never },
        trackers: { announce: never, scrape: never },
      },
      { listen: { host: undefined, port: 6881 }, maxConnections, maxHalfOpen: 9, clientName: 'Paper' },
      {
        onListening: port => this.heard.push(`listens on ${port}`),
        onError: error => this.heard.push(error.code),
        onClosed: () => this.heard.push('closed'),
      },
    )
    this.engine.open()
  }

  wait(ms: number): void {
    this.now += ms
    this.#tick()
  }

  refuse(): void {
    this.asked.at(-1)!.onError(new ShoalError('PORT_IN_USE', 'taken'))
  }
}

test('a port that is taken is asked for again every half minute, and told of once', () => {
  const bench = new Bench()
  bench.refuse()
  bench.wait(29_000)
  expect(bench.asked.length).toBe(1)
  bench.wait(1_000)
  bench.refuse()
  bench.wait(30_000)
  bench.asked.at(-1)!.onListening(6881)
  expect(bench.engine.listenPort).toBe(6881)
  expect(bench.heard).toEqual(['PORT_IN_USE', 'listens on 6881'])
  bench.wait(60_000)
  expect(bench.asked.length).toBe(3)
})

test('a port that is lost later is told of anew', () => {
  const bench = new Bench()
  bench.asked[0]!.onListening(6881)
  bench.refuse()
  expect(bench.engine.listenPort).toBeUndefined()
  bench.wait(30_000)
  bench.asked.at(-1)!.onListening(6881)
  expect(bench.heard).toEqual(['listens on 6881', 'PORT_IN_USE', 'listens on 6881'])
})

test('an engine that is closed asks for no port', () => {
  const bench = new Bench()
  bench.refuse()
  bench.engine.close()
  bench.wait(60_000)
  expect(bench.asked.length).toBe(1)
  expect(bench.heard).toEqual(['PORT_IN_USE', 'closed'])
})

test('visitors that say nothing hold as many connections as half of those that are allowed, and at least ten', () => {
  const closed: number[] = []
  const visit = (bench: Bench, count: number): void => {
    for (let n = 0; n < count; n++) {
      const link: Link = {
        remote: { host: '10.0.0.1', port: 1 + n },
        queuedBytes: 0,
        send: () => {},
        cork: () => {},
        uncork: () => {},
        close: () => void closed.push(n),
      }
      bench.asked[0]!.onLink(link)
    }
  }
  visit(new Bench(), 12)
  expect(closed).toEqual([0, 1])
  closed.length = 0
  visit(new Bench(60), 32)
  expect(closed).toEqual([0, 1])
})

test('visitors that are blocked are not listened to, nor those who come to be', () => {
  const bench = new Bench()
  const closed: string[] = []
  const visit = (host: string): void => {
    const remote = { host, port: 1 }
    const close = (): void => void closed.push(host)
    const ignore = (): void => {}
    const link: Link = { remote, queuedBytes: 0, send: ignore, cork: ignore, uncork: ignore, close }
    bench.asked[0]!.onLink(link)
  }
  visit('10.0.0.1')
  visit('10.0.0.2')
  bench.engine.setBlocklist(new IpRanges([{ first: '10.0.0.2', last: '10.0.0.9' }]))
  expect(closed).toEqual(['10.0.0.2'])
  visit('10.0.0.3')
  visit('10.0.0.10')
  expect(closed).toEqual(['10.0.0.2', '10.0.0.3'])
  bench.engine.setBlocklist(new IpRanges([]))
  visit('10.0.0.3')
  expect(closed.length).toBe(2)
})
