import type { TorrentRow } from '@shoal/daemon/contract'
import { describe, expect, it } from 'vitest'
import { choose } from '../src/remote/choose.ts'
import { renderList, renderSum } from '../src/remote/torrent-view.ts'
import { PLAIN } from '../src/terminal/style.ts'
import { displayWidth } from '../src/terminal/width.ts'

function row(change: Partial<TorrentRow> = {}): TorrentRow {
  return {
    id: '5f5bf4a3c036e06ce36a30485a316a942dc4a2eb',
    name: 'debian-12.iso',
    state: 'downloading',
    intent: 'run',
    complete: false,
    progress: 0.573,
    work: 1,
    totalBytes: 2e9,
    wantedBytes: 2e9,
    haveBytes: 1.146e9,
    leftBytes: 0.854e9,
    downloadRate: 12.4e6,
    uploadRate: 0,
    etaSeconds: 69,
    downloadedBytes: 1.146e9,
    uploadedBytes: 0,
    ratio: 0,
    seeds: 3,
    peers: 11,
    sending: 3,
    receiving: 0,
    swarmSeeds: null,
    swarmPeers: null,
    availability: 3.2,
    addedAt: 1_790_000_000,
    completedAt: null,
    activeAt: null,
    downloadSeconds: 100,
    seedSeconds: 0,
    queue: 1,
    category: null,
    labels: [],
    dir: '/srv/iso',
    tracker: null,
    private: false,
    sequential: false,
    error: null,
    why: null,
    ...change,
  }
}

const album = row({
  id: '6a'.repeat(20),
  name: 'album',
  state: 'stopped',
  progress: 1,
  downloadRate: 0,
  etaSeconds: null,
})
const stuck = row({
  id: '5f'.repeat(20),
  name: 'debian-11.iso',
  why: { code: 'ALL_CHOKED', text: 'All 14 peers choke us.' },
  downloadRate: 0,
  etaSeconds: null,
})

describe('the list of torrents', () => {
  it('has a line for each, and below it why it does not move', () => {
    expect(renderList([row(), stuck, album], { columns: 110, style: PLAIN })).toMatchInlineSnapshot(`
      [
        "Id        Name           State          Done     Size       Down       Left  Peers  Ratio",
        "5f5bf4a3  debian-12.iso  downloading  57.3 %  2.00 GB  12.4 MB/s  1 min 9 s     14   0.00",
        "5f5f5f5f  debian-11.iso  downloading  57.3 %  2.00 GB                           14   0.00",
        "   All 14 peers choke us.",
        "6a6a6a6a  album          done          100 %  2.00 GB                           14   0.00",
      ]
    `)
  })

  it.each([40, 60, 80, 120])('fits %i columns, the names and states always there', columns => {
    const lines = renderList([row(), stuck, album], { columns, style: PLAIN })
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
    expect(lines[0]).toMatch(/^(?:Id +)?Name +State +Done/)
  })

  it('shows nothing that a terminal would obey', () => {
    const evil = row({
      name: '\x1b[31mred\u202e',
      labels: ['\x07'],
      error: { code: 'X', text: 'a\nb\x1b[2J' },
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(renderList([evil], { columns: 100, style: PLAIN }).join('')).not.toMatch(/[\x00-\x1f\u202e]/)
  })

  it('is summed up', () => {
    expect(renderSum([row(), album], 2)).toBe('2 torrents, 12.4 MB/s down, 0 B/s up')
    expect(renderSum([row()], 1200)).toBe('1 of 1,200 torrents, 12.4 MB/s down, 0 B/s up')
  })
})

describe('a word for a torrent', () => {
  const rows = [row(), stuck, album]

  it.each([
    ['5f5bf4', [row()]],
    ['album', [album]],
    ['ALB', [album]],
    ['debian-11', [stuck]],
  ])('%s is found by id or name', (word, expected) => {
    expect(choose([word], rows)).toEqual(expected)
  })

  it('all is all', () => {
    expect(choose(['all'], rows)).toEqual(rows)
  })

  it('a name that is the whole of one is that one, though it begins others', () => {
    const longer = row({ id: '7b'.repeat(20), name: 'album (live)' })
    expect(choose(['album'], [longer, album])).toEqual([album])
  })

  it('that could be several is refused, with their ids', () => {
    expect(() => choose(['debian'], rows)).toThrow(/could be 5f5bf4a3 debian-12.iso, 5f5f5f5f debian-11.iso/)
  })

  it('that is none is refused', () => {
    expect(() => choose(['xyz'], rows)).toThrow("there is no torrent 'xyz'")
  })
})
