import { describe, expect, test } from 'vitest'
import { Digest, type HeardMessage, MAX_LINES } from '../../src/http/conversation/digest.ts'

type Said = HeardMessage['says']

const BLOCK = 16_384
const request = (piece: number, block: number): Said => ({
  kind: 'request',
  piece,
  begin: block * BLOCK,
  length: BLOCK,
})
const block = (piece: number, at: number): Said => ({ ...request(piece, at), kind: 'block' }) as Said
const have = (piece: number): Said => ({ kind: 'have', piece })
const choke: Said = { kind: 'choke' }

function digest(...said: readonly (readonly ['in' | 'out', Said])[]) {
  const all = new Digest()
  for (const [at, [direction, says]] of said.entries()) {
    const text = `message ${at}`
    const message = { kind: 'message', direction, name: says.kind, text, says, atMs: at } as const
    all.hear({ ...message, bytes: Uint8Array.of(at, 255), totalBytes: 17 }, 1000 + at)
  }
  return all
}

describe('a digest of a conversation', () => {
  test('has one line for requests and one for blocks, however they alternate', () => {
    const { lines, leftOut } = digest(
      ['out', request(12, 0)],
      ['in', block(12, 0)],
      ['out', request(12, 1)],
      ['in', block(12, 1)],
      ['out', request(13, 0)],
    ).take()
    expect(leftOut).toBe(0)
    expect(lines).toEqual([
      {
        at: 1000,
        by: 'us',
        count: 3,
        bytes: 51,
        text: 'message 0',
        head: '00ff',
        says: {
          kind: 'request',
          ranges: [
            { piece: 12, begin: 0, length: 2 * BLOCK },
            { piece: 13, begin: 0, length: BLOCK },
          ],
          others: 0,
          dataBytes: 3 * BLOCK,
        },
      },
      expect.objectContaining({ by: 'them', count: 2, at: 1001 }),
    ])
  })

  test('keeps the order of what changes what may be said', () => {
    const { lines } = digest(
      ['in', block(1, 0)],
      ['in', choke],
      ['in', block(1, 1)],
      ['out', choke],
      ['out', choke],
    ).take()
    expect(lines.map(({ by, count, says }) => `${by} ${count} ${says.kind}`)).toEqual([
      'them 1 block',
      'them 1 choke',
      'them 1 block',
      'us 2 choke',
    ])
  })

  test('tells pieces as runs, and counts what is in none of a few', () => {
    const { lines } = digest(
      ...[5, 7, 6, 20, 30, 40, 50, 60, 70, 80, 21].map(piece => ['in', have(piece)] as const),
    ).take()
    expect(lines).toHaveLength(1)
    expect(lines[0]!.says).toEqual({
      kind: 'have',
      pieces: [
        { first: 5, last: 6 },
        { first: 7, last: 7 },
        { first: 20, last: 21 },
        { first: 30, last: 30 },
        { first: 40, last: 40 },
        { first: 50, last: 50 },
      ],
      others: 3,
    })
  })

  test('has so many lines at most, and counts what is in none', () => {
    const flood = Array.from({ length: 500 }, (_, n): readonly ['in', Said] => [
      'in',
      n % 2 === 0 ? { kind: 'interested' } : { kind: 'not-interested' },
    ])
    const all = digest(...flood)
    const { lines, leftOut } = all.take()
    expect([lines.length, leftOut, all.isEmpty]).toEqual([MAX_LINES, 500 - MAX_LINES, true])
    expect(all.take()).toEqual({ lines: [], leftOut: 0 })
  })

  test('does not mix extensions, parts of metadata, or greetings', () => {
    const said: readonly Said[] = [
      { kind: 'extension', id: 1, name: 'a' },
      { kind: 'extension', id: 2, name: undefined },
      { kind: 'extension', id: 2, name: undefined },
      { kind: 'metadata', what: 'request', piece: 0 },
      { kind: 'metadata', what: 'request', piece: 1 },
      { kind: 'peers', added: 1, dropped: 0 },
      { kind: 'peers', added: 2, dropped: 0 },
    ]
    const { lines } = digest(...said.map(says => ['in', says] as const)).take()
    expect(lines.map(({ count }) => count)).toEqual([1, 2, 1, 1, 1, 1])
    expect(lines[1]!.says).toEqual({ kind: 'extension', id: 2, name: null })
  })
})
