import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TorrentRow } from '../../src/contract/index.ts'
import { TORRENT_FIELDS } from '../../src/transmission/torrent-fields.ts'
import { testSession, torrentBytes } from '../support/test-session.ts'
import { HASH_A, HASH_B, HASH_C, NOW, row, StandIn, type Torrent, TRACKERS } from './stand-in.ts'

/** What the old form tells of the only torrent. */
async function values(torrent: Torrent, fields: readonly string[]): Promise<Record<string, unknown>> {
  const given = await new StandIn([torrent]).old('torrent-get', { fields })
  return (given as { torrents: Record<string, unknown>[] }).torrents[0]!
}

const SEEDING: Partial<TorrentRow> = {
  state: 'seeding',
  complete: true,
  leftBytes: 0,
  haveBytes: 1000,
  downloadRate: 0,
  completedAt: NOW - 100,
}

describe('status', () => {
  test.each([
    [{ state: 'stopped' }, 0],
    [{ state: 'error' }, 0],
    [{ state: 'checking' }, 2],
    [{ state: 'queued' }, 3],
    [{ state: 'downloading' }, 4],
    [{ state: 'fetching' }, 4],
    [{ state: 'queued', complete: true }, 5],
    [{ state: 'seeding' }, 6],
    [{ state: 'moving', intent: 'stop' }, 0],
    [{ state: 'moving', complete: true }, 6],
    [{ state: 'moving' }, 4],
  ] as const)('%j is %d', async (over, status) => {
    expect(await values({ row: row(over) }, ['status'])).toEqual({ status })
  })
})

describe('how long it takes', () => {
  test.each([
    ['the rest at this speed', {}, { eta: 5, etaIdle: -1 }],
    ['unknown while nothing comes', { etaSeconds: null }, { eta: -2 }],
    ['nothing to tell while a piece is nowhere', { availability: 0.9 }, { eta: -1 }],
    ['nothing to tell while it is stopped', { state: 'stopped' }, { eta: -1 }],
    // 2 × 500 − 250 bytes are left to send.
    ['up to the ratio', { ...SEEDING, uploadRate: 75 }, { eta: 10 }],
    ['unknown while nobody fetches', SEEDING, { eta: -2 }],
    ['reached', { ...SEEDING, uploadedBytes: 1000 }, { eta: 0 }],
  ] as const)('%s', async (_, over, expected) => {
    expect(await values({ row: row(over) }, Object.keys(expected))).toEqual(expected)
  })

  test('without a goal, seeding has no end; with one, idleness does', async () => {
    const detail = { goalsInForce: { ratio: null, seedSeconds: null, idleSeconds: 600 } }
    expect(await values({ row: row(SEEDING), detail }, ['eta', 'etaIdle'])).toEqual({ eta: -1, etaIdle: 590 })
  })
})

describe('progress', () => {
  test('of the wanted files, of all, and of the description', async () => {
    const fields = [
      'percentDone',
      'percentComplete',
      'metadataPercentComplete',
      'recheckProgress',
      'haveUnchecked',
    ]
    expect(await values({ row: row() }, fields)).toEqual({
      percentDone: 0.5,
      percentComplete: 0.25,
      metadataPercentComplete: 1,
      recheckProgress: 0,
      haveUnchecked: 50,
    })
    const fetching = row({ state: 'fetching', progress: 0.3, totalBytes: 0, wantedBytes: 0, haveBytes: 0 })
    expect(await values({ row: fetching }, fields)).toMatchObject({
      percentDone: 0,
      metadataPercentComplete: 0.3,
    })
    expect(await values({ row: row({ state: 'checking', work: 0.7 }) }, fields)).toMatchObject({
      recheckProgress: 0.7,
    })
  })

  test('what can be had: all, or what some peer has of it', async () => {
    expect(await values({ row: row() }, ['desiredAvailable'])).toEqual({ desiredAvailable: 500 })
    // Of the wanted pieces 3 and 4, one is there; 7 is not wanted.
    const copies = [0, 0, 0, 2, 0, 0, 0, 9, 0, 0]
    const rare = { row: row({ availability: 0.5 }), copies }
    expect(await values(rare, ['desiredAvailable', 'availability'])).toEqual({
      desiredAvailable: 200,
      availability: [-1, -1, -1, 2, 0, 0, 0, 9, 0, 0],
    })
    expect(await values({ row: row({ state: 'stopped' }) }, ['desiredAvailable'])).toEqual({
      desiredAvailable: 0,
    })
  })

  test.each([
    [{ uploadedBytes: 250 }, 0.5],
    [{ uploadedBytes: 250, downloadedBytes: 0 }, 0.5],
    [{ uploadedBytes: 250, downloadedBytes: 0, haveBytes: 0 }, -2],
    [{ uploadedBytes: 0, downloadedBytes: 0, haveBytes: 0 }, -1],
  ])('the ratio of %j is %d', async (over, uploadRatio) => {
    expect(await values({ row: row(over) }, ['uploadRatio'])).toEqual({ uploadRatio })
  })
})

