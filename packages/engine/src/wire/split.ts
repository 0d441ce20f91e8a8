/** Whole raw messages, for those who look at a connection; for those who take part in one there is the Framer. */
import { readUint32 } from '../bytes/bytes.ts'
import { ProtocolError } from '../errors.ts'
import { checkProtocolHeader, HANDSHAKE_BYTES } from './handshake.ts'

const FIRST_BUFFER_BYTES = 1024

/**
 * Returns a function that takes one direction of a connection from its first byte, in chunks, and hands on the
 * handshake and then every message with its length, as bytes that may be kept.
 * @throws ProtocolError from that function: not a handshake, or a message of more than `maxBytes` in all; it hands on
 * nothing afterwards
 */
export function splitMessages(
  maxBytes: number,
  onMessage: (bytes: Uint8Array) => void,
): (chunk: Uint8Array) => void {
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES)
  let filled = 0
  let started = false
  let failed = false

  /** How many bytes the first message in the buffer has, as far as can be told. */
  function wanted(): number {
    if (!started) return HANDSHAKE_BYTES
    if (filled < 4) return 4
    const bytes = 4 + readUint32(buffer, 0)
    if (bytes > maxBytes) {
      failed = true
      throw new ProtocolError('MESSAGE_TOO_LONG', `message of ${bytes} bytes, limit ${maxBytes}`)
    }
    return bytes
  }

  function add(chunk: Uint8Array, from: number, to: number): void {
    if (filled + to - from > buffer.length) {
      const grown = new Uint8Array(Math.max(filled + to - from, buffer.length * 2))
      grown.set(buffer.subarray(0, filled))
      buffer = grown
    }
    buffer.set(chunk.subarray(from, to), filled)
    filled += to - from
  }

  return chunk => {
    let at = 0
    while (at < chunk.length && !failed) {
      const before = filled
      const to = Math.min(chunk.length, at + wanted() - filled)
      add(chunk, at, to)
      at = to
      if (!started) {
        failed = true
        checkProtocolHeader(buffer, before, filled)
        failed = false
      }
      if (filled < wanted()) continue
      const whole = buffer.slice(0, filled)
      filled = 0
      started = true
      onMessage(whole)
    }
  }
}
