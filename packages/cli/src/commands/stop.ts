import type { Command } from 'commander'
import { actOn } from '../remote/act.ts'
import { finishRemote, type RemoteOptions, remoteCommand } from '../remote/command.ts'

export function defineStop(): Command {
  const command = remoteCommand({
    name: 'stop',
    description: 'Stop torrents of the daemon; what they have is kept.',
  }).argument('<torrent...>', 'ids, parts of names, or all')
  return finishRemote(command, {
    examples: [
      ['shoal stop debian', 'by part of its name'],
      ['shoal stop all', 'all of them'],
    ],
  }).action((words: string[], options: RemoteOptions) => actOn(words, 'stop', 'Stopped', options))
}
