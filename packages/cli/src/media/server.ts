/**
 * The files of a torrent over HTTP, on this machine alone and while they download:
 *
 *     /                the only file, or the playlist
 *     /playlist.m3u    what can be played, or everything
 *     /3/film.mkv      file 3, as people count; the name is for players
 *
 * The bytes come from strangers: players and whoever saves them get them, and if a browser shows them, nothing in them
 * runs. A web page whose name was made to point to this machine (DNS rebinding) comes with its own name, and gets nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerFile, encodeName, isPlayable, sendBytes } from '@shoal/daemon/media'
import type { Torrent } from '@shoal/engine'

/** Far more than players open; what is beyond has to wait. */
const MAX_CONNECTIONS = 64

const HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; img-src 'self'; sandbox",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

export interface MediaFile {
  /** As people count, from 1. */
  readonly number: number
  /** Its place in the torrent's list. */
  readonly index: number
  readonly name: string
  readonly length: number
}

export class MediaServer {
  readonly #server: Server
  readonly #torrent: Torrent
  readonly #files: readonly MediaFile[]
  readonly #onError: (error: unknown) => void
  #port = 0

  /** @param onError what went wrong in the middle of an answer */
  constructor(torrent: Torrent, files: readonly MediaFile[], onError: (error: unknown) => void) {
    this.#torrent = torrent
    this.#files = files
    this.#onError = onError
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** @param port 0 is any; rejects as Node does, with `EADDRINUSE` and the like */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => resolve())
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** What a player is to be given. */
  get url(): string {
    const [only] = this.#files
    return this.#files.length === 1 ? this.urlOf(only!) : `${this.#origin}/playlist.m3u`
  }

  urlOf({ number, name }: MediaFile): string {
    return `${this.#origin}/${number}/${encodeName(name)}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  get #origin(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request
    if (!isLoopbackName(headers.host)) return tell(response, 403, 'This is not an address of this server.')
    if (method !== 'GET' && method !== 'HEAD') {
      return tell(response, 405, 'Files can be read, nothing else.', { Allow: 'GET, HEAD' })
    }
    const path = (request.url ?? '/').replace(/[?#].*$/s, '')
    if (path === '/') return tell(response, 302, '', { Location: new URL(this.url).pathname })
    if (path === '/playlist.m3u') {
      return tell(response, 200, this.#playlist(), { 'Content-Type': 'audio/x-mpegurl; charset=utf-8' })
    }
    const number = Number(/^\/(\d{1,7})(?:\/|$)/.exec(path)?.[1])
    const file = this.#files.find(each => each.number === number)
    if (file === undefined) return tell(response, 404, 'There is no such file; see /playlist.m3u.')
    await this.#sendFile(file, request, response)
  }

  async #sendFile(file: MediaFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const etag = `"${this.#torrent.metainfo.infoHashHex}-${file.index}"`
    const answer = answerFile({ name: file.name, length: file.length, etag }, request.headers, true)
    if (answer.status === 416) {
      return tell(response, 416, `The file has ${file.length} bytes.`, answer.headers)
    }
    response.writeHead(answer.status, { ...HEADERS, ...answer.headers })
    const { start, end } = answer
    if (request.method === 'HEAD' || start === end) return void response.end()
    response.flushHeaders()
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const { signal } = gone
      await sendBytes(response, this.#torrent.stream(file.index, { start, end, signal }), signal)
    } catch (error) {
      this.#onError(error)
    }
  }

  #playlist(): string {
    const playable = this.#files.filter(({ name }) => isPlayable(name))
    const listed = playable.length > 0 ? playable : this.#files
    const lines = listed.flatMap(file => [
      `#EXTINF:-1,${file.name.replace(/[\r\n]/g, ' ')}`,
      this.urlOf(file),
    ])
    return `${['#EXTM3U', ...lines].join('\n')}\n`
  }
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host ?? '')
}

function tell(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' }
  response.writeHead(status, { ...HEADERS, ...type, 'Content-Length': Buffer.byteLength(text), ...headers })
  response.end(text)
}
