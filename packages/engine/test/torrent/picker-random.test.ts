/**
 * Random operations of some peers, the store and the user, as a torrent would carry them out; the picker's invariants
 * and the pool's balance hold after each, and no two writers ever share memory.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Run } from '../../src/ports.ts'
import type { PickerPeer } from '../../src/torrent/picker-peer.ts'
import type { Trial } from '../../src/torrent/trial.ts'
import { parse, seeded, Table } from './picker-board.ts'

type Random = { below(bound: number): number }
type Writer = { peer: PickerPeer; name: string; offset: number }

class Swarm {
  readonly table: Table
  readonly #random: Random
  readonly #pieces: number
  readonly #slabs: number
  readonly #peers: PickerPeer[] = []
  /** Blocks asked of each peer. */
  readonly #asked: Map<PickerPeer, string[]> = new Map()
  /** Payloads on their way. */
  readonly #writers: Writer[] = []
  readonly #runs: Run[] = []

  constructor(seed: number, shape: { pieces: number; blocks: number; slabs: number }) {
    this.#random = seeded(seed)
    this.#pieces = shape.pieces
    this.#slabs = shape.slabs
    const lastBlocks = 1 + this.#random.below(shape.blocks)
    const sequential = this.#chance(4)
    this.table = new Table({ have: '.'.repeat(shape.pieces), ...shape, lastBlocks, sequential, seed })
  }

  step(operation: number): void {
    const operations = [
      this.#join, this.#leave, this.#gain, this.#pick, this.#pick, this.#pick, this.#open, this.#open, this.#open,
      this.#finish, this.#finish, this.#finish, this.#abort, this.#release, this.#runBack, this.#runBack, this.#prioritise,
      this.#pickAmong, this.#parole, this.#urgent, this.#tick, this.#moods,
    ] // biome-ignore format: a table
    operations[operation % operations.length]!.call(this)
    this.check()
  }

  check(): void {
    const { picker, pool } = this.table
    picker.checkInvariants()
    expect(pool.available).toBeLessThanOrEqual(this.#slabs)
    expect(new Set(this.#writers.map(writer => writer.offset)).size).toBe(this.#writers.length)
  }

  /** Everything ends: all memory is back; then a seed completes what is wanted. */
  finish(): void {
    while (this.#peers.length > 0) this.#leave()
    while (this.#runs.length > 0) this.#runBack()
    const { picker, pool } = this.table
    this.table.download(this.table.peer('#'.repeat(this.#pieces)))
    expect(picker.isComplete).toBe(true)
    picker.dropAll()
    expect(picker.partial()).toEqual([])
    expect(pool.available).toBe(this.#slabs)
  }

  #join(): void {
    if (this.#peers.length >= 5) return
    const full = this.#chance(3)
    const drawing = Array.from({ length: this.#pieces }, () => (full || this.#chance(2) ? '#' : '.')).join('')
    const peer = this.table.peer(drawing, this.#chance(6))
    this.#peers.push(peer)
    this.#asked.set(peer, [])
  }

  #leave(): void {
    const peer = this.#any(this.#peers)
    if (peer === undefined) return
    for (const writer of this.#writers.filter(writer => writer.peer === peer)) this.#end(writer, 'abort')
    for (const name of this.#asked.get(peer)!) this.table.picker.release(peer, ...parse(name))
    this.table.picker.peerLeft(peer)
    this.#peers.splice(this.#peers.indexOf(peer), 1)
  }

  #gain(): void {
    const peer = this.#any(this.#peers)
    const index = this.#random.below(this.#pieces)
    if (peer !== undefined && !peer.pieces.has(index)) this.table.gain(peer, index)
  }

  #pick(): void {
    const peer = this.#any(this.#peers)
    if (peer !== undefined) this.#note(peer, this.table.pick(peer, 1 + this.#random.below(12)))
  }

  #pickAmong(): void {
    const peer = this.#any(this.#peers)
    const allowed = [this.#random.below(this.#pieces), this.#random.below(this.#pieces)]
    if (peer !== undefined) this.#note(peer, this.table.pickAmong(peer, 3, allowed))
  }

  #note(peer: PickerPeer, names: string[]): void {
    for (const name of names) {
      const [index, block] = parse(name)
      expect(peer.pieces.has(index)).toBe(true)
      expect(this.table.picker.wantsPiece(index)).toBe(true)
      expect(block).toBeLessThan(this.table.geometry.blockCount(index))
      expect(this.table.picker.contributor(index, block)).toBe(-1)
    }
    expect(new Set(names).size).toBe(names.length)
    this.#asked.get(peer)!.push(...names)
  }

  #open(): void {
    const peer = this.#any(this.#peers)
    const name = peer && this.#any(this.#asked.get(peer)!)
    if (peer === undefined || name === undefined) return
    // Some payloads come late: the request is given up, or forgotten by us, before they begin.
    if (this.#chance(5)) this.table.picker.release(peer, ...parse(name))
    const offset = this.table.picker.open(peer, ...parse(name))
    if (offset >= 0) this.#writers.push({ peer, name, offset })
  }

  #finish(): void {
    const writer = this.#any(this.#writers)
    if (writer !== undefined) this.#end(writer, 'received')
  }

  #abort(): void {
    const writer = this.#any(this.#writers)
    if (writer !== undefined) this.#end(writer, 'abort')
  }

  #end(writer: Writer, how: 'abort' | 'received'): void {
    const { peer, name } = writer
    const [index, block] = parse(name)
    this.#writers.splice(this.#writers.indexOf(writer), 1)
    this.table.picker[how](peer, index, block)
    if (how === 'abort') return
    const asked = this.#asked.get(peer)!
    if (asked.includes(name)) asked.splice(asked.indexOf(name), 1)
    const run = this.table.picker.takeRun(index)
    if (run !== undefined) this.#runs.push(run)
  }

  #release(): void {
    const peer = this.#any(this.#peers)
    const name = peer && this.#any(this.#asked.get(peer)!)
    if (peer === undefined || name === undefined) return
    this.table.picker.release(peer, ...parse(name))
    this.#asked.set(peer, this.#asked.get(peer)!.filter(other => other !== name)) // biome-ignore format: one thing
  }

  /** The store answers the oldest run of some piece. */
  #runBack(): void {
    const run = this.#runs.shift()
    if (run === undefined) return
    const { picker } = this.table
    picker.runWritten(run)
    if (this.#chance(8)) picker.failed(run.piece)
    else if (run.last && this.#chance(4)) picker.corrupt(run.piece)
    else if (run.last) picker.stored(run.piece)
  }

  #prioritise(): void {
    const priorities = Array.from({ length: this.#pieces }, () => this.#any([0, 1, 4, 4, 4, 7])!)
    this.table.picker.setPriorities(Uint8Array.from(priorities))
  }

  #parole(): void {
    const peer = this.#any(this.#peers)
    if (peer !== undefined) peer.parole = !peer.parole
  }

  /** Somebody lies, or nobody does any more; some are silent, some quick. */
  #moods(): void {
    this.table.picker.apart = this.#chance(2)
    const trial = { hasProof: false, hasRoom: true, admits: () => true, add: () => {} } as unknown as Trial
    for (const peer of this.#peers) {
      const isNew = this.#chance(2)
      Object.assign(peer, {
        silent: this.#chance(2),
        quick: this.#chance(3),
        trial: isNew ? trial : undefined,
      })
    }
    this.table.picker.tick()
  }

  /** Somebody reads, or nobody does any more; of the pieces that are named some are had or skipped. */
  #urgent(): void {
    const count = this.#random.below(4)
    const pieces = Array.from({ length: count }, () => this.#random.below(this.#pieces))
    this.table.picker.setUrgent(pieces, this.#random.below(count + 1))
    for (const peer of this.#peers) Object.assign(peer, { slow: this.#chance(3) })
  }

  /** Long enough for what was asked for to be late. */
  #tick(): void {
    for (let tick = 0; tick < 8; tick++) this.table.picker.tick()
  }

  #chance(oneIn: number): boolean {
    return this.#random.below(oneIn) === 0
  }

  #any<T>(list: readonly T[]): T | undefined {
    return list[this.#random.below(Math.max(1, list.length))]
  }
}

test('invariants and memory hold through any sequence of operations, and the download still completes', () => {
  const shape = fc.record({
    pieces: fc.integer({ min: 1, max: 12 }),
    blocks: fc.constantFrom(1, 3, 16, 17, 90),
    slabs: fc.integer({ min: 1, max: 8 }),
  })
  const operations = fc.array(fc.nat(1000), { minLength: 20, maxLength: 250 })
  const holds = (seed: number, drawn: { pieces: number; blocks: number; slabs: number }, steps: number[]) => {
    const swarm = new Swarm(seed, drawn)
    for (const step of steps) swarm.step(step)
    swarm.finish()
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e6 }), shape, operations, holds), {
    seed: 7,
    numRuns: 120,
  })
})
