/** The answer to a request for a file over HTTP: which bytes of it, and what is said of them. */
import { contentTypeOf } from './file-type.ts'
import { parseRange } from './range.ts'

export interface AnsweredFile {
  /** Its own name, without folders. */
  readonly name: string
  readonly length: number
  /** Another one for other bytes, in quotes. */
  readonly etag: string
}

export type FileAnswer =
  | {
      readonly status: 200 | 206
      /** Of the file; `end` exclusive. */
      readonly start: number
      readonly end: number
      readonly headers: Readonly<Record<string, string | number>>
    }
  | { readonly status: 416; readonly headers: Readonly<Record<string, string>> }

/** As Node gives them. */
export interface RangeHeaders {
  readonly range?: string | undefined
  readonly 'if-range'?: string | readonly string[] | undefined
}

/** @param inline for showing instead of saving */
export function answerFile(
  { name, length, etag }: AnsweredFile,
  { range, 'if-range': ifRange }: RangeHeaders,
  inline: boolean,
): FileAnswer {
  // If-Range: a range of these very bytes, or else all of what is there now.
  const asked = parseRange(ifRange === undefined || ifRange === etag ? range : undefined, length)
  if (asked.kind === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Range': `bytes */${length}` } }
  }
  const { start, end } = asked.kind === 'part' ? asked : { start: 0, end: length }
  return {
    status: asked.kind === 'part' ? 206 : 200,
    start,
    end,
    headers: {
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Content-Type': contentTypeOf(name),
      'Content-Length': end - start,
      ...(asked.kind === 'part' ? { 'Content-Range': `bytes ${start}-${end - 1}/${length}` } : {}),
      ...attachment(name, inline ? 'inline' : 'attachment'),
    },
  }
}

/** RFC 6266: an ASCII name for those who know no other, and the real one. */
export function attachment(name: string, disposition = 'attachment'): Readonly<Record<string, string>> {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  return {
    'Content-Disposition': `${disposition}; filename="${plain}"; filename*=UTF-8''${encodeName(name)}`,
  }
}

/** A name for a URL or a header: what even shells and headers read as nothing but a name. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.replace(/\p{Cs}/gu, '_')).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16)}`,
  )
}
