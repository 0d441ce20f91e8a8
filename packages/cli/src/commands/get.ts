import type { AddOptions, Metainfo } from '@shoal/engine'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { selectFiles } from '../input/file-selection.ts'
import { collect, parseDuration, parseRatio } from '../input/quantity.ts'
import { readSourceList } from '../input/source.ts'
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
  readonly stdin?: boolean
  readonly sequential?: boolean
  readonly seed?: boolean
  readonly ratio?: number
  readonly seedTime?: number
  readonly giveUp?: number
  readonly waitForDisk?: boolean
}

export function defineGet(): Command {
  const command = new Command('get')
    .description('Download what torrents describe. Run it again to go on where it stopped.')
    .argument(
      '[source...]',
      'torrent files, their URLs, magnet links, info-hashes, or - for a torrent file on standard input',
    )
  addDirOption(command, 'folder to download into')
  command
    .option(
      '--files <list>',
      "only these: 1,3-5 or '*.mkv'; may be repeated (see shoal info --files)",
      collect,
    )
    .option('--stdin', 'more sources from a list on standard input, one a line')
    .option('--sequential', 'from the beginning to the end rather than the rarest first')
    .option('--wait-for-disk', 'when the disk is full, or a file cannot be used, go on by itself once it can')
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
    ["shoal get 'magnet:?xt=urn:btih:...'", 'a magnet link, or an info-hash alone'],
    ['shoal get --stdin < links.txt', 'what a list names'],
    ["shoal get show.torrent --files '*.mkv' --limit-down 5M", 'some files, not too fast'],
    ['shoal get a.torrent b.torrent --seed --ratio 1.5', 'two, then give back'],
    ['shoal get a.torrent --peer 192.0.2.7:6881 --no-discovery', 'from a peer that you know'],
  ])
  return command.action(async (sources: string[], options: GetOptions) => {
    process.exitCode = await get(sources, options)
  })
}

async function get(named: readonly string[], options: GetOptions): Promise<ExitCode> {
  if (named.length === 0 && !options.stdin)
    throw new Failure(EXIT.usage, "missing required argument 'source'", 'see shoal get --help')
  if (named.includes('-') && options.stdin)
    throw new Failure(EXIT.usage, '- and --stdin both want standard input', 'name the torrent file')
  return await runSession({
    sources: options.stdin ? [...named, ...(await readSourceList())] : named,
    dir: options.dir,
    options,
    add: addOptions(options),
    share: shareGoal(options),
    giveUpSeconds: options.giveUp,
    seedOnly: false,
    resume: resumeLine(),
  })
}

function addOptions(options: GetOptions): AddOptions {
  const sequential = options.sequential === true
  // Who downloads once wants to know; who shares is not there to start it again.
  const recover = options.waitForDisk === true || shareGoal(options) !== undefined
  const specs = options.files
  if (specs === undefined) return { sequential, recover }
  const chosen = new WeakMap<Metainfo, ReadonlySet<number>>()
  return {
    sequential,
    recover,
    files: (_file, index, metainfo) => {
      const known = chosen.get(metainfo)
      const selected = known ?? selectFiles(metainfo.files, metainfo.singleFile, specs)
      if (known === undefined) chosen.set(metainfo, selected)
      return selected.has(index) ? 'normal' : 'skip'
    },
  }
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
