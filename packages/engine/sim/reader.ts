/** Somebody who plays a torrent while it downloads: reads into a buffer of some seconds, and stalls when that is empty. */
import type { Reader } from '../src/torrent/readers.ts'
import type { Member } from './node.ts'
import type { World } from './world.ts'

const STEP_MS = 50
const BUFFER_SEC = 2
/** Plays once it has so much, at the beginning and after a stall. */
const START_SEC = 0.25

export interface PlayShape {
  readonly start: number
  readonly end: number
  readonly bytesPerSec: number
  /** Opens, and never reads. */
  readonly neverReads?: boolean
}

export class SimReader {
  /** After it was opened. */
  firstByteMs: number = Number.POSITIVE_INFINITY
  /** How long it had nothing to play, from the first byte on. */
  stalledMs = 0
  isDone = false
  error: unknown
  readonly #world: World
  readonly #member: Member
  readonly #shape: PlayShape
  readonly #reader: Reader
  readonly #openedMs: number
  readonly #stop: () => void
  #bufferedBytes = 0
  #isPlaying = false

  constructor(member: Member, shape: PlayShape) {
    const { world } = member.node.host
    this.#world = world
    this.#member = member
    this.#shape = shape
    this.#openedMs = world.nowMs
    this.#stop = world.clockOf(member.node.name).every(STEP_MS, () => this.#step())
    this.#reader = member.torrent.openReader(shape.start, shape.end, () => {
      world.after(0, member.node.name, 'read', () => this.#fill())
    })
    world.after(0, member.node.name, 'read', () => this.#fill())
  }

  get position(): number {
    return this.#reader.position
  }

  close(): void {
    this.isDone = true
    this.#stop()
    this.#member.torrent.closeReader(this.#reader)
  }

  #fill(): void {
    const { bytesPerSec, neverReads } = this.#shape
    if (this.isDone || neverReads === true) return
    try {
      while (!this.#reader.isDone && this.#bufferedBytes < bytesPerSec * BUFFER_SEC) {
        const at = this.#reader.position
        const bytes = this.#member.torrent.read(this.#reader)
        if (bytes === undefined) return
        this.#check(at, bytes)
        this.firstByteMs = Math.min(this.firstByteMs, this.#world.nowMs - this.#openedMs)
        this.#bufferedBytes += bytes.length
      }
    } catch (error) {
      this.error = error
      this.close()
    }
  }

  #step(): void {
    if (this.isDone) return
    const { bytesPerSec } = this.#shape
    const step = (bytesPerSec * STEP_MS) / 1000
    const isLast = this.#reader.isDone
    if (this.#bufferedBytes >= bytesPerSec * START_SEC || isLast) this.#isPlaying = true
    if (this.#bufferedBytes < step && !isLast) this.#isPlaying = false
    if (this.#isPlaying) this.#bufferedBytes = Math.max(0, this.#bufferedBytes - step)
    else if (Number.isFinite(this.firstByteMs)) this.stalledMs += STEP_MS
    if (isLast && this.#bufferedBytes === 0) return this.close()
    this.#fill()
  }

  /** What is read is what belongs there. */
  #check(position: number, bytes: Uint8Array): void {
    const { pieceLength } = this.#member.content.geometry
    const piece = Math.floor(position / pieceLength)
    const begin = position - piece * pieceLength
    const expected = this.#member.content.piece(piece)
    this.#world.check(this.#member.torrent.have.has(piece), `piece ${piece} is read before it is had`)
    for (let at = 0; at < bytes.length; at += 1021) {
      if (bytes[at] !== expected[begin + at]) this.#world.fail(`byte ${position + at} is read wrong`)
    }
  }
}
