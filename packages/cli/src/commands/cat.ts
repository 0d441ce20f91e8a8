import { once } from 'node:events'
import type { Metainfo } from '@shoal/engine'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { numberFiles, selectFiles } from '../input/file-selection.ts'
import { type OpenedMedia, runMedia } from '../media/session.ts'
import {
  addColorOption,
  addDirOption,
  addDownloadLimit,
  addExamples,
  addNetworkOptions,
  addStateOption,
  addUploadLimit,
  type NetworkOptions,
} from '../options.ts'
import { stdoutGone } from '../output.ts'

interface CatOptions extends NetworkOptions {
  readonly dir: string
  readonly file?: string
}

export function defineCat(): Command {
  const command = new Command('cat')
    .description('Write one file to standard output while it downloads. It is kept in the folder as well.')
    .argument('<source>', 'a torrent file, its URL, a magnet link, an info-hash, or - for standard input')
  addDirOption(command, 'folder to download into')
  command.option('--file <which>', "its number or name: 3 or '*.mkv' (see shoal info --files)")
  addStateOption(command)
  addNetworkOptions(command)
  addDownloadLimit(command)
  addUploadLimit(command)
  addColorOption(command.optionsGroup('Output:'))
  addExamples(command, [
    ['shoal cat film.torrent | mpv -', 'plays it'],
    ['shoal cat backup.torrent --file 2 | tar tz', 'looks into an archive'],
  ])
  return command.action(async (source: string, options: CatOptions) => {
    process.exitCode = await runMedia({
      source,
      dir: options.dir,
      options,
      select: metainfo => selectOne(metainfo, options.file),
      use: copyOut,
    })
  })
}

function selectOne({ files, singleFile }: Metainfo, spec: string | undefined): ReadonlySet<number> {
  const numbered = numberFiles(files)
  if (spec === undefined && numbered.length > 1) {
    throw new Failure(EXIT.usage, `the torrent has ${numbered.length} files`, 'name one with --file')
  }
  const selected = selectFiles(files, singleFile, [spec ?? '1'], '--file')
  if (selected.size === 1) return selected
  throw new Failure(EXIT.usage, `--file names ${selected.size} files`, 'standard output holds one')
}

/** At the pace of whoever reads; one that goes away is no error. */
async function copyOut({ torrent, files, signal }: OpenedMedia): Promise<ExitCode> {
  const stop = AbortSignal.any([signal, stdoutGone])
  try {
    for await (const chunk of torrent.stream(files[0]!, { signal: stop })) {
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain', { signal: stop })
    }
  } catch (error) {
    if (!stdoutGone.aborted) throw error
  }
  return EXIT.ok
}
