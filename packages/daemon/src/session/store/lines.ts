/**
 * Lines of JSON, each behind its checksum: what is damaged is one line, and is known to be.
 *
 *     8 hex digits of CRC-32, a space, JSON without line breaks, a line feed
 */
import { crc32 } from 'node:zlib'

const LINE_FEED = 10
const CHECKSUM_CHARS = 8

export function encodeLine(value: unknown): string {
  const json = JSON.stringify(value)
  return `${crc32(json).toString(16).padStart(CHECKSUM_CHARS, '0')} ${json}\n`
}

export interface DecodedLines {
  readonly values: unknown[]
  /** Lines that are not what was written, but for the last one. */
  readonly damaged: number
  /** Where a last line begins that is not whole: the power went while it was written. */
  readonly tornAt: number | undefined
}

export function decodeLines(bytes: Uint8Array): DecodedLines {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const values: unknown[] = []
  let damaged = 0
  let tornAt: number | undefined
  for (let at = 0; at < buffer.length; ) {
    const found = buffer.indexOf(LINE_FEED, at)
    const end = found === -1 ? buffer.length : found
    const value = found === -1 ? undefined : decodeLine(buffer, at, end)
    if (value !== undefined) values.push(value)
    else if (end + 1 >= buffer.length) tornAt = at
    else damaged++
    at = end + 1
  }
  return { values, damaged, tornAt }
}

function decodeLine(buffer: Buffer, begin: number, end: number): unknown {
  const checksum = buffer.toString('latin1', begin, begin + CHECKSUM_CHARS)
  const from = begin + CHECKSUM_CHARS + 1
  if (from >= end || Number.parseInt(checksum, 16) !== crc32(buffer.subarray(from, end))) return undefined
  try {
    return JSON.parse(buffer.toString('utf8', from, end))
  } catch {
    return undefined
  }
}
