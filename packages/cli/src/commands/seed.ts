import { Command } from 'commander'
import { parseDuration, parseRatio } from '../input/quantity.ts'
import {
  addDirOption,
  addExamples,
  addNetworkOptions,
  addOutputOptions,
  addStateOption,
  addUploadLimit,
  type NetworkOptions,
} from '../options.ts'
import { runSession } from '../session.ts'

interface SeedOptions extends NetworkOptions {
  readonly dir: string
  readonly ratio?: number
  readonly seedTime?: number
}

export function defineSeed(): Command {
  const command = new Command('seed')
    .description('Share data that you have, until Ctrl-C. Never writes to it.')
    .argument('<torrent...>', 'torrent files, their URLs, or - for standard input')
  addDirOption(command, 'the folder that holds the file or folder of the torrent')
  command
    .option('--ratio <number>', 'until so many times the data has been sent', parseRatio('--ratio'))
    .option('--seed-time <time>', 'for so long: 30m, 2h', parseDuration('--seed-time'))
  addStateOption(command)
  addNetworkOptions(command)
  addUploadLimit(command)
  addOutputOptions(command)
  addExamples(command, [
    ['shoal seed album.torrent', 'the data is in this folder'],
    ['shoal seed album.torrent --dir ~/music', 'the data is in ~/music'],
    ['shoal seed *.torrent --dir /srv/iso --limit-up 10M', 'several, at most 10 MB/s'],
    ['shoal seed album.torrent --ratio 2 --seed-time 8h', 'until either is reached'],
  ])
  return command.action(async (sources: string[], options: SeedOptions) => {
    process.exitCode = await runSession({
      sources,
      dir: options.dir,
      options,
      add: { seedOnly: true, recover: true },
      share: { ratio: options.ratio, seconds: options.seedTime },
      giveUpSeconds: undefined,
      seedOnly: true,
      resume: '',
    })
  })
}
