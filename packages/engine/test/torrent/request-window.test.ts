import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestWindow } from '../../src/torrent/request-window.ts'

const BLOCK = 16_384
const out = new Int32Array(2 * 4_096)

/** A peer that answers in order, `blocksPerMs` at most, each `roundTripMs` after its request at the earliest. */
function fetchFrom(
  window: RequestWindow,
  untilMs: number,
  blocksPerMs: number,
  roundTripMs: number,
  fromMs = 0,
): number {
  const queue: { block: number; at: number }[] = []
  let next = 0
  let credit = 0
  let expired = 0
  for (let now = fromMs; now <= untilMs; now++) {
    credit = Math.min(credit + blocksPerMs, Math.max(1, blocksPerMs))
    while (queue.length > 0 && queue[0]!.at <= now && credit >= 1) {
      credit--
      expect(window.take(0, queue.shift()!.block)).toBe(true)
      window.received(BLOCK, now)
    }
    window.judge(now)
    for (let room = window.room(); room > 0; room--) {
      window.push(0, next, now)
      queue.push({ block: next++, at: now + roundTripMs })
    }
    if (now % 100 === 0) expired += window.expired(now, out)
  }
  return expired
}

function arrive(window: RequestWindow, block: number, now: number): void {
  expect(window.take(0, block)).toBe(true)
  window.received(BLOCK, now)
  window.judge(now)
}

test('requests are outstanding from push to take, in any order', () => {
  const window = new RequestWindow(250)
  for (let block = 0; block < 200; block++) window.push(7, block, 0)
  for (let block = 199; block >= 0; block -= 2) expect(window.take(7, block)).toBe(true)
  expect(window.size).toBe(100)
  for (let block = 0; block < 200; block++) expect(window.has(7, block)).toBe(block % 2 === 0)
  expect(window.take(7, 1)).toBe(false)
  expect(window.take(8, 0)).toBe(false)
})

test('the longest gap between blocks is remembered, and fades with shorter ones', () => {
  const window = new RequestWindow(250)
  for (let block = 0; block < 20; block++) window.push(0, block, 0)
  arrive(window, 0, 50)
  arrive(window, 1, 3_050)
  arrive(window, 2, 3_060)
  expect(window.longGapMs).toBeCloseTo(2_999)
  // Sixteen waits of a second.
  for (let block = 3; block < 19; block++) arrive(window, block, 3_060 + (block - 2) * 1_000)
  expect(window.longGapMs).toBeCloseTo(1_399)
})

describe('a peer is silent when nothing has come', () => {
  /** Asked for 90 blocks at 0, of which as many come as there are times; silent from when on? */
  function silentAfter(...times: number[]): number {
    const window = new RequestWindow(250)
    for (let block = 0; block < 90; block++) window.push(0, block, 0)
    for (const [block, at] of times.entries()) arrive(window, block, at)
    const last = times.at(-1) ?? 0
    for (let ms = 0; ; ms += 100) if (window.isSilent(last + ms, last)) return ms
  }

  test('for a second in the beginning', () => expect(silentAfter()).toBe(1_000))
  test('for half a second, of one that is quick', () => expect(silentAfter(10, 20, 30)).toBe(500))
  test('for twice its longest pause', () => expect(silentAfter(10, 610, 620)).toBe(1_200))
  test('for two seconds at most', () => expect(silentAfter(19_000)).toBe(2_000))

  test('for twice the pause between its bursts, however many come in one', () => {
    const times = [1_000, 2_000].flatMap(from => Array.from({ length: 40 }, (_, n) => from + n))
    expect(silentAfter(...times)).toBeGreaterThan(1_800)
  })

  test('and not while bytes come, or nothing is asked of it; but while it is stalled', () => {
    const window = new RequestWindow(250)
    expect(window.isSilent(9_000, 0)).toBe(false)
    window.push(0, 0, 0)
    expect(window.isSilent(5_000, 4_500)).toBe(false)
    expect(window.isSilent(5_500, 4_500)).toBe(true)
    expect(window.expired(30_000, new Int32Array(2))).toBe(1)
    expect(window.isSilent(30_000, 30_000)).toBe(true)
  })
})

