/** What a conversation with a peer is made of on the screen. */
import type { PieceRange, PieceRun, SaidLine, Saying } from '@shoal/daemon/contract'

/** Blocks of 16 KiB are what everybody asks for. */
const BLOCK_BYTES = 16_384

export const GROUPS = ['data', 'pieces', 'state', 'extensions', 'odd'] as const
export type Group = (typeof GROUPS)[number]

/** What people would look at by itself. */
export function groupOf({ kind }: Saying): Group {
  switch (kind) {
    case 'request':
    case 'block':
    case 'cancel':
    case 'reject':
      return 'data'
    case 'have':
    case 'have-all':
    case 'have-none':
    case 'dont-have':
    case 'bitfield':
    case 'suggest':
    case 'allowed-fast':
      return 'pieces'
    case 'choke':
    case 'unchoke':
    case 'interested':
    case 'not-interested':
    case 'keep-alive':
      return 'state'
    case 'extensions':
    case 'extension':
    case 'peers':
    case 'metadata':
    case 'port':
      return 'extensions'
    case 'unknown':
    case 'malformed':
      return 'odd'
  }
}

/** As many lines as anybody scrolls back. */
export const MOST_LINES = 500

/** A line, or that so many messages are not told. */
export type Entry =
  | { readonly key: number; readonly line: SaidLine; readonly group: Group }
  | { readonly key: number; readonly leftOut: number }

/** The newest of both. `key` goes on from where it was. */
export function appended(
  before: readonly Entry[],
  { lines, leftOut }: { readonly lines: readonly SaidLine[]; readonly leftOut: number },
  nextKey: number,
): readonly Entry[] {
  const more: Entry[] = lines.map((line, at) => ({ key: nextKey + at, line, group: groupOf(line.says) }))
  if (leftOut > 0) more.push({ key: nextKey + lines.length, leftOut })
  return [...before, ...more].slice(-MOST_LINES)
}

/** What ranges are of: whole pieces, blocks of others, or bytes where somebody counts in other blocks. Inclusive. */
export interface Places {
  readonly whole: readonly PieceRun[]
  readonly parts: readonly {
    readonly piece: number
    readonly unit: 'blocks' | 'bytes'
    readonly first: number
    readonly last: number
  }[]
}

export function placesOf(ranges: readonly PieceRange[], pieceLength: number): Places {
  const whole = ranges.filter(({ begin, length }) => begin === 0 && length === pieceLength)
  const parts = ranges
    .filter(range => !whole.includes(range))
    .map(({ piece, begin, length }) => {
      const end = begin + length
      // The last block of a torrent may be short.
      const isBlocks = begin % BLOCK_BYTES === 0 && length > 0
      return isBlocks
        ? ({
            piece,
            unit: 'blocks',
            first: begin / BLOCK_BYTES,
            last: Math.ceil(end / BLOCK_BYTES) - 1,
          } as const)
        : ({ piece, unit: 'bytes', first: begin, last: Math.max(begin, end - 1) } as const)
    })
  return { whole: runsOf(whole.map(({ piece }) => ({ first: piece, last: piece }))), parts }
}

/** In order, and joined where they touch. */
export function runsOf(runs: readonly PieceRun[]): readonly PieceRun[] {
  const joined: PieceRun[] = []
  for (const run of runs.toSorted((a, b) => a.first - b.first)) {
    const last = joined.at(-1)
    if (last === undefined || run.first > last.last + 1) joined.push(run)
    else joined[joined.length - 1] = { first: last.first, last: Math.max(last.last, run.last) }
  }
  return joined
}

/** `0010  0a 61 …  .a…`: offset, bytes, and those of ASCII as letters. */
export function dumpOf(hex: string, perRow: number): string {
  const bytes = hex.match(/../g) ?? []
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += perRow) {
    const row = bytes.slice(at, at + perRow)
    const letters = row.map(byte => {
      const code = Number.parseInt(byte, 16)
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.'
    })
    rows.push(
      `${at.toString(16).padStart(4, '0')}  ${row.join(' ').padEnd(perRow * 3 - 1)}  ${letters.join('')}`,
    )
  }
  return rows.join('\n')
}
