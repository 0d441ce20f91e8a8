import type { TorrentFile } from '@shoal/engine'
import { describe, expect, it } from 'vitest'
import { selectFiles } from '../src/input/file-selection.ts'

const PATHS = ['a.mkv', 'a.srt', 'extra/b.MKV', 'extra/deep/c.mkv', 'extra/[x] d+.txt']

function file(path: string, pad = false): TorrentFile {
  return {
    path: ['show', ...path.split('/')],
    length: 1,
    offset: 0,
    pad,
    executable: false,
    hidden: false,
  }
}

const files = [file(PATHS[0]!), file('.pad/100', true), ...PATHS.slice(1).map(path => file(path))]

/** What is selected, as one-based numbers without padding. */
function select(...specs: string[]): number[] {
  return [...selectFiles(files, false, specs)].map(index => (index === 0 ? 1 : index)).sort((a, b) => a - b)
}

describe('file selection', () => {
  it('counts from one, and does not count padding', () => {
    expect(select('1')).toEqual([1])
    expect([...selectFiles(files, false, ['2'])]).toEqual([2])
  })

  it('takes lists, ranges and open ranges', () => {
    expect(select('1,3-4')).toEqual([1, 3, 4])
    expect(select('4-')).toEqual([4, 5])
    expect(select('-2')).toEqual([1, 2])
    expect(select('1', '5')).toEqual([1, 5])
  })

  it('holds a glob without a slash against names in every folder, whatever the case', () => {
    expect(select('*.mkv')).toEqual([1, 3, 4])
    expect(select('?.srt')).toEqual([2])
  })

  it('holds a glob with a slash against the path, with or without the folder of the torrent', () => {
    expect(select('extra/*')).toEqual([3, 5])
    expect(select('extra/**')).toEqual([3, 4, 5])
    expect(select('extra/')).toEqual([3, 4, 5])
    expect(select('show/extra/*.mkv')).toEqual([3])
    expect(select('**/c.mkv')).toEqual([4])
  })

  it('takes everything that is not a wildcard as it is', () => {
    expect(select('[x] d+.txt')).toEqual([5])
  })

  it.each(['0', '6', '3-9', '4-2'])('refuses %s, which names no file', spec => {
    expect(() => select(spec)).toThrow(/they go from 1 to 5/)
  })

  it('refuses a glob that nothing matches', () => {
    expect(() => select('*.iso')).toThrow(/no file matches '\*\.iso'/)
    expect(() => select(',')).toThrow(/names no file/)
  })
})
