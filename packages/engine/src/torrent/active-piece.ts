/**
 * A piece on its way: the state of its blocks and the memory they arrive in.
 *
 *     blocks     |R|R|R|R|R|R|R|r|R|r|r|.|.|.|.|.|.|.|.|.|     R received   r requested   . free
 *     slabs      |   0   |   1   |   2   |   3   |   4   |
 *                        ^taken          ^granted
 *
 * Invariant: each block is free, requested (by 1 to {@link MAX_ASKERS_QUICK} peers) or received; requested and received ones
 * lie in granted slabs. Slabs are granted in order and taken away in order, by runs, once all their blocks are received.
 * At most one peer writes a block, and never a received one. The writer need not be among the askers: a block may
 * arrive after its request timed out; until that ends the block is not offered to anybody.
 *
 * Objects are used again for other pieces, so there is nothing to allocate per block and little per piece.
 */
import { SLAB_BYTES } from '../bytes/slabs.ts'
import { assert } from '../errors.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

export const BLOCKS_PER_SLAB: number = SLAB_BYTES / BLOCK_BYTES

/** Peers a block may be requested from at once, in endgame: more would only be waste. */
export const MAX_ASKERS = 3
/** With those that have sent what they were asked for, whom those who never did must not keep out. */
export const MAX_ASKERS_PROVEN = 5
/** With those that send at this moment: others may have sent something once, and nothing since. */
export const MAX_ASKERS_QUICK = 6

export const NOBODY = -1

const FREE = 0
const REQUESTED = 1
const RECEIVED = 2

export class ActivePiece {
  readonly blockCount: number
  readonly slabCount: number
  index = -1
  /** Blocks that are free and that nobody is writing. */
  free = 0
  requested = 0
  received = 0
  /** Requests beyond the first of each block. */
  repeated = 0
  /** Blocks that a peer is writing now. */
  writing = 0
  /** Slabs the piece was given, from its begin. */
  granted = 0
  /** Slabs handed on in runs, from its begin. */
  taken = 0
  /** Runs that are with the store. */
  flights = 0
  /** The peer on parole that has this piece to itself, or {@link NOBODY}. */
  sole: number = NOBODY
  /** The peer that began this piece on trial or while pieces are kept apart: others leave it alone as long as there is another, or {@link NOBODY}. */
  keeper: number = NOBODY
  /** To be dropped as soon as it is quiet; nothing new is asked or written. */
  dropping = false
  /** Place in the picker's list of pieces with free blocks, or -1. */
  openAt = -1
  /** The last pick that looked at this piece. */
  triedIn = 0
  /** The count of starved picks when something last happened to it while it was not asked of anybody. */
  idleSince = 0
  #size = 0
  /** No block below is free. */
  #cursor = 0
  readonly #states: Uint8Array
  readonly #askerCounts: Uint8Array
  /** The tick in which a requested block was first asked for. */
  readonly #askedIn: Uint32Array
  /** {@link MAX_ASKERS_QUICK} places a block, filled from the front. */
  readonly #askers: Int32Array
  readonly #writers: Int32Array
  /** Who sent a received block. */
  readonly #senders: Int32Array
  readonly #slabs: Int32Array
  /** Received blocks per slab. */
  readonly #fill: Uint8Array

  constructor(blockCount: number) {
    this.blockCount = blockCount
    this.slabCount = Math.ceil(blockCount / BLOCKS_PER_SLAB)
    this.#states = new Uint8Array(blockCount)
    this.#askerCounts = new Uint8Array(blockCount)
    this.#askedIn = new Uint32Array(blockCount)
    this.#askers = new Int32Array(blockCount * MAX_ASKERS_QUICK)
    this.#writers = new Int32Array(blockCount)
    this.#senders = new Int32Array(blockCount)
    this.#slabs = new Int32Array(this.slabCount)
    this.#fill = new Uint8Array(this.slabCount)
  }

  /** Makes this the piece `index` of `size` bytes, all blocks free, without memory. */
  begin(index: number, size: number): void {
    this.index = index
    this.#size = size
    this.free = this.blockCount
    this.requested = this.repeated = this.received = this.writing = 0
    this.granted = this.taken = this.flights = 0
    this.sole = NOBODY
    this.keeper = NOBODY
    this.dropping = false
    this.openAt = -1
    this.triedIn = 0
    this.idleSince = 0
    this.#cursor = 0
    this.#states.fill(FREE)
    this.#askerCounts.fill(0)
    this.#writers.fill(NOBODY)
    this.#senders.fill(NOBODY)
    this.#slabs.fill(-1)
    this.#fill.fill(0)
  }

  /** Neither peers nor the store touch its memory. */
  get isQuiet(): boolean {
    return this.writing === 0 && this.flights === 0
  }

  get isComplete(): boolean {
    return this.received === this.blockCount
  }

  /** Slabs it holds that no run has taken. */
  get heldSlabs(): number {
    return this.granted - this.taken
  }

  get receivedBytes(): number {
    const missingTail =
      this.#states[this.blockCount - 1] === RECEIVED ? this.blockCount * BLOCK_BYTES - this.#size : 0
    return this.received * BLOCK_BYTES - missingTail
  }

