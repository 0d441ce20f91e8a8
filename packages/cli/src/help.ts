/** The page that `shoal --help` shows. Written by hand: it is read before anything else. */
import { EXIT_MEANINGS } from './exit-codes.ts'

export interface CommandEntry {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly group:
    | 'Download'
    | 'Share'
    | 'Day and night'
    | 'Torrent files'
    | 'Look inside'
    | 'Steer the daemon'
    | 'More'
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'get',
    usage: 'get SOURCE...',
    summary: 'download; the word get may be left out',
    group: 'Download',
  },
  {
    name: 'stream',
    usage: 'stream SOURCE',
    summary: 'play files over HTTP while they download',
    group: 'Download',
  },
  {
    name: 'cat',
    usage: 'cat SOURCE',
    summary: 'write a file to standard output while it downloads',
    group: 'Download',
  },
  { name: 'seed', usage: 'seed TORRENT...', summary: 'share data that you have', group: 'Share' },
  {
    name: 'serve',
    usage: 'serve',
    summary: 'run all torrents, with an API and a web interface',
    group: 'Day and night',
  },
  {
    name: 'doctor',
    usage: 'doctor',
    summary: 'look for what may stand in its way',
    group: 'Day and night',
  },
  {
    name: 'import',
    usage: 'import CLIENT',
    summary: 'take over the torrents of Transmission or qBittorrent',
    group: 'Day and night',
  },
  { name: 'add', usage: 'add SOURCE...', summary: 'give torrents to the daemon', group: 'Steer the daemon' },
  {
    name: 'list',
    usage: 'list [WORDS]',
    summary: 'its torrents, and why they do not move',
    group: 'Steer the daemon',
  },
  { name: 'watch', usage: 'watch [WORDS]', summary: 'the same, live', group: 'Steer the daemon' },
  { name: 'show', usage: 'show TORRENT', summary: 'all about one of them', group: 'Steer the daemon' },
  { name: 'start', usage: 'start TORRENT...', summary: 'let them run', group: 'Steer the daemon' },
  { name: 'stop', usage: 'stop TORRENT...', summary: 'stop them', group: 'Steer the daemon' },
  { name: 'check', usage: 'check TORRENT...', summary: 'hash their data again', group: 'Steer the daemon' },
  { name: 'move', usage: 'move TORRENT...', summary: 'move their data', group: 'Steer the daemon' },
  { name: 'remove', usage: 'remove TORRENT...', summary: 'take them out', group: 'Steer the daemon' },
  {
    name: 'files',
    usage: 'files TORRENT',
    summary: 'its files: which, and which first',
    group: 'Steer the daemon',
  },
  { name: 'peers', usage: 'peers TORRENT', summary: 'whom it is connected to', group: 'Steer the daemon' },
  { name: 'trackers', usage: 'trackers TORRENT', summary: 'its trackers', group: 'Steer the daemon' },
  {
    name: 'limit',
    usage: 'limit [TORRENT]',
    summary: 'rates, ratios and the like',
    group: 'Steer the daemon',
  },
  { name: 'queue', usage: 'queue PLACE ...', summary: 'whose turn it is', group: 'Steer the daemon' },
  { name: 'labels', usage: 'labels [TORRENT]', summary: 'labels and categories', group: 'Steer the daemon' },
  { name: 'stats', usage: 'stats', summary: 'the daemon as a whole', group: 'Steer the daemon' },
  {
    name: 'password',
    usage: 'password',
    summary: 'a new one for one that is lost',
    group: 'Steer the daemon',
  },
  { name: 'tokens', usage: 'tokens', summary: 'who may steer it', group: 'Steer the daemon' },
  { name: 'create', usage: 'create PATH', summary: 'make a torrent file', group: 'Torrent files' },
  {
    name: 'magnet',
    usage: 'magnet TORRENT',
    summary: 'print the magnet link of one',
    group: 'Torrent files',
  },
  { name: 'info', usage: 'info TORRENT', summary: 'say what is in one', group: 'Torrent files' },
  {
    name: 'verify',
    usage: 'verify TORRENT',
    summary: 'compare data on disk with one',
    group: 'Torrent files',
  },
  {
    name: 'peek',
    usage: 'peek TORRENT',
    summary: 'fetch one block and watch the dialogue',
    group: 'Look inside',
  },
  { name: 'dht', usage: 'dht ACTION', summary: 'ask the DHT who has a torrent', group: 'Look inside' },
  { name: 'demo', usage: 'demo', summary: 'see a whole swarm at work on this machine', group: 'Look inside' },
  {
    name: 'completions',
    usage: 'completions SHELL',
    summary: 'let your shell complete all this',
    group: 'More',
  },
]

const EXAMPLES = [
  'shoal debian.torrent',
  "shoal 'magnet:?xt=urn:btih:...' --dir ~/iso",
  'shoal get https://example.org/a.torrent --dir ~/iso',
  "shoal get show.torrent --files '*.mkv' --limit-down 5M",
  'shoal stream film.torrent --player mpv',
  'shoal create album/ --tracker http://tracker.example/announce',
  'shoal seed album.torrent --dir ~/music',
  'shoal demo',
]

export function renderHelp(version: string): string {
  const groups = [...new Set(COMMANDS.map(command => command.group))]
  const commands = groups.flatMap(group => [
    `${group}:`,
    ...COMMANDS.filter(command => command.group === group).map(
      command => `  ${command.usage.padEnd(18)} ${command.summary}`,
    ),
    '',
  ])
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`)
  return [
    `shoal ${version}: a BitTorrent client for the command line.`,
    'Run a command again and it goes on where it stopped. Nothing is installed, no account is needed.',
    '',
    'Examples:',
    ...EXAMPLES.map(example => `  ${example}`),
    '',
    ...commands,
    'All options of a command: shoal COMMAND --help',
    'Version: shoal --version',
    '',
    'Exit codes:',
    ...codes,
  ].join('\n')
}
