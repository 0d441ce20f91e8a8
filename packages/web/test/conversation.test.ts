import type { SaidLine, Saying } from '@shoal/daemon/contract'
import { describe, expect, test } from 'vitest'
import { appended, dumpOf, type Entry, MOST_LINES, placesOf, runsOf } from '../src/model/conversation.ts'
import { de } from '../src/words/de.ts'
import { t } from '../src/words/index.ts'

const BLOCK = 16_384

function line(says: Saying): SaidLine {
  return { at: 0, by: 'them', count: 1, bytes: 5, text: '', says, head: '' }
}

describe('a conversation on the screen', () => {
  test('keeps the newest lines, and tells what was left out where it was', () => {
    const lines = Array.from({ length: 300 }, () => line({ kind: 'choke' }))
    const first = appended([], { lines, leftOut: 7 }, 0)
    expect(first.at(-1)).toEqual({ key: 300, leftOut: 7 })
    expect(first[0]).toMatchObject({ key: 0, group: 'state' })
    const second = appended(first, { lines, leftOut: 0 }, 301)
    expect(second).toHaveLength(MOST_LINES)
    expect(second.at(-1)?.key).toBe(600)
    expect(new Set(second.map(({ key }: Entry) => key)).size).toBe(MOST_LINES)
  })

  test('tells ranges by whole pieces, blocks, and bytes where somebody counts otherwise', () => {
    const pieceLength = 4 * BLOCK
    const places = placesOf(
      [
        { piece: 9, begin: 0, length: pieceLength },
        { piece: 12, begin: 0, length: 2 * BLOCK },
        { piece: 8, begin: 0, length: pieceLength },
        { piece: 13, begin: BLOCK, length: 100 },
        { piece: 14, begin: 5, length: 10 },
      ],
      pieceLength,
    )
    expect(places).toEqual({
      whole: [{ first: 8, last: 9 }],
      parts: [
        { piece: 12, unit: 'blocks', first: 0, last: 1 },
        { piece: 13, unit: 'blocks', first: 1, last: 1 },
        { piece: 14, unit: 'bytes', first: 5, last: 14 },
      ],
    })
    expect(t().conversation.request(places, 2)).toBe(
      'ask for pieces 8–9; blocks 0–1 of piece 12; block 1 of piece 13; bytes 5–14 of piece 14; and 2 more',
    )
    expect(de.conversation.block(places, 0)).toBe(
      'senden Stücke 8–9; Blöcke 0–1 von Stück 12; Block 1 von Stück 13; Bytes 5–14 von Stück 14',
    )
  })

  test('joins runs of pieces that touch', () => {
    const runs = runsOf([
      { first: 7, last: 7 },
      { first: 1, last: 2 },
      { first: 5, last: 6 },
    ])
    expect(t().conversation.have(runs, 0)).toBe('have pieces 1–2, 5–7')
    expect(t().conversation.have([{ first: 3, last: 3 }], 1)).toBe('have piece 3 and 1 more')
  })

  test('shows bytes with their letters, rows of one width', () => {
    expect(dumpOf('0000000d06410aff7e', 8)).toBe(
      '0000  00 00 00 0d 06 41 0a ff  .....A..\n0008  7e                       ~',
    )
    expect(dumpOf('', 16)).toBe('')
  })
})
