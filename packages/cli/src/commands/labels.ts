import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatCount } from '../format.ts'
import { collect } from '../input/quantity.ts'
import { print, printDocument } from '../output.ts'
import { tell } from '../remote/act.ts'
import {
  chosenRows,
  finishRemote,
  type RemoteOptions,
  remoteCommand,
  tableLook,
  withDaemon,
} from '../remote/command.ts'
import { safeText } from '../terminal/safe-text.ts'
import { renderTable } from '../terminal/table.ts'

interface LabelsOptions extends RemoteOptions {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly category?: string
}

export function defineLabels(): Command {
  const command = remoteCommand({
    name: 'labels',
    description: 'Which labels and categories there are; with a torrent, which it has from now on.',
  })
    .argument('[torrent...]', 'ids, parts of names, or all')
    .option('--add <label>', 'give it this label; may be repeated', collect)
    .option('--remove <label>', 'take this label off it; may be repeated', collect)
    .option('--category <name>', "put it into this category; '' takes it out")
  return finishRemote(command, {
    examples: [
      ['shoal labels', 'all there are, with how many torrents'],
      ['shoal labels debian --add linux --add iso', 'two more'],
      ['shoal labels debian --category systems', 'a category may have a folder and limits of its own'],
    ],
  }).action((words: string[], options: LabelsOptions) =>
    withDaemon(options, async client => {
      const { add = [], remove = [], category } = options
      if (words.length === 0) {
        if (add.length + remove.length > 0 || category !== undefined)
          throw new Failure(EXIT.usage, 'no torrent is named', 'name one, or all')
        const { facets } = await client.torrents({ limit: 1 })
        const categories = await client.categories()
        if (options.json) return printDocument({ labels: facets.labels, categories })
        const rows = [
          ...Object.entries(facets.labels)
            // Without a name: the torrents that have none.
            .filter(([name]) => name !== '')
            .map(([name, count]) => ({ kind: 'label', name, count, dir: null })),
          ...categories.map(({ name, dir }) => ({
            kind: 'category',
            name,
            count: facets.categories[name] ?? 0,
            dir,
          })),
        ]
        if (rows.length === 0) return print('no labels, no categories')
        const look = tableLook(options)
        const lines = renderTable(
          rows,
          [
            { title: 'Kind', cell: row => row.kind, paint: text => look.style.dim(text) },
            { title: 'Name', cell: row => safeText(row.name), least: 8 },
            { title: 'Torrents', cell: row => formatCount(row.count), align: 'right' },
            { title: 'Folder', cell: row => safeText(row.dir ?? ''), least: 8, dispensable: 1 },
          ],
          look,
        )
        for (const line of lines) print(line)
        return
      }
      if (add.length + remove.length === 0 && category === undefined)
        throw new Failure(EXIT.usage, 'nothing to change is given', 'see shoal labels --help')
      const rows = await chosenRows(client, words)
      for (const row of rows) {
        const labels = [...new Set([...row.labels, ...add])].filter(label => !remove.includes(label))
        await client.patch(row.id, { labels, ...(category !== undefined && { category: category || null }) })
      }
      tell('Changed', rows, options)
    }),
  )
}