test('the window agrees with a plain list under any mixture of operations', () => {
  const operation = fc.record({ kind: fc.constantFrom('push', 'take', 'head', 'cancel'), block: fc.nat(60) })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), operations => {
      const window = new RequestWindow(500)
      const model: number[] = []
      let now = 0
      for (const { kind, block } of operations) {
        now++
        if (kind === 'push') {
          if (model.includes(block)) continue
          window.push(1, block, now)
          model.push(block)
        } else {
          const wanted = kind === 'head' ? (model[0] ?? block) : block
          const held = model.includes(wanted)
          expect(kind === 'cancel' ? window.cancel(1, wanted) : window.take(1, wanted)).toBe(held)
          if (held) model.splice(model.indexOf(wanted), 1)
          if (held && kind !== 'cancel') window.received(BLOCK, now)
        }
        expect(window.size).toBe(model.length)
      }
      const drained: number[] = []
      window.drain((_, block) => drained.push(block))
      expect(drained).toEqual(model)
      expect(window.size).toBe(0)
    }),
    { numRuns: 100 },
  )
})

test('a fast peer on a local network reaches the maximum within some milliseconds', () => {
  const window = new RequestWindow(500)
  fetchFrom(window, 15, 43, 0)
  expect(window.limit()).toBe(500)
  fetchFrom(window, 3_000, 43, 0)
  expect(window.limit()).toBe(500)
})

test("a peer on this machine is asked for 2 MiB at once, in halves, and one as quick but far away for a second's worth", () => {
  const near = new RequestWindow(500)
  fetchFrom(near, 3_000, 30, 1)
  expect(near.limit()).toBe(128)
  near.drain(() => {})
  for (let block = 0; block < 64; block++) near.push(1, block, 3_000)
  expect(near.room()).toBe(64)
  near.push(1, 64, 3_000)
  expect(near.room()).toBe(0)

  const far = new RequestWindow(500)
  fetchFrom(far, 3_000, 30, 15)
  expect(far.limit()).toBe(500)
})

test("a peer that is swift no more is asked for a second's worth again", () => {
  const window = new RequestWindow(500)
  fetchFrom(window, 3_000, 30, 1)
  window.drain(() => {})
  fetchFrom(window, 6_000, 10, 1, 3_001)
  expect(window.limit()).toBe(500)
})

test('slow start doubles per round trip until the maximum on a long fat path', () => {
  const window = new RequestWindow(2_000)
  fetchFrom(window, 1_700, 20, 200)
  expect(window.limit()).toBe(2_000)
})

test('a slow peer ends up with about a second of its rate', () => {
  const window = new RequestWindow(500)
  expect(fetchFrom(window, 20_000, 0.02, 50)).toBe(0)
  expect(window.limit()).toBeGreaterThanOrEqual(18)
  expect(window.limit()).toBeLessThanOrEqual(26)
})

test('a round trip longer than a second does not shrink the window step by step', () => {
  const window = new RequestWindow(500)
  fetchFrom(window, 40_000, 0.1, 1_500)
  expect(window.limit()).toBeGreaterThan(200)
})

test('a very slow peer keeps two requests, and never times out while it sends', () => {
  const window = new RequestWindow(500)
  expect(fetchFrom(window, 300_000, 1 / 8_000, 50)).toBe(0)
  expect(window.limit()).toBe(2)
  expect(window.snubbed).toBe(false)
})

test('a queue that takes minutes is normal as long as blocks arrive', () => {
  const window = new RequestWindow(500)
  for (let block = 0; block < 300; block++) window.push(0, block, 0)
  for (let block = 0; block < 300; block++) {
    const now = (block + 1) * 1_500
    expect(window.expired(now, out)).toBe(0)
    arrive(window, block, now)
  }
})

test('a peer that stops for twenty seconds loses its requests and snubs us', () => {
  const window = new RequestWindow(500)
  for (let block = 0; block < 10; block++) window.push(3, block, 0)
  window.take(3, 0)
  window.received(BLOCK, 5_000)
  expect(window.expired(24_900, out)).toBe(0)
  expect(window.snubbed).toBe(false)
  expect(window.expired(25_000, out)).toBe(9)
  expect([...out.subarray(0, 4)]).toEqual([3, 1, 3, 2])
  expect(window.size).toBe(0)
  expect(window.snubbed).toBe(true)
  expect(window.room()).toBe(1)
})

