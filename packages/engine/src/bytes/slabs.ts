/**
 * Piece memory: one fixed buffer cut into slabs of equal size. A slab is taken before the blocks it will hold are
 * requested, and given back when they are on disk; when none is free, nothing is requested. That is the back-pressure
 * of the whole download path, and the bound on its memory.
 *
 * The free list is a stack, so a slow download touches the same few slabs again and again and the rest of the buffer
 * never becomes resident.
 */

/** 16 blocks. Small enough that a torrent of 16 KiB pieces wastes little, large enough that a run is few slabs. */
export const SLAB_BYTES: number = 256 * 1024

export class SlabPool {
  /** All of the memory; slab `n` begins at byte `n * SLAB_BYTES`. */
  readonly memory: Uint8Array
  readonly capacity: number
  #free: number[] = []

  /** `memory.length` is a multiple of {@link SLAB_BYTES}. */
  constructor(memory: Uint8Array) {
    this.memory = memory
    this.capacity = Math.floor(memory.length / SLAB_BYTES)
    for (let slab = this.capacity - 1; slab >= 0; slab--) this.#free.push(slab)
  }

  get available(): number {
    return this.#free.length
  }

  /** A slab's number, or -1 when none is free. */
  take(): number {
    return this.#free.pop() ?? -1
  }

  give(slab: number): void {
    this.#free.push(slab)
  }
}
