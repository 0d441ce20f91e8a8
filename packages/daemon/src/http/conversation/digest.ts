/**
 * Thins a conversation out, so that people can read it: messages of a kind that come together become one line, and of
 * lines there is a limit. What is open is held until it is taken:
 *
 *     they  block 12:0  block 12:1            block 12:2     choke            ──▶  3 blocks of piece 12 · 2 requests · choke
 *     we                           request ×2
 *
 * A line of requests or blocks grows though other such lines have begun since, as the two alternate in every download; a
 * message of another kind ends that, and the order of everything that changes what may be said is kept.
 */
import type { Overheard } from '@shoal/engine'
import type { PieceRange, PieceRun, SaidLine, Saying } from '../../contract/index.ts'

export type HeardMessage = Extract<Overheard, { kind: 'message' }>
type Said = HeardMessage['says']

/** Of one taking: twenty a second at two takings, and nobody reads more. */
export const MAX_LINES = 10
/** Of one line: as many as fit on a screen. */
const MAX_RUNS = 6
/** Clients know a dozen extensions; a stranger may name 64. */
const MAX_NAMES = 24

export interface Digested {
  readonly lines: readonly SaidLine[]
  /** Messages in none of them. */
  readonly leftOut: number
}

export class Digest {
  #lines: Line[] = []
  #leftOut = 0

  get isEmpty(): boolean {
    return this.#lines.length + this.#leftOut === 0
  }

  /** @param at Unix time in milliseconds */
  hear(message: HeardMessage, at: number): void {
    const by = message.direction === 'in' ? 'them' : 'us'
    const line = this.#lineFor(by, message.says)
    if (line !== undefined) grow(line, message)
    else if (this.#lines.length < MAX_LINES) this.#lines.push(lineOf(message, by, at))
    else this.#leftOut++
  }

  /** What has come since the last time. */
  take(): Digested {
    const taken = { lines: this.#lines, leftOut: this.#leftOut }
    this.#lines = []
    this.#leftOut = 0
    return taken
  }

  #lineFor(by: SaidLine['by'], says: Said): Line | undefined {
    const isOfList = 'piece' in says && says.kind !== 'metadata'
    // It came after something that is told nowhere.
    if (this.#leftOut > 0 && !isOfList) return undefined
    for (let at = this.#lines.length - 1; at >= 0; at--) {
      const line = this.#lines[at]!
      if (line.by === by && isAlike(line.says, says)) return line
      if (!isOfList || !('others' in line.says)) return undefined
    }
    return undefined
  }
}

type Open<T> = { -readonly [K in keyof T]: T[K] }
type Line = Open<SaidLine>

/** A line that tells one can tell more of them. */
function isAlike(line: Saying, says: Said): boolean {
  if (line.kind !== says.kind) return false
  switch (line.kind) {
    case 'extensions':
    case 'metadata':
    case 'peers':
    case 'bitfield':
    case 'port':
      return false
    case 'extension':
    case 'unknown':
      return 'id' in says && says.id === line.id
    default:
      return true
  }
}

function lineOf(message: HeardMessage, by: SaidLine['by'], at: number): Line {
  return {
    at,
    by,
    count: 1,
    bytes: message.totalBytes,
    text: message.text,
    says: sayingOf(message.says),
    head: hexOf(message.bytes),
  }
}

function grow(line: Line, { says, totalBytes }: HeardMessage): void {
  line.count++
  line.bytes += totalBytes
  if ('pieces' in line.says && 'piece' in says) {
    line.says = { ...line.says, ...withPiece(line.says, says.piece) }
  } else if ('ranges' in line.says && 'begin' in says) {
    line.says = { ...line.says, ...withRange(line.says, says) }
  }
}

function withPiece(
  { pieces, others }: { readonly pieces: readonly PieceRun[]; readonly others: number },
  piece: number,
): { pieces: readonly PieceRun[]; others: number } {
  const at = pieces.findIndex(({ first, last }) => piece >= first - 1 && piece <= last + 1)
  if (at !== -1) {
    const { first, last } = pieces[at]!
    const run = { first: Math.min(first, piece), last: Math.max(last, piece) }
    return { pieces: pieces.with(at, run), others }
  }
  if (pieces.length < MAX_RUNS) return { pieces: [...pieces, { first: piece, last: piece }], others }
  return { pieces, others: others + 1 }
}

function withRange(
  says: { readonly ranges: readonly PieceRange[]; readonly others: number; readonly dataBytes: number },
  { piece, begin, length }: PieceRange,
): { ranges: readonly PieceRange[]; others: number; dataBytes: number } {
  const { ranges, others } = says
  const dataBytes = says.dataBytes + length
  const at = ranges.findIndex(range => range.piece === piece && range.begin + range.length === begin)
  if (at !== -1) {
    const range = ranges[at]!
    return { ranges: ranges.with(at, { ...range, length: range.length + length }), others, dataBytes }
  }
  if (ranges.length < MAX_RUNS) return { ranges: [...ranges, { piece, begin, length }], others, dataBytes }
  return { ranges, others: others + 1, dataBytes }
}

function sayingOf(says: Said): Saying {
  switch (says.kind) {
    case 'have':
    case 'suggest':
    case 'allowed-fast':
    case 'dont-have':
      return { kind: says.kind, pieces: [{ first: says.piece, last: says.piece }], others: 0 }
    case 'request':
    case 'block':
    case 'cancel':
    case 'reject': {
      const { kind, piece, begin, length } = says
      return { kind, ranges: [{ piece, begin, length }], others: 0, dataBytes: length }
    }
    case 'extensions':
      return {
        kind: says.kind,
        client: says.client ?? null,
        names: says.names.slice(0, MAX_NAMES),
        requestQueue: says.requestQueue ?? null,
        port: says.port ?? null,
        metadataBytes: says.metadataBytes ?? null,
        uploadOnly: says.uploadOnly ?? null,
        yourIp: says.yourIp ?? null,
      }
    case 'extension':
      return { ...says, name: says.name ?? null }
    default:
      return says
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
