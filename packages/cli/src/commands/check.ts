import type { Command } from 'commander'
import { actOn } from '../remote/act.ts'
import { finishRemote, type RemoteOptions, remoteCommand } from '../remote/command.ts'

export function defineCheck(): Command {
  const command = remoteCommand({
    name: 'check',
    description: 'Have the daemon hash what is on its disk again.',
  }).argument('<torrent...>', 'ids, parts of names, or all')
  return finishRemote(command, {
    examples: [['shoal check debian', 'after something happened to its files']],
  }).action((words: string[], options: RemoteOptions) => actOn(words, 'check', 'Checking', options))
}
