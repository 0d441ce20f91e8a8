import type { PeekEvent, ShoalError } from '@shoal/engine'
import { describe, expect, it } from 'vitest'
import { PeekView } from '../src/terminal/peek-view.ts'
import { PLAIN } from '../src/terminal/style.ts'
import { displayWidth } from '../src/terminal/width.ts'

const counted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at)

const EVENTS: PeekEvent[] = [
  {
    kind: 'tracker',
    url: 'http://tracker.example/announce',
    outcome: { ok: true, peers: 3, seeders: 2, leechers: 1 },
  },
  {
    kind: 'tracker',
    url: 'udp://gone.example:1337',
    outcome: { ok: false, error: { message: 'no answer within 15 s' } as ShoalError },
  },
  {
    kind: 'peer',
    address: '192.0.2.7:6881',
    client: 'Transmission 3.00',
    outcome: { ok: true, chosen: true },
  },
  {
    kind: 'peer',
    address: '[2001:db8:1111:2222:3333:4444:5555:6666]:51413',
    client: undefined,
    outcome: { ok: false, reason: 'connection refused' },
  },
  {
    kind: 'message',
    direction: 'out',
    name: 'handshake',
    text: 'BitTorrent, for torrent 2072a695…, we are -SH0100-, and know extensions.',
    bytes: counted(68),
    totalBytes: 68,
    atMs: 12,
  },
  {
    kind: 'message',
    direction: 'in',
    name: 'bitfield',
    text: 'It has all 800 pieces.',
    bytes: counted(32),
    totalBytes: 105,
    atMs: 31.4,
  },
  { kind: 'message', direction: 'in', name: 'unchoke', text: '', bytes: counted(5), totalBytes: 5, atMs: 40 },
  { kind: 'block', address: '192.0.2.7:6881', piece: 0, begin: 0, bytes: counted(40).map(byte => byte + 60) },
]

function show(events: PeekEvent[], columns: number, unicode = true): string {
  const view = new PeekView({ columns, unicode, style: PLAIN })
  const lines = events.flatMap(event => view.render(event))
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
  return `\n${lines.join('\n')}\n`
}

describe('peek', () => {
  it('shows words beside bytes where there is room', () => {
    expect(show(EVENTS, 80)).toMatchInlineSnapshot(`
      "
      Trackers
        http://tracker.example/announce  3 peers (knows 2 seeds, 1 other)
        udp://gone.example:1337   no answer within 15 s

      Peers
        192.0.2.7:6881            Transmission 3.00: chosen
        [2001:db8:1111:2222:3333:4444:5555:6666]:51413  connection refused

      Dialogue
        → from us, ← to us
      → handshake  68 bytes  0.012 s
        BitTorrent, for torrent       00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
        2072a695…, we are -SH0100-,   10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
        and know extensions.          20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f
                                      30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f
                                      40 41 42 43
      ← bitfield  105 bytes  0.031 s
        It has all 800 pieces.        00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
                                      10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
                                      … 73 more
      ← unchoke  5 bytes  0.040 s
                                      00 01 02 03 04

      Block
        piece 0, byte 0: 40 bytes from 192.0.2.7:6881
        0000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK
        0010  4c 4d 4e 4f 50 51 52 53 54 55 56 57 58 59 5a 5b  LMNOPQRSTUVWXYZ[
        0020  5c 5d 5e 5f 60 61 62 63                          \\]^_\`abc
      "
    `)
  })

  it('shows words above bytes in 40 columns', () => {
    expect(show(EVENTS.slice(2), 40)).toMatchInlineSnapshot(`
      "
      Peers
        192.0.2.7:6881
          Transmission 3.00: chosen
        [2001:db8:1111:2222:3333:4444:5555:6…
          connection refused

      Dialogue
        → from us, ← to us
      → handshake  68 bytes  0.012 s
        BitTorrent, for torrent 2072a695…, we
        are -SH0100-, and know extensions.
        00 01 02 03 04 05 06 07
        08 09 0a 0b 0c 0d 0e 0f
        10 11 12 13 14 15 16 17
        18 19 1a 1b 1c 1d 1e 1f
        20 21 22 23 24 25 26 27
        28 29 2a 2b 2c 2d 2e 2f
        30 31 32 33 34 35 36 37
        38 39 3a 3b 3c 3d 3e 3f
        40 41 42 43
      ← bitfield  105 bytes  0.031 s
        It has all 800 pieces.
        00 01 02 03 04 05 06 07
        08 09 0a 0b 0c 0d 0e 0f
        10 11 12 13 14 15 16 17
        18 19 1a 1b 1c 1d 1e 1f
        … 73 more
      ← unchoke  5 bytes  0.040 s
        00 01 02 03 04

      Block
        piece 0, byte 0: 40 bytes from
        192.0.2.7:6881
        0000  3c 3d 3e 3f 40 41 42 43
        0008  44 45 46 47 48 49 4a 4b
        0010  4c 4d 4e 4f 50 51 52 53
        0018  54 55 56 57 58 59 5a 5b
        0020  5c 5d 5e 5f 60 61 62 63
      "
    `)
  })

  it('shows two of many messages alike, and counts the others', () => {
    const have = EVENTS[6]!
    const lines = show([have, have, have, have, have, EVENTS[4]!], 80).split('\n')
    expect(lines.filter(line => line.startsWith('← unchoke'))).toHaveLength(2)
    expect(lines).toContain('  … 3 more like it')
  })

  it('says when nobody gave the block', () => {
    expect(show([{ kind: 'gave-up', reason: 'no peer answered\x07' }], 80)).toBe(
      '\nNo block: no peer answered\n',
    )
  })

  it('makes what peers say harmless', () => {
    const text = show(
      [{ kind: 'peer', address: '192.0.2.7:1', client: 'x\x1b[2Jy', outcome: { ok: true, chosen: false } }],
      80,
    )
    expect(text).toContain('x[2Jy: would do, too')
  })

  it('has arrows without Unicode, too', () => {
    expect(show(EVENTS.slice(4, 5), 80, false)).toContain('> handshake')
  })
})
