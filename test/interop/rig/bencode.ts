/** What torrent files are made with here: written apart from the engine's, so that nothing is tested with itself. */
export type Plain = number | string | Uint8Array | readonly Plain[] | { readonly [key: string]: Plain }

/** Keys are sorted, as BEP 3 asks; those used here are ASCII. */
export function bencode(value: Plain): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (isList(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = entries.flatMap(([key, inner]) => [bencode(key), bencode(inner)])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}

function isList(value: readonly Plain[] | { readonly [key: string]: Plain }): value is readonly Plain[] {
  return Array.isArray(value)
}