describe('what is wrong', () => {
  const failed = [{ ...TRACKERS[0]!, state: 'failed', message: 'not registered' }] as const
  const why = { code: 'TRACKERS', text: 'the tracker refuses' }
  test.each([
    ['nothing', { row: row() }, { error: 0, errorString: '' }],
    [
      'the disk',
      { row: row({ error: { code: 'DISK_FULL', text: 'full' } }) },
      { error: 3, errorString: 'full' },
    ],
    [
      'the only tracker',
      { row: row({ why }), trackers: failed },
      { error: 2, errorString: 'not registered' },
    ],
    [
      'one of two trackers is nothing',
      { row: row({ why }), trackers: [...failed, ...TRACKERS] },
      { error: 0, errorString: '' },
    ],
  ] as const)('%s', async (_, torrent, expected) => {
    expect(await values(torrent, ['error', 'errorString'])).toEqual(expected)
  })
})

describe('seeding is finished', () => {
  test.each([
    ['at the ratio', { ...SEEDING, uploadedBytes: 1000 }, true],
    ['not before', SEEDING, false],
    ['not while data is missing', { uploadedBytes: 9000 }, false],
    [
      'when a goal stopped it',
      { ...SEEDING, state: 'stopped', why: { code: 'GOAL_REACHED', text: '' } },
      true,
    ],
    ['not when somebody stopped it', { ...SEEDING, state: 'stopped' }, false],
  ] as const)('%s', async (_, over, isFinished) => {
    expect(await values({ row: row(over) }, ['isFinished'])).toEqual({ isFinished })
  })
})

test('limits that are off show the figure that was told last, or the usual one', async () => {
  const shoal = new StandIn([{ row: row() }])
  const fields = [
    'downloadLimit',
    'downloadLimited',
    'uploadLimit',
    'uploadLimited',
    'seedRatioLimit',
    'seedRatioMode',
  ]
  const before = { downloadLimit: 100, downloadLimited: false, uploadLimit: 50, uploadLimited: true }
  expect(await shoal.old('torrent-get', { fields })).toEqual({
    torrents: [{ ...before, seedRatioLimit: 2, seedRatioMode: 0 }],
  })
  await shoal.old('torrent-set', { ids: [1], downloadLimit: 30, seedRatioLimit: 1.5 })
  expect(await shoal.old('torrent-get', { fields })).toEqual({
    torrents: [{ ...before, downloadLimit: 30, seedRatioLimit: 1.5, seedRatioMode: 0 }],
  })
  expect(shoal.asked).toEqual([])
})

test('files, their priorities and who wants them', async () => {
  const fields = ['files', 'fileStats', 'priorities', 'wanted', 'bytesCompleted', 'file-count', 'pieces']
  expect(await values({ row: row() }, fields)).toEqual({
    files: [
      { name: 'a shoal/one', length: 1000, bytesCompleted: 500, beginPiece: 0, endPiece: 5 },
      { name: 'a shoal/sub/two', length: 1000, bytesCompleted: 0, beginPiece: 5, endPiece: 10 },
    ],
    fileStats: [
      { bytesCompleted: 500, wanted: true, priority: 1 },
      { bytesCompleted: 0, wanted: false, priority: 0 },
    ],
    priorities: [1, 0],
    wanted: [1, 0],
    bytesCompleted: [500, 0],
    'file-count': 2,
    pieces: '4AA=',
  })
})

