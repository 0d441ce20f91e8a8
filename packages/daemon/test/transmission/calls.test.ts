import { describe, expect, test } from 'vitest'
import { HASH_A, HASH_B, HASH_C, row, StandIn, TRACKERS } from './stand-in.ts'

const two = (): StandIn => new StandIn([{ row: row() }, { row: row({ id: HASH_B, queue: 2 }) }])

describe('actions', () => {
  test.each([
    ['torrent-start', 'start'],
    ['torrent-start-now', 'force'],
    ['torrent-stop', 'stop'],
    ['torrent-verify', 'check'],
    ['torrent-reannounce', 'reannounce'],
    ['queue-move-top', 'queue-top'],
    ['queue-move-up', 'queue-up'],
    ['queue-move-down', 'queue-down'],
    ['queue-move-bottom', 'queue-bottom'],
  ])('%s', async (method, action) => {
    const shoal = two()
    expect(await shoal.old(method, { ids: [HASH_B] })).toEqual({})
    expect(await shoal.fresh(method.replaceAll('-', '_'))).toEqual({})
    expect(shoal.asked).toEqual([
      ['act', action, [HASH_B]],
      ['act', action, [HASH_A, HASH_B]],
    ])
  })

  test('torrent-remove keeps the data unless told', async () => {
    const shoal = two()
    await shoal.old('torrent-remove', { ids: [1] })
    await shoal.old('torrent-remove', { ids: [2], 'delete-local-data': true })
    expect(shoal.asked).toEqual([
      ['remove', [HASH_A], { data: false }],
      ['remove', [HASH_B], { data: true }],
    ])
  })

  test('session-close ends the daemon', async () => {
    const shoal = two()
    await shoal.old('session-close')
    expect(shoal.asked).toEqual([['close']])
  })
})

describe('torrent-add', () => {
  test('takes a magnet link with all that can be said, and says whether it was there', async () => {
    const shoal = two()
    const filename = `magnet:?xt=urn:btih:${HASH_C}`
    const given = await shoal.old('torrent-add', {
      filename,
      paused: true,
      'download-dir': '/data/films',
      labels: ['films', ' films '],
      'peer-limit': 20,
      bandwidthPriority: 1,
      'files-unwanted': [1, 2],
      'files-wanted': [2],
      'priority-high': [0, 1],
      cookies: 'a=b',
    })
    expect(given).toEqual({ 'torrent-added': { hashString: HASH_C, id: 3, name: 'new' } })
    expect(shoal.asked).toEqual([
      [
        'add',
        filename,
        {
          dir: '/data/films',
          start: false,
          labels: ['films'],
          limits: { connections: 20 },
          priorities: { 0: 'high', 1: 'skip', 2: 'normal' },
        },
      ],
    ])
    expect(await shoal.fresh('torrent_add', { filename })).toEqual({
      torrent_duplicate: { hash_string: HASH_C, id: 3, name: 'new' },
    })
    expect(shoal.asked[1]).toEqual(['add', filename, {}])
  })

  test('takes a torrent file in base64, with line ends in it', async () => {
    const shoal = two()
    await shoal.old('torrent-add', { metainfo: 'ZDQ6aW5m\nb2Rl', filename: '' })
    expect(shoal.asked[0]?.[1]).toEqual(Buffer.from('d4:infode'))
  })

  test.each([
    [{}, 'no filename or metainfo specified'],
    [{ filename: '/etc/passwd' }, 'send torrent files as metainfo'],
    [{ metainfo: '<html>' }, 'metainfo is not base64'],
    [{ filename: 'magnet:?broken' }, 'this link has no info-hash'],
    [{ filename: 'magnet:?x', 'download-dir': 'films' }, 'download directory path is not absolute'],
    [
      { filename: 'magnet:?x', 'download-dir': '/etc' },
      'download-dir: the folder is not below an allowed one',
    ],
    [{ filename: 'magnet:?x', labels: ['a,b'] }, 'labels cannot contain comma (,) character'],
    [{ filename: 'magnet:?x', labels: [''] }, 'labels cannot be empty'],
    [{ filename: 7 }, 'filename: a text is wanted here'],
    [{ filename: 'magnet:?x', paused: 'maybe' }, 'paused: true or false is wanted here'],
    [
      { filename: 'magnet:?x', 'files-wanted': ['x'] },
      'files-wanted: a list of file numbers from 0 is wanted here',
    ],
    [{ filename: 'magnet:?x', labels: 'films' }, 'labels: a list is wanted here'],
  ])('%j: %s', async (given, text) => {
    expect(await two().old('torrent-add', given)).toContain(text)
  })
})

