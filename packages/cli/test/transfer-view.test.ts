import { describe, expect, it } from 'vitest'
import { renderHashing } from '../src/terminal/hash-view.ts'
import { chooseStyle, PLAIN } from '../src/terminal/style.ts'
import { type Look, plainLine, renderTransfers, type TransferFigures } from '../src/terminal/transfer-view.ts'
import { displayWidth } from '../src/terminal/width.ts'

const DOWNLOADING: TransferFigures = {
  name: 'debian-13.iso',
  state: 'downloading',
  wantedBytes: 2_000_000_000,
  haveBytes: 1_146_000_000,
  checkedFraction: 1,
  uploadedBytes: 0,
  downloadRate: 12_400_000,
  uploadRate: 0,
  etaSeconds: 69,
  ratio: 0,
  connections: { connected: 14, connecting: 2, known: 80 },
}
const CHECKING: TransferFigures = { ...DOWNLOADING, state: 'checking', checkedFraction: 0.341, haveBytes: 0 }
const SEEDING: TransferFigures = {
  ...DOWNLOADING,
  state: 'seeding',
  haveBytes: 2_000_000_000,
  uploadedBytes: 3_100_000_000,
  uploadRate: 890_000,
  ratio: 1.55,
}
const STUCK: TransferFigures = {
  ...DOWNLOADING,
  name: '日本語の名前はとても長いので切られる.mkv',
  downloadRate: 0,
  etaSeconds: undefined,
  connections: { connected: 0, connecting: 0, known: 0 },
  why: { text: 'No peers: the tracker knows none, and will be asked again in 4 min' },
}

function look(columns: number, unicode = true): Look {
  return { columns, unicode, style: PLAIN }
}

function show(figures: TransferFigures[], columns: number, rows = 10): string {
  const lines = renderTransfers(figures, rows, look(columns))
  for (const line of lines) expect(displayWidth(line)).toBeLessThan(columns)
  return `\n${lines.join('\n')}\n`
}

