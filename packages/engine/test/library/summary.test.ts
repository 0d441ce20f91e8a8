import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine.ts'
import { ShoalError } from '../../src/errors.ts'
import type { Surroundings } from '../../src/library/diagnose.ts'
import { snapshotTorrent } from '../../src/library/snapshot.ts'
import { mapPieces, summarizeTorrent } from '../../src/library/summary.ts'
import type { TorrentSummary } from '../../src/library/types/snapshots.ts'
import * as messages from '../../src/wire/messages.ts'
import { Bench, type Remote } from '../torrent/fakes.ts'

const UNIX_TIME = 1_700_000_000
const PIECE = 32_768

function around(bench: Bench): Surroundings {
  const engine = { memory: bench.pool } as unknown as Engine
  return { engine, now: bench.now, unixTime: UNIX_TIME, dhtNodes: () => 7 }
}

function summary(bench: Bench): TorrentSummary {
  return summarizeTorrent(bench.torrent, around(bench))
}

/** Someone who has these of eight pieces, as bits, and lets us ask. */
function peer(bench: Bench, pieces: number): Remote {
  return bench
    .visit()
    .greet()
    .say(messages.encodeBitfield(Uint8Array.of(pieces)), messages.unchoke)
}

function fetch(bench: Bench, from: Remote, piece: number): void {
  for (let block = 0; block < 2; block++) from.sayBlock(bench.geometry, piece, block)
  bench.store.answerAll()
}

describe('the summary of a torrent', () => {
  test('counts bytes of wanted files as pieces come and choices change', () => {
    const bench = new Bench({ pieces: 8, files: 2 })
    const { totalLength } = bench.geometry
    expect(summary(bench)).toMatchObject({ wantedBytes: totalLength, haveBytes: 0, totalBytes: totalLength })
    const seed = peer(bench, 0xff)
    fetch(bench, seed, 0)
    expect(summary(bench)).toMatchObject({ haveBytes: PIECE, leftBytes: totalLength - PIECE })
    bench.torrent.setFilePriority(0, 0)
    const [skipped] = bench.geometry.files
    expect(summary(bench)).toMatchObject({ wantedBytes: totalLength - skipped!.length, haveBytes: 0 })
  })

  test('says the same after the torrent has stopped, and as a snapshot', () => {
    const bench = new Bench({ pieces: 8 })
    fetch(bench, peer(bench, 0xff), 0)
    const { peers, files, trackers, pieces, checkedBytes, ...rest } = snapshotTorrent(
      bench.torrent,
      around(bench),
    )
    expect(rest).toEqual(summary(bench))
    expect([peers.length, files.length, trackers.length]).toEqual([1, 1, 0])
    expect([pieces.have, checkedBytes]).toEqual([1, 0])
    bench.stop()
    expect(summary(bench)).toMatchObject({ state: 'stopped', haveBytes: PIECE, why: undefined })
  })

  test('counts peers by what they are', () => {
    const bench = new Bench({ pieces: 8 })
    const seed = peer(bench, 0xff)
    peer(bench, 0x0f)
    bench.visit()
    expect(summary(bench)).toMatchObject({
      connections: { connected: 2, connecting: 0 },
      seeds: 1,
      peersSending: 0,
      availability: 1.5,
    })
    fetch(bench, seed, 0)
    expect(summary(bench)).toMatchObject({ peersSending: 1, peersReceiving: 0, availability: 1.625 })
  })

  test('knows when payload last went, also after the swarm has ended', () => {
    const bench = new Bench({ pieces: 8 })
    expect(summary(bench)).toMatchObject({ activeAt: undefined, addedAt: UNIX_TIME })
    fetch(bench, peer(bench, 0xff), 0)
    bench.now += 5_000
    expect(summary(bench).activeAt).toBe(UNIX_TIME - 5)
    bench.stop()
    bench.now += 10_000
    expect(summary(bench).activeAt).toBe(UNIX_TIME - 15)
  })

  test('has the most that trackers know, and what the first said that failed where none works', () => {
    const bench = new Bench({ trackers: [['http://a/'], ['http://b/']] })
    expect(summary(bench)).toMatchObject({ swarm: { seeders: undefined }, trackerMessage: undefined })
    bench.wait(100)
    const [first] = bench.announces
    first!.done(new ShoalError('TRACKER_REFUSED', 'not registered'))
    expect(summary(bench)).toMatchObject({ trackerMessage: 'not registered' })
    const second = bench.announces.at(-1)!
    expect(second.url).not.toBe(first!.url)
    second.done({
      intervalMs: 1_800_000,
      minIntervalMs: undefined,
      seeders: 12,
      leechers: 3,
      downloads: undefined,
      peers: [],
      warning: undefined,
      trackerId: undefined,
      externalIp: undefined,
    })
    expect(summary(bench)).toMatchObject({ swarm: { seeders: 12, leechers: 3 }, trackerMessage: undefined })
  })

  test('says how long ago a tracker was announced to, though it was in vain', () => {
    const bench = new Bench({ trackers: [['http://a/']] })
    const ago = (): unknown => snapshotTorrent(bench.torrent, around(bench)).trackers[0]!.lastAnnounceSeconds
    bench.wait(100)
    expect(ago()).toBeUndefined()
    bench.announces[0]!.done(new ShoalError('TRACKER_REFUSED', 'not registered'))
    bench.now += 7_000
    expect(ago()).toBe(7)
  })

  test('tells why: first that nobody is there, then that nobody lets us ask', () => {
    const bench = new Bench({ pieces: 8 })
    expect(summary(bench).why?.code).toBe('NO_TRACKERS')
    const choking = bench
      .visit()
      .greet()
      .say(messages.encodeBitfield(Uint8Array.of(0xff)))
    expect(summary(bench).why?.code).toBe('ALL_CHOKED')
    choking.say(messages.unchoke)
    expect(summary(bench).why).toBeUndefined()
    for (let piece = 0; piece < 8; piece++) fetch(bench, choking, piece)
    expect(summary(bench)).toMatchObject({ state: 'seeding', why: { code: 'NOBODY_INTERESTED' } })
  })

  test('tells why: those who let us ask are strangers from where somebody lied, until another comes', () => {
    const bench = new Bench({ pieces: 8 })
    bench.torrent.book.ban('10.9.9.9:1', bench.now, 60 * 60_000)
    const all = messages.encodeBitfield(Uint8Array.of(0xff))
    bench.visit({ host: '10.9.9.9', port: 2 }).greet().say(all, messages.unchoke)
    expect(summary(bench).why).toMatchObject({ code: 'WAITING_TURNS', facts: { peers: 1 } })
    peer(bench, 0xff)
    expect(summary(bench).why).toBeUndefined()
  })
})

