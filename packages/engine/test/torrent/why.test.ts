import { describe, expect, test } from 'vitest'
import {
  type SearchFacts,
  type WhyFacts,
  type WhySeedingFacts,
  why,
  whyChecking,
  whyFetching,
  whySeeding,
} from '../../src/torrent/why.ts'

const MB = 1_000_000
const NO_LIMIT = { bytesPerSec: undefined, isShort: false }

/** A download that goes well. */
const WELL: WhyFacts = {
  downloadRate: 5 * MB,
  connected: 8,
  interesting: 6,
  unchoking: 4,
  waitingTurns: 0,
  unavailable: () => ({ count: 0, first: -1 }),
  search: () => ALONE,
  torrentLimit: NO_LIMIT,
  engineLimit: NO_LIMIT,
  disk: { waitingBytes: 0, writtenBytesPerSec: 5 * MB },
  memory: { totalBytes: 48 * MB, freeBytes: 40 * MB },
}

const ALONE: SearchFacts = { connecting: 0, known: 0, trackers: [], dhtNodes: undefined }

function download(facts: Partial<WhyFacts>): string | undefined {
  const reason = why({ ...WELL, ...facts })
  return reason && `${reason.code}: ${reason.text}`
}

function nobody(facts: Partial<SearchFacts>): string | undefined {
  return download({
    connected: 0,
    interesting: 0,
    unchoking: 0,
    downloadRate: 0,
    search: () => ({ ...ALONE, ...facts }),
  })
}

describe('a download', () => {
  test('that goes well needs no reason', () => {
    expect(download({})).toBeUndefined()
  })

  test('lacks a piece that nobody has', () => {
    expect(download({ downloadRate: 0, unavailable: () => ({ count: 1, first: 17 }) })).toBe(
      'MISSING_PIECES: nobody connected has piece 17',
    )
    const many = { downloadRate: 0, unavailable: () => ({ count: 42, first: 17 }) }
    expect(download({ ...many, interesting: 0, unchoking: 0 })).toBe(
      'MISSING_PIECES: nobody connected has piece 17 and 41 others',
    )
  })

  test('is not walked over for missing pieces while it moves', () => {
    const unavailable = (): never => expect.unreachable()
    expect(download({ unavailable })).toBeUndefined()
  })

  test('has peers, and none of interest, or all of them choke', () => {
    expect(download({ interesting: 0, unchoking: 0 })).toBe('NOTHING_NEW: 8 peers, none with a piece we lack')
    expect(download({ unchoking: 0 })).toBe('ALL_CHOKED: 6 peers with pieces we lack, none lets us ask yet')
    expect(download({ interesting: 1, unchoking: 0 })).toBe(
      'ALL_CHOKED: 1 peer with pieces we lack, and it does not let us ask yet',
    )
  })

  test('has nobody but strangers that wait for their turns', () => {
    const still = { downloadRate: 0, unchoking: 2 }
    expect(download({ ...still, waitingTurns: 2 })).toBe(
      'WAITING_TURNS: 2 peers with pieces we lack wait for their turns: others at the same address sent what does not match',
    )
    expect(download({ ...still, unchoking: 1, waitingTurns: 1 })).toBe(
      'WAITING_TURNS: 1 peer with pieces we lack waits for its turn: others at the same address sent what does not match',
    )
    expect(download({ ...still, waitingTurns: 1 })).toBeUndefined()
    expect(download({ ...still, downloadRate: MB, waitingTurns: 2 })).toBeUndefined()
  })

  test('waits for the disk', () => {
    const disk = { waitingBytes: 30 * MB, writtenBytesPerSec: 12.34 * MB }
    expect(download({ disk })).toBe('DISK: the disk is the limit: 30.0 MB wait to be written, at 12.3 MB/s')
  })

  test('is at its own limit, or at that of all torrents', () => {
    const limit = { bytesPerSec: 2 * MB, isShort: true }
    expect(download({ torrentLimit: limit, engineLimit: limit })).toBe(
      'LIMIT: the download limit of this torrent (2.0 MB/s) is reached',
    )
    expect(download({ engineLimit: { ...limit, bytesPerSec: 500 } })).toBe(
      'LIMIT: the download limit of all torrents together (500 B/s) is reached',
    )
    expect(download({ torrentLimit: { ...limit, isShort: false } })).toBeUndefined()
  })

  test('waits for piece memory', () => {
    const memory = { totalBytes: 48 * MB, freeBytes: 0 }
    expect(download({ memory })).toBeUndefined()
    expect(download({ memory, downloadRate: 0 })).toBe(
      'MEMORY: waiting for piece memory: all 48.0 MB are taken by pieces that are not whole yet',
    )
  })
})

