/** A torrent that the user named: a path, a URL, `-` for standard input, a magnet link or an info-hash. */
import { existsSync } from 'node:fs'
import type { LoadedTorrent, Magnet, Metainfo } from '@shoal/engine'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** No honest torrent file is larger; standard input may never end. */
const TORRENT_BYTES = 64 * 1024 * 1024
/** Some ten thousand magnet links. */
const LIST_BYTES = 16 * 1024 * 1024

/** The part of the engine that is needed here. */
export type Loader = Pick<typeof import('@shoal/engine'), 'loadTorrent' | 'parseTorrent' | 'parseMagnet'>

/**
 * A magnet link, or an info-hash alone: 40 hex digits or 32 characters of base32. What is also the name of a file is
 * that file.
 */
export function isMagnetSource(source: string, exists: (path: string) => boolean = existsSync): boolean {
  return /^magnet:/i.test(source) || (isInfoHash(source) && !exists(source))
}

export function isInfoHash(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[a-z2-7]{32})$/i.test(text)
}

/**
 * The torrent, for commands that need to know what is in it at once.
 *
 * @throws Failure, ShoalError
 */
export async function loadSource(engine: Loader, source: string, signal?: AbortSignal): Promise<Metainfo> {
  return (await loadSourceFile(engine, source, signal)).metainfo
}

/** As {@link loadSource}, with the torrent file itself. */
export async function loadSourceFile(
  engine: Loader,
  source: string,
  signal?: AbortSignal,
): Promise<LoadedTorrent> {
  if (isMagnetSource(source)) {
    engine.parseMagnet(source)
    throw new Failure(
      EXIT.source,
      'a magnet link does not say what is in the torrent, which is needed here',
      'fetch the torrent file first: shoal info LINK --save FILE.torrent',
    )
  }
  if (source !== '-') return await engine.loadTorrent(source, { signal })
  const bytes = await readTorrentFromStdin()
  return { metainfo: engine.parseTorrent(bytes), bytes }
}

/** Not looked into. */
export function readTorrentFromStdin(): Promise<Uint8Array> {
  return readStdin('a torrent file', TORRENT_BYTES)
}

/** The torrent, or where a magnet link is all there is, that: peers have to tell the rest. */
export async function openSource(
  engine: Loader,
  source: string,
  signal?: AbortSignal,
): Promise<Metainfo | Magnet> {
  return isMagnetSource(source) ? engine.parseMagnet(source) : await loadSource(engine, source, signal)
}

export function isMagnet(opened: Metainfo | Magnet): opened is Magnet {
  return 'selectOnly' in opened
}

/** The sources in a list on standard input; see {@link parseSourceList}. */
export async function readSourceList(): Promise<string[]> {
  const bytes = await readStdin('a list of sources', LIST_BYTES, true)
  const sources = parseSourceList(new TextDecoder().decode(bytes))
  if (sources.length > 0) return sources
  throw new Failure(EXIT.usage, '--stdin: the list is empty', 'give it one source a line')
}

/** One a line; blank lines and those that begin with `#` are skipped. */
export function parseSourceList(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
}

async function readStdin(what: string, mostBytes: number, mayBeTyped = false): Promise<Uint8Array> {
  if (process.stdin.isTTY && !mayBeTyped)
    throw new Failure(EXIT.usage, `'-' reads ${what} from standard input, which is a terminal`, 'pipe one in')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > mostBytes)
      throw new Failure(
        EXIT.source,
        `standard input: longer than ${what} may be (${mostBytes / 1024 / 1024} MiB)`,
      )
  }
  return Buffer.concat(chunks)
}
