/** Options that several commands share, defined once so that they read the same everywhere. */
import { homedir } from 'node:os'
import type { EngineOptions } from '@shoal/engine'
import { type Command, Option } from 'commander'
import { parseAddress, parseDuration, parsePeer, parseRate, parseWhole } from './input/quantity.ts'
import { defaultStateDir } from './input/state-dir.ts'
import type { ColorMode } from './terminal/style.ts'

export interface CommonOptions {
  readonly color: ColorMode
}

export interface NetworkOptions extends CommonOptions {
  readonly port?: number
  readonly bind?: string
  readonly peer?: string[]
  readonly discovery: boolean
  readonly lsd: boolean
  readonly dht: boolean
  readonly dhtNode?: string[]
  readonly limitDown?: number
  readonly limitUp?: number
  readonly state: string
  readonly json?: boolean
  /** Seconds. */
  readonly progressEvery?: number
}

/** What the engine is told of {@link addNetworkOptions}. */
export function networkOf(
  options: Pick<NetworkOptions, 'port' | 'bind' | 'lsd' | 'dht' | 'dhtNode' | 'discovery'>,
): EngineOptions {
  const { port, bind, lsd, dht, dhtNode, discovery } = options
  return { port, bind, lsd, dht: dht && discovery, dhtBootstrap: dhtNode }
}

export function addDirOption(command: Command, what: string): Command {
  return command.addOption(new Option('--dir <folder>', what).default('.', 'this one'))
}

export function addColorOption(command: Command): Command {
  return command.addOption(
    new Option('--color <when>', 'use colours').choices(['auto', 'always', 'never']).default('auto'),
  )
}

export function addDhtNodeOption(command: Command): Command {
  return command.option(
    '--dht-node <host:port>',
    'enter the DHT here, not by the well-known nodes; may be repeated',
    parsePeer('--dht-node'),
  )
}

export function addNetworkOptions(command: Command): Command {
  command
    .optionsGroup('Network:')
    .option(
      '--port <port>',
      'TCP port to listen on, 0 for any (default: 6881 to 6890)',
      parseWhole('--port', 0, 65_535),
    )
    .option('--bind <address>', 'address of this machine to use (default: all)', parseAddress('--bind'))
    .option('--peer <host:port>', 'connect to this peer; may be repeated', parsePeer('--peer'))
  return addDhtNodeOption(command)
    .option('--no-dht', 'do not look for peers in the DHT')
    .option('--no-lsd', 'do not look for peers on the local network')
    .option('--no-discovery', "ask nobody but the torrent's own trackers and --peer for peers")
}

export function addDownloadLimit(command: Command): Command {
  return command.option(
    '--limit-down <rate>',
    'receive at most this: 10M, 500K, 5MB/s, 10MiB',
    parseRate('--limit-down'),
  )
}

export function addUploadLimit(command: Command): Command {
  return command.option('--limit-up <rate>', 'send at most this', parseRate('--limit-up'))
}

export function addOutputOptions(command: Command): Command {
  command
    .optionsGroup('Output:')
    .option('--json', 'one JSON event a line on standard output')
    .option('--progress-every <time>', 'how often to tell progress in logs and --json', parseProgressEvery)
  return addColorOption(command)
}

export function addStateOption(command: Command): Command {
  const folder = defaultStateDir()
  const short = folder.startsWith(homedir()) ? `~${folder.slice(homedir().length)}` : folder
  return command.addOption(
    new Option('--state <folder>', 'where to remember what is complete').default(folder, short),
  )
}

/** Below this, telling costs more than it tells. */
const LEAST_PROGRESS_SECONDS = 0.05

function parseProgressEvery(text: string): number {
  return Math.max(LEAST_PROGRESS_SECONDS, parseDuration('--progress-every')(text))
}

/** Examples at the end of a command's help, where the eye is when the text has scrolled by. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length))
  const wide = (process.stdout.columns ?? 80) >= width + 40
  const lines = examples.map(([line, what]) =>
    wide ? `  ${line.padEnd(width)}  ${what}` : `  # ${what}\n  ${line}`,
  )
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
