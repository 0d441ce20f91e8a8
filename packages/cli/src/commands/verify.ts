import type { Metainfo, VerifyReport } from '@shoal/engine'
import { startWorkersAhead } from '@shoal/engine/workers'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatBytes, formatCount, plural } from '../format.ts'
import { loadSource } from '../input/source.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addDirOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printDocument } from '../output.ts'
import { hashReporter } from '../terminal/hash-view.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { chooseStyle, type Style } from '../terminal/style.ts'

interface VerifyOptions extends CommonOptions {
  readonly dir: string
  readonly json?: boolean
}

/** Beyond these, numbers of bad pieces are counted rather than listed; --json lists all. */
const PIECES_SHOWN = 20

export function defineVerify(): Command {
  const command = new Command('verify')
    .description(
      'Compare data on disk with a torrent, byte for byte. Changes nothing. Exit code 6 when it differs.',
    )
    .argument('<torrent>', 'torrent file, its URL, or - for standard input')
  addDirOption(command, 'the folder that holds the file or folder of the torrent')
  command.option('--json', 'one JSON document on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal verify debian.torrent', 'the data is in this folder'],
    ['shoal verify album.torrent --dir ~/music', 'the data is in ~/music'],
    ['shoal verify album.torrent --json | jq .badPieces', 'for scripts'],
  ])
  return command.action(async (source: string, options: VerifyOptions) => {
    process.exitCode = await verify(source, options)
  })
}

async function verify(source: string, options: VerifyOptions): Promise<ExitCode> {
  const screen = new Screen(process.stderr, options.color)
  const interruption = watchInterrupts(() => screen.clear())
  try {
    startWorkersAhead()
    const engine = await import('@shoal/engine')
    const metainfo = await loadSource(engine, source, interruption.signal)
    const report = await engine.verifyTorrent(metainfo, options.dir, {
      onProgress: hashReporter(screen, 'verifying'),
      signal: interruption.signal,
    })
    screen.clear()
    if (options.json) printDocument({ infoHash: metainfo.infoHashHex, name: metainfo.name, ...report })
    else {
      const style = chooseStyle(options.color, process.stdout.isTTY === true, process.env)
      for (const line of renderReport(metainfo, report, style)) print(line)
    }
    return report.ok ? EXIT.ok : EXIT.verify
  } finally {
    screen.clear()
    interruption.end()
  }
}

/** What is wrong first, what it comes to last. */
export function renderReport(metainfo: Metainfo, report: VerifyReport, style: Style): string[] {
  const name = safeText(metainfo.name)
  const size = formatBytes(metainfo.geometry.totalLength)
  if (report.ok)
    return [`${style.good('ok')}  ${name}: ${size}, all ${plural(report.pieces.total, 'piece')} match`]
  const bad = report.files.filter(file => file.state !== 'ok')
  const lines = bad.map(file => {
    const pieces = file.badPieces > 0 ? `, ${plural(file.badPieces, 'bad piece')}` : ''
    return `${style.bad(file.state)}  ${safeText(file.path)}${file.state === 'missing' ? '' : pieces}`
  })
  if (report.badPieces.length > 0) lines.push(`bad pieces: ${ranges(report.badPieces)}`)
  const { good, total } = report.pieces
  lines.push(
    `${style.bad('differs')}  ${name}: ${formatCount(good)} of ${plural(total, 'piece')} match, ` +
      `${formatCount(bad.length)} of ${plural(report.files.length, 'file')} wrong; shoal get fetches what is missing`,
  )
  return lines
}

/** `0, 4-9, 12 and 31 more` */
function ranges(pieces: readonly number[]): string {
  const parts: string[] = []
  let counted = 0
  for (let at = 0; at < pieces.length && parts.length < PIECES_SHOWN; ) {
    const first = pieces[at]!
    let last = first
    while (pieces[at + 1] === last + 1) {
      last++
      at++
    }
    at++
    counted = at
    parts.push(first === last ? String(first) : `${first}-${last}`)
  }
  const more = pieces.length - counted
  return more === 0 ? parts.join(', ') : `${parts.join(', ')} and ${formatCount(more)} more`
}
