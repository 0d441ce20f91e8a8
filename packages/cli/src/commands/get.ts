import type { AddOptions, Metainfo } from '@shoal/engine'
import { Command } from 'commander'
import { selectFiles } from '../input/file-selection.ts'
import { collect, parseDuration, parseRatio } from '../input/quantity.ts'
import {
  addDirOption,
  addDownloadLimit,
  addExamples,
  addNetworkOptions,
  addOutputOptions,
  addStateOption,
  addUploadLimit,
  type NetworkOptions,
} from '../options.ts'
import { runSession, type ShareGoal } from '../session.ts'
import { shellQuote } from '../torrent-text.ts'

interface GetOptions extends NetworkOptions {
  readonly dir: string
  readonly files?: string[]
  readonly sequential?: boolean
  readonly seed?: boolean
  readonly ratio?: number
  readonly seedTime?: number
  readonly giveUp?: number
}

export function defineGet(): Command {
  const command = new Command('get')
    .description('Download what torrents describe. Run it again to go on where it stopped.')
    .argument('<source...>', 'torrent files, their URLs, or - for standard input')
  addDirOption(command, 'folder to download into')
  command
    .option(
      '--files <list>',
      "only these: 1,3-5 or '*.mkv'; may be repeated (see shoal info --files)",
      collect,
    )
    .option('--sequential', 'from the beginning to the end rather than the rarest first')
    .option('--give-up <time>', 'end when nothing has arrived for so long: 10m', parseDuration('--give-up'))
  addStateOption(command)
  command
    .optionsGroup('Sharing:')
    .option('--seed', 'go on sharing when all is complete')
    .option('--ratio <number>', 'share until so many times the data has been sent', parseRatio('--ratio'))
    .option('--seed-time <time>', 'share for so long: 30m, 2h', parseDuration('--seed-time'))
  addNetworkOptions(command)
  addDownloadLimit(command)
  addUploadLimit(command)
  addOutputOptions(command)
  addExamples(command, [
    ['shoal get debian.torrent', 'into this folder'],
    ['shoal get https://example.org/a.torrent --dir ~/iso', 'from a URL, into a folder'],
    ["shoal get show.torrent --files '*.mkv' --limit-down 5M", 'some files, not too fast'],
    ['shoal get a.torrent b.torrent --seed --ratio 1.5', 'two, then give back'],
    ['shoal get a.torrent --peer 192.0.2.7:6881 --no-discovery', 'from a peer that you know'],
  ])
  return command.action(async (sources: string[], options: GetOptions) => {
    process.exitCode = await get(sources, options)
  })
}

function get(sources: readonly string[], options: GetOptions): Promise<number> {
  return runSession({
    sources,
    dir: options.dir,
    options,
    add: metainfo => addOptions(metainfo, options),
    share: shareGoal(options),
    giveUpSeconds: options.giveUp,
    seedOnly: false,
    resume: resumeLine(),
  })
}

function addOptions(metainfo: Metainfo, options: GetOptions): AddOptions {
  const sequential = options.sequential === true
  if (options.files === undefined) return { sequential }
  const selected = selectFiles(metainfo.files, metainfo.singleFile, options.files)
  return { sequential, files: (_file, index) => (selected.has(index) ? 'normal' : 'skip') }
}

/** `--ratio` and `--seed-time` mean sharing, too. */
function shareGoal(options: GetOptions): ShareGoal | undefined {
  const { seed, ratio, seedTime } = options
  return seed || ratio !== undefined || seedTime !== undefined ? { ratio, seconds: seedTime } : undefined
}

/** What was typed, which is all that it takes: what is there is found again. */
function resumeLine(): string {
  return ['shoal', ...process.argv.slice(2).map(shellQuote)].join(' ')
}
