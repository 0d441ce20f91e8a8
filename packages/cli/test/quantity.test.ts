import { describe, expect, it } from 'vitest'
import {
  parseDuration,
  parsePeer,
  parsePieceLength,
  parseRate,
  parseRatio,
  parseWhole,
} from '../src/input/quantity.ts'

describe('rates', () => {
  const rate = parseRate('--limit-down')

  it.each([
    ['10M', 10_000_000],
    ['500K', 500_000],
    ['500k', 500_000],
    ['5MB/s', 5_000_000],
    ['5 MB/s', 5_000_000],
    ['10MiB', 10_485_760],
    ['10MiB/s', 10_485_760],
    ['1.5M', 1_500_000],
    ['2Gps', 2_000_000_000],
    ['4096', 4096],
    ['0', 0],
    ['none', 0],
  ])('%s is %i bytes a second', (text, bytes) => {
    expect(rate(text)).toBe(bytes)
  })

  it.each(['', 'fast', '-5M', '5X', '5iB', '1e9', '10M/h', '9999999999T'])('%j is refused', text => {
    expect(() => rate(text)).toThrow(/--limit-down: .* is not a rate/)
  })
})

describe('piece lengths', () => {
  const length = parsePieceLength('--piece-length')

  it.each([
    ['16K', 16_384],
    ['256K', 262_144],
    ['1M', 1_048_576],
    ['4MiB', 4_194_304],
    ['65536', 65_536],
  ])('%s is %i bytes', (text, bytes) => {
    expect(length(text)).toBe(bytes)
  })

  it.each(['8K', '300K', '1MB', '1000000'])('%s is refused: no power of two from 16 KiB', text => {
    expect(() => length(text)).toThrow(/power of two/)
  })
})

describe('durations', () => {
  const duration = parseDuration('--seed-time')

  it.each([
    ['90', 90],
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
    ['1h30m', 5400],
    ['1d 2h', 93_600],
    ['500ms', 0.5],
    ['1.5h', 5400],
  ])('%s is %f seconds', (text, seconds) => {
    expect(duration(text)).toBe(seconds)
  })

  it.each(['', 'soon', '5 weeks', '-3m'])('%j is refused', text => {
    expect(() => duration(text)).toThrow(/is not a time/)
  })
})

describe('other values', () => {
  it('takes peers as host and port, and collects them', () => {
    const peer = parsePeer('--peer')
    expect(peer('[2001:db8::7]:6881', peer('192.0.2.7:1', undefined))).toEqual([
      '192.0.2.7:1',
      '[2001:db8::7]:6881',
    ])
    for (const wrong of ['192.0.2.7', 'host:', 'host:0', 'host:70000', '2001:db8::7:6881', 'a b:1'])
      expect(() => peer(wrong, undefined)).toThrow(/is not an address/)
  })

  it('takes whole numbers within bounds only', () => {
    const port = parseWhole('--port', 0, 65_535)
    expect(port('0')).toBe(0)
    expect(port('65535')).toBe(65_535)
    for (const wrong of ['65536', '-1', '1.5', '0x10', '']) expect(() => port(wrong)).toThrow(/--port/)
  })

  it('takes ratios', () => {
    expect(parseRatio('--ratio')('1.5')).toBe(1.5)
    expect(() => parseRatio('--ratio')('much')).toThrow(/is not a ratio/)
  })
})
