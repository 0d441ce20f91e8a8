import type { Command } from 'commander'
import { print, printDocument } from '../output.ts'
import {
  chosenRow,
  finishRemote,
  type RemoteOptions,
  remoteCommand,
  tableLook,
  withDaemon,
} from '../remote/command.ts'
import { renderDetail } from '../remote/torrent-view.ts'

export function defineShow(): Command {
  const command = remoteCommand({
    name: 'show',
    description: 'All that the daemon knows of one torrent, the reason why it is slow first.',
  }).argument('<torrent>', 'its id, or part of its name')
  return finishRemote(command, {
    examples: [
      ['shoal show debian', 'by part of its name'],
      ['shoal show 5f5bf4a3 --json | jq -r .magnet', 'by its id, for scripts'],
    ],
  }).action((word: string, options: RemoteOptions) =>
    withDaemon(options, async client => {
      const { id } = await chosenRow(client, word)
      const detail = await client.torrent(id)
      if (options.json) return printDocument(detail)
      for (const line of renderDetail(detail, tableLook(options).style)) print(line)
    }),
  )
}
