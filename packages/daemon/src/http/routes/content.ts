/**
 * A file's bytes, also while they are still being fetched. They come from strangers and are served under our name: they
 * are for saving or for a player, and if a browser shows them all the same, nothing in them runs.
 */
import { z } from 'zod'
import { answerFile } from '../../media/file-answer.ts'
import { sendBytes } from '../../media/send-bytes.ts'
import { SECURITY_HEADERS } from '../doors/headers.ts'
import { HttpProblem } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { flag, torrentId } from '../schema/basics.ts'
import { optional, shape } from '../schema/shape.ts'
import { begun } from './begun.ts'

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
    const about = { name, length: row.length, etag: `"${id}-${file}"` }
    const answer = answerFile(about, incoming.headers, query.inline === true)
    if (answer.status === 416) {
      throw new HttpProblem('RANGE', `The file has ${row.length} bytes, and the range is outside of them.`, {
        where: 'header.range',
        headers: answer.headers,
      })
    }
    const { start, end } = answer
    const isEmpty = incoming.method === 'HEAD' || start === end
    const bytes = isEmpty ? undefined : await begun(session.stream(id, file, { start, end, signal }))
    outgoing.writeHead(answer.status, {
      ...SECURITY_HEADERS,
      'Content-Security-Policy':
        "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; img-src 'self'; sandbox",
      'Cache-Control': 'private, no-cache',
      ...answer.headers,
    })
    if (bytes === undefined) outgoing.end()
    else await sendBytes(outgoing, bytes, signal)
  },
})

export function contentPath(id: string, file: number): string {
  return `/torrents/${id}/files/${file}/content`
}
