import type { Metainfo, ScrapeResult } from '@shoal/engine'
import { Command } from 'commander'
import { describeMagnet } from '../describe.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatBytes, formatCount, formatPieceLength, plural } from '../format.ts'
import { type NumberedFile, numberFiles } from '../input/file-selection.ts'
import { parseDuration } from '../input/quantity.ts'
import { isMagnetSource, loadSourceFile } from '../input/source.ts'
import { watchInterrupts } from '../interrupt.ts'
import {
  addColorOption,
  addExamples,
  addNetworkOptions,
  type CommonOptions,
  type NetworkOptions,
  networkOf,
} from '../options.ts'
import { print, printDocument } from '../output.ts'
import { requireFree, writeWhole } from '../output-file.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { chooseStyle, type Style } from '../terminal/style.ts'

interface InfoOptions
  extends CommonOptions,
    Pick<NetworkOptions, 'port' | 'bind' | 'lsd' | 'dht' | 'dhtNode' | 'peer' | 'discovery'> {
  readonly files?: boolean
  readonly scrape?: boolean
  readonly save?: string
  readonly force?: boolean
  readonly giveUp?: number
  readonly json?: boolean
}

/** Without --files, so many. */
const FILES_SHOWN = 10

export function defineInfo(): Command {
  const command = new Command('info')
    .description('Say what is in a torrent file; of a magnet link, ask its peers.')
    .argument('<torrent>', 'torrent file, its URL, magnet link, info-hash, or - for standard input')
    .option('--files', 'list all files, with the numbers that get --files takes')
    .option('--scrape', 'ask its trackers how many seeds and leechers there are')
    .option('--save <file>', 'write the torrent file')
    .option('--force', 'replace a file that exists')
    .option(
      '--give-up <time>',
      'of a magnet link: end when nothing has arrived for so long',
      parseDuration('--give-up'),
    )
    .option('--json', 'one JSON document on standard output')
  addColorOption(command)
  addNetworkOptions(command)
  addExamples(command, [
    ['shoal info debian.torrent', 'what it is'],
    ['shoal info show.torrent --files', 'every file'],
    ['shoal info debian.torrent --scrape', 'is anyone there?'],
    ['shoal info https://example.org/a.torrent --json | jq .infoHash', 'for scripts'],
    ["shoal info 'magnet:?xt=urn:btih:...' --save album.torrent", 'ask its peers, and keep the torrent file'],
    ['shoal create disk.iso -o - | shoal info -', 'from standard input'],
  ])
  return command.action(async (source: string, options: InfoOptions) => {
    process.exitCode = await info(source, options)
  })
}

async function info(source: string, options: InfoOptions): Promise<ExitCode> {
  const { save, force = false } = options
  if (save !== undefined) await requireFree(save, force, '--save')
  const screen = new Screen(process.stderr, options.color)
  const interruption = watchInterrupts(() => screen.clear())
  try {
    const { signal } = interruption
    const library = await import('@shoal/engine')
    const { metainfo, bytes } = isMagnetSource(source)
      ? await describeMagnet(source, options, {
          library,
          engine: networkOf(options),
          screen,
          signal,
        })
      : await loadSourceFile(library, source, signal)
    if (save !== undefined) await writeWhole(save, bytes, force)
    const scrape = options.scrape ? await library.scrapeTorrent(metainfo, { signal }) : undefined
    if (options.json) printDocument({ ...infoDocument(metainfo, scrape), saved: save })
    else {
      const style = chooseStyle(options.color, process.stdout.isTTY === true, process.env)
      for (const line of renderInfo(metainfo, options.files === true, style, scrape)) print(line)
      if (save !== undefined) screen.print(`Saved as ${safeText(save)}`)
    }
    const isUnanswered = scrape !== undefined && scrape.length > 0 && !scrape.some(result => result.ok)
    return isUnanswered ? EXIT.network : EXIT.ok
  } finally {
    screen.clear()
    interruption.end()
  }
}

/** Stable field names; text as it is in the torrent. */
export function infoDocument(metainfo: Metainfo, scrape?: readonly ScrapeResult[]): object {
  const { geometry } = metainfo
  return {
    infoHash: metainfo.infoHashHex,
    name: metainfo.name,
    totalBytes: contentBytes(metainfo),
    pieceLength: geometry.pieceLength,
    pieces: geometry.pieceCount,
    private: metainfo.private,
    source: metainfo.source,
    comment: metainfo.comment,
    createdBy: metainfo.createdBy,
    creationDate: isoDate(metainfo.creationDate),
    trackers: metainfo.trackers,
    scrape: scrape?.map(plainResult),
    webSeeds: metainfo.webSeeds,
    httpSeeds: metainfo.httpSeeds,
    nodes: metainfo.nodes,
    files: numberFiles(metainfo.files).map(({ number, file }) => ({
      number,
      path: file.path.join('/'),
      length: file.length,
    })),
    warnings: metainfo.warnings,
  }
}

