import type { Command } from 'commander'
import { collect, parsePeer } from '../input/quantity.ts'
import { print, printDocument } from '../output.ts'
import {
  chosenRow,
  finishRemote,
  type RemoteOptions,
  remoteCommand,
  tableLook,
  withDaemon,
} from '../remote/command.ts'
import { renderPeerTable } from '../remote/torrent-view.ts'

interface PeersOptions extends RemoteOptions {
  readonly add?: readonly string[]
  readonly ban?: readonly string[]
}

export function definePeers(): Command {
  const command = remoteCommand({
    name: 'peers',
    description: 'Whom a torrent is connected to, and what goes either way.',
  })
    .argument('<torrent>', 'its id, or part of its name')
    .option('--add <host:port>', 'connect to this one as well; may be repeated', parsePeer('--add'))
    .option('--ban <address>', 'have nothing to do with this one any more; may be repeated', collect)
  return finishRemote(command, {
    examples: [
      ['shoal peers debian', 'as they are now'],
      ['shoal peers debian --add 192.0.2.7:6881', 'one that you know'],
    ],
  }).action((word: string, options: PeersOptions) =>
    withDaemon(options, async client => {
      const { id } = await chosenRow(client, word)
      if (options.add !== undefined) await client.addPeers(id, options.add)
      for (const address of options.ban ?? []) await client.banPeer(id, address)
      const peers = await client.peers(id)
      if (options.json) return printDocument({ id, peers })
      if (peers.length === 0) return print('no peers')
      for (const line of renderPeerTable(peers, tableLook(options))) print(line)
    }),
  )
}
