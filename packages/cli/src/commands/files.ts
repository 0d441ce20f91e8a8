import type { FilePatch, FilePriority, FileRow } from '@shoal/daemon/contract'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { selectNamed } from '../input/file-selection.ts'
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
import { renderFileTable } from '../remote/torrent-view.ts'

type Lists = Partial<Record<FilePriority, readonly string[]>>

interface FilesOptions extends RemoteOptions, Lists {
  readonly rename?: readonly string[]
}

const PRIORITIES: readonly FilePriority[] = ['skip', 'low', 'normal', 'high']

export function defineFiles(): Command {
  const command = remoteCommand({
    name: 'files',
    description: 'The files of a torrent; which of them are fetched, and first.',
  })
    .argument('<torrent>', 'its id, or part of its name')
    .option('--skip <list>', "do not fetch these: 1,3-5 or '*.nfo'; may be repeated", collect)
    .option('--low <list>', 'fetch these last', collect)
    .option('--normal <list>', 'fetch these', collect)
    .option('--high <list>', 'fetch these first', collect)
    .option(
      '--rename <number=path>',
      'call a file so from now on, below the folder of the torrent; may be repeated',
      collect,
    )
  return finishRemote(command, {
    examples: [
      ['shoal files show', 'all of them, numbered'],
      ["shoal files show --skip '*.nfo,*.txt' --high 1-3", 'what is not wanted, and what comes first'],
      ["shoal files show --rename '2=Season 1/two.mkv'", 'on the disk, too'],
    ],
  }).action((word: string, options: FilesOptions) =>
    withDaemon(options, async client => {
      const { id } = await chosenRow(client, word)
      const files = await client.files(id)
      const changes = [
        ...priorityChanges(files, options),
        ...(options.rename ?? []).map(text => renaming(files, text)),
      ]
      if (changes.length > 0) await client.patchFiles(id, changes)
      const now = changes.length > 0 ? await client.files(id) : files
      if (options.json) return printDocument({ id, files: now })
      for (const line of renderFileTable(now, tableLook(options))) print(line)
    }),
  )
}

function priorityChanges(files: readonly FileRow[], lists: Lists): FilePatch[] {
  return PRIORITIES.flatMap(priority => {
    const specs = lists[priority]
    if (specs === undefined) return []
    const selected = selectNamed(
      files.map(({ index, path }) => ({ number: index + 1, index, path: path.split('/') })),
      specs,
      `--${priority}`,
      'shoal files',
    )
    return [...selected].map(index => ({ index, priority }))
  })
}

function renaming(files: readonly FileRow[], text: string): FilePatch {
  const match = /^(\d+)=(.+)$/s.exec(text)
  const index = Number(match?.[1]) - 1
  if (match === null || !files.some(file => file.index === index))
    throw new Failure(
      EXIT.usage,
      `--rename: '${text}' does not name a file by its number`,
      'write it like 2=new-name.mkv',
    )
  return { index, path: match[2]! }
}