describe('one torrent', () => {
  it('fills 100 columns', () => {
    expect(show([DOWNLOADING], 100)).toMatchInlineSnapshot(`
      "
      ━━━━━━━━━━━━━━━━━───────────── 57.3 %  1.15 of 2.00 GB  12.4 MB/s  1 min 9 s left  14 peers
      "
    `)
    expect(show([STUCK], 100)).toMatchInlineSnapshot(`
      "
      ━━━━━━━━━━━━━━━━━───────────── 57.3 %  1.15 of 2.00 GB      0 B/s  no peers
      No peers: the tracker knows none, and will be asked again in 4 min
      "
    `)
  })

  it('fits 80 columns', () => {
    expect(show([DOWNLOADING], 80)).toMatchInlineSnapshot(`
      "
      ━━━━━━━━━━──────── 57.3 %  1.15 of 2.00 GB  12.4 MB/s  1 min 9 s left  14 peers
      "
    `)
    expect(show([CHECKING], 80)).toMatchInlineSnapshot(`
      "
      ━━━━━━━━━━──────────────────── checking 34.1 %
      "
    `)
    expect(show([SEEDING], 80)).toMatchInlineSnapshot(`
      "
      sharing  890 kB/s up  3.10 GB sent, ratio 1.55  14 peers
      "
    `)
  })

  it('fits 40 columns', () => {
    expect(show([DOWNLOADING], 40)).toMatchInlineSnapshot(`
      "
      ━━━━━──── 57.3 %  12.4 MB/s  1 min left
      "
    `)
    expect(show([STUCK], 40)).toMatchInlineSnapshot(`
      "
      ━━━━━━───── 57.3 %      0 B/s  no peers
      No peers: the tracker knows none, and
      will be asked again in 4 min
      "
    `)
    expect(show([SEEDING], 40)).toMatchInlineSnapshot(`
      "
      sharing  890 kB/s up  14 peers
      "
    `)
  })

  it('says what went wrong', () => {
    const error = { message: 'no space left\x1b[2J in /data' }
    expect(show([{ ...DOWNLOADING, state: 'error', error }], 40)).toMatchInlineSnapshot(`
      "
      error: no space left[2J in /data
      "
    `)
  })

  it('makes do without Unicode', () => {
    expect(renderTransfers([DOWNLOADING], 1, look(80, false))[0]).toMatch(/^#+\.+ +57\.3 %/)
  })
})

describe('several torrents', () => {
  const several = [DOWNLOADING, STUCK, CHECKING, SEEDING]

  it('take a line each and a total', () => {
    expect(show(several, 80)).toMatchInlineSnapshot(`
      "
      debian-13.iso                   57.3 %  12.4 MB/s  1 min 9 s left  14 peers
      日本語の名前はとても…られる.mkv 57.3 %  No peers: the tracker knows none, and …
      debian-13.iso                   checking 34.1 %
      1 of 4 complete  37.2 MB/s  890 kB/s up
      "
    `)
    expect(show(several, 40)).toMatchInlineSnapshot(`
      "
      debian-13.iso   57.3 %  12.4 MB/s
      日本語の名….mkv 57.3 %  No peers: the …
      debian-13.iso   checking 34.1 %
      1 of 4 complete  37.2 MB/s  890 kB/s up
      "
    `)
  })

  it('never take more lines than there are', () => {
    const many = Array.from({ length: 30 }, () => DOWNLOADING)
    const lines = renderTransfers(many, 5, look(80))
    expect(lines).toHaveLength(5)
    expect(lines.at(-1)).toContain('26 more not shown')
  })
})

describe('logs', () => {
  it('have plain lines', () => {
    expect([DOWNLOADING, CHECKING, SEEDING, STUCK].map(plainLine).join('\n')).toMatchInlineSnapshot(`
      "debian-13.iso: 57.3 %, 1.15 of 2.00 GB, 12.4 MB/s, 1 min 9 s left, 14 peers
      debian-13.iso: checking 34.1 %
      debian-13.iso: sharing, 890 kB/s up, 3.10 GB sent, ratio 1.55, 14 peers
      日本語の名前はとても長いので切られる.mkv: 57.3 %, 1.15 of 2.00 GB, 0 B/s, no peers (No peers: the tracker knows none, and will be asked again in 4 min)"
    `)
  })
})

describe('hashing', () => {
  const progress = { hashedBytes: 700_000_000, totalBytes: 2_000_000_000 }

  it('fits wide and narrow', () => {
    expect(renderHashing('hashing', progress, 2000, look(80))).toMatchInlineSnapshot(
      `"hashing ━━━━━━━━━━──────────────────── 35.0 %  of 2.00 GB  350 MB/s  4 s left"`,
    )
    expect(renderHashing('verifying', progress, 2000, look(40))).toMatchInlineSnapshot(
      `"verifying ━━━─────── 35.0 %  of 2.00 GB"`,
    )
    for (let columns = 30; columns < 120; columns++)
      expect(displayWidth(renderHashing('verifying', progress, 2000, look(columns)))).toBeLessThan(columns)
  })
})

describe('colours', () => {
  const red = (mode: 'auto' | 'always' | 'never', terminal: boolean, env: Record<string, string>): boolean =>
    chooseStyle(mode, terminal, env).bad('x') !== 'x'

  it('follow --color, then NO_COLOR and FORCE_COLOR, then the terminal', () => {
    expect(red('auto', true, {})).toBe(true)
    expect(red('auto', false, {})).toBe(false)
    expect(red('auto', true, { NO_COLOR: '1' })).toBe(false)
    expect(red('auto', true, { TERM: 'dumb' })).toBe(false)
    expect(red('auto', false, { FORCE_COLOR: '1' })).toBe(true)
    expect(red('auto', true, { FORCE_COLOR: '0' })).toBe(false)
    expect(red('always', false, { NO_COLOR: '1' })).toBe(true)
    expect(red('never', true, { FORCE_COLOR: '1' })).toBe(false)
  })
})
