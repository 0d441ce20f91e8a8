import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitName, MAX_NAME_BYTES, nameKey, safeElement, safeName } from '../../src/metainfo/names.ts'

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

describe('safeName', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['Ünïcode 名前 🎉.mkv', 'Ünïcode 名前 🎉.mkv'],
    ['.hidden', '.hidden'],
    ['-rf', '-rf'],
    ['a/b\\c', 'abc'],
    ['../../etc/passwd', '....etcpasswd'],
    ['C:\\x', 'C_x'],
    ['f.txt:stream', 'f.txt_stream'],
    ['a*b?c"d<e>f|g', 'a_b_c_d_e_f_g'],
    ['a\0b', 'a_b'],
    ['bell\x07 esc\x1b del\x7f c1\x9b', 'bell esc del c1'],
    ['line\nbreak\u2028', 'linebreak'],
    ['evil\u202egnp.exe', 'evilgnp.exe'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['deprecated\u206a', 'deprecated'],
    ['bad\ufffd', 'bad_'],
    ['lone\ud800x', 'lone_x'],
    ['dots...', 'dots'],
    ['space ', 'space'],
    ['mixed. . .', 'mixed'],
    ['tail.\u200b', 'tail'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['NUL.tar.gz', '_NUL.tar.gz'],
    ['COM1', '_COM1'],
    ['lpt9.x', '_lpt9.x'],
    ['COM\u00b9', '_COM\u00b9'],
    ['aux .txt', '_aux .txt'],
    ['CO\u200bN', '_CO\u200bN'.replace('\u200b', '')],
    ['nul.', '_nul'],
    ['CONsole', 'CONsole'],
    ['COM10', 'COM10'],
    ['', ''],
    ['.', ''],
    ['..', ''],
    ['...', ''],
    ['/', ''],
    ['./.', ''],
    [' ', ''],
    ['\u200b.\u200b.', ''],
  ])('makes %j into %j', (raw, expected) => {
    expect(safeName(raw)).toBe(expected)
    expect(safeElement(raw)).toBe(expected === '' ? '_' : expected)
  })

  it('cuts to 255 bytes between characters, keeping the extension', () => {
    const cases: [string, string][] = [
      ['a'.repeat(255), 'a'.repeat(255)],
      ['a'.repeat(256), 'a'.repeat(255)],
      [`${'a'.repeat(300)}.mkv`, `${'a'.repeat(251)}.mkv`],
      [`${'é'.repeat(200)}.mkv`, `${'é'.repeat(125)}.mkv`],
      ['🎉'.repeat(100), '🎉'.repeat(63)],
      [`x.${'e'.repeat(300)}`, `x.${'e'.repeat(253)}`],
      [`${'a'.repeat(254)}. b`, `${'a'.repeat(252)}. b`],
      [`${'a'.repeat(250)}     ${'b'.repeat(9)}`, 'a'.repeat(250)],
    ]
    for (const [raw, expected] of cases) {
      expect(safeName(raw)).toBe(expected)
      expect(bytesOf(expected)).toBeLessThanOrEqual(MAX_NAME_BYTES)
    }
  })

  it('gives no name of a device where cutting would', () => {
    expect(safeName(`NUL${' '.repeat(300)}x`)).toBe('_NUL')
    expect(safeName(`com1${' '.repeat(300)}x.txt`)).toBe(`_com1${' '.repeat(246)}.txt`)
    // With a number, for a name that is taken.
    expect(fitName(`aux${' '.repeat(251)}x`, '.1')).toBe(`_aux${' '.repeat(249)}.1`)
  })

  it('changes nothing any more when applied again', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'./\\: \0con1é🎉\u202e'),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
      maxLength: 300,
    })
    fc.assert(
      fc.property(text, raw => {
        const once = safeName(raw)
        expect(safeName(once)).toBe(once)
      }),
      { numRuns: 2000, seed: 1 },
    )
  })
})

describe('fitName', () => {
  it.each([
    ['foo.txt', 'foo.1.txt'],
    ['foo', 'foo.1'],
    ['.bashrc', '.bashrc.1'],
    ['a.tar.gz', 'a.tar.1.gz'],
    [`${'a'.repeat(251)}.txt`, `${'a'.repeat(249)}.1.txt`],
  ])('puts the suffix before the extension of %j', (name, expected) => {
    expect(fitName(name, '.1')).toBe(expected)
  })
})

describe('nameKey', () => {
  it.each([
    ['README', 'readme'],
    ['caf\u00e9', 'cafe\u0301'],
    ['STRASSE', 'straße'],
    ['ẞ', 'ß'],
    ['ΣΑΣ', 'σας'],
    ['\u212a', 'k'],
  ])('is the same for %j and %j', (a, b) => {
    expect(nameKey(a)).toBe(nameKey(b))
  })

  it('tells different names apart', () => {
    expect(new Set(['a', 'b', 'á', 'ab', 'a.b', ''].map(nameKey)).size).toBe(6)
  })
})
