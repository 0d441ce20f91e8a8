/** A torrent that the user named: a path, a URL, or `-` for standard input. */
import type { Metainfo } from '@shoal/engine'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** No honest torrent file is larger; standard input may never end. */
const TORRENT_BYTES = 64 * 1024 * 1024

/** The part of the engine that is needed here. */
export type Loader = Pick<typeof import('@shoal/engine'), 'loadTorrent' | 'parseTorrent'>

/** @throws Failure, ShoalError */
export async function loadSource(engine: Loader, source: string, signal?: AbortSignal): Promise<Metainfo> {
  if (/^magnet:/i.test(source))
    throw new Failure(
      EXIT.source,
      'magnet links cannot be opened by this version',
      'give the torrent file or its URL instead',
    )
  if (source === '-') return engine.parseTorrent(await readStdin())
  const loaded = await engine.loadTorrent(source, { signal })
  return loaded.metainfo
}

async function readStdin(): Promise<Uint8Array> {
  if (process.stdin.isTTY)
    throw new Failure(
      EXIT.usage,
      "'-' reads a torrent file from standard input, which is a terminal",
      'pipe one in',
    )
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > TORRENT_BYTES)
      throw new Failure(EXIT.source, 'standard input: longer than any torrent file (64 MiB)')
  }
  return Buffer.concat(chunks)
}