test('silence before the request was sent does not count against the peer', () => {
  const window = new RequestWindow(500)
  window.push(0, 0, 0)
  arrive(window, 0, 100)
  window.push(0, 1, 60_000)
  expect(window.expired(79_000, out)).toBe(0)
  expect(window.expired(80_000, out)).toBe(1)
})

test('a snub ends with the next byte', () => {
  const window = new RequestWindow(500)
  window.push(0, 0, 0)
  window.expired(20_000, out)
  expect(window.snubbed).toBe(true)
  expect(window.wasLate(0, 0)).toBe(true)
  window.received(BLOCK, 30_000)
  expect(window.snubbed).toBe(false)
  expect(window.room()).toBeGreaterThanOrEqual(2)
})

test('a factor below one makes waiting shorter but does not call it a snub', () => {
  const window = new RequestWindow(500)
  window.push(0, 0, 0)
  expect(window.expired(7_900, out, 0.4)).toBe(0)
  expect(window.expired(8_000, out, 0.4)).toBe(1)
  expect(window.snubbed).toBe(false)
  // Until it sends again, one request tells whether it is there.
  expect(window.stalled).toBe(true)
  expect(window.limit()).toBe(1)
})

test('a request that was passed over is late ten seconds later, its neighbours are not', () => {
  const window = new RequestWindow(500)
  for (let block = 0; block < 40; block++) window.push(0, block, 0)
  arrive(window, 0, 1_000)
  for (let block = 2; block < 12; block++) {
    expect(window.expired(block * 1_000, out)).toBe(0)
    arrive(window, block, block * 1_000)
  }
  expect(window.expired(12_000, out)).toBe(1)
  expect([...out.subarray(0, 2)]).toEqual([0, 1])
  expect(window.size).toBe(28)
  expect(window.snubbed).toBe(false)
})

test('a rejected request does not make those before it look passed over', () => {
  const window = new RequestWindow(500)
  for (let block = 0; block < 4; block++) window.push(0, block, 0)
  window.take(0, 3)
  window.cancel(0, 2)
  expect(window.expired(12_000, out)).toBe(0)
})

test('a late block is recognised once', () => {
  const window = new RequestWindow(500)
  window.push(5, 6, 0)
  window.expired(20_000, out)
  expect(window.take(5, 6)).toBe(false)
  expect(window.wasLate(5, 6)).toBe(true)
  expect(window.wasLate(5, 6)).toBe(false)
})

test('cancelled and dropped requests are recognised when they arrive all the same', () => {
  const window = new RequestWindow(500)
  window.push(0, 0, 0)
  window.push(0, 1, 0)
  expect(window.cancel(0, 0)).toBe(true)
  window.drain(() => {})
  expect(window.wasLate(0, 0)).toBe(true)
  expect(window.wasLate(0, 1)).toBe(true)
  expect(window.wasLate(0, 2)).toBe(false)
})

test('what is remembered of late requests has a bound, the newest are kept', () => {
  const window = new RequestWindow(2_000)
  for (let block = 0; block < 2_000; block++) window.push(0, block, 0)
  expect(window.expired(20_000, out)).toBe(2_000)
  expect(window.wasLate(0, 0)).toBe(false)
  expect(window.wasLate(0, 1_999)).toBe(true)
})

test('an output that is too small is filled and the rest comes with the next call', () => {
  const window = new RequestWindow(500)
  for (let block = 0; block < 5; block++) window.push(0, block, 0)
  const small = new Int32Array(6)
  expect(window.expired(30_000, small)).toBe(3)
  expect(window.expired(30_000, small)).toBe(2)
})

test('nothing outstanding means nothing is awaited', () => {
  const window = new RequestWindow(500)
  window.push(0, 0, 0)
  window.take(0, 0)
  expect(window.expired(100_000, out)).toBe(0)
  expect(window.snubbed).toBe(false)
})

test('the maximum holds whatever the rate, and may change', () => {
  const window = new RequestWindow(40)
  fetchFrom(window, 2_000, 20, 10)
  expect(window.limit()).toBe(40)
  window.setMax(1)
  expect(window.limit()).toBe(1)
  window.setMax(80)
  expect(window.limit()).toBeGreaterThanOrEqual(40)
})
