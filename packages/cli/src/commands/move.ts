import { resolve } from 'node:path'
import type { Command } from 'commander'
import { idsOf, tell } from '../remote/act.ts'
import { chosenRows, finishRemote, type RemoteOptions, remoteCommand, withDaemon } from '../remote/command.ts'

interface MoveOptions extends RemoteOptions {
  readonly to: string
  readonly tell?: boolean
}

export function defineMove(): Command {
  const command = remoteCommand({
    name: 'move',
    description:
      "Move torrents' data to another folder of the daemon's machine; they go on afterwards as before.",
  })
    .argument('<torrent...>', 'ids, parts of names, or all')
    .requiredOption('--to <folder>', 'where to')
    .option('--tell', 'the data is there already: only tell the daemon so')
  return finishRemote(command, {
    examples: [
      ['shoal move debian --to /srv/iso', 'also to another disk: copied, verified, then removed here'],
      ['shoal move debian --to /mnt/new --tell', 'moved by hand before'],
    ],
  }).action((words: string[], options: MoveOptions) =>
    withDaemon(options, async client => {
      const rows = await chosenRows(client, words)
      await client.move({ ids: idsOf(rows), dir: resolve(options.to), move: options.tell !== true })
      tell('Moving', rows, options)
    }),
  )
}
