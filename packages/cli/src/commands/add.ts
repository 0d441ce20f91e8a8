import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AddOptions, AddResult } from '@shoal/daemon/contract'
import type { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { collect, parseDuration, parsePeer, parseRatio } from '../input/quantity.ts'
import { isMagnetSource, readSourceList, readTorrentFromStdin } from '../input/source.ts'
import { addDownloadLimit, addUploadLimit } from '../options.ts'
import { print, printDocument } from '../output.ts'
import { finishRemote, type RemoteOptions, remoteCommand, tableLook, withDaemon } from '../remote/command.ts'
import { shortId } from '../remote/torrent-view.ts'
import { safeText } from '../terminal/safe-text.ts'

interface Options extends RemoteOptions {
  readonly dir?: string
  readonly category?: string
  readonly label?: readonly string[]
  readonly stopped?: boolean
  readonly sequential?: boolean
  readonly top?: boolean
  readonly trust?: boolean
  readonly stdin?: boolean
  readonly tracker?: readonly string[]
  readonly peer?: readonly string[]
  readonly limitDown?: number
  readonly limitUp?: number
  readonly ratio?: number
  readonly seedTime?: number
}

/** No honest torrent file is larger. */
const TORRENT_BYTES = 64 * 1024 * 1024
/** A request is bounded by the daemon: many files go as several. */
const BATCH_BYTES = 8 * 1024 * 1024
const BATCH_SOURCES = 1000

export function defineAdd(): Command {
  const command = remoteCommand({
    name: 'add',
    description: 'Give torrents to the daemon: it fetches and shares them from now on.',
  })
    .argument(
      '[source...]',
      'torrent files, their URLs, magnet links, info-hashes, or - for a torrent file on standard input',
    )
    .option(
      '--dir <folder>',
      "where its data goes on the daemon's machine (default: as its category or settings say)",
    )
    .option('--category <name>', 'put it into this category')
    .option('--label <name>', 'give it this label; may be repeated', collect)
    .option('--stopped', 'do not start it')
    .option('--sequential', 'from the beginning to the end rather than the rarest first')
    .option('--top', 'first in the queue')
    .option('--trust', 'its data is there and whole: look at sizes, hash nothing')
    .option('--tracker <url>', 'one more tracker; may be repeated', collect)
    .option('--peer <host:port>', 'connect to this peer; may be repeated', parsePeer('--peer'))
    .option('--ratio <number>', 'share until so many times the data has been sent', parseRatio('--ratio'))
    .option('--seed-time <time>', 'share for so long: 30m, 2h', parseDuration('--seed-time'))
    .option('--stdin', 'more sources from a list on standard input, one a line')
  addDownloadLimit(command)
  addUploadLimit(command)
  return finishRemote(command, {
    examples: [
      ['shoal add debian.torrent', 'a file'],
      ["shoal add 'magnet:?xt=urn:btih:...' --category films", 'a magnet link, into a category'],
      ['shoal add *.torrent --stopped', 'many, for later'],
      ['shoal add album.torrent --dir /srv/music --trust', 'data that is there already'],
    ],
  }).action((sources: string[], options: Options) => {
    if (sources.length === 0 && !options.stdin)
      throw new Failure(EXIT.usage, "missing required argument 'source'", 'see shoal add --help')
    if (sources.includes('-') && options.stdin)
      throw new Failure(EXIT.usage, '- and --stdin both want standard input', 'name the torrent file')
    return withDaemon(options, async client => {
      const all = options.stdin ? [...sources, ...(await readSourceList())] : sources
      const results: (AddResult & { readonly source: string })[] = []
      for await (const batch of batches(all)) {
        const answers = await client.add({ sources: batch.contents, options: addOptions(options) })
        results.push(...answers.map((answer, at) => ({ ...answer, source: batch.names[at]! })))
      }
      if (options.json) printDocument({ results })
      else for (const result of results) print(resultLine(result, tableLook(options)))
      process.exitCode = exitCode(results)
    })
  })
}

function addOptions(options: Options): AddOptions {
  const { dir, category, label, tracker, peer, limitDown, limitUp, ratio, seedTime } = options
  return {
    start: options.stopped !== true,
    queue: options.top ? 'top' : 'bottom',
    ...(dir !== undefined && { dir: resolve(dir) }),
    ...(category !== undefined && { category }),
    ...(label && { labels: label }),
    ...(options.sequential && { sequential: true }),
    ...(options.trust && { trust: true }),
    ...(tracker && { trackers: tracker.map(url => [url]) }),
    ...(peer && { peers: peer }),
    ...((limitDown || limitUp) && {
      limits: { ...(limitDown && { download: limitDown }), ...(limitUp && { upload: limitUp }) },
    }),
    ...((ratio !== undefined || seedTime !== undefined) && {
      goals: {
        ...(ratio !== undefined && { ratio }),
        ...(seedTime !== undefined && { seedSeconds: seedTime }),
      },
    }),
  }
}

interface Batch {
  readonly names: string[]
  readonly contents: string[]
}

/** Files are sent as they are: the daemon may be on another machine. */
async function* batches(sources: readonly string[]): AsyncGenerator<Batch> {
  let batch: Batch = { names: [], contents: [] }
  let bytes = 0
  for (const source of sources) {
    const content = await contentOf(source)
    if (
      batch.names.length > 0 &&
      (bytes + content.length > BATCH_BYTES || batch.names.length === BATCH_SOURCES)
    ) {
      yield batch
      batch = { names: [], contents: [] }
      bytes = 0
    }
    batch.names.push(source)
    batch.contents.push(content)
    bytes += content.length
  }
  yield batch
}

async function contentOf(source: string): Promise<string> {
  if (source === '-') return dataUrl(await readTorrentFromStdin())
  if (isMagnetSource(source) || /^https?:\/\//i.test(source)) return source
  const { size } = await stat(source)
  if (size > TORRENT_BYTES) throw new Failure(EXIT.source, `${source} is too large for a torrent file`)
  return dataUrl(await readFile(source))
}

function dataUrl(bytes: Uint8Array): string {
  return `data:application/x-bittorrent;base64,${Buffer.from(bytes).toString('base64')}`
}

function resultLine(
  result: AddResult & { readonly source: string },
  { style }: ReturnType<typeof tableLook>,
): string {
  if (result.outcome === 'failed')
    return `${style.bad('failed')}  ${safeText(result.source)}: ${safeText(result.text)}`
  const word = result.outcome === 'added' ? style.good('added') : style.warn('there already')
  return `${word}  ${style.dim(shortId(result.id))}  ${safeText(result.name)}`
}

function exitCode(results: readonly AddResult[]): ExitCode {
  return results.some(({ outcome }) => outcome === 'failed') ? EXIT.source : EXIT.ok
}
