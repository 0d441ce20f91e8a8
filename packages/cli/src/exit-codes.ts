/** What the process says when it ends. Scripts rely on these: numbers never change their meaning. */
export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  config: 3,
  source: 4,
  write: 5,
  verify: 6,
  unfinished: 7,
  network: 8,
  diskFull: 9,
  unreachable: 10,
  refused: 11,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** For `--help` and docs/cli.md, which a test compares. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'all is done'],
  [EXIT.other, 'any other failure'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.config, 'the configuration of the daemon is wrong'],
  [EXIT.source, 'a torrent was not found, or cannot be read or used'],
  [EXIT.write, 'files cannot be written or read'],
  [EXIT.verify, 'data does not match the torrent'],
  [EXIT.unfinished, 'ended before everything was complete'],
  [EXIT.network, 'the network, a port, a tracker or all peers failed'],
  [EXIT.diskFull, 'no space left'],
  [EXIT.unreachable, 'no daemon answers'],
  [EXIT.refused, 'the daemon refused'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
]
