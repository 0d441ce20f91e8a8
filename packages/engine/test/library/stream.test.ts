import { describe, expect, test } from 'vitest'
import { FileStream } from '../../src/library/stream.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench, type Remote } from '../torrent/fakes.ts'

const PIECE = 32_768

/** Someone who has everything and lets us ask. */
function seed(bench: Bench): Remote {
  return bench
    .visit()
    .greet()
    .say(messages.encodeBitfield(Uint8Array.of(0xff)), messages.unchoke)
}

function fetch(bench: Bench, from: Remote, piece: number): void {
  for (let block = 0; block < 2; block++) from.sayBlock(bench.geometry, piece, block)
  bench.store.answerAll()
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<number[]> {
  const firsts: number[] = []
  for await (const chunk of stream) firsts.push(chunk[0]!, chunk.length)
  return firsts
}

describe('a stream', () => {
  test('gives what is had, as it comes, in chunks that are the receiver’s own', async () => {
    const bench = new Bench({ pieces: 8 })
    const stream = new FileStream(bench.torrent, 0, { start: 10, end: 2 * PIECE })
    const all = collect(stream)
    const them = seed(bench)
    fetch(bench, them, 1)
    fetch(bench, them, 0)
    // The paper store fills what it reads with the number of the piece, in memory that it uses again.
    expect(await all).toEqual([0, PIECE - 10, 1, PIECE])
  })

  test('asks for its pieces first, from the first read on', async () => {
    const bench = new Bench({ pieces: 8, slabs: 64, sequential: false })
    const stream = new FileStream(bench.torrent, 0, { start: 6 * PIECE, end: 7 * PIECE })
    expect(bench.swarm.picker.hasUrgent).toBe(false)
    const reading = stream.next()
    const them = seed(bench)
    expect(
      them
        .heard()
        .filter(text => text.startsWith('request'))
        .slice(0, 2),
    ).toEqual(['request 6:0', 'request 6:1'])
    fetch(bench, them, 6)
    expect((await reading).value?.length).toBe(PIECE)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    bench.wait(100)
    expect(bench.swarm.picker.hasUrgent).toBe(false)
  })

  test('of nothing ends at once, and a range that is not there is refused', async () => {
    const bench = new Bench({ pieces: 8 })
    expect(await collect(new FileStream(bench.torrent, 0, { start: 5, end: 5 }))).toEqual([])
    for (const range of [{ start: -1 }, { start: 6, end: 5 }, { end: 1e9 }, { start: 0.5 }]) {
      expect(() => new FileStream(bench.torrent, 0, range)).toThrow(/has \d+ bytes, not/)
    }
    expect(() => new FileStream(bench.torrent, 1, {})).toThrow(/no file 1/)
  })

  test('of a skipped file is refused, unless its bytes are had', async () => {
    const bench = new Bench({ pieces: 8, files: 2, filePriorities: [4, 0] })
    await expect(collect(new FileStream(bench.torrent, 1, {}))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: 'file 1 is skipped: it cannot be read',
    })
    const had = new Bench({ pieces: 8, files: 2, filePriorities: [4, 0], have: 'all' })
    expect((await collect(new FileStream(had.torrent, 1, {}))).length).toBeGreaterThan(0)
  })

  test('ends with an error when the torrent stops, and is refused by one that is stopped', async () => {
    const bench = new Bench({ pieces: 8 })
    const reading = collect(new FileStream(bench.torrent, 0, {}))
    await Promise.resolve()
    bench.stop()
    await expect(reading).rejects.toMatchObject({ code: 'CLOSED', message: /is stopped/ })
    await expect(collect(new FileStream(bench.torrent, 0, {}))).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('waits while the torrent opens', async () => {
    const bench = new Bench({ pieces: 8, cold: true })
    bench.torrent.start()
    const reading = collect(new FileStream(bench.torrent, 0, { end: PIECE }))
    bench.activate('all')
    expect(await reading).toEqual([0, PIECE])
  })

  test('ends by its signal, also while it waits, and lets go of its pieces', async () => {
    const bench = new Bench({ pieces: 8 })
    const stop = new AbortController()
    const reading = collect(new FileStream(bench.torrent, 0, { signal: stop.signal }))
    await Promise.resolve()
    expect(bench.swarm.picker.hasUrgent).toBe(true)
    stop.abort()
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
    bench.wait(100)
    expect(bench.swarm.picker.hasUrgent).toBe(false)
  })

  test('that is left while it waits ends at once', async () => {
    const bench = new Bench({ pieces: 8 })
    const stream = new FileStream(bench.torrent, 0, {})
    const reading = stream.next()
    await stream.return()
    expect(await reading).toEqual({ done: true, value: undefined })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('more of them than players need are refused', async () => {
    const bench = new Bench({ pieces: 8 })
    const streams = Array.from({ length: 64 }, () => new FileStream(bench.torrent, 0, {}))
    for (const stream of streams) void stream.next()
    await expect(new FileStream(bench.torrent, 0, {}).next()).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
    for (const stream of streams) await stream.return()
  })
})

test('what can wait is taken back for a reader, and a reject of it is no reason to pause', () => {
  const bench = new Bench({ pieces: 8, sequential: true })
  const them = bench
    .visit()
    .greet({ fast: true })
    .say(messages.encodeBitfield(Uint8Array.of(0xff)))
  them.say(messages.unchoke)
  for (let piece = 0; bench.peer(them)!.trial !== undefined; piece++) bench.peer(them)!.good(piece)
  fetch(bench, them, 0)
  them.heard()
  const stream = new FileStream(bench.torrent, 0, { start: 7 * PIECE })
  void stream.next()
  const heard = them.heard()
  const cancelled = heard.filter(text => text.startsWith('cancel'))
  expect(cancelled.length).toBeGreaterThan(0)
  const rejects = cancelled.map(text => text.replace('cancel ', '').split(':').map(Number))
  for (const [piece, block] of rejects) them.say(messages.encodeReject(piece!, block! * 16_384, 16_384))
  fetch(bench, them, 1)
  bench.check()
  expect(bench.peer(them)!.window.size).toBeGreaterThan(0)
  return stream.return()
})