/** An error as its code and message. */
function plainResult(result: ScrapeResult): object {
  if (result.ok) return result
  const { code, message } = result.error
  return { url: result.url, ok: false, code, message }
}

export function renderInfo(
  metainfo: Metainfo,
  allFiles: boolean,
  style: Style,
  scrape?: readonly ScrapeResult[],
): string[] {
  const { geometry } = metainfo
  const files = numberFiles(metainfo.files)
  const rows: (readonly [string, string])[] = [
    ['Name', style.bold(safeText(metainfo.name))],
    ['Info-hash', metainfo.infoHashHex],
    ['Size', `${formatBytes(contentBytes(metainfo))} in ${plural(files.length, 'file')}`],
    ['Pieces', `${formatCount(geometry.pieceCount)} × ${formatPieceLength(geometry.pieceLength)}`],
  ]
  if (metainfo.private) rows.push(['Private', 'yes: peers from its trackers only'])
  if (metainfo.source !== undefined) rows.push(['Source', safeText(metainfo.source)])
  if (metainfo.comment !== undefined) rows.push(['Comment', safeText(metainfo.comment)])
  const created = [isoDate(metainfo.creationDate)?.slice(0, 10), metainfo.createdBy].filter(
    part => part !== undefined,
  )
  if (created.length > 0) rows.push(['Created', safeText(created.join(' by '))])
  const tiers = metainfo.trackers.map(tier => tier.map(safeText).join(', '))
  rows.push(...list('Trackers', tiers.length === 0 ? ['none'] : tiers))
  if (scrape !== undefined) {
    const results = scrape.map(result => renderResult(result, style))
    rows.push(...list('Scrape', results.length === 0 ? ['no trackers to ask'] : results))
  }
  rows.push(...list('Web seeds', [...metainfo.webSeeds, ...metainfo.httpSeeds].map(safeText)))
  rows.push(
    ...list(
      'DHT nodes',
      metainfo.nodes.map(node => `${safeText(node.host)}:${node.port}`),
    ),
  )
  rows.push(...list('Warnings', metainfo.warnings.map(safeText)))
  const lines = rows.map(([label, value]) => `${style.dim(label.padEnd(10))} ${value}`)
  return [...lines, ...renderFiles(files, allFiles, style)]
}

/** `http://t.example/announce: 12 seeds, 1 leecher, 345 downloads` */
function renderResult(result: ScrapeResult, style: Style): string {
  const url = safeText(result.url)
  if (!result.ok) return `${url}: ${style.bad(safeText(result.error.message))}`
  const counts = [
    [result.seeders, 'seed'],
    [result.leechers, 'leecher'],
    [result.downloads, 'download'],
  ] as const
  const known = counts.flatMap(([count, noun]) => (count === undefined ? [] : [plural(count, noun)]))
  return `${url}: ${style.good(known.join(', '))}`
}

function renderFiles(files: readonly NumberedFile[], all: boolean, style: Style): string[] {
  const shown = all ? files : files.slice(0, FILES_SHOWN)
  const digits = String(shown.at(-1)?.number ?? 0).length
  const lines = shown.map(({ number, file }, at) => {
    const label = at === 0 ? 'Files' : ''
    const size = formatBytes(file.length).padStart(9)
    const path = file.path.map(safeText).join('/')
    return `${style.dim(label.padEnd(10))} ${style.dim(String(number).padStart(digits))} ${size}  ${path}`
  })
  if (shown.length < files.length)
    lines.push(
      `${' '.repeat(11)}${style.dim(`and ${formatCount(files.length - shown.length)} more: --files lists all`)}`,
    )
  return lines
}

function list(label: string, values: readonly string[]): (readonly [string, string])[] {
  return values.map((value, at) => [at === 0 ? label : '', value])
}

function contentBytes(metainfo: Metainfo): number {
  return metainfo.files.reduce((sum, file) => (file.pad ? sum : sum + file.length), 0)
}

/** Undefined for dates that no calendar has. */
function isoDate(unixSeconds: number | undefined): string | undefined {
  if (unixSeconds === undefined || Math.abs(unixSeconds) > 8.64e12) return undefined
  return new Date(unixSeconds * 1000).toISOString()
}