test('trackers, and what became of them', async () => {
  const second = {
    ...TRACKERS[0]!,
    url: 'udp://10.0.0.9:6969',
    tier: 1,
    state: 'failed',
    message: 'no answer',
    lastAnnounceAt: NOW - 20,
  } as const
  const again = { ...TRACKERS[0]!, state: 'announcing', nextAnnounceSeconds: null } as const
  const fresh = { ...again, state: 'idle', lastAnnounceAt: null } as const
  const { trackers, trackerStats, trackerList } = await values(
    { row: row(), trackers: [...TRACKERS, second] },
    ['trackers', 'trackerStats', 'trackerList'],
  )
  expect(trackers).toEqual([
    {
      announce: 'http://tracker.example.org/announce',
      id: 0,
      scrape: 'http://tracker.example.org/scrape',
      sitename: 'example',
      tier: 0,
    },
    { announce: 'udp://10.0.0.9:6969', id: 1, scrape: 'udp://10.0.0.9:6969', sitename: '10.0.0.9', tier: 1 },
  ])
  expect(trackerStats).toMatchObject([
    {
      host: 'http://tracker.example.org:80',
      announceState: 1,
      hasAnnounced: true,
      lastAnnounceSucceeded: true,
      lastAnnounceResult: 'Success',
      lastAnnouncePeerCount: 5,
      seederCount: 3,
      leecherCount: 4,
      nextAnnounceTime: NOW + 60,
      lastAnnounceTime: NOW - 300,
    },
    {
      lastAnnounceSucceeded: false,
      lastAnnounceResult: 'no answer',
      lastAnnounceTime: NOW - 20,
      tier: 1,
    },
  ])
  expect(await values({ row: row(), trackers: [again, fresh] }, ['trackerStats'])).toMatchObject({
    trackerStats: [
      {
        announceState: 3,
        hasAnnounced: true,
        lastAnnounceSucceeded: true,
        lastAnnounceTime: NOW - 300,
        lastAnnounceStartTime: NOW,
      },
      { hasAnnounced: false, lastAnnounceSucceeded: false, lastAnnounceTime: 0, lastAnnounceStartTime: 0 },
    ],
  })
  expect(Object.keys((trackerStats as object[])[0]!)).toHaveLength(28)
  expect(trackerList).toBe('http://tracker.example.org/announce\n\nudp://10.0.0.9:6969\n')
})

test('peers by their flags, IPv6 among them', async () => {
  const peer = {
    address: '[fe80::1]:6881',
    client: 'Shoal 0.1.0',
    source: 'dht',
    direction: 'out',
    downloadRate: 12.4,
    uploadRate: 0,
    downloadedBytes: 5,
    uploadedBytes: 6,
    progress: 0.5,
    flags: 'DuH',
    requests: 1,
    connectedSeconds: 1,
    country: null,
  } as const
  const peers = [
    peer,
    { ...peer, address: '10.0.0.3:1', direction: 'in', source: 'incoming', flags: 'U?I' } as const,
  ]
  const given = await values({ row: row(), peers }, ['peers', 'peersFrom', 'peersConnected'])
  expect(given.peersConnected).toBe(3)
  expect(given.peersFrom).toMatchObject({ fromDht: 1, fromIncoming: 1, fromTracker: 0 })
  expect(given.peers).toMatchObject([
    {
      address: 'fe80::1',
      port: 6881,
      flagStr: 'DuH',
      rateToClient: 12,
      isDownloadingFrom: true,
      clientIsInterested: true,
      clientIsChoked: false,
      peerIsInterested: true,
      peerIsChoked: true,
      isIncoming: false,
      isUTP: false,
    },
    {
      address: '10.0.0.3',
      isIncoming: true,
      isUploadingTo: true,
      peerIsChoked: false,
      clientIsInterested: false,
    },
  ])
})

test('a torrent that is removed and added again at once is another one', async () => {
  const shoal = new StandIn([{ row: row() }])
  await shoal.old('torrent-remove', { ids: [1] })
  const ask = { fields: ['id'], ids: 'recently-active' }
  expect(await shoal.old('torrent-get', ask)).toMatchObject({ torrents: [{ id: 2 }], removed: [1] })
  shoal.change({ removed: [HASH_A] })
  expect(await shoal.old('torrent-get', ask)).toMatchObject({ torrents: [{ id: 2 }], removed: [1] })
})

test('a table has the keys first, in the order asked for', async () => {
  const shoal = new StandIn([{ row: row() }, { row: row({ id: HASH_B, name: 'b', addedAt: NOW }) }])
  expect(await shoal.old('torrent-get', { fields: ['name', 'fish', 'id'], format: 'table' })).toEqual({
    torrents: [
      ['name', 'id'],
      ['a shoal', 1],
      ['b', 2],
    ],
  })
})

