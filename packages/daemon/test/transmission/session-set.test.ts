import { describe, expect, test } from 'vitest'
import { StandIn } from './stand-in.ts'

/** What of the settings a call changes, or why it does not. */
async function changed(given: object, settings: object = {}): Promise<unknown> {
  const shoal = new StandIn()
  Object.assign(shoal.settings, settings)
  const answer = await shoal.old('session-set', given)
  if (typeof answer === 'string') return answer
  return shoal.asked[0] === undefined ? {} : shoal.asked[0][1]
}

describe('session-set', () => {
  test.each([
    [{ 'speed-limit-down': 50, 'speed-limit-down-enabled': true }, { 'limits.download': 50_000 }],
    [{ 'speed-limit-down-enabled': true }, { 'limits.download': 100_000 }],
    [{ 'speed-limit-down': 50 }, {}],
    [{ 'speed-limit-up': 50 }, { 'limits.upload': 50_000 }],
    [{ 'speed-limit-up-enabled': false }, { 'limits.upload': null }],
    [{ 'speed-limit-up-enabled': true }, {}],
    [{ seedRatioLimit: 1.25, seedRatioLimited: true }, { 'goals.ratio': 1.25 }],
    [{ 'idle-seeding-limit': 5 }, { 'goals.idle_time': 300 }],
    [{ 'idle-seeding-limit-enabled': false }, { 'goals.idle_time': null }],
    [{ 'download-queue-size': 3 }, { 'queue.downloads': 3 }],
    [{ 'download-queue-enabled': false }, { 'queue.downloads': null }],
    [{ 'seed-queue-enabled': true }, { 'queue.seeds': 10 }],
    [
      { 'alt-speed-down': 5, 'alt-speed-up': 6 },
      { 'alternative.download': 5000, 'alternative.upload': 6000 },
    ],
    [{ 'download-dir': '/data/x' }, { 'folders.downloads': '/data/x' }],
    [{ 'incomplete-dir': '/data/y', 'incomplete-dir-enabled': true }, { 'folders.incomplete': '/data/y' }],
    [{ 'incomplete-dir-enabled': false }, { 'folders.incomplete': null }],
    [
      { 'peer-limit-global': 10, 'peer-limit-per-torrent': 5 },
      { 'network.connections': 10, 'network.torrent_connections': 5 },
    ],
    [
      { 'dht-enabled': false, 'lpd-enabled': 'false' },
      { 'network.dht': false, 'network.lsd': false },
    ],
    [{ 'peer-port': 6881 }, {}],
    [{ 'peer-port': 6890 }, { 'network.port': 6890 }],
    [{ 'queue-stalled-minutes': 2 }, { 'queue.slow_after': 120 }],
    [{ 'start-added-torrents': 0 }, { 'queue.start_added': false }],
    [{ encryption: 'required', 'script-torrent-done-filename': '/bin/sh', fish: 1 }, {}],
  ])('%j changes %j', async (given, expected) => {
    expect(await changed(given)).toEqual(expected)
  })

  test.each([
    [{ 'download-dir': 'x' }, 'directory path is not absolute'],
    [{ 'download-dir': '/etc' }, 'not below an allowed one'],
    [{ 'incomplete-dir-enabled': true }, 'say which folder as well'],
    [{ 'peer-port': 70_000 }, 'peer-port: 0 to 65535 is wanted here'],
    [{ 'speed-limit-down': -1 }, 'speed-limit-down: 0 or more is wanted here'],
    [{ 'alt-speed-enabled': 'yes' }, 'alt-speed-enabled: true or false is wanted here'],
    [{ seedRatioLimit: {} }, 'seedRatioLimit: a number is wanted here'],
    [{ 'alt-speed-time-begin': 1440 }, 'alt-speed-time-begin: 0 to 1439 is wanted here'],
  ])('%j: %s', async (given, text) => {
    expect(await changed(given)).toContain(text)
  })

  test('a figure that was told before counts once its switch is on', async () => {
    const shoal = new StandIn()
    await shoal.old('session-set', { 'speed-limit-down': 50 })
    expect(
      await shoal.old('session-get', { fields: ['speed-limit-down', 'speed-limit-down-enabled'] }),
    ).toEqual({
      'speed-limit-down': 50,
      'speed-limit-down-enabled': false,
    })
    await shoal.fresh('session_set', { speed_limit_down_enabled: true })
    expect(shoal.settings['limits.download']).toBe(50_000)
  })

  test('what is set in either dialect is told in both', async () => {
    const shoal = new StandIn()
    await shoal.fresh('session_set', { seed_ratio_limit: 3, seed_ratio_limited: true })
    expect(await shoal.old('session-get', { fields: ['seedRatioLimit', 'seedRatioLimited'] })).toEqual({
      seedRatioLimit: 3,
      seedRatioLimited: true,
    })
  })

  test('the timetable is one span, that is replaced as a whole', async () => {
    const shoal = new StandIn()
    const fields = [
      'alt-speed-time-enabled',
      'alt-speed-time-begin',
      'alt-speed-time-end',
      'alt-speed-time-day',
    ]
    const times = async (): Promise<unknown> =>
      Object.values((await shoal.old('session-get', { fields })) as object)
    expect(await times()).toEqual([false, 540, 1020, 127])
    await shoal.old('session-set', { 'alt-speed-time-begin': 60, 'alt-speed-time-day': 62 })
    expect(shoal.settings['alternative.timetable']).toEqual([])
    await shoal.old('session-set', { 'alt-speed-time-enabled': true })
    expect(shoal.settings['alternative.timetable']).toEqual(['mon,tue,wed,thu,fri 01:00-17:00'])
    expect(await times()).toEqual([true, 60, 1020, 62])
    shoal.settings['alternative.timetable'] = ['fri-mon 22:00-06:30', 'daily 00:00-24:00']
    expect(await times()).toEqual([true, 1320, 390, 99])
    await shoal.old('session-set', { 'alt-speed-time-enabled': false })
    expect(shoal.settings['alternative.timetable']).toEqual([])
  })

  test('the alternative limits are switched by hand; off is what the timetable says, if that is off', async () => {
    const shoal = new StandIn()
    await shoal.old('session-set', { 'alt-speed-enabled': true })
    await shoal.old('session-set', { 'alt-speed-enabled': false })
    expect(shoal.asked).toEqual([
      ['setAlternative', true],
      ['setAlternative', undefined],
    ])
  })
})

