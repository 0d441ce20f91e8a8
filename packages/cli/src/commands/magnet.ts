import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { parsePeer } from '../input/quantity.ts'
import { isMagnetSource, loadSource } from '../input/source.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printDocument } from '../output.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'

interface MagnetOptions extends CommonOptions {
  readonly trackers: boolean
  readonly peer?: string[]
  readonly json?: boolean
}

export function defineMagnet(): Command {
  const command = new Command('magnet')
    .description('Print the magnet link of a torrent file: all that others need to find it.')
    .argument('<torrent>', 'torrent file, its URL, or - for standard input')
    .option('--no-trackers', 'leave its trackers out')
    .option('--peer <host:port>', 'name a peer that has it; may be repeated', parsePeer('--peer'))
    .option('--json', 'one JSON document on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal magnet album.torrent', 'its link'],
    ['shoal magnet album.torrent --peer 192.0.2.7:6881', 'and who has it'],
    ['shoal create album/ -o - | shoal magnet -', 'without a torrent file'],
  ])
  return command.action(async (source: string, options: MagnetOptions) => {
    process.exitCode = await magnet(source, options)
  })
}

async function magnet(source: string, options: MagnetOptions): Promise<ExitCode> {
  if (isMagnetSource(source))
    throw new Failure(EXIT.usage, 'that is a magnet link already', 'name a torrent file')
  const interruption = watchInterrupts(() => {})
  try {
    const engine = await import('@shoal/engine')
    const metainfo = await loadSource(engine, source, interruption.signal)
    const { trackers, peer: peers } = options
    const link = engine.magnetOf(metainfo, { trackers, peers })
    const { infoHashHex: infoHash, name } = metainfo
    if (options.json) printDocument({ infoHash, name, magnet: link })
    else print(link)
    if (metainfo.private) {
      const screen = new Screen(process.stderr, options.color)
      screen.print(
        `${screen.style.warn('warning:')} ${safeText(name)} is private: the link works only with its trackers`,
      )
    }
    return EXIT.ok
  } finally {
    interruption.end()
  }
}