describe('torrent-set', () => {
  const set = async (given: object, shoal = new StandIn([{ row: row() }])): Promise<unknown> => {
    const answer = await shoal.old('torrent-set', { ids: [1], ...given })
    return typeof answer === 'string' ? answer : shoal.asked
  }

  test.each([
    [{ labels: ['b', 'a'] }, { labels: ['b', 'a'] }],
    [{ labels: [] }, { labels: [] }],
    [{ queuePosition: 0 }, { queue: 1 }],
    [{ sequential_download: true }, { sequential: true }],
    [{ downloadLimit: 30, downloadLimited: true }, { limits: { download: 30_000 } }],
    [{ downloadLimited: true }, { limits: { download: 100_000 } }],
    [{ uploadLimited: false }, { limits: { upload: null } }],
    [{ uploadLimit: 7 }, { limits: { upload: 7000 } }],
    [{ 'peer-limit': 9, honorsSessionLimits: false }, { limits: { connections: 9, obeyGlobal: false } }],
    [{ seedRatioLimit: 1.5, seedRatioMode: 1 }, { goals: { ratio: 1.5 } }],
    [{ seedRatioMode: 2 }, { goals: { ratio: 'none' } }],
    [{ seedRatioMode: 0, seedRatioLimit: 9 }, { goals: { ratio: 'default' } }],
    [{ seedIdleLimit: 10, seedIdleMode: 1 }, { goals: { idleSeconds: 600 } }],
    [{ seedIdleMode: 1 }, { goals: { idleSeconds: 1800 } }],
    [{ trackerAdd: ['udp://b.example:1'] }, { trackers: [[TRACKERS[0]!.url], ['udp://b.example:1']] }],
    [{ trackerRemove: [0] }, { trackers: [] }],
    [{ trackerReplace: [0, 'https://c.example/x'] }, { trackers: [['https://c.example/x']] }],
    [
      { trackerList: 'http://a.example/1\nhttp://a.example/2\n\n\n udp://b.example:1 \n' },
      { trackers: [['http://a.example/1', 'http://a.example/2'], ['udp://b.example:1']] },
    ],
  ])('%j', async (given, patch) => {
    expect(await set(given)).toEqual([['patch', HASH_A, patch]])
  })

  test.each([
    [{ 'files-unwanted': [0] }, [{ index: 0, priority: 'skip' }]],
    [{ 'files-wanted': [] }, [{ index: 1, priority: 'normal' }]],
    [
      { 'files-wanted': [1], 'priority-low': [] },
      [
        { index: 1, priority: 'low' },
        { index: 0, priority: 'low' },
      ],
    ],
    // Not wanted stays so, whatever its priority would be.
    [{ 'priority-normal': [0, 1] }, [{ index: 0, priority: 'normal' }]],
  ])('%j', async (given, patches) => {
    expect(await set(given)).toEqual([['patchFiles', HASH_A, patches]])
  })

  test.each([
    [{ 'files-wanted': [2] }, 'file index out of range'],
    [{ seedRatioMode: 5 }, 'seedRatioMode: 0 to 2 is wanted here'],
    [{ seedRatioLimit: -1 }, 'seedRatioLimit: 0 or more is wanted here'],
    [{ downloadLimit: 'fast' }, 'downloadLimit: a number is wanted here'],
    [{ trackerAdd: ['gopher://x'] }, 'is no tracker'],
    [{ trackerRemove: [5] }, 'error setting announce list'],
    [{ trackerReplace: [0] }, 'is no tracker'],
    [{ labels: [1] }, 'labels: a list of texts is wanted here'],
  ])('%j: %s', async (given, text) => {
    expect(await set(given)).toContain(text)
  })

  test('a figure that was told before counts once its limit is switched on', async () => {
    const shoal = new StandIn([{ row: row() }])
    await shoal.old('torrent-set', { downloadLimit: 30 })
    expect(await set({ downloadLimited: true }, shoal)).toEqual([
      ['patch', HASH_A, { limits: { download: 30_000 } }],
    ])
  })

  test('names that nobody knows change nothing', async () => {
    expect(await set({ group: 'x', bandwidthPriority: 1, fish: 5 })).toEqual([])
  })
})

describe('places', () => {
  test('torrent-set-location moves where told, else only looks there', async () => {
    const shoal = two()
    await shoal.old('torrent-set-location', { ids: [1], location: '/data/x', move: true })
    await shoal.old('torrent-set-location', { ids: [1], location: '/data/y' })
    expect(shoal.asked).toEqual([
      ['move', [HASH_A], '/data/x', { move: true }],
      ['move', [HASH_A], '/data/y', { move: false }],
    ])
    expect(await shoal.old('torrent-set-location', { ids: [1] })).toBe('no location')
    expect(await shoal.old('torrent-set-location', { location: 'x' })).toBe(
      'new location path is not absolute',
    )
    expect(await shoal.old('torrent-set-location', { location: '/etc' })).toContain(
      'not below an allowed one',
    )
  })

  test.each([
    ['a shoal', ['patch', HASH_A, { name: 'x' }]],
    ['a shoal/one', ['patchFiles', HASH_A, [{ index: 0, path: 'x' }]]],
    ['a shoal/sub', ['patchFiles', HASH_A, [{ index: 1, path: 'x/two' }]]],
    ['a shoal/sub/two', ['patchFiles', HASH_A, [{ index: 1, path: 'sub/x' }]]],
  ])('torrent-rename-path of %s', async (path, asked) => {
    const shoal = two()
    expect(await shoal.old('torrent-rename-path', { ids: [1], path, name: 'x' })).toEqual({
      id: 1,
      path,
      name: 'x',
    })
    expect(shoal.asked).toEqual([asked])
  })

  test.each([
    [{ ids: [1, 2], path: 'a shoal', name: 'x' }, 'requires 1 torrent'],
    [{ ids: [1], path: 'a shoal', name: '../x' }, 'without /'],
    [{ ids: [1], path: 'a shoal', name: '..' }, 'without /'],
    [{ ids: [1], path: 'a shoal/three', name: 'x' }, 'there is no a shoal/three'],
  ])('torrent-rename-path %j: %s', async (given, text) => {
    expect(await two().old('torrent-rename-path', given)).toContain(text)
  })

  test('free-space tells of folders where data may go', async () => {
    const shoal = two()
    const {
      path,
      'size-bytes': free,
      total_size: total,
    } = (await shoal.old('free-space', { path: '/tmp' })) as Record<string, number>
    expect(path).toBe('/tmp')
    expect(total).toBeGreaterThanOrEqual(free!)
    expect(await shoal.old('free-space', { path: '/etc' })).toContain('/etc')
    expect(await shoal.old('free-space', { path: 'tmp' })).toBe('directory path is not absolute')
    expect(await shoal.old('free-space')).toBe('directory path argument is missing')
  })
})
