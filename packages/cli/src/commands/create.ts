import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatBytes, formatCount, formatPieceLength, plural } from '../format.ts'
import { numberFiles } from '../input/file-selection.ts'
import { collect, parsePieceLength } from '../input/quantity.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printBytes, printDocument } from '../output.ts'
import { requireFree, writeWhole } from '../output-file.ts'
import { hashReporter } from '../terminal/hash-view.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { shellQuote } from '../torrent-text.ts'

interface CreateOptions extends CommonOptions {
  readonly output?: string
  readonly force?: boolean
  readonly pieceLength?: number
  readonly tracker?: string[]
  readonly webSeed?: string[]
  readonly private?: boolean
  readonly comment?: string
  readonly source?: string
  readonly name?: string
  readonly json?: boolean
}

export function defineCreate(): Command {
  const command = new Command('create')
    .description(
      'Make a torrent file of a file or folder. The same data gives the same torrent, to the byte.',
    )
    .argument('<path>', 'file or folder')
    .option('-o, --output <file>', 'where to write it, - for standard output (default: NAME.torrent here)')
    .option('--force', 'replace a torrent file that exists')
    .option('--tracker <url>', 'announce URL; repeated: the next tier; commas: in one tier', collect)
    .option('--web-seed <url>', 'HTTP address of the same data; may be repeated', collect)
    .option(
      '--piece-length <size>',
      '256K, 1M, 4M (default: chosen by size)',
      parsePieceLength('--piece-length'),
    )
    .option('--name <name>', 'name of the file or folder in the torrent (default: its own)')
    .option('--comment <text>', 'a comment')
    .option('--private', 'peers from its trackers only')
    .option('--source <text>', 'a mark that makes the same data another torrent')
    .option('--json', 'one JSON document about it on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal create album/ --tracker http://tracker.example/announce', 'album.torrent'],
    ['shoal create disk.iso --web-seed https://example.org/disk.iso', 'with a web server as a source'],
    ['shoal create album/ --private --tracker https://one.example/a,https://two.example/a', 'two in a tier'],
    ['shoal create disk.iso -o - | ssh host "cat > disk.torrent"', 'to standard output'],
  ])
  return command.action(async (path: string, options: CreateOptions) => {
    process.exitCode = await create(path, options)
  })
}

async function create(path: string, options: CreateOptions): Promise<ExitCode> {
  const name = options.name ?? basename(resolve(path))
  const output = options.output ?? `${name}.torrent`
  const toStdout = output === '-'
  if (toStdout && options.json)
    throw new Failure(EXIT.usage, '--json and -o - both want standard output', 'name a file with -o')
  await requirePath(path)
  if (!toStdout) await requireFree(output, options.force === true, '-o')

  const screen = new Screen(process.stderr, options.color)
  const interruption = watchInterrupts(() => screen.clear())
  try {
    const { createTorrent } = await import('@shoal/engine')
    const { bytes, metainfo } = await createTorrent(path, {
      pieceLength: options.pieceLength,
      trackers: options.tracker?.map(tier => tier.split(',').map(url => url.trim())),
      webSeeds: options.webSeed,
      private: options.private,
      comment: options.comment,
      source: options.source,
      name: options.name,
      onProgress: hashReporter(screen, 'hashing'),
      signal: interruption.signal,
    })
    screen.clear()
    if (toStdout) printBytes(bytes)
    else await writeWhole(output, bytes, options.force === true)

    const { geometry } = metainfo
    const files = numberFiles(metainfo.files).length
    if (options.json) {
      printDocument({
        path: output,
        infoHash: metainfo.infoHashHex,
        name: metainfo.name,
        totalBytes: geometry.totalLength,
        files,
        pieceLength: geometry.pieceLength,
        pieces: geometry.pieceCount,
      })
    } else {
      const file = safeText(toStdout ? metainfo.name : output)
      const size = `${formatBytes(geometry.totalLength)} in ${plural(files, 'file')}`
      const pieces = `${formatCount(geometry.pieceCount)} × ${formatPieceLength(geometry.pieceLength)}`
      const about = `${file}: ${size}, ${pieces}\ninfo-hash ${metainfo.infoHashHex}`
      if (toStdout) screen.print(about)
      else print(about)
      if (screen.live && !toStdout) screen.print(`To share it: ${seedLine(output, path)}`)
    }
    return EXIT.ok
  } finally {
    screen.clear()
    interruption.end()
  }
}

function seedLine(output: string, path: string): string {
  const folder = dirname(resolve(path))
  const dir = folder === process.cwd() ? '' : ` --dir ${shellQuote(folder)}`
  return `shoal seed ${shellQuote(output)}${dir}`
}

async function requirePath(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  if (!(found instanceof Error)) return
  if (found.code === 'ENOENT')
    throw new Failure(EXIT.source, `${path}: no such file or folder`, 'check the path')
  throw found
}
