import {
  type ListQuery,
  SORT_KEYS,
  type SortKey,
  STATE_FILTERS,
  type StateFilter,
  type TorrentRow,
} from '@shoal/daemon/contract'
import { type Command, Option } from 'commander'
import { collect, parseWhole } from '../input/quantity.ts'
import { print, printDocument } from '../output.ts'
import { finishRemote, type RemoteOptions, remoteCommand, tableLook, withDaemon } from '../remote/command.ts'
import { renderList, renderSum } from '../remote/torrent-view.ts'

interface ListOptions extends RemoteOptions {
  readonly state?: readonly StateFilter[]
  readonly category?: readonly string[]
  readonly label?: readonly string[]
  readonly tracker?: readonly string[]
  readonly sort?: SortKey
  readonly reverse?: boolean
  readonly most?: number
  readonly ids?: boolean
}

const PAGE = 1000

export function defineList(): Command {
  const command = remoteCommand({
    name: 'list',
    description: "The daemon's torrents, and why those that do not move do not.",
  })
    .argument('[words...]', 'only those whose name has all of these words')
    .addOption(new Option('--state <state...>', 'only those in one of these').choices(STATE_FILTERS))
    .option('--category <name>', "only of this category; '' are those without; may be repeated", collect)
    .option('--label <name>', 'only with this label; may be repeated', collect)
    .option('--tracker <host>', 'only of this tracker; may be repeated', collect)
    .addOption(new Option('--sort <key>', 'by what').choices(SORT_KEYS).default('queue'))
    .option('--reverse', 'the other way round')
    .option('--most <count>', 'so many at most', parseWhole('--most', 1, 1_000_000))
    .option('--ids', 'only their ids, one a line, for scripts')
  return finishRemote(command, {
    examples: [
      ['shoal list', 'all, in the order of the queue'],
      ['shoal list debian iso', 'with both words in the name'],
      ['shoal list --state downloading error --sort downloadRate --reverse', 'what moves, the fastest first'],
      ['shoal list --label linux --ids | xargs shoal start', 'for scripts'],
    ],
  }).action((words: string[], options: ListOptions) =>
    withDaemon(options, async client => {
      const { state, category, label, tracker, sort, reverse, most = Number.POSITIVE_INFINITY } = options
      const query: ListQuery = {
        sort: sort ?? 'queue',
        order: reverse === true ? 'desc' : 'asc',
        ...(words.length > 0 && { text: words.join(' ') }),
        ...(state && { state }),
        ...(category && { category }),
        ...(label && { label }),
        ...(tracker && { tracker }),
      }
      const rows: TorrentRow[] = []
      let total = 0
      for (;;) {
        const page = await client.torrents({
          ...query,
          offset: rows.length,
          limit: Math.min(PAGE, most - rows.length),
        })
        total = page.total
        rows.push(...page.items)
        if (page.items.length === 0 || rows.length >= Math.min(total, most)) break
      }
      if (options.json) return printDocument({ total, torrents: rows })
      if (options.ids) {
        for (const row of rows) print(row.id)
        return
      }
      const look = tableLook(options)
      for (const line of renderList(rows, look)) print(line)
      if (rows.length > 0) print(look.style.dim(renderSum(rows, total)))
    }),
  )
}
