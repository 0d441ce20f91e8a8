/** One range of a file, as RFC 9110 has it. Several at once are answered with the whole file, which it allows. */

export type Range =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/** @returns `end` exclusive */
export function parseRange(header: string | undefined, length: number): Range {
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/.exec(header?.trim() ?? '')
  if (match === null) return { kind: 'whole' }
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const bytes = Math.min(Number(suffix), length)
    return bytes === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: length - bytes, end: length }
  }
  const start = Number(first)
  const end = last === undefined || last === '' ? length : Math.min(Number(last) + 1, length)
  if (last !== undefined && last !== '' && Number(last) < start) return { kind: 'whole' }
  return start >= length ? { kind: 'unsatisfiable' } : { kind: 'part', start, end }
}

/** What players and browsers need to be told; for all else there is no harm in not knowing. */
export function contentTypeOf(path: string): string {
  return TYPES[/\.([A-Za-z0-9]{1,5})$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream'
}

const TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  avi: 'video/x-msvideo',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  txt: 'text/plain; charset=utf-8',
  srt: 'text/plain; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
}
