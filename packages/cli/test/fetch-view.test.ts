import { describe, expect, it } from 'vitest'
import { describeFetch, type FetchFigures, plainFetch, renderFetches } from '../src/terminal/fetch-view.ts'
import { chooseStyle } from '../src/terminal/style.ts'

const infoHash = '00112233445566778899aabbccddeeff00112233'
const nobody = { connected: 0, connecting: 0, known: 0 }
const look = { columns: 80, unicode: true, style: chooseStyle('never', false, {}) }

function figures(changes: Partial<FetchFigures> = {}): FetchFigures {
  return { infoHash, name: 'a.iso', connections: nobody, trackers: [], ...changes }
}

function tracker(state: string, message?: string): FetchFigures['trackers'][number] {
  return { url: 'http://t.example/announce', state, message }
}

describe('a magnet link on its way', () => {
  it.each<[string, Partial<FetchFigures>]>([
    ['asking the tracker for peers', { trackers: [tracker('announcing')] }],
    [
      'asking 2 trackers and the DHT (57 nodes) for peers',
      { trackers: [tracker('idle'), tracker('announcing'), tracker('failed', 'gone')], dhtNodes: 57 },
    ],
    ['asking the DHT (0 nodes) for peers', { dhtNodes: 0 }],
    ['connecting to 3 peers', { connections: { connected: 0, connecting: 3, known: 9 }, dhtNodes: 1 }],
    [
      'asking 1 peer for the description',
      { connections: { connected: 1, connecting: 3, known: 9 }, bytes: 0, totalBytes: undefined },
    ],
    [
      'fetching the description (16.4 kB of 40.0 kB)',
      { connections: { connected: 1, connecting: 3, known: 9 }, bytes: 16_384, totalBytes: 40_000 },
    ],
    [
      '9 peers known, none connected, asking the tracker for more',
      { connections: { ...nobody, known: 9 }, trackers: [tracker('idle')] },
    ],
    ['1 peer known, none connected', { connections: { ...nobody, known: 1 }, trackers: [tracker('ok')] }],
    ['the tracker knows no peers', { trackers: [tracker('ok')] }],
    ['the tracker does not answer: gone', { trackers: [tracker('failed', 'gone')] }],
    ['nobody to ask, as no trackers and no peers are named', {}],
  ])('is described as %j', (text, changes) => {
    expect(describeFetch(figures(changes))).toBe(text)
  })

  it('goes by its name, or its info-hash, made safe for a terminal', () => {
    expect(plainFetch(figures())).toMatch(/^a\.iso: nobody to ask/)
    expect(plainFetch(figures({ name: undefined }))).toMatch(new RegExp(`^${infoHash}: `))
    expect(plainFetch(figures({ name: 'a\x1b[2J' }))).not.toContain('\x1b')
  })

  it('takes a line, and many take no more lines than there are', () => {
    expect(renderFetches([], 5, look)).toEqual([])
    const two = renderFetches([figures(), figures({ name: 'b'.repeat(200) })], 5, look)
    expect(two).toHaveLength(2)
    for (const line of two) expect(line.length).toBeLessThan(look.columns)
    const many = renderFetches(
      Array.from({ length: 9 }, () => figures()),
      4,
      look,
    )
    expect(many).toHaveLength(4)
    expect(many.at(-1)).toBe('and 6 magnet links more')
  })
})
