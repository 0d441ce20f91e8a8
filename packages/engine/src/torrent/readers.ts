/**
 * Who reads a torrent while it downloads, and which pieces they need next.
 *
 *     had, behind the reader  |  critical  |  ahead                    |  not urgent
 *                             ^position    ^what it reads in 3 s       ^what it reads in 30 s, bounded by piece memory
 *
 * A reader that has only begun, or reads slowly, gets some pieces ahead; the faster it reads, the further it is looked
 * ahead. Several readers take turns: first the next piece of each, then the one after. The cost of a window follows from
 * its bounds, never from the size of the torrent.
 */
import type { Bitfield } from '../bytes/bitfield.ts'
import { assert } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { RateMeter } from './rate-meter.ts'

const AHEAD_SEC = 30
const CRITICAL_SEC = 3
/** What is looked ahead for a reader of which nothing is known, and the least for any. */
const AHEAD_MIN_BYTES = 4 * 1024 * 1024
const AHEAD_MIN_PIECES = 3
const CRITICAL_MIN_BYTES = 512 * 1024
/** A pick looks at each of them. */
const URGENT_MAX = 256
/** Of these, those that are asked of the quickest peers alone, and of two when they are late. */
const CRITICAL_MAX = 16
/** A torrent may be read by so many at once: players have two or three connections open. */
export const READERS_MAX = 64

/** What is read at a time: what the read cache looks up as one. */
const READ_BYTES = 128 * 1024

/** A stretch of the torrent that somebody reads from its beginning to its end. */
export class Reader {
  /** The next byte, and the one after the last, within the torrent. */
  position: number
  readonly end: number
  /** What was read. */
  readonly meter: RateMeter = new RateMeter()
  readonly #onNews: () => void

  constructor(start: number, end: number, onNews: () => void) {
    this.position = start
    this.end = end
    this.#onNews = onNews
  }

  get isDone(): boolean {
    return this.position >= this.end
  }

  /** There may be something to read, or an end of it. */
  news(): void {
    this.#onNews()
  }
}

export interface UrgentPieces {
  /** Not had, the most urgent first. */
  readonly pieces: readonly number[]
  /** So many of them are critical. */
  readonly critical: number
}

export class Readers {
  readonly #geometry: Geometry
  readonly #readers = new Set<Reader>()

  constructor(geometry: Geometry) {
    this.#geometry = geometry
  }

  get size(): number {
    return this.#readers.size
  }

  /** `onNews`: there may be something to read, or an end of it. It must not read in the same turn. */
  open(start: number, end: number, onNews: () => void): Reader {
    const reader = new Reader(start, end, onNews)
    this.#readers.add(reader)
    return reader
  }

  close(reader: Reader): void {
    this.#readers.delete(reader)
  }

  news(): void {
    for (const reader of this.#readers) reader.news()
  }

  /** A piece is had. */
  onPiece(piece: number): void {
    for (const reader of this.#readers) if (this.pieceOf(reader) === piece) reader.news()
  }

  /** The piece that holds the reader's next byte. */
  pieceOf({ position }: Reader): number {
    return Math.floor(position / this.#geometry.pieceLength)
  }

  /** What to read next of the piece that the reader is in. */
  nextRange(reader: Reader): { readonly piece: number; readonly begin: number; readonly length: number } {
    const piece = this.pieceOf(reader)
    const begin = reader.position - this.#geometry.pieceOffset(piece)
    const inPiece = this.#geometry.pieceSize(piece) - begin
    const length = Math.min(READ_BYTES - (begin % READ_BYTES), inPiece, reader.end - reader.position)
    return { piece, begin, length }
  }

  /** So many bytes were read. */
  read(reader: Reader, bytes: number, now: number): void {
    assert(reader.position + bytes <= reader.end, 'a reader reads what it wanted')
    reader.position += bytes
    reader.meter.add(bytes, now)
  }

  /** What is to be fetched before all else, and no more than fits into memory. */
  urgent(have: Bitfield, memoryBytes: number, now: number): UrgentPieces {
    const windows: { next: number; readonly criticalEnd: number; readonly end: number }[] = []
    for (const reader of this.#readers) if (!reader.isDone) windows.push(this.#window(reader, now))
    const critical: number[] = []
    const ahead: number[] = []
    const seen = new Set<number>()
    let bytesLeft = memoryBytes
    for (let open = windows.length; open > 0 && seen.size < URGENT_MAX && bytesLeft > 0; ) {
      open = 0
      for (const window of windows) {
        while (window.next < window.end && have.has(window.next)) window.next++
        if (window.next >= window.end || seen.size >= URGENT_MAX) continue
        const piece = window.next++
        open++
        if (seen.has(piece)) continue
        seen.add(piece)
        bytesLeft -= this.#geometry.pieceSize(piece)
        if (piece < window.criticalEnd && critical.length < CRITICAL_MAX) critical.push(piece)
        else ahead.push(piece)
      }
    }
    return { pieces: [...critical, ...ahead], critical: critical.length }
  }

  #window(reader: Reader, now: number): { next: number; criticalEnd: number; end: number } {
    const { pieceLength } = this.#geometry
    const rate = reader.meter.rate(now)
    const first = this.pieceOf(reader)
    const last = Math.floor((reader.end - 1) / pieceLength)
    const until = (bytes: number): number => Math.ceil((reader.position + bytes) / pieceLength)
    const criticalEnd = until(Math.max(CRITICAL_MIN_BYTES, rate * CRITICAL_SEC))
    const ahead = until(Math.max(AHEAD_MIN_BYTES, rate * AHEAD_SEC))
    return { next: first, criticalEnd, end: Math.min(last + 1, Math.max(ahead, first + AHEAD_MIN_PIECES)) }
  }
}
