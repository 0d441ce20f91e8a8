/**
 * A file's bytes, also while they are still being fetched. They come from strangers and are served under our name: they
 * are for saving or for a player, and if a browser shows them all the same, nothing in them runs.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { SECURITY_HEADERS } from '../doors/headers.ts'
import { HttpProblem } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { flag, torrentId } from '../schema/basics.ts'
import { optional, shape } from '../schema/shape.ts'
import { contentTypeOf, parseRange } from './range.ts'

interface OfFile {
  readonly id: string
  readonly file: number
}

interface ContentQuery {
  readonly inline?: boolean
  /** Of a link in a playlist, instead of a token. */
  readonly key?: string
}

export const contentRoute: Route = route<OfFile, ContentQuery, unknown, unknown>({
  method: 'GET',
  path: '/torrents/:id/files/:file/content',
  scope: 'read',
  summary:
    'The bytes of a file, with ranges, also while they are being fetched: those asked for come first. `inline=true` for showing instead of saving.',
  params: shape<OfFile>({ id: torrentId, file: z.int().min(0) }),
  query: shape<ContentQuery>({ inline: optional(flag), key: optional(z.string().max(100)) }),
  answers: { kind: 'raw', type: 'application/octet-stream', statuses: [200, 206, 416] },
  handle: async ({ params: { id, file }, query, raw, signal }, { session }) => {
    const row = (await session.files(id))[file]
    if (row === undefined) {
      throw new HttpProblem('NOT_FOUND', 'The torrent has no file of that number.', { where: 'path.file' })
    }
    const { incoming, outgoing } = raw
    const name = row.path.split('/').at(-1)!
    const etag = `"${id}-${file}"`
    const ifRange = incoming.headers['if-range']
    const range = parseRange(
      ifRange === undefined || ifRange === etag ? incoming.headers.range : undefined,
      row.length,
    )
    if (range.kind === 'unsatisfiable') {
      throw new HttpProblem('RANGE', `The file has ${row.length} bytes, and the range is outside of them.`, {
        where: 'header.range',
        headers: { 'Content-Range': `bytes */${row.length}` },
      })
    }
    const { start, end } = range.kind === 'part' ? range : { start: 0, end: row.length }
    outgoing.writeHead(range.kind === 'part' ? 206 : 200, {
      ...SECURITY_HEADERS,
      'Content-Security-Policy':
        "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; img-src 'self'; sandbox",
      'Cache-Control': 'private, no-cache',
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Content-Type': contentTypeOf(name),
      'Content-Length': end - start,
      ...(range.kind === 'part' ? { 'Content-Range': `bytes ${start}-${end - 1}/${row.length}` } : {}),
      ...attachment(name, query.inline === true ? 'inline' : 'attachment'),
    })
    if (incoming.method === 'HEAD' || start === end) outgoing.end()
    else await send(outgoing, session.stream(id, file, { start, end, signal }), signal)
  },
})

export function contentPath(id: string, file: number): string {
  return `/torrents/${id}/files/${file}/content`
}

/** RFC 6266: an ASCII name for those who know no other, and the real one. */
export function attachment(name: string, disposition = 'attachment'): Readonly<Record<string, string>> {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name.replace(/\p{Cs}/gu, '_')).replace(
    /['()*]/g,
    char => `%${char.charCodeAt(0).toString(16)}`,
  )
  return { 'Content-Disposition': `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}` }
}

/** As fast as the other side takes it. Whoever goes away ends it through `signal`. */
async function send(
  response: ServerResponse,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (!response.write(chunk)) await once(response, 'drain', { signal })
    }
    response.end()
  } catch (error) {
    // The head is sent: that the rest does not come can only be told by ending early.
    response.destroy()
    if (!signal.aborted) throw error
  }
}
