import { describe, expect, test } from 'vitest'
import { answerFile, encodeName } from '../../src/media/file-answer.ts'
import { contentTypeOf, isPlayable } from '../../src/media/file-type.ts'
import { parseRange } from '../../src/media/range.ts'

const FILE = { name: 'film.mp4', length: 1000, etag: '"a-0"' }

describe('a range', () => {
  test.each([
    ['bytes=0-99', '0-100'],
    ['bytes=900-', '900-1000'],
    ['bytes=900-5000', '900-1000'],
    ['bytes=-100', '900-1000'],
    ['bytes=-5000', '0-1000'],
    ['bytes=999-999', '999-1000'],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=0x1-', 'whole'],
    ['bytes=99999999999999999999-', 'whole'],
    ['', 'whole'],
  ])('%s is %s', (header, expected) => {
    const range = parseRange(header, 1000)
    expect(range.kind === 'part' ? `${range.start}-${range.end}` : range.kind).toBe(expected)
  })

  test('of an empty file cannot be', () => {
    expect(parseRange('bytes=0-', 0).kind).toBe('unsatisfiable')
    expect(parseRange(undefined, 0).kind).toBe('whole')
  })
})

describe('the answer for a file', () => {
  test('is all of it, or the part that was asked for, or that there is none', () => {
    expect(answerFile(FILE, {}, true)).toMatchObject({
      status: 200,
      headers: { 'Content-Length': 1000, 'Content-Type': 'video/mp4', 'Accept-Ranges': 'bytes' },
    })
    expect(answerFile(FILE, { range: 'bytes=10-19' }, true)).toMatchObject({
      status: 206,
      start: 10,
      end: 20,
      headers: { 'Content-Length': 10, 'Content-Range': 'bytes 10-19/1000' },
    })
    expect(answerFile(FILE, { range: 'bytes=1000-' }, true)).toEqual({
      status: 416,
      headers: { 'Content-Range': 'bytes */1000' },
    })
  })

  test('is a part only of the bytes that If-Range means', () => {
    const range = 'bytes=10-19'
    expect(answerFile(FILE, { range, 'if-range': '"a-0"' }, true).status).toBe(206)
    expect(answerFile(FILE, { range, 'if-range': '"b-0"' }, true).status).toBe(200)
    expect(answerFile(FILE, { range, 'if-range': 'Sat, 01 Jan 2022 00:00:00 GMT' }, true).status).toBe(200)
  })

  test('names it for all who save it, and nothing breaks out of the name', () => {
    const name = 'a"\\%\r\nX: y’ü\ud800.mkv'
    const { headers } = answerFile({ ...FILE, name }, {}, false)
    expect((headers as Record<string, string>)['Content-Disposition']).toBe(
      `attachment; filename="a_____X: y___.mkv"; filename*=UTF-8''a%22%5C%25%0D%0AX%3A%20y%E2%80%99%C3%BC_.mkv`,
    )
  })
})

test('types by the end of the name, and what can be played', () => {
  expect(contentTypeOf('A.MKV')).toBe('video/x-matroska')
  expect(contentTypeOf('page.html')).toBe('application/octet-stream')
  expect(contentTypeOf('no ending')).toBe('application/octet-stream')
  expect(['a.flac', 'b.ts', 'c.srt', 'd'].map(isPlayable)).toEqual([true, true, false, false])
})

test('names in addresses are only names', () => {
  expect(encodeName(`a/b'(!)*?#.mkv`)).toBe('a%2Fb%27%28%21%29%2a%3F%23.mkv')
})
