import { expect, test } from 'vitest'
import { formatFor, parseRate } from '../src/format/format.ts'

const en = formatFor('en-GB')
const de = formatFor('de-DE')
const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1024, '1.00 KiB'],
  [10_240, '10.0 KiB'],
  [1_048_575, '1.00 MiB'],
  [123_456_789, '118 MiB'],
  [3 * 1024 ** 5, '3.00 PiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(plain(en.bytes(bytes))).toBe(text)
})

test('a comma stands in German where a point stands in English', () => {
  expect(plain(de.bytes(1_600_000))).toBe('1,53 MiB')
})

test('nothing is said of a rate of nothing', () => {
  expect(en.rate(0)).toBe('')
  expect(plain(en.rate(2048))).toBe('2.00 KiB/s')
})

test('100 % is said of what is whole, and never before', () => {
  expect(en.percent(0.99999)).toBe('99.9%')
  expect(en.percent(1)).toBe('100%')
  expect(en.percent(0)).toBe('0%')
})

test.each([
  [5, '5s'],
  [65, '1m 5s'],
  [60 * 60 + 120, '1h 2m'],
  [86_400 * 3 + 3600, '3d 1h'],
  [86_400 * 40 + 3600, '40d'],
])('%i seconds are %s', (seconds, text) => {
  expect(en.duration(seconds)).toBe(text)
})

test('a time is told from now', () => {
  expect(en.ago(1000, 1000 + 7200)).toMatch(/^2 h/)
})

test.each([
  ['500 KiB/s', 512_000],
  ['2.5', 2_621_440],
  ['2,5 MiB', 2_621_440],
  ['1g', 1_073_741_824],
  ['300 b', 300],
])('%j is a rate', (text, bytesPerSec) => {
  expect(parseRate(text)).toBe(bytesPerSec)
})

test.each(['', 'fast', '-1', '5 miles', '1 2'])('%j is no rate', text => {
  expect(parseRate(text)).toBeUndefined()
})
