import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Config, type ConfigOptions } from '../src/config/config.ts'
import { ConfigError } from '../src/config/config-error.ts'
import { parseConfig } from '../src/config/config-file.ts'
import { printConfig } from '../src/config/print-config.ts'
import { bytesOf, bytesText, rateOf, secondsOf, secondsText } from '../src/config/quantity.ts'
import { envOf, SETTING_KEYS } from '../src/config/settings.ts'
import { spanOf } from '../src/config/timetable.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-config-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(toml = '', more: Partial<ConfigOptions> = {}): Config {
  const file = join(folder, 'config.toml')
  writeFileSync(file, toml)
  return Config.load({
    file,
    isFileRequired: true,
    stateFolder: folder,
    env: {},
    flags: {},
    cwd: folder,
    ...more,
  })
}

function complaint(toml: string): string {
  try {
    parseConfig(toml, '/etc/shoal.toml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'none'
}

test('a flag is above the environment, that above what was saved, that above the file, that above the default', async () => {
  expect(load().get('limits.download')).toBe(null)
  const file = '[limits]\ndownload = "1M"'
  const config = load(file)
  expect(config.get('limits.download')).toBe(1_000_000)
  await config.change({ 'limits.download': '2M' })
  expect(config.get('limits.download')).toBe(2_000_000)
  const env = { SHOAL_LIMITS_DOWNLOAD: '3M' }
  expect(load(file).source('limits.download')).toBe('saved')
  expect(load(file, { env }).get('limits.download')).toBe(3_000_000)
  const both = load(file, { env, flags: { 'limits.download': '4M' } })
  expect([both.get('limits.download'), both.source('limits.download')]).toEqual([4_000_000, 'flag'])
})

test('what variable or flag say is not changed through the API, and the refusal says which', async () => {
  const env = { SHOAL_LIMITS_UPLOAD: '1M' }
  const config = load('', { env, flags: { 'queue.downloads': '2' } })
  await expect(config.change({ 'limits.upload': 1 })).rejects.toThrow(
    'limits.upload is set by the variable SHOAL_LIMITS_UPLOAD, which decides',
  )
  await expect(config.change({ 'queue.downloads': 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(config.change({ 'http.hosts': ['x'] })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(config.list().find(({ key }) => key === 'limits.upload')).toMatchObject({
    value: 1e6,
    source: 'env',
  })
})

test('a change with one wrong value changes nothing', async () => {
  const config = load()
  const wrong = { 'limits.download': '1M', 'goals.ratio': -1 }
  await expect(config.change(wrong)).rejects.toThrow('goals.ratio: -1 is less than 0')
  await expect(config.change({ 'limits.donwload': 1 })).rejects.toThrow('did you mean limits.download?')
  expect(config.get('limits.download')).toBe(null)
})

test('what is saved is there after a restart, for its owner alone, and can be taken back', async () => {
  const config = load('[goals]\nratio = 1.5')
  const heard: string[][] = []
  config.onChange(keys => heard.push([...keys]))
  await Promise.all([config.change({ 'goals.ratio': 2 }), config.change({ 'limits.upload': '10 KiB/s' })])
  expect(heard).toEqual([['goals.ratio'], ['limits.upload']])
  const again = load('[goals]\nratio = 1.5')
  expect([again.get('goals.ratio'), again.get('limits.upload')]).toEqual([2, 10_240])
  expect(statSync(join(folder, 'settings.json')).mode & 0o777).toBe(0o600)
  await again.change({ 'goals.ratio': undefined })
  expect([again.get('goals.ratio'), again.source('goals.ratio')]).toEqual([1.5, 'file'])
})

test('a file that is read again tells what is other, and one that is wrong changes nothing', () => {
  const config = load('[limits]\ndownload = "1M"')
  writeFileSync(join(folder, 'config.toml'), '[limits]\nupload = "1M"')
  expect(config.reload()).toEqual(['limits.download', 'limits.upload'])
  writeFileSync(join(folder, 'config.toml'), '[limits]\nupload = "fast"')
  expect(() => config.reload()).toThrow(ConfigError)
  expect(config.get('limits.upload')).toBe(1_000_000)
})

test('saved settings that cannot be read are told with their file', () => {
  const path = join(folder, 'settings.json')
  writeFileSync(path, '{"goals.ratio": "much"}')
  expect(() => load()).toThrow(`${path}: goals.ratio is not a number`)
  writeFileSync(path, '{')
  expect(() => load()).toThrow(`${path}: the saved settings cannot be read`)
  writeFileSync(path, '{"of.another.version": 1}')
  expect(load().source('goals.ratio')).toBe('default')
})

describe('a complaint about the file', () => {
  test.each([
    [
      '[limits]\n  donwload = "5M"',
      '2:3: there is no setting limits.donwload; did you mean limits.download?',
    ],
    ['[limit]\ndownload = "5M"', '2:1: there is no setting limit.download; did you mean limits.download?'],
    ['limits = { upload = 1, donwload = 2 }', '1:24: there is no setting limits.donwload; did'],
    ['# x\nlimits.donwload = 2', '2:1: there is no setting limits.donwload; did'],
    ['download = "5M"', '1:1: there is no setting download; did you mean limits.download?'],
    ['[http]\n"xyzzy" = 1', '2:1: there is no setting http.xyzzy; shoal serve --print-config shows all'],
    ['[limits]\ndownload = "fast"', '2:1: limits.download "fast" is not a rate: write it like 500K'],
    ['[limits]\ndownload = -1', '2:1: limits.download -1 is not a rate'],
    ['[goals]\n\nseed_time = "soon"', '3:1: goals.seed_time "soon" is not a time'],
    ['[disk]\nkeep_free = true', '2:1: disk.keep_free true is not a size'],
    ['[network]\nport = 70000', '2:1: network.port 70000 is not between 0 and 65535'],
    ['[network]\nport = "6881"', '2:1: network.port "6881" is not a whole number'],
    ['[network]\ndht = "yes"', '2:1: network.dht "yes" is neither true nor false'],
    ['[log]\nlevel = "loud"', '2:1: log.level "loud" is not one of debug, info, warn, error'],
    ['[alternative]\ntimetable = ["mon 25:00-26:00"]', '2:1: alternative.timetable'],
    ['[http]\ntrusted_proxies = ["10.0.0.0/99"]', '2:1: http.trusted_proxies'],
    ['[[watch]]\nfolder = "a"\ncatgory = "x"', '1:3: watch [{"folder":"a","catgory":"x"}] (number 1) has'],
    ['[limits]\ndownload = ', '2:'],
    ['[limits\ndownload = 1', '1:8: '],
  ])('%j', (toml, expected) => {
    expect(complaint(toml)).toContain(`/etc/shoal.toml:${expected}`)
  })

  test('a file that was named and is not there is told; the usual one need not be there', () => {
    const file = join(folder, 'none.toml')
    expect(() => load('', { file })).toThrow(`${file}: cannot read the configuration: there is no such file`)
    expect(load('', { file, isFileRequired: false }).get('http.port')).toBe(7727)
  })
})

test('paths start from the file, from the folder one is in, or are refused', async () => {
  const config = load('[folders]\ndownloads = "in"\nincomplete = "~/part"', {
    flags: { 'log.file': 'log' },
    cwd: '/run/x',
  })
  expect(config.get('folders.downloads')).toBe(join(folder, 'in'))
  expect(config.get('folders.incomplete')).toBe(join(homedir(), 'part'))
  expect(config.get('log.file')).toBe('/run/x/log')
  await expect(config.change({ 'folders.downloads': 'in' })).rejects.toThrow('is not a whole path')
})

test('watch folders are tables, or names where there is only text', () => {
  const toml = '[[watch]]\nfolder = "in"\nlabels = ["tv"]\nafter = "delete"'
  const whole = { folder: join(folder, 'in'), dir: null, category: null, labels: ['tv'], start: null }
  expect(load(toml).get('watch')).toEqual([{ ...whole, after: 'delete' }])
  const env = { SHOAL_WATCH: '/a, /b' }
  expect(
    load('', { env })
      .get('watch')
      .map(each => each.folder),
  ).toEqual(['/a', '/b'])
})

test('a variable that is no setting is told, one of somebody else is not', () => {
  const env = { SHOAL_LIMITS_DONWLOAD: '1', SHOAL_DEBUG: '1', SHOAL_SERVICE_HOST: 'x', SHOAL_HTTP_PORT: '' }
  expect(load('', { env }).warnings()).toEqual([
    'there is no setting SHOAL_LIMITS_DONWLOAD; did you mean SHOAL_LIMITS_DOWNLOAD?',
  ])
})

test('what is printed is a file that says the same', () => {
  const toml = '[[watch]]\nfolder = "/in"\n[limits]\ndownload = "1.5M"\n[goals]\nseed_time = "2d"\nratio = 2'
  const config = load(toml)
  const printed = printConfig(config)
  expect(printed).toContain('download = "1.5M"')
  const again = load(printed)
  for (const key of SETTING_KEYS) expect([key, again.get(key)]).toEqual([key, config.get(key)])
  // Every default that is shown can be taken out of its comment.
  const open = printed.replace(/^#(?! )/gm, '')
  for (const key of SETTING_KEYS) expect([key, load(open).get(key)]).toEqual([key, config.get(key)])
})

test('every setting has a variable of its own', () => {
  expect(new Set(SETTING_KEYS.map(envOf)).size).toBe(SETTING_KEYS.length)
  expect(envOf('queue.start_added')).toBe('SHOAL_QUEUE_START_ADDED')
})

test('quantities are read as people write them, and written so that they are read again', () => {
  expect(['5M', '500 KB/s', '10MiB', '1.5g', '7', '5 Mib', 'M', '5X', '-1'].map(rateOf)).toEqual([
    5e6,
    5e5,
    10_485_760,
    1.5e9,
    7,
    5_242_880,
    undefined,
    undefined,
    undefined,
  ])
  expect(['90', '1h30m', '2 d', '1w', '5x', ''].map(secondsOf)).toEqual([
    90,
    5400,
    172_800,
    604_800,
    undefined,
    undefined,
  ])
  for (const bytes of [0, 1, 999, 5000, 1536, 1_500_000, 536_870_912, 123_456_789])
    expect(bytesOf(bytesText(bytes))).toBe(bytes)
  for (const seconds of [0, 59, 60, 5400, 86_400, 90.5]) expect(secondsOf(secondsText(seconds))).toBe(seconds)
})

test('a timetable names days, also over the end of the week, and minutes', () => {
  expect(spanOf('mon-fri 08:00-18:00')).toEqual({ days: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 1080 })
  expect(spanOf('fri-sun,tue 22:30-24:00')).toEqual({ days: [0, 2, 5, 6], fromMinute: 1350, toMinute: 1440 })
  expect(spanOf('Daily 22:00 - 6:00')?.days).toHaveLength(7)
  for (const wrong of ['08:00-18:00', 'mo 08:00-18:00', 'mon 8-18', 'mon 24:00-25:00', 'mon 08:60-09:00'])
    expect([wrong, spanOf(wrong)]).toEqual([wrong, undefined])
})

test('the saved file holds only what was set', async () => {
  const config = load()
  await config.change({ 'limits.download': 'none' })
  expect(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))).toEqual({ 'limits.download': null })
})
