import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { EventHub, MAX_CLIENTS } from '../../src/http/events/hub.ts'
import { JsonGauge } from '../../src/http/input.ts'
import { Strangers } from '../../src/http/strangers.ts'
import { idOf, StandIn } from './stand-in.ts'

describe('JSON', () => {
  test.each([
    ['nested deeply', '['.repeat(33)],
    ['of many keys', '{'.concat('"a":1,'.repeat(100_001))],
    ['deep after a string that looks like an end', `${'["\\\\",'.repeat(33)}`],
  ])('that is %s is stopped before it is whole, however it is cut', (_, text) => {
    for (const size of [1, 7, text.length]) {
      const gauge = new JsonGauge()
      const feed = (): void => {
        for (let at = 0; at < text.length; at += size) gauge.feed(text.slice(at, at + size))
      }
      expect(feed).toThrow(/^The JSON /)
    }
  })

  test('with brackets and colons in its texts is fine', () => {
    const gauge = new JsonGauge()
    gauge.feed(`{"a":"${'[{:'.repeat(200_000)}","b":"\\"`)
    gauge.feed(`${'[{:'.repeat(200_000)}\\\\"}`)
    gauge.feed('['.repeat(32))
  })
})

describe('connections that have not said who they are', () => {
  class FakeSocket {
    readonly remoteAddress: string
    isDestroyed = false

    constructor(remoteAddress: string) {
      this.remoteAddress = remoteAddress
    }

    once(): this {
      return this
    }

    destroy(): this {
      this.isDestroyed = true
      return this
    }
  }

  function crowd(strangers: Strangers, count: number, addressOf: (n: number) => string): FakeSocket[] {
    return Array.from({ length: count }, (_, n) => {
      const socket = new FakeSocket(addressOf(n))
      strangers.add(socket as unknown as Socket)
      return socket
    })
  }

  test('make room for one more by the oldest of the address that has most', () => {
    const strangers = new Strangers()
    const [honest] = crowd(strangers, 1, () => '192.0.2.1')
    const many = crowd(strangers, 2000, () => '198.51.100.1')
    expect(honest!.isDestroyed).toBe(false)
    expect(many.filter(({ isDestroyed }) => isDestroyed)).toHaveLength(2001 - 1024)
    expect(many[0]!.isDestroyed).toBe(true)
    expect(many.at(-1)!.isDestroyed).toBe(false)
  })

  test('are none any more when they have, and stay', () => {
    const strangers = new Strangers()
    const [known] = crowd(strangers, 1, () => '198.51.100.1')
    strangers.admit(known as unknown as Socket)
    crowd(strangers, 3000, () => '198.51.100.1')
    expect(known!.isDestroyed).toBe(false)
  })
})

describe('listeners for events', () => {
  class FakeResponse {
    readonly written: string[] = []
    writableLength = 0
    isDestroyed = false
    destroyed = false
    #onClose = (): void => undefined

    on(_: string, listener: () => void): this {
      this.#onClose = listener
      return this
    }

    write(bytes: Buffer): boolean {
      this.written.push(bytes.toString())
      return true
    }

    destroy(): void {
      this.isDestroyed = true
      this.#onClose()
    }
  }

  function listen(hub: EventHub, isAllowed = (): boolean => true): FakeResponse {
    const response = new FakeResponse()
    hub.add({
      response: response as unknown as ServerResponse,
      window: undefined,
      cursor: undefined,
      isAllowed,
    })
    return response
  }

  const change = { changed: [{ id: idOf(0), downloadRate: 1 }] }

  test('who do not read are let go, and the others are not', () => {
    const session = new StandIn(1)
    const hub = new EventHub(session)
    const [slow, quick] = [listen(hub), listen(hub)]
    slow.writableLength = 5 * 1024 * 1024
    session.step(change)
    expect([slow.isDestroyed, quick.isDestroyed, hub.clientCount]).toEqual([true, false, 1])
    expect(quick.written.at(-1)).toBe(
      `id: run.1\nevent: torrents\ndata: ${JSON.stringify({ type: 'torrents', added: [], ...change, removed: [] })}\n\n`,
    )
  })

  test('hear something now and then, and nothing more once they may not', () => {
    vi.useFakeTimers()
    try {
      let isAllowed = true
      const hub = new EventHub(new StandIn(1))
      const response = listen(hub, () => isAllowed)
      vi.advanceTimersByTime(15_000)
      expect(response.written.at(-1)).toBe(': still here\n\n')
      isAllowed = false
      vi.advanceTimersByTime(15_000)
      expect([response.isDestroyed, hub.clientCount, vi.getTimerCount()]).toEqual([true, 0, 0])
    } finally {
      vi.useRealTimers()
    }
  })

  test('are so many at most', () => {
    const session = new StandIn(1)
    const hub = new EventHub(session)
    const all = Array.from({ length: MAX_CLIENTS }, () => listen(hub))
    expect(() => hub.requireRoom()).toThrow('as many as there may be')
    all[0]!.destroy()
    hub.requireRoom()
    hub.close()
    expect([all.every(({ isDestroyed }) => isDestroyed), session.listenerCount]).toEqual([true, 0])
  })
})
