/** Whole messages of one direction of a connection that somebody begins to watch in its middle. */
import { HANDSHAKE_BYTES, PROTOCOL_HEADER } from './handshake.ts'
import { splitMessages } from './split.ts'

/** More than any message that a peer may send or is sent: bitfields of the largest torrents have 256 KiB. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/** Where a stream is, between two chunks: how much of a message is still to come, and the head that is half here. */
export interface StreamPlace {
  readonly leftBytes: number
  readonly head: Uint8Array
}

/** Returns a function that takes the next chunks; what is told may be kept. */
export function tapMessages(
  { leftBytes, head }: StreamPlace,
  onMessage: (bytes: Uint8Array) => void,
): (chunk: Uint8Array) => void {
  let left = leftBytes
  let isBefore = true
  const split = splitMessages(MAX_MESSAGE_BYTES, bytes => {
    if (!isBefore) onMessage(bytes)
  })
  // A stream begins with a handshake: this one has had its own.
  const handshake = new Uint8Array(HANDSHAKE_BYTES)
  handshake.set(PROTOCOL_HEADER)
  split(handshake)
  isBefore = false
  split(head)
  return chunk => {
    const skipped = Math.min(left, chunk.length)
    left -= skipped
    if (skipped < chunk.length) split(chunk.subarray(skipped))
  }
}
