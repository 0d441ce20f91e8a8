/** The body of an answer, unpacked; bounded in memory however it comes. */
import type { IncomingMessage } from 'node:http'
import { gunzip, inflate, inflateRaw } from 'node:zlib'

/** Most bodies are a tracker's few kilobytes. */
const FIRST_BYTES = 8 * 1024

/**
 * Each chunk costs some microseconds, however small it is: who sends more of them, and small ones, is after those.
 */
const MAX_CHUNKS = 20_000
const MEAN_CHUNK_BYTES = 64

/** Unpacking stops between two of these when it becomes too much; each is a trip to another thread. */
const UNPACK_BYTES = 128 * 1024

export type BodyFailure = 'too large' | 'in too small pieces' | 'damaged' | 'packed in an unknown way'

/**
 * `onReceived` is called when all has come and the connection is no longer needed, then `done` with the bytes. At most
 * `maxBytes` are taken, and as many when unpacked; nothing is told of a body that is cut off.
 */
export function readBody(
  response: IncomingMessage,
  maxBytes: number,
  onReceived: () => void,
  done: (body: Uint8Array | BodyFailure, cause?: Error) => void,
): void {
  // Not a list of chunks: they come as small as the sender likes, and an object for each byte takes 100 times the body.
  let bytes = new Uint8Array(Math.min(FIRST_BYTES, maxBytes))
  let length = 0
  let chunks = 0
  response.on('data', (chunk: Uint8Array) => {
    const isTooLarge = chunk.length > maxBytes - length
    if (isTooLarge || (++chunks > MAX_CHUNKS && length < chunks * MEAN_CHUNK_BYTES)) {
      response.destroy()
      done(isTooLarge ? 'too large' : 'in too small pieces')
      return
    }
    if (length + chunk.length > bytes.length) {
      const grown = new Uint8Array(Math.min(maxBytes, Math.max(bytes.length * 2, length + chunk.length)))
      grown.set(bytes.subarray(0, length))
      bytes = grown
    }
    bytes.set(chunk, length)
    length += chunk.length
  })
  response.on('end', () => {
    if (!response.complete) return
    onReceived()
    unpack(bytes.subarray(0, length), response.headers['content-encoding'], maxBytes, done)
  })
  if (Number(response.headers['content-length']) > maxBytes) done('too large')
}

function unpack(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
  done: (body: Uint8Array | BodyFailure, cause?: Error) => void,
): void {
  const limits = { maxOutputLength: maxBytes, chunkSize: UNPACK_BYTES }
  const unpacked = (error: Error | null, bytes: Uint8Array): void => {
    if (error === null) done(plainBytes(bytes))
    else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') done('too large')
    else done('damaged', error)
  }
  const packing = (encoding ?? '').trim().toLowerCase()
  if (packing === '' || packing === 'identity') {
    done(body)
  } else if (packing === 'gzip' || packing === 'x-gzip') {
    gunzip(body, limits, unpacked)
  } else if (packing === 'deflate') {
    // Some servers leave out the zlib header, whose first byte ends in 8.
    if ((body[0] ?? 0) % 16 === 8) inflate(body, limits, unpacked)
    else inflateRaw(body, limits, unpacked)
  } else {
    done('packed in an unknown way')
  }
}

/** Without the methods of Buffer, which differ from those of Uint8Array. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