describe('ids', () => {
  const three = (): StandIn =>
    new StandIn([
      { row: row({ id: HASH_B, addedAt: NOW - 200, activeAt: null }) },
      { row: row({ addedAt: NOW - 300, activeAt: null }) },
      { row: row({ id: HASH_C, addedAt: NOW - 20, activeAt: null }) },
    ])
  const numbers = async (shoal: StandIn, ids?: unknown): Promise<unknown> => {
    const given = (await shoal.old('torrent-get', {
      fields: ['id'],
      ...(ids === undefined ? {} : { ids }),
    })) as {
      torrents: { id: number }[]
    }
    return typeof given === 'string' ? given : given.torrents.map(({ id }) => id)
  }

  test.each([
    [undefined, [1, 2, 3]],
    [2, [2]],
    [HASH_A, [1]],
    [HASH_A.toUpperCase(), [1]],
    [
      [3, 1, 1, HASH_B],
      [1, 2, 3],
    ],
    [[99, 'ff'.repeat(20), -1, 0.5], []],
    [[], []],
    ['recently-active', [3]],
    ['recently_active', [3]],
  ])('%j are %j', async (ids, expected) => {
    expect(await numbers(three(), ids)).toEqual(expected)
  })

  test.each([[[null]], [[[1]]], [true], [{}]])('%j is refused', async ids => {
    expect(await numbers(three(), ids)).toContain('ids: numbers and info-hashes')
  })

  test('what changed or went in the last minute is recent; numbers are never given twice', async () => {
    const shoal = three()
    await numbers(shoal)
    shoal.change({ changed: [{ id: HASH_A, uploadRate: 1 }] })
    shoal.torrents.pop()
    shoal.change({ removed: [HASH_C] })
    expect(await shoal.old('torrent-get', { fields: ['id'], ids: 'recently-active' })).toEqual({
      torrents: [{ id: 1 }],
      removed: [3],
    })
    const again = row({ id: HASH_C, addedAt: NOW })
    shoal.torrents.push({ row: again })
    shoal.change({ added: [again] })
    expect(await numbers(shoal)).toEqual([1, 2, 4])
  })
})

test('when it was done, and when it was started last', async () => {
  const fields = ['doneDate', 'startDate']
  const shoal = new StandIn([{ row: row({ ...SEEDING, state: 'stopped' }) }])
  const given = async (): Promise<unknown> =>
    ((await shoal.old('torrent-get', { fields })) as { torrents: unknown[] }).torrents[0]
  expect(await given()).toEqual({ doneDate: NOW - 100, startDate: 0 })
  shoal.change({ changed: [{ id: HASH_A, state: 'seeding' }] })
  shoal.change({ changed: [{ id: HASH_A, state: 'stopped' }] })
  expect(await given()).toEqual({ doneDate: NOW - 100, startDate: NOW })
  // Running when we began.
  expect(await values({ row: row() }, fields)).toEqual({ doneDate: 0, startDate: NOW - 500 })
  // Its data was there.
  expect(await values({ row: row({ ...SEEDING, downloadedBytes: 0 }) }, fields)).toMatchObject({
    doneDate: 0,
  })
})

test('a torrent that goes while it is asked about is left out', async () => {
  const shoal = new StandIn([{ row: row() }])
  const asking = shoal.old('torrent-get', { fields: ['id', 'comment'] })
  const gone = shoal.torrents
  gone.length = 0
  expect(await asking).toEqual({ torrents: [] })
})

test('what programs poll for is told of stopped torrents without a look at their files', async () => {
  const { session, folder } = await testSession()
  await session.add([torrentBytes('one')], { start: false, goals: { ratio: 1.5 } })
  rmSync(join(folder, 'state/torrents'), { recursive: true })
  const shoal = new StandIn([], { session })
  const told = {
    eta: -1,
    isFinished: false,
    errorString: '',
    seedRatioLimit: 1.5,
    seedRatioMode: 1,
    seedIdleMode: 0,
    'file-count': 1,
    pieceCount: 3,
    pieceSize: 16_384,
    uploadLimited: false,
    'peer-limit': 80,
    corruptEver: 0,
    percentDone: 0,
  }
  expect(await shoal.old('torrent-get', { fields: Object.keys(told) })).toEqual({ torrents: [told] })
})

test('more torrents than are told of in one turn are all told of, in order', async () => {
  const id = (index: number): string => index.toString(16).padStart(40, '0')
  const torrents = Array.from({ length: 2100 }, (_, index) => ({ row: row({ id: id(index) }) }))
  const given = await new StandIn(torrents).old('torrent-get', { fields: ['hashString'], format: 'table' })
  expect(given).toEqual({ torrents: [['hashString'], ...torrents.map(({ row }) => [row.id])] })
})

test('every field has a value in every state', async () => {
  const fields = [...TORRENT_FIELDS.keys()]
  for (const over of [
    {},
    SEEDING,
    { state: 'stopped' },
    { state: 'fetching', totalBytes: 0, wantedBytes: 0 },
  ] as const) {
    const given = await values({ row: row(over) }, fields)
    expect(Object.keys(given)).toEqual(fields)
    for (const [name, value] of Object.entries(given)) {
      expect(value, name).not.toBeUndefined()
      expect(value, name).not.toBeNull()
      expect(value, name).not.toBeNaN()
    }
  }
})
