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
