import type { ListQuery, TorrentPage } from '@shoal/daemon/contract'
import { SORT_KEYS, type SortKey } from '@shoal/daemon/contract'
import { type Command, Option } from 'commander'
import { watchInterrupts } from '../interrupt.ts'
import { print } from '../output.ts'
import { finishRemote, type RemoteOptions, remoteCommand, withDaemon } from '../remote/command.ts'
import { renderList, renderSum } from '../remote/torrent-view.ts'
import { Screen } from '../terminal/screen.ts'

interface WatchOptions extends RemoteOptions {
  readonly sort: SortKey
  readonly reverse?: boolean
  readonly all?: boolean
}

const EVERY_MS = 1000
/** For the head, the sum and the prompt. */
const OTHER_LINES = 3

export function defineWatch(): Command {
  const command = remoteCommand({ name: 'watch', description: "The daemon's torrents, live, until Ctrl-C." })
    .argument('[words...]', 'only those whose name has all of these words')
    .addOption(new Option('--sort <key>', 'by what').choices(SORT_KEYS).default('queue'))
    .option('--reverse', 'the other way round')
    .option('--all', 'stopped ones as well')
  return finishRemote(command, {
    examples: [
      ['shoal watch', 'what is going on'],
      ['shoal watch --sort downloadRate --reverse', 'the fastest first'],
    ],
    json: false,
  }).action((words: string[], options: WatchOptions) =>
    withDaemon(options, async client => {
      const screen = new Screen(process.stdout, options.color)
      const interruption = watchInterrupts(() => {})
      const query: ListQuery = {
        sort: options.sort,
        order: options.reverse ? 'desc' : 'asc',
        ...(words.length > 0 && { text: words.join(' ') }),
        ...(!options.all && { state: ['running', 'queued', 'error'] }),
      }
      try {
        while (!interruption.signal.aborted) {
          const page = await client.torrents({ ...query, limit: screen.rows })
          show(screen, page)
          await pause(EVERY_MS, interruption.signal)
        }
      } finally {
        interruption.end()
      }
      screen.print('')
    }),
  )
}

function show(screen: Screen, page: TorrentPage): void {
  const columns = screen.columns - 1
  const look = { columns, style: screen.style }
  const lines = renderList(page.items, look).slice(0, Math.max(1, screen.rows - OTHER_LINES))
  const sum = screen.style.dim(renderSum(page.items, page.total))
  if (screen.live) screen.draw([...lines, sum])
  else for (const line of [...lines, sum]) print(line)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
