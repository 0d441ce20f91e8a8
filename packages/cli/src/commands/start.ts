import type { Command } from 'commander'
import { actOn } from '../remote/act.ts'
import { finishRemote, type RemoteOptions, remoteCommand } from '../remote/command.ts'

interface StartOptions extends RemoteOptions {
  readonly force?: boolean
}

export function defineStart(): Command {
  const command = remoteCommand({
    name: 'start',
    description: 'Let torrents of the daemon run when it is their turn.',
  })
    .argument('<torrent...>', 'ids, parts of names, or all')
    .option('--force', 'at once, whatever the queue and its goals say')
  return finishRemote(command, {
    examples: [
      ['shoal start debian', 'by part of its name'],
      ['shoal start all', 'all of them'],
      ['shoal start 5f5bf4a3 --force', 'now, past the queue'],
    ],
  }).action((words: string[], options: StartOptions) =>
    actOn(words, options.force ? 'force' : 'start', 'Started', options),
  )
}
