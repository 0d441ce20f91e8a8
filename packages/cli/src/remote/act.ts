/** Commands that do one thing with some torrents: start, stop, check. */
import type { Action, TorrentRow } from '@shoal/daemon/contract'
import { plural } from '../format.ts'
import { print, printDocument } from '../output.ts'
import { safeText } from '../terminal/safe-text.ts'
import { chosenRows, type RemoteOptions, withDaemon } from './command.ts'

/** Beyond these, they are counted. */
const NAMES_SHOWN = 5

export function actOn(
  words: readonly string[],
  action: Action,
  done: string,
  options: RemoteOptions,
): Promise<void> {
  return withDaemon(options, async client => {
    const rows = await chosenRows(client, words)
    await client.act({ action, ids: idsOf(rows) })
    tell(done, rows, options)
  })
}

export function tell(done: string, rows: readonly TorrentRow[], { json }: Pick<RemoteOptions, 'json'>): void {
  if (json) return printDocument({ ids: idsOf(rows) })
  if (rows.length > NAMES_SHOWN) return print(`${done} ${plural(rows.length, 'torrent')}`)
  for (const row of rows) print(`${done} ${safeText(row.name)}`)
}

export function idsOf(rows: readonly TorrentRow[]): string[] {
  return rows.map(row => row.id)
}
