import type { Scope } from '@shoal/daemon/contract'
import { type Command, Option } from 'commander'
import { print, printDocument } from '../output.ts'
import { finishRemote, type RemoteOptions, remoteCommand, tableLook, withDaemon } from '../remote/command.ts'
import { safeText } from '../terminal/safe-text.ts'
import { renderTable } from '../terminal/table.ts'

interface TokensOptions extends RemoteOptions {
  readonly add?: string
  readonly scope: Scope
  readonly remove?: string
}

export function defineTokens(): Command {
  const command = remoteCommand({
    name: 'tokens',
    description: 'Who may steer the daemon: its API tokens, which are shown once when they are made.',
  })
    .option('--add <name>', 'make one')
    .addOption(
      new Option('--scope <scope>', 'what it may: look, also add torrents, or all')
        .choices(['read', 'add', 'full'])
        .default('full'),
    )
    .option('--remove <name>', 'it is good for nothing any more')
  return finishRemote(command, {
    examples: [
      ['shoal tokens', 'all there are'],
      ['shoal tokens --add phone --scope add', 'prints it, once'],
      ['shoal tokens --remove phone', 'when the phone is lost'],
    ],
  }).action((options: TokensOptions) =>
    withDaemon(options, async client => {
      const { add, remove, scope, json } = options
      if (remove !== undefined) await client.removeToken(remove)
      if (add !== undefined) {
        const { token } = await client.addToken({ name: add, scope })
        return json ? printDocument({ name: add, scope, token }) : print(token)
      }
      const tokens = await client.tokens()
      if (json) return printDocument({ tokens })
      if (tokens.length === 0) return print('no tokens')
      const look = tableLook(options)
      const date = (at: number | null): string =>
        at === null ? 'never' : new Date(at * 1000).toISOString().slice(0, 10)
      const lines = renderTable(
        tokens,
        [
          { title: 'Name', cell: token => safeText(token.name), least: 8 },
          { title: 'May', cell: token => token.scope },
          { title: 'Made', cell: token => date(token.createdAt) },
          { title: 'Used', cell: token => date(token.usedAt) },
        ],
        look,
      )
      for (const line of lines) print(line)
    }),
  )
}
