/** Pickers drawn with one character a piece: a test of the picker is a few short lines. */
import { Bitfield } from '../../src/bytes/bitfield.ts'
import { SLAB_BYTES, SlabPool } from '../../src/bytes/slabs.ts'
import { BLOCK_BYTES, Geometry } from '../../src/metainfo/geometry.ts'
import { Picker } from '../../src/torrent/picker.ts'
import type { PickerPeer } from '../../src/torrent/picker-peer.ts'

export interface Board {
  /** `#` had, `.` not; sets the number of pieces. */
  have: string
  /** How many other peers have each piece. */
  avail?: string
  /** Blocks received of each piece (a digit), from a peer that has left. */
  partial?: string
  /** Priorities; 4 each. */
  prio?: string
  /** Blocks a piece, 4; the last piece has `lastBlocks`. */
  blocks?: number
  lastBlocks?: number
  /** Slabs of the pool, 64. */
  slabs?: number
  sequential?: boolean
  seed?: number
}

export function bits(drawing: string): Bitfield {
  const field = new Bitfield(drawing.length)
  for (let at = 0; at < drawing.length; at++) if (drawing[at] === '#') field.add(at)
  return field
}

/** A small generator of numbers (xorshift). */
export function seeded(seed: number): { below(bound: number): number } {
  let state = seed * 2654435761 || 1
  return {
    below(bound) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) % bound
    },
  }
}

export class Table {
  readonly pool: SlabPool
  readonly picker: Picker
  readonly geometry: Geometry
  readonly dropped: number[] = []
  #ids = 0

  constructor(board: Board) {
    const { have, blocks = 4, lastBlocks = blocks, slabs = 64 } = board
    const length = ((have.length - 1) * blocks + lastBlocks) * BLOCK_BYTES
    this.geometry = new Geometry(blocks * BLOCK_BYTES, [{ path: ['a'], length, pad: false }])
    this.pool = new SlabPool(new Uint8Array(slabs * SLAB_BYTES))
    this.picker = new Picker({
      geometry: this.geometry,
      pool: this.pool,
      random: seeded(board.seed ?? 1),
      have: bits(have),
      sequential: board.sequential ?? false,
      onDropped: index => this.dropped.push(index),
    })
    if (board.prio !== undefined) this.picker.setPriorities(Uint8Array.from(board.prio, Number))
    if (board.avail !== undefined) {
      const copies = Array.from(board.avail, Number)
      for (let n = 1; n <= Math.max(...copies); n++) {
        this.peer(copies.map(count => (count >= n ? '#' : '.')).join(''))
      }
    }
    if (board.partial !== undefined) this.#fill(board.partial)
  }

  /** A connected peer that has these pieces. */
  peer(drawing: string, parole = false): PickerPeer {
    const peer = { id: this.#ids++, pieces: bits(drawing), parole }
    this.picker.peerJoined(peer)
    return peer
  }

  gain(peer: PickerPeer, index: number): void {
    peer.pieces.add(index)
    this.picker.peerHas(peer, index)
  }

  /** `piece.block` for each block picked. */
  pick(peer: PickerPeer, max: number): string[] {
    const out = new Int32Array(2 * max)
    return this.#names(out, this.picker.pick(peer, max, out))
  }

  pickAmong(peer: PickerPeer, max: number, allowed: number[]): string[] {
    const out = new Int32Array(2 * max)
    return this.#names(out, this.picker.pickAmong(peer, max, out, allowed))
  }

  /** A whole block arrives; what `received` answers, or `skip`. */
  deliver(peer: PickerPeer, name: string): boolean | 'skip' {
    const [index, block] = parse(name)
    if (this.picker.open(peer, index, block) < 0) return 'skip'
    return this.picker.received(peer, index, block)
  }

  /** The peer sends all it is asked for, and runs are stored, until it gets nothing more. */
  download(peer: PickerPeer): void {
    for (;;) {
      const names = this.pick(peer, 8)
      if (names.length === 0) return
      for (const name of names) {
        this.deliver(peer, name)
        this.store(parse(name)[0])
        this.picker.checkInvariants()
      }
    }
  }

  /** Stores the run that is ready, if any. */
  store(index: number): void {
    const run = this.picker.takeRun(index)
    if (run === undefined) return
    this.picker.runWritten(run)
    if (run.last) this.picker.stored(index)
  }

  #fill(partial: string): void {
    const everything = '#'.repeat(partial.length)
    const giver = this.peer(everything)
    for (let index = 0; index < partial.length; index++) {
      const count = Number(partial[index])
      for (const name of count > 0 ? this.pickAmong(giver, count, [index]) : []) this.deliver(giver, name)
    }
    this.picker.peerLeft(giver)
  }

  #names(out: Int32Array, count: number): string[] {
    this.picker.checkInvariants()
    return Array.from({ length: count }, (_, at) => `${out[2 * at]}.${out[2 * at + 1]}`)
  }
}

export function parse(name: string): [index: number, block: number] {
  const [index, block] = name.split('.')
  return [Number(index), Number(block)]
}

/** What one peer is given by a picker as drawn. */
export function pick(board: Board & { peer: string; max?: number; parole?: boolean }): string[] {
  const table = new Table(board)
  return table.pick(table.peer(board.peer, board.parole), board.max ?? 2)
}
