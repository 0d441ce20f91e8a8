import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { idsOf, tell } from '../remote/act.ts'
import {
  chosenRow,
  chosenRows,
  finishRemote,
  type RemoteOptions,
  remoteCommand,
  withDaemon,
} from '../remote/command.ts'

const PLACES = ['top', 'up', 'down', 'bottom'] as const
type Place = (typeof PLACES)[number]

export function defineQueue(): Command {
  const command = remoteCommand({ name: 'queue', description: 'Whose turn it is sooner, and whose later.' })
    .argument('<place>', 'top, up, down, bottom, or a number from 1')
    .argument('<torrent...>', 'ids or parts of names')
  return finishRemote(command, {
    examples: [
      ['shoal queue top debian', 'next'],
      ['shoal queue 3 debian', 'the third'],
    ],
  }).action((place: string, words: string[], options: RemoteOptions) =>
    withDaemon(options, async client => {
      if (isPlace(place)) {
        const rows = await chosenRows(client, words)
        await client.act({ action: `queue-${place}`, ids: idsOf(rows) })
        return tell(
          `To the queue's ${place === 'up' || place === 'down' ? `next place ${place}` : place}:`,
          rows,
          options,
        )
      }
      const queue = Number(place)
      if (!/^\d+$/.test(place) || queue < 1)
        throw new Failure(
          EXIT.usage,
          `'${place}' is no place in the queue`,
          `it is one of ${PLACES.join(', ')}, or a number from 1`,
        )
      if (words.length > 1) throw new Failure(EXIT.usage, 'only one torrent has a place', 'name one')
      const row = await chosenRow(client, words[0]!)
      await client.patch(row.id, { queue })
      tell(`Place ${queue}:`, [row], options)
    }),
  )
}

function isPlace(word: string): word is Place {
  return (PLACES as readonly string[]).includes(word)
}
