/** Which torrents a word on the command line means: `all`, the beginning of an id, or part of a name. */
import type { TorrentRow } from '@shoal/daemon/contract'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { safeText } from '../terminal/safe-text.ts'
import { shortId } from './torrent-view.ts'

/** Shorter ones are more likely to be words. */
const LEAST_ID_CHARS = 4
const NAMES_SHOWN = 3

/** @throws Failure (source) where a word means none, or more than one */
export function choose(words: readonly string[], rows: readonly TorrentRow[]): TorrentRow[] {
  if (words.includes('all')) return [...rows]
  const chosen = new Set(words.map(word => one(word, rows)))
  return [...chosen]
}

function one(word: string, rows: readonly TorrentRow[]): TorrentRow {
  const lower = word.toLowerCase()
  const byId =
    /^[0-9a-f]+$/.test(lower) && lower.length >= LEAST_ID_CHARS
      ? rows.filter(row => row.id.startsWith(lower))
      : []
  const same = rows.filter(row => row.name === word)
  const found = [byId, same, rows.filter(row => row.name.toLowerCase().includes(lower))].find(
    each => each.length > 0,
  )
  if (found === undefined) throw new Failure(EXIT.source, `there is no torrent '${word}'`, 'see shoal list')
  if (found.length > 1) {
    const names = found.slice(0, NAMES_SHOWN).map(row => `${shortId(row.id)} ${safeText(row.name)}`)
    const more = found.length > NAMES_SHOWN ? `, and ${found.length - NAMES_SHOWN} more` : ''
    throw new Failure(
      EXIT.source,
      `'${word}' could be ${names.join(', ')}${more}`,
      'give the id, or more of the name',
    )
  }
  return found[0]!
}