describe('a download without peers tells what was tried', () => {
  const ok = { state: 'ok', message: undefined } as const
  const refused = { state: 'error', message: 'not registered' } as const

  test.each<[string, Partial<SearchFacts>]>([
    ['CONNECTING: connecting to 3 peers', { connecting: 3, known: 9 }],
    ['NO_CONNECTION: 9 peers known, none can be reached now', { known: 9 }],
    [
      'ASKING_TRACKERS: asking the tracker for peers; the DHT is asked (57 nodes)',
      { trackers: [{ state: 'announcing', message: undefined }], dhtNodes: 57 },
    ],
    ['TRACKERS_FAIL: the tracker does not help: not registered', { trackers: [refused] }],
    [
      'TRACKERS_FAIL: none of 2 trackers helps: not registered; the DHT is asked (0 nodes)',
      { trackers: [refused, { state: 'error', message: 'timeout' }], dhtNodes: 0 },
    ],
    ['NO_PEERS: the trackers know no other peer yet', { trackers: [ok, refused] }],
    ['NO_PEERS: no peers found yet: the DHT is asked (1 node), no tracker is named', { dhtNodes: 1 }],
    ['NO_TRACKERS: the torrent names no tracker, and no peer was given', {}],
  ])('%s', (text, facts) => {
    expect(nobody(facts)).toBe(text)
  })
})

describe('a seed', () => {
  const WANTED: WhySeedingFacts = {
    connected: 3,
    interested: 2,
    torrentLimit: NO_LIMIT,
    engineLimit: NO_LIMIT,
  }

  test('that serves needs no reason', () => {
    expect(whySeeding(WANTED)).toBeUndefined()
  })

  test('that nobody wants anything of, or that is at its limit', () => {
    const code = 'NOBODY_INTERESTED'
    expect(whySeeding({ ...WANTED, connected: 0, interested: 0 })).toEqual({
      code,
      text: 'nobody is connected',
      facts: { peers: 0 },
    })
    expect(whySeeding({ ...WANTED, interested: 0 })).toEqual({
      code,
      text: '3 peers, none wants anything of us',
      facts: { peers: 3 },
    })
    const engineLimit = { bytesPerSec: 16_384, isShort: true }
    expect(whySeeding({ ...WANTED, engineLimit })).toEqual({
      code: 'UPLOAD_LIMIT',
      text: 'the upload limit of all torrents together (16.4 kB/s) is reached',
      facts: { of: 'all', bytesPerSec: 16_384 },
    })
  })
})

test('a check tells how far it is', () => {
  expect(whyChecking(0.459, 4.7e9)).toEqual({
    code: 'CHECKING',
    text: 'looking at what is on the disk: 45 % of 4.7 GB',
    facts: { fraction: 0.459, totalBytes: 4.7e9 },
  })
})

describe('a description on its way', () => {
  const FETCH = { ...ALONE, connected: 0, bytes: 0, totalBytes: 0 }

  test.each([
    [
      'FETCHING: fetching the description: 16.4 kB of 38.0 kB so far, from 3 peers',
      { connected: 3, bytes: 16_384, totalBytes: 38_000 },
    ],
    ['FETCHING: asking 1 peer for the description', { connected: 1 }],
    ['CONNECTING: connecting to 2 peers', { connecting: 2 }],
  ])('%s', (text, facts) => {
    const reason = whyFetching({ ...FETCH, ...facts })
    expect(`${reason.code}: ${reason.text}`).toBe(text)
  })
})