describe('what the session tells', () => {
  test('a version that others understand', async () => {
    const fields = ['version', 'rpc-version', 'rpc-version-minimum', 'rpc-version-semver']
    expect(await new StandIn().old('session-get', { fields })).toEqual({
      version: '4.1.0 (Shoal 0.1.0)',
      'rpc-version': 18,
      'rpc-version-minimum': 14,
      'rpc-version-semver': '6.0.0',
    })
  })

  test('its figures', async () => {
    expect(await new StandIn().fresh('session_stats')).toMatchObject({
      active_torrent_count: 2,
      paused_torrent_count: 1,
      torrent_count: 4,
      download_speed: 100,
      current_stats: { downloaded_bytes: 1, seconds_active: 500 },
      cumulative_stats: { uploaded_bytes: 4 },
    })
  })

  test('whether its port can be reached, and its blocklist, where there is one', async () => {
    const shoal = new StandIn()
    expect(await shoal.old('port-test')).toEqual({ 'port-is-open': true })
    expect(await shoal.old('blocklist-update')).toContain('no blocklist is set')
    const reloaded: string[] = []
    const listed = new StandIn([], { reloadBlocklist: async () => void reloaded.push('once') })
    expect(await listed.old('blocklist-update')).toEqual({ 'blocklist-size': 0 })
    expect(reloaded).toEqual(['once'])
    expect(await shoal.old('group-get')).toEqual({ group: [] })
    expect(await shoal.old('group-set', { name: 'x' })).toBe('method name not recognized')
  })
})
