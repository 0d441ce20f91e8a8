import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { explain, Failure } from '../failure.ts'
import { numberFiles, selectFiles } from '../input/file-selection.ts'
import { collect, parseWhole } from '../input/quantity.ts'
import { MediaServer } from '../media/server.ts'
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
import { print } from '../output.ts'

interface StreamOptions extends NetworkOptions {
  readonly dir: string
  readonly file?: string[]
  readonly httpPort: number
  readonly player?: string
}

export function defineStream(): Command {
  const command = new Command('stream')
    .description('Serve files over HTTP on this machine while they download, until Ctrl-C.')
    .argument('<source>', 'a torrent file, its URL, a magnet link, an info-hash, or - for standard input')
  addDirOption(command, 'folder to download into')
  command
    .option(
      '--file <list>',
      "only these: 1,3-5 or '*.mkv'; may be repeated (see shoal info --files)",
      collect,
    )
    .option(
      '--http-port <port>',
      'where to serve them, on 127.0.0.1; 0 is any',
      parseWhole('--http-port', 0, 65_535),
      0,
    )
    .option('--player <command>', 'start this with the address behind it, and end when it ends')
  addStateOption(command)
  addNetworkOptions(command)
  addDownloadLimit(command)
  addUploadLimit(command)
  addColorOption(command.optionsGroup('Output:'))
  addExamples(command, [
    ['shoal stream film.torrent', 'prints where it can be played'],
    ['shoal stream film.torrent --player mpv', 'plays it'],
    ["shoal stream 'magnet:?xt=urn:btih:...' --file '*.mkv' --player 'vlc -f'", 'the files of a link'],
  ])
  return command.action(async (source: string, options: StreamOptions) => {
    const { dir, file } = options
    process.exitCode = await runMedia({
      source,
      dir,
      options,
      select: ({ files, singleFile }) => selectFiles(files, singleFile, file ?? ['1-'], '--file'),
      use: opened => serve(opened, options),
    })
  })
}

async function serve(opened: OpenedMedia, { httpPort, player }: StreamOptions): Promise<ExitCode> {
  const { torrent, files, screen, signal, failed } = opened
  const chosen = numberFiles(torrent.metainfo.files).filter(({ index }) => files.includes(index))
  const media = chosen.map(({ number, index, file: { path, length } }) => {
    return { number, index, name: path.at(-1) ?? '', length }
  })
  const server = new MediaServer(torrent, media, error => screen.print(`warning: ${explain(error).line}`))
  try {
    await server.listen(httpPort).catch(error => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      const what = error.code === 'EACCES' ? 'may not be used' : 'is taken'
      throw new Failure(EXIT.network, `HTTP port ${httpPort} ${what}`, 'choose another with --http-port')
    })
    screen.clear()
    print(server.url)
    const over = player === undefined ? new Promise<never>(() => {}) : play(player, server.url, signal)
    const interrupted = once(signal, 'abort').then(() => EXIT.interrupted)
    return signal.aborted ? EXIT.interrupted : await Promise.race([over, interrupted, failed])
  } finally {
    server.close()
  }
}

/** Until the player ends. */
async function play(command: string, url: string, signal: AbortSignal): Promise<ExitCode> {
  const [name = '', ...args] = command.split(/\s+/).filter(word => word !== '')
  if (name === '') throw new Failure(EXIT.usage, '--player names no program', 'try --player mpv')
  const child = spawn(name, [...args, url], { stdio: ['ignore', 'ignore', 'inherit'] })
  signal.addEventListener('abort', () => child.kill())
  return await new Promise((resolve, reject) => {
    child.on('error', () => {
      reject(new Failure(EXIT.other, `the player ${name} cannot be started`, 'is it installed?'))
    })
    child.on('exit', () => resolve(EXIT.ok))
  })
}
