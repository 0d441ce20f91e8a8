import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { distinctPaths, MAX_RENAMES } from '../../src/metainfo/paths.ts'
import { file, multi, parse, pathsOf } from './build.ts'

function distinct(...paths: string[]): string[] {
  return distinctPaths(paths.map(path => path.split('/'))).paths.map(path => path!.join('/'))
}

describe('distinctPaths', () => {
  it.each([
    ['the same name', ['a.txt', 'a.txt', 'a.txt'], ['a.txt', 'a.1.txt', 'a.2.txt']],
    ['the same but for case', ['README', 'ReadMe'], ['README', 'ReadMe.1']],
    ['the same but for the form of accents', ['\u00e9', 'e\u0301'], ['\u00e9', 'e\u0301.1']],
    ['in folders that differ in case', ['A/x', 'a/X'], ['A/x', 'a/X.1']],
    ['a file where a later one has its folder', ['a', 'a/b'], ['a.1', 'a/b']],
    ['a file where an earlier one has its folder', ['a/b', 'A'], ['a/b', 'A.1']],
    ['a name that a renamed file would take', ['a', 'a', 'a.1'], ['a', 'a.2', 'a.1']],
    ['the same name in different folders', ['x/a', 'y/a'], ['x/a', 'y/a']],
    ['a folder of several files', ['x/a', 'x/b', 'x/y/a'], ['x/a', 'x/b', 'x/y/a']],
  ])('settles %s', (_what, paths, expected) => {
    expect(distinct(...paths)).toEqual(expected)
  })

  it('gives files that are not stored no place', () => {
    const { paths, renamed } = distinctPaths([['.pad', '1'], undefined, undefined, ['a']])
    expect(paths).toEqual([['.pad', '1'], undefined, undefined, ['a']])
    expect(renamed).toBe(0)
  })

  it('renames no more than a mistake can explain', () => {
    const same = Array.from({ length: MAX_RENAMES + 1 }, () => 'a')
    expect(new Set(distinct(...same)).size).toBe(MAX_RENAMES + 1)
    expect(() => distinct(...same, 'a')).toThrow(/501 files share their path/)
  })

  it('tries no number twice for a name that many files have', () => {
    const same = Array.from({ length: MAX_RENAMES + 1 }, () => 'a')
    const looked = vi.spyOn(String.prototype, 'toLowerCase')
    distinct(...same, 'a.7')
    const times = looked.mock.calls.length
    looked.mockRestore()
    expect(times).toBeLessThan(4 * MAX_RENAMES)
  })

  it('gives up where all numbers are taken', () => {
    const taken = Array.from({ length: 1000 }, (_, n) => `a.${n + 1}`)
    expect(() => distinct('a', 'a', ...taken)).toThrow(/more than 1000 files/)
  })
})

describe('the paths of a torrent', () => {
  it('let pad files share a path, also with a file', () => {
    const pad = { length: 5, attr: 'p', path: ['.pad', '5'] }
    const metainfo = parse(multi([file(['a']), pad, file(['b']), pad, file(['.pad', '5'])]))
    expect(pathsOf(metainfo)).toEqual(['temp/a', 'temp/.pad/5', 'temp/b', 'temp/.pad/5', 'temp/.pad/5'])
    expect(metainfo.warnings).toEqual([])
  })

  it('are safe and distinct, whatever names they come from', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '.',
        '/',
        '\\',
        ' ',
        'a',
        'A',
        'é',
        'e\u0301',
        'ß',
        'SS',
        ':',
        '\0',
        '\u202e',
        'con',
        '~1',
        '\ufeff',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    const element = fc.oneof(
      { weight: 15, arbitrary: fc.string({ unit, maxLength: 6 }) },
      { weight: 1, arbitrary: fc.string({ unit, minLength: 90, maxLength: 300 }) },
    )
    const path = fc.array(element, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        fc.string({ unit, minLength: 1, maxLength: 8 }).map(name => `${name}x`),
        fc.array(path, { minLength: 1, maxLength: 20 }),
        (name, list) => {
          const info = multi(
            list.map(elements => file(elements, { length: 1 })),
            { name },
          )
          const again = pathsOf(parse(info))
          const metainfo = parse(info)
          expect(pathsOf(metainfo)).toEqual(again)
          for (const fold of [lower, upper]) {
            const files = new Set<string>()
            const folders = new Set<string>()
            for (const entry of metainfo.files) {
              expect(entry.path[0]).toBe(metainfo.name)
              for (const part of entry.path) expectSafe(part)
              files.add(fold(entry.path.join('/')))
              for (let depth = 1; depth < entry.path.length; depth++)
                folders.add(fold(entry.path.slice(0, depth).join('/')))
            }
            expect(files.size).toBe(list.length)
            for (const folder of folders) expect(files.has(folder)).toBe(false)
          }
        },
      ),
      { numRuns: 150, seed: 1 },
    )
  })
})

function lower(text: string): string {
  return text.normalize('NFD').toLowerCase()
}

function upper(text: string): string {
  return text.normalize('NFC').toUpperCase()
}

/** Judged by rules of its own, not by those of the code. */
function expectSafe(part: string): void {
  expect(part).not.toMatch(/^$|[/\\:*?"<>|]|[\p{Cc}\p{Surrogate}\ufffd]|[. ]$/u)
  expect(part).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/u)
  expect(part.split('.')[0]!.trimEnd()).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)$/iu)
  expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(255)
}
