/**
 * Memory that blocks are sent from: header, payload, header, payload … of some 16 blocks, one write. A buffer is used
 * again when the operating system has taken it. Fresh memory for each megabyte would have the garbage collector take
 * more time than all the rest of sending; the copy into here costs less than the writes it saves.
 */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { PIECE_HEADER_BYTES } from '../wire/messages.ts'

/** Also holds the longest request that is served, 128 KiB. */
export const SEND_BUFFER_BYTES: number = 16 * (PIECE_HEADER_BYTES + BLOCK_BYTES)

/** Kept for the next time: more were only needed in a burst. */
const KEPT_MAX = 32

export class SendBuffers {
  readonly #free: Uint8Array[] = []

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(SEND_BUFFER_BYTES)
  }

  give(buffer: Uint8Array): void {
    if (this.#free.length < KEPT_MAX) this.#free.push(buffer)
  }
}
