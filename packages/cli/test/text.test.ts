import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safeText } from '../src/terminal/safe-text.ts'
import { displayWidth, padEnd, truncateEnd, truncateMiddle, wrap } from '../src/terminal/width.ts'

describe('text of strangers', () => {
  it('loses what a terminal would obey', () => {
    expect(safeText('\x1b[31mred\x1b[0m \x9b2J\x07\x7f')).toBe('[31mred[0m 2J')
    expect(safeText('\x1b]0;title\x07x')).toBe(']0;titlex')
  })

  it('loses what turns the direction of reading', () => {
    expect(safeText('gnp.\u202egpj.exe\u2069\u200e\u061c')).toBe('gnp.gpj.exe')
  })

  it('becomes one line', () => {
    expect(safeText('a\r\nb\tc\u2028d')).toBe('a b c d')
  })

  it('keeps scripts, emoji and their joiners', () => {
    for (const text of ['日本語', 'émoji 👩‍👩‍👧', 'می‌خواهم', 'Ελλάδα']) expect(safeText(text)).toBe(text)
  })

  it('loses floods of marks and broken characters', () => {
    expect(safeText(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
    expect(safeText('a\ud800b')).toBe('a\ufffdb')
  })

  it('has no control characters, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(safeText(text)).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
      }),
      { numRuns: 300 },
    )
  })
})

describe('width', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['🇩🇪', 2],
    ['é', 1],
    ['', 0],
  ])('of %s is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('is never exceeded by what was cut to it', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (raw, columns) => {
        const safe = safeText(raw)
        expect(displayWidth(truncateEnd(safe, columns))).toBeLessThanOrEqual(columns)
        expect(displayWidth(truncateMiddle(safe, columns))).toBeLessThanOrEqual(columns)
        for (const line of wrap(safe, Math.max(2, columns)))
          expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(2, columns))
      }),
      { numRuns: 300 },
    )
  })

  it('is kept by truncating the middle: the end of a name tells its kind', () => {
    expect(truncateMiddle('a very long name of a film.mkv', 16)).toBe('a very lon…m.mkv')
    expect(truncateMiddle('日本語日本語日本語.mkv', 12)).toBe('日本語….mkv')
    expect(truncateEnd('日本語', 4)).toBe('日…')
  })

  it('is filled by padding', () => {
    expect(padEnd('日本', 6)).toBe('日本  ')
    expect(padEnd('abcdefg', 3)).toBe('abcdefg')
  })

  it('breaks lines at spaces, and words where it must', () => {
    expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox'])
    expect(wrap('abcdefghijkl', 5)).toEqual(['abcde', 'fghij', 'kl'])
    expect(wrap('', 5)).toEqual([''])
  })
})
