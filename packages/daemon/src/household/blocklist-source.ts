/** Gets the bytes of a blocklist, from a file or a web server, plain or packed by gzip. All of it is bounded. */
import { createReadStream } from 'node:fs'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** The largest lists are some 20 MiB as text. */
const MAX_BYTES = 64 * 1024 * 1024
/** A list that unpacks to more is made to fill memories. */
const MAX_TEXT_BYTES = 128 * 1024 * 1024
const TIMEOUT_MS = 60_000

const unpack = promisify(gunzip)

/** Says why a list is not to be had, as the end of a sentence. */
export class ListUnavailable extends Error {}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/** @throws ListUnavailable */
export async function fetchList(source: string): Promise<Buffer> {
  return isUrl(source) ? await fetchUrl(source) : await readFileBounded(source)
}

/** @throws ListUnavailable */
export async function textOf(bytes: Buffer, mostBytes: number = MAX_TEXT_BYTES): Promise<string> {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b)
    throw new ListUnavailable('it is a zip archive: unpack it, or name one that is packed by gzip')
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('latin1')
  try {
    // Names in lists are of any encoding; addresses are ASCII in all of them.
    return (await unpack(bytes, { maxOutputLength: mostBytes })).toString('latin1')
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw new ListUnavailable(
      isLarge ? `it unpacks to more than ${mostBytes} bytes` : 'it is damaged: it cannot be unpacked',
    )
  }
}

async function fetchUrl(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) {
      await response.body?.cancel()
      throw new ListUnavailable(`the server answered ${response.status} ${response.statusText}`.trim())
    }
    return await gather(response.body ?? [])
  } catch (error) {
    if (error instanceof ListUnavailable) throw error
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new ListUnavailable(`it did not come within ${TIMEOUT_MS / 1000} s`)
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new ListUnavailable(cause instanceof Error ? cause.message : String(cause))
  }
}

async function readFileBounded(path: string): Promise<Buffer> {
  try {
    return await gather(createReadStream(path))
  } catch (error) {
    if (error instanceof ListUnavailable) throw error
    throw new ListUnavailable(error instanceof Error ? error.message : String(error))
  }
}

async function gather(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new ListUnavailable(`it is larger than ${MAX_BYTES / 2 ** 20} MiB`)
    all.push(chunk)
  }
  return Buffer.concat(all)
}
