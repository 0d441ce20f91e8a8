import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatBytes, plural } from '../format.ts'
import { idsOf, tell } from '../remote/act.ts'
import { chosenRows, finishRemote, type RemoteOptions, remoteCommand, withDaemon } from '../remote/command.ts'

interface RemoveOptions extends RemoteOptions {
  readonly data?: boolean
  readonly yes?: boolean
}

export function defineRemove(): Command {
  const command = remoteCommand({
    name: 'remove',
    description: 'Take torrents out of the daemon. Their data stays unless --data is given.',
  })
    .argument('<torrent...>', 'ids, parts of names, or all')
    .option('--data', 'delete their files as well')
    .option('--yes', 'do not ask')
  return finishRemote(command, {
    examples: [
      ['shoal remove debian', 'forget it, keep its files'],
      ['shoal remove debian --data --yes', 'and delete its files, without being asked'],
    ],
  }).action((words: string[], options: RemoveOptions) =>
    withDaemon(options, async client => {
      const rows = await chosenRows(client, words)
      const { data = false, yes = false } = options
      if (data && !yes) {
        const bytes = rows.reduce((sum, row) => sum + row.haveBytes, 0)
        await confirm(`Delete the data of ${plural(rows.length, 'torrent')}, ${formatBytes(bytes)}?`)
      }
      await client.remove({ ids: idsOf(rows), data })
      tell(data ? 'Removed, with its data:' : 'Removed', rows, options)
    }),
  )
}

/** @throws Failure where the answer is not yes, or nobody can be asked */
async function confirm(question: string): Promise<void> {
  if (process.stdin.isTTY !== true)
    throw new Failure(EXIT.usage, 'nobody is there to be asked whether data may be deleted', 'give --yes')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.other, 'nothing was removed')
  } finally {
    terminal.close()
  }
}
