import { describe, expect, it } from 'vitest'
import { cacheDir } from '../src/boot/cache-dir.ts'
import { defaultStateDir } from '../src/input/state-dir.ts'
import { route } from '../src/route.ts'
import { shellQuote } from '../src/torrent-text.ts'

const nothing = (): boolean => false

describe('routing', () => {
  it('finds commands', () => {
    expect(route(['info', 'x'], nothing)).toEqual({ kind: 'command', name: 'info', args: ['x'] })
    expect(route(['help', 'get'], nothing)).toEqual({ kind: 'command', name: 'get', args: ['--help'] })
    expect(route(['--color', 'never', 'info', 'x'], nothing)).toEqual({
      kind: 'command',
      name: 'info',
      args: ['x', '--color', 'never'],
    })
  })

  it.each([['a.torrent'], ['https://example.org/a'], ['--dir', 'x', 'a.torrent'], ['./a'], ['-']])(
    'takes %s as a source to get',
    (...argv) => {
      expect(route(argv, nothing)).toEqual({ kind: 'command', name: 'get', args: argv })
    },
  )

  it('takes a file that exists as a source, but never for a command', () => {
    expect(route(['a'], () => true)).toEqual({ kind: 'command', name: 'get', args: ['a'] })
    expect(route(['demo'], () => true)).toEqual({ kind: 'command', name: 'demo', args: [] })
  })

  it('suggests the nearest command', () => {
    expect(() => route(['gte'], nothing)).toThrow(expect.objectContaining({ hint: 'did you mean get?' }))
    expect(() => route(['verfy'], nothing)).toThrow(expect.objectContaining({ hint: 'did you mean verify?' }))
    expect(() => route(['xyzzy'], nothing)).toThrow(expect.objectContaining({ hint: 'see shoal --help' }))
  })

  it('shows help and version', () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) expect(route(argv, nothing).kind).toBe('help')
    expect(route(['--version'], nothing).kind).toBe('version')
  })
})

describe('surroundings', () => {
  it('keep state where the platform keeps it', () => {
    expect(defaultStateDir('linux', {}, '/home/u')).toBe('/home/u/.local/state/shoal')
    expect(defaultStateDir('linux', { XDG_STATE_HOME: '/x' }, '/home/u')).toBe('/x/shoal')
    expect(defaultStateDir('linux', { XDG_STATE_HOME: 'x' }, '/home/u')).toBe('/home/u/.local/state/shoal')
    expect(defaultStateDir('darwin', {}, '/Users/u')).toBe('/Users/u/Library/Application Support/shoal')
    expect(defaultStateDir('win32', { LOCALAPPDATA: '/L' }, '/u')).toMatch(/shoal$/)
  })

  it('keep what can be made again where the platform keeps that', () => {
    expect(cacheDir('linux', {}, '/home/u')).toBe('/home/u/.cache/shoal')
    expect(cacheDir('linux', { XDG_CACHE_HOME: '/x' }, '/home/u')).toBe('/x/shoal')
    expect(cacheDir('linux', { XDG_CACHE_HOME: 'x' }, '/home/u')).toBe('/home/u/.cache/shoal')
    expect(cacheDir('linux', {}, '')).toBeUndefined()
    expect(cacheDir('linux', {}, 'u')).toBeUndefined()
    expect(cacheDir('darwin', {}, '/Users/u')).toBe('/Users/u/Library/Caches/shoal')
    expect(cacheDir('win32', { LOCALAPPDATA: '/L' }, '/u')).toMatch(/shoal.cache$/)
  })

  it('quote what a shell would take apart', () => {
    expect(shellQuote('a/b-c.torrent')).toBe('a/b-c.torrent')
    expect(shellQuote("it's *")).toBe(`'it'\\''s *'`)
  })
})
