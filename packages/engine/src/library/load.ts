/** Torrent files from where people keep them: this machine, or a web server. */
import { ShoalError } from '../errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { MAX_TORRENT_BYTES } from '../metainfo/parse.ts'
import { readSourceFile } from '../node/source-file.ts'
import { redactUrl } from '../tracker/redact.ts'
import { abortable } from './abort.ts'
import { parseTorrent } from './parse.ts'
import type { LoadedTorrent, LoadOptions } from './types/torrent-file.ts'

/** For everything: name, connection, redirects, up to 64 MiB. */
const FETCH_TIMEOUT_MS = 60_000

/** 40 hex digits (version 1), 32 of base 32, or a version 2 hash with its prefix. */
const INFO_HASH = /^(?:[0-9a-f]{40}|[a-z2-7]{32}|1220[0-9a-f]{64})$/i

/**
 * Reads and parses a torrent file.
 *
 * @param source a path, or an http, https or file URL
 * @throws ShoalError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `TORRENT_INVALID`, `TORRENT_UNSUPPORTED` (magnet links
 *   and bare info-hashes, too), `ABORTED`. What they say of a URL holds no passkey.
 */
export async function loadTorrent(source: string | URL, options: LoadOptions = {}): Promise<LoadedTorrent> {
  const { signal } = options
  return await abortable('loading', signal, async () => {
    const place = placeOf(source)
    if (place instanceof URL && place.protocol !== 'file:') {
      const name = redactUrl(place.href)
      const bytes = await fetchTorrent(place, name, signal)
      return { metainfo: parseNamed(bytes, name), bytes }
    }
    const bytes = await readTorrent(place, signal)
    return { metainfo: parseNamed(bytes, String(source)), bytes }
  })
}

/** A path as it is, or a URL of a kind that can be loaded. */
function placeOf(source: string | URL): string | URL {
  const text = String(source)
  // One letter would be a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'magnet':
      throw new ShoalError(
        'TORRENT_UNSUPPORTED',
        'a magnet link is no torrent file: what is in the torrent has to be fetched from peers',
        { operation: 'load' },
      )
    case 'http':
    case 'https':
    case 'file':
      if (URL.canParse(text)) return new URL(text)
      throw unreadable(text, `${text} is not a valid URL`)
    default:
      // Anything else with a colon may well be a file.
      if (source instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
        throw unreadable(text, `${redactUrl(text)} is none of the URLs that can be loaded: http, https, file`)
      }
      return text
  }
}

async function readTorrent(place: string | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return await readSourceFile(place, MAX_TORRENT_BYTES, signal)
  } catch (error) {
    const isMissing = error instanceof ShoalError && error.code === 'SOURCE_NOT_FOUND'
    if (!isMissing || !INFO_HASH.test(String(place))) throw error
    throw new ShoalError(
      'TORRENT_UNSUPPORTED',
      'there is no file of this name; what is in the torrent of this info-hash has to be fetched from peers',
      { operation: 'load', subject: String(place), cause: error },
    )
  }
}

async function fetchTorrent(url: URL, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  // Most torrents are files, and Node.js takes some milliseconds to load HTTP and TLS.
  const { HttpGetError, httpGet } = await import('../node/http-get.ts')
  return new Promise((resolve, reject) => {
    const options = { timeoutMs: FETCH_TIMEOUT_MS, maxBytes: MAX_TORRENT_BYTES }
    const cancel = httpGet(url, options, outcome => {
      signal?.removeEventListener('abort', abort)
      if (outcome instanceof HttpGetError) {
        reject(unreadable(name, `${name} cannot be fetched: ${outcome.message}`, outcome))
      } else if (outcome.status >= 200 && outcome.status < 300) {
        resolve(outcome.body)
      } else if (outcome.status === 404 || outcome.status === 410) {
        const message = `${name} does not exist: the server answers with HTTP status ${outcome.status}`
        reject(new ShoalError('SOURCE_NOT_FOUND', message, { operation: 'load', subject: name }))
      } else {
        reject(
          unreadable(
            name,
            `${name} cannot be fetched: the server answers with HTTP status ${outcome.status}`,
          ),
        )
      }
    })
    const abort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** An error of the parser says what is wrong; here is added with what. */
function parseNamed(bytes: Uint8Array, name: string): Metainfo {
  try {
    return parseTorrent(bytes)
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    throw new ShoalError(error.code, `${name}: ${error.message}`, {
      operation: 'load',
      subject: name,
      cause: error,
    })
  }
}

function unreadable(subject: string, message: string, cause?: unknown): ShoalError {
  return new ShoalError('SOURCE_UNREADABLE', message, { operation: 'load', subject, cause })
}