  // ------------------------------------------------------------------------------------------------- requesting

  /** The lowest free block in granted memory, or -1. When -1 and `free` is not 0, the next slab is needed. */
  nextFree(): number {
    const end = this.#grantedBlocks
    for (; this.#cursor < end; this.#cursor++) if (this.#isFree(this.#cursor)) return this.#cursor
    return -1
  }

  /**
   * The lowest block at or after `from` that `askers` peers were asked for, since tick `before` at the latest or all of
   * them `silent`, not `peer`, and nobody writes; or -1.
   */
  nextShared(
    from: number,
    askers: number,
    peer: number,
    before: number,
    silent: ReadonlySet<number> | undefined,
  ): number {
    const end = this.#grantedBlocks
    for (let block = from; block < end; block++) {
      if (
        this.#askerCounts[block] === askers &&
        this.#writers[block] === NOBODY &&
        (this.#askedIn[block]! <= before || (silent !== undefined && this.#isAskedOf(block, silent))) &&
        !this.isAsked(block, peer)
      ) {
        return block
      }
    }
    return -1
  }

  /** free → requested, or one asker more. */
  ask(block: number, peer: number, tick: number): void {
    const askers = this.#askerCounts[block]!
    assert(
      this.#states[block] !== RECEIVED && askers < MAX_ASKERS_QUICK,
      'a block is asked for once too often',
    )
    if (askers === 0) {
      this.#askedIn[block] = tick
      if (this.#writers[block] === NOBODY) this.free--
      this.requested++
      this.#states[block] = REQUESTED
    } else {
      this.repeated++
    }
    this.#askers[block * MAX_ASKERS_QUICK + askers] = peer
    this.#askerCounts[block] = askers + 1
  }

  isAsked(block: number, peer: number): boolean {
    const first = block * MAX_ASKERS_QUICK
    const end = first + this.#askerCounts[block]!
    for (let at = first; at < end; at++) if (this.#askers[at] === peer) return true
    return false
  }

  /** Of those that the block is asked of now, whether others were asked before. */
  isRepeat(block: number, peer: number): boolean {
    return this.#askerCounts[block]! > 1 && this.#askers[block * MAX_ASKERS_QUICK] !== peer
  }

  /** One asker fewer; requested → free after the last. Nothing if `peer` was not asked. */
  unask(block: number, peer: number): void {
    const first = block * MAX_ASKERS_QUICK
    const last = first + this.#askerCounts[block]! - 1
    for (let at = first; at <= last; at++) {
      if (this.#askers[at] !== peer) continue
      this.#askers[at] = this.#askers[last]!
      this.#askerCounts[block]!--
      if (last === first) {
        this.#states[block] = FREE
        this.requested--
        this.#offer(block)
      } else {
        this.repeated--
      }
      return
    }
  }

  /** Whether no other peer sent, was asked for or is writing any block. */
  isOnlyOf(peer: number): boolean {
    for (let block = 0; block < this.blockCount; block++) {
      const state = this.#states[block]
      if (this.#writers[block] !== NOBODY && this.#writers[block] !== peer) return false
      if (state === RECEIVED && this.#senders[block] !== peer) return false
      if (state === REQUESTED && (this.#askerCounts[block] !== 1 || !this.isAsked(block, peer))) return false
    }
    return true
  }

  /** Whether nobody but `silent` ones and `peer` is asked for any block or writes one. */
  isLeftBy(silent: ReadonlySet<number>, peer: number): boolean {
    for (let block = 0; block < this.#grantedBlocks; block++) {
      const writer = this.#writers[block]!
      if (writer !== NOBODY && writer !== peer) return false
      const first = block * MAX_ASKERS_QUICK
      const end = first + this.#askerCounts[block]!
      for (let at = first; at < end; at++) {
        const asker = this.#askers[at]!
        if (asker !== peer && !silent.has(asker)) return false
      }
    }
    return true
  }

  /** How many blocks were received of those for whom it holds. */
  receivedOf(isOne: (sender: number) => boolean): number {
    let count = 0
    for (let block = 0; block < this.#grantedBlocks; block++) {
      if (this.#states[block] === RECEIVED && isOne(this.#senders[block]!)) count++
    }
    return count
  }

  /** `peer` alone is asked for anything: requested → free for what others were. */
  unaskOthers(peer: number): void {
    for (let block = 0; block < this.#grantedBlocks; block++) {
      const first = block * MAX_ASKERS_QUICK
      // From the last: the last takes the place of the one that goes.
      for (let at = first + this.#askerCounts[block]! - 1; at >= first; at--) {
        if (this.#askers[at] !== peer) this.unask(block, this.#askers[at]!)
      }
    }
  }

  /** received → free, of what they sent for whom it holds: how many bytes. Only while no slab was handed on. */
  forget(isOne: (sender: number) => boolean): number {
    let bytes = 0
    for (let block = 0; block < this.#grantedBlocks; block++) {
      if (this.#states[block] !== RECEIVED || !isOne(this.#senders[block]!)) continue
      this.#states[block] = FREE
      this.#senders[block] = NOBODY
      this.#fill[Math.floor(block / BLOCKS_PER_SLAB)]!--
      this.received--
      bytes += Math.min(BLOCK_BYTES, this.#size - block * BLOCK_BYTES)
      this.#offer(block)
    }
    return bytes
  }

  // ---------------------------------------------------------------------------------------------------- arriving

  canOpen(block: number): boolean {
    const inMemory = block < this.granted * BLOCKS_PER_SLAB
    return inMemory && this.#states[block] !== RECEIVED && this.#writers[block] === NOBODY
  }

  /** Makes `peer` the block's writer; its byte offset in pool memory. Only when {@link canOpen}. */
  open(block: number, peer: number): number {
    if (this.#states[block] === FREE) this.free--
    this.#writers[block] = peer
    this.writing++
    const slab = Math.floor(block / BLOCKS_PER_SLAB)
    return this.#slabs[slab]! * SLAB_BYTES + (block - slab * BLOCKS_PER_SLAB) * BLOCK_BYTES
  }

  isWriter(block: number, peer: number): boolean {
    return this.#writers[block] === peer
  }

  abort(block: number): void {
    this.#writers[block] = NOBODY
    this.writing--
    if (this.#states[block] === FREE) this.#offer(block)
  }

  /** The writer is done: → received; all its requests are forgotten. True when another peer was asked for it too. */
  receive(block: number, peer: number): boolean {
    const askers = this.#askerCounts[block]!
    const shared = askers > (this.isAsked(block, peer) ? 1 : 0)
    if (askers > 1) this.repeated -= askers - 1
    if (this.#states[block] === REQUESTED) this.requested--
    this.#states[block] = RECEIVED
    this.#askerCounts[block] = 0
    this.#writers[block] = NOBODY
    this.#senders[block] = peer
    this.#fill[Math.floor(block / BLOCKS_PER_SLAB)]!++
    this.writing--
    this.received++
    return shared
  }

  /** The peer that sent the block, or {@link NOBODY}. */
  sender(block: number): number {
    return this.#senders[block] ?? NOBODY
  }

  // ------------------------------------------------------------------------------------------------------ memory

  grant(slab: number): void {
    this.#slabs[this.granted++] = slab
  }

  /** Full slabs from the first that no run has taken. */
  fullSlabs(): number {
    let end = this.taken
    while (end < this.granted && this.#fill[end] === this.#blocksIn(end)) end++
    return end - this.taken
  }

  /** Hands on the next `count` slabs. */
  take(count: number): number[] {
    const slabs = Array.from(this.#slabs.subarray(this.taken, this.taken + count))
    this.taken += count
    return slabs
  }

  /** Counts everything anew. */
  check(): void {
    let free = 0
    let requested = 0
    let received = 0
    let repeated = 0
    let writing = 0
    for (let block = 0; block < this.blockCount; block++) {
      const state = this.#states[block]
      const writer = this.#writers[block] !== NOBODY
      const askers = this.#askerCounts[block]!
      if (this.#isFree(block)) {
        free++
        assert(block >= this.#cursor, 'no free block lies below the cursor')
      }
      if (writer) writing++
      if (state === REQUESTED) requested++
      if (state === RECEIVED) received++
      if (askers > 1) repeated += askers - 1
      assert(
        state === REQUESTED ? askers >= 1 && askers <= MAX_ASKERS_QUICK : askers === 0,
        'askers fit the state',
      )
      assert(!(writer && state === RECEIVED), 'nobody writes a received block')
      assert((state === RECEIVED) === (this.#senders[block] !== NOBODY), 'received blocks have a sender')
      const inMemory = block < this.granted * BLOCKS_PER_SLAB
      assert(inMemory || (state === FREE && !writer), 'blocks without memory are free')
      if (block < this.taken * BLOCKS_PER_SLAB) assert(state === RECEIVED, 'slabs are taken when full')
    }
    assert(free === this.free && requested === this.requested, 'free and requested are counted')
    assert(received === this.received && writing === this.writing, 'received and writing are counted')
    assert(repeated === this.repeated, 'repeated requests are counted')
    assert(this.taken <= this.granted && this.granted <= this.slabCount, 'taken, granted, all')
  }

  /** Blocks beyond are free, and nobody writes them. */
  get #grantedBlocks(): number {
    return Math.min(this.granted * BLOCKS_PER_SLAB, this.blockCount)
  }

  #isFree(block: number): boolean {
    return this.#states[block] === FREE && this.#writers[block] === NOBODY
  }

  #isAskedOf(block: number, peers: ReadonlySet<number>): boolean {
    const first = block * MAX_ASKERS_QUICK
    const end = first + this.#askerCounts[block]!
    for (let at = first; at < end; at++) if (!peers.has(this.#askers[at]!)) return false
    return true
  }

  #offer(block: number): void {
    if (this.#writers[block] !== NOBODY) return
    this.free++
    if (block < this.#cursor) this.#cursor = block
  }

  #blocksIn(slab: number): number {
    return Math.min(BLOCKS_PER_SLAB, this.blockCount - slab * BLOCKS_PER_SLAB)
  }
}
