/** What a torrent says of itself, made fit for a terminal. */
import { join } from 'node:path'
import { safeText } from './terminal/safe-text.ts'

/** A path below a folder that the user named, for showing. */
export function safePath(...elements: readonly string[]): string {
  return safeText(join(...elements))
}

/** For a command line to copy: quoted where a shell would take it apart. */
export function shellQuote(text: string): string {
  const safe = safeText(text)
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`
}
