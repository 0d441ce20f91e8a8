import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatPieceLength,
  formatRatio,
  formatWholeSeconds,
} from '../src/format.ts'

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [9_994, '9.99 kB'],
    [9_996, '10.0 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [1_234_567_890, '1.23 GB'],
    [2 ** 53, '9.01 PB'],
  ])('%i bytes read %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it('shows 100 % only when nothing is missing', () => {
    expect(formatPercent(1)).toBe('100 %')
    expect(formatPercent(0.99999)).toBe('99.9 %')
    expect(formatPercent(0)).toBe('0.0 %')
    expect(formatPercent(0.29)).toBe('29.0 %')
  })

  it.each([
    [0.84, '0.8 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [250, '4 min 10 s'],
    [7500, '2 h 5 min'],
    [3600, '1 h'],
    [273_600, '3 d 4 h'],
  ])('%f seconds read %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it('shows the rest', () => {
    expect(formatWholeSeconds(0.6)).toBe('1 s')
    expect(formatCount(1_234_567)).toBe('1,234,567')
    expect(formatPieceLength(16_384)).toBe('16 KiB')
    expect(formatPieceLength(4 * 1024 * 1024)).toBe('4 MiB')
    expect(formatPieceLength(1_000_000)).toBe('1,000,000 B')
    expect(formatRatio(1.5)).toBe('1.50')
    expect(formatRatio(Number.POSITIVE_INFINITY)).toBe('∞')
  })
})
