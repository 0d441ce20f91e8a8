/**
 * Small things that want to be large: what is kept of half a megabyte of the shortest values there are. A value is an object
 * with a head, so the measure is another than for honest input: {@link MAX_GROWTH} times the input at most. Messages have
 * bounds of their own on how many values they hold.
 */
import { BencodeError, decode, MAX_TOKENS } from '../../../packages/engine/dist/bencode/decode.js'
import { ProtocolError } from '../../../packages/engine/dist/errors.js'
import { decodeExtendedHandshake } from '../../../packages/engine/dist/torrent/extended-handshake.js'
import { parseMetadataMessage } from '../../../packages/engine/dist/wire/metadata-message.js'
import { parsePexMessage } from '../../../packages/engine/dist/wire/pex-message.js'
import { latin1 } from './bencode.mjs'

const BYTES = 500_000
const MAX_GROWTH = 48
/** Of what a message keeps, however large it is. */
const MAX_MESSAGE_BYTES = 512 * 1024
const TRIES = 2

const SHORTEST = [
  'le',
  'de',
  '0:',
  '1:a',
  'i0e',
  'li0ee',
  'l0:e',
  'd0:0:e',
  'd1:ai0ee',
  'd1:a1:ae',
  'd1:alee',
  'll1:aee',
]
const READERS = [decodeExtendedHandshake, parseMetadataMessage, bytes => parsePexMessage(bytes, 50)]

/** The worst growth, and what is too much, in words. */
export function bombs() {
  const problems = []
  let worst = 0
  for (const text of SHORTEST) {
    const bytes = latin1(`l${text.repeat(Math.min(MAX_TOKENS / 2 - 1, BYTES / text.length))}e`)
    const growth = kept(() => decode(bytes)) / bytes.length
    worst = Math.max(worst, growth)
    if (growth > MAX_GROWTH) problems.push(`a list of ${text}: ${growth.toFixed(0)} times the input is kept`)
    const message = latin1(`d1:al${text.repeat(BYTES / text.length)}ee`)
    if (text.length > 3) continue
    for (const read of READERS) {
      const bytes = kept(() => read(message))
      if (bytes > MAX_MESSAGE_BYTES) problems.push(`a message of ${text}: ${bytes} bytes are kept`)
    }
  }
  return { worst, problems }
}

function kept(read) {
  let least = Number.POSITIVE_INFINITY
  // In a function of its own, lest what one try left count for the next.
  for (let n = 0; n < TRIES; n++) least = Math.min(least, keptOnce(read))
  return least
}

function keptOnce(read) {
  global.gc()
  const before = process.memoryUsage()
  const held = []
  try {
    held.push(read())
  } catch (error) {
    if (!(error instanceof BencodeError || error instanceof ProtocolError)) throw error
  }
  global.gc()
  const after = process.memoryUsage()
  held.length = 0
  return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
}