test('what waits for the disk is counted until its answer comes, and what was written then', () => {
  const bench = new Bench({ pieces: 8 })
  const seed = peer(bench, 0xff)
  for (let block = 0; block < 2; block++) seed.sayBlock(bench.geometry, 0, block)
  const { flow } = bench.swarm
  expect([flow.waitingBytes, flow.written.total]).toEqual([PIECE, 0])
  bench.store.answerAll()
  expect([flow.waitingBytes, flow.written.total]).toEqual([0, PIECE])
})

test('the letters of a peer', () => {
  const bench = new Bench({ pieces: 8 })
  const choking = bench
    .visit()
    .greet()
    .say(messages.encodeBitfield(Uint8Array.of(0x0f)))
  const open = peer(bench, 0x0f).say(messages.interested)
  const flags = (remote: Remote): string | undefined =>
    snapshotTorrent(bench.torrent, around(bench)).peers.find(({ address }) => address === remote.key)?.flags
  expect(flags(choking)).toBe('dI')
  expect(flags(open)).toBe('DUOI')
})

test('the map of pieces: what is had, what is begun, how many peers have each', () => {
  const bench = new Bench({ pieces: 8 })
  const seed = peer(bench, 0xff)
  peer(bench, 0x0f)
  fetch(bench, seed, 0)
  seed.sayBlock(bench.geometry, 1, 0)
  const map = mapPieces(bench.torrent)
  expect([...map.have]).toEqual([0x80])
  expect(map.active.find(({ index }) => index === 1)).toEqual({ index: 1, receivedFraction: 0.5 })
  expect([...map.availability!]).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
  bench.stop()
  expect(mapPieces(bench.torrent)).toEqual({ have: map.have, active: [], availability: undefined })
})
