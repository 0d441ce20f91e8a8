import type { TrackerRow } from '@shoal/daemon/contract'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { collect } from '../input/quantity.ts'
import { print, printDocument } from '../output.ts'
import {
  chosenRow,
  finishRemote,
  type RemoteOptions,
  remoteCommand,
  tableLook,
  withDaemon,
} from '../remote/command.ts'
import { renderTrackerTable } from '../remote/torrent-view.ts'

interface TrackersOptions extends RemoteOptions {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly announce?: boolean
}

export function defineTrackers(): Command {
  const command = remoteCommand({
    name: 'trackers',
    description: 'The trackers of a torrent, and what they said last.',
  })
    .argument('<torrent>', 'its id, or part of its name')
    .option('--add <url>', 'one more, in a tier of its own; may be repeated', collect)
    .option('--remove <url>', 'not this one any more; may be repeated', collect)
    .option('--announce', 'ask them for peers now')
  return finishRemote(command, {
    examples: [
      ['shoal trackers debian', 'and what they said'],
      [
        'shoal trackers debian --add udp://tracker.example:6969/announce --announce',
        'one more, asked at once',
      ],
    ],
  }).action((word: string, options: TrackersOptions) =>
    withDaemon(options, async client => {
      const { id } = await chosenRow(client, word)
      if (options.add !== undefined || options.remove !== undefined) {
        await client.patch(id, { trackers: edited(await client.trackers(id), options) })
      }
      if (options.announce) await client.act({ action: 'reannounce', ids: [id] })
      const trackers = await client.trackers(id)
      if (options.json) return printDocument({ id, trackers })
      if (trackers.length === 0) return print('no trackers')
      for (const line of renderTrackerTable(trackers, tableLook(options))) print(line)
    }),
  )
}

function edited(trackers: readonly TrackerRow[], { add = [], remove = [] }: TrackersOptions): string[][] {
  const unknown = remove.find(url => !trackers.some(tracker => tracker.url === url))
  if (unknown !== undefined)
    throw new Failure(EXIT.usage, `--remove: it has no tracker ${unknown}`, 'see shoal trackers')
  const tiers = new Map<number, string[]>()
  for (const { tier, url } of trackers) {
    if (!remove.includes(url)) tiers.set(tier, [...(tiers.get(tier) ?? []), url])
  }
  const added = add.filter(url => !trackers.some(tracker => tracker.url === url)).map(url => [url])
  return [...tiers.values(), ...added]
}
