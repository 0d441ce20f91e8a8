import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metainfo, PeekEvent } from '@shoal/engine'
import { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatCount } from '../format.ts'
import { parseDuration, parsePeer, parseWhole } from '../input/quantity.ts'
import { loadSource } from '../input/source.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print, printEvent } from '../output.ts'
import { PeekView } from '../terminal/peek-view.ts'
import { safeText } from '../terminal/safe-text.ts'
import { chooseStyle, knowsUnicode } from '../terminal/style.ts'

interface PeekOptions extends CommonOptions {
  readonly peer?: string[]
  readonly piece: number
  readonly begin: number
  readonly length: number
  readonly compare?: string
  readonly timeout: number
  readonly json?: boolean
}

/** One request of the protocol: no more can be asked for at a time. */
const BLOCK_BYTES = 16_384
const PIECES = 0xffff_ffff

export function definePeek(): Command {
  const command = new Command('peek')
    .description(
      'Fetch one block and watch how: who answers, and the dialogue message by message. Writes nothing.',
    )
    .argument('<torrent>', 'torrent file, its URL, or - for standard input')
    .option(
      '--peer <host:port>',
      'ask this peer rather than the trackers; may be repeated',
      parsePeer('--peer'),
    )
    .option('--piece <number>', 'the piece, from 0', parseWhole('--piece', 0, PIECES), 0)
    .option('--begin <byte>', 'where in the piece', parseWhole('--begin', 0, PIECES), 0)
    .option('--length <bytes>', 'how much, at most 16384', parseWhole('--length', 1, BLOCK_BYTES), 128)
    .option('--compare <file>', 'say whether the block is the same as in this file or folder')
    .option('--timeout <time>', 'how long each peer may take', parseDuration('--timeout'), 10)
    .option('--json', 'one JSON event a line on standard output')
  addColorOption(command)
  addExamples(command, [
    ['shoal peek debian.torrent', 'the first 128 bytes, from whoever answers'],
    ['shoal peek debian.torrent --peer 192.0.2.7:6881', 'from this peer'],
    ['shoal peek debian.torrent --piece 7 --length 64 --compare debian.iso', 'and compare'],
  ])
  return command.action(async (source: string, options: PeekOptions) => {
    process.exitCode = await peekAt(source, options)
  })
}

async function peekAt(source: string, options: PeekOptions): Promise<ExitCode> {
  const interruption = watchInterrupts(() => {})
  try {
    const engine = await import('@shoal/engine')
    const metainfo = await loadSource(engine, source, interruption.signal)
    requireRange(metainfo, options)
    const expected =
      options.compare === undefined ? undefined : await readExpected(metainfo, options.compare, options)
    const view = new PeekView({
      columns: process.stdout.columns ?? 100,
      unicode: !process.stdout.isTTY || knowsUnicode(process.env, process.platform),
      style: chooseStyle(options.color, process.stdout.isTTY === true, process.env),
    })
    let exitCode: ExitCode = EXIT.network
    const { peer, piece, begin, length, timeout } = options
    for await (const event of engine.peek(metainfo, {
      peers: peer,
      piece,
      begin,
      length,
      timeoutMs: timeout * 1000,
      signal: interruption.signal,
    })) {
      if (options.json) printEvent(event.kind, plainEvent(event))
      else for (const line of view.render(event)) print(line)
      if (event.kind === 'block') exitCode = compare(event.bytes, expected, options)
    }
    return interruption.signal.aborted ? EXIT.interrupted : exitCode
  } finally {
    interruption.end()
  }
}

function requireRange(metainfo: Metainfo, { piece, begin, length }: PeekOptions): void {
  const { geometry } = metainfo
  if (!geometry.isPiece(piece))
    throw new Failure(
      EXIT.usage,
      `--piece: there is no piece ${piece}, they go from 0 to ${geometry.pieceCount - 1}`,
    )
  const size = geometry.pieceSize(piece)
  if (begin + length > size)
    throw new Failure(
      EXIT.usage,
      `--begin ${begin} --length ${length}: piece ${piece} has only ${formatCount(size)} bytes`,
      'ask for less',
    )
}

/** The bytes on disk: from the file itself, or from the folder that is, or holds, the torrent's folder. */
async function readExpected(metainfo: Metainfo, path: string, range: PeekOptions): Promise<Uint8Array> {
  const { geometry } = metainfo
  const isFolder = (await stat(path)).isDirectory()
  const expected = new Uint8Array(range.length)
  const slices = geometry.slices(geometry.pieceOffset(range.piece) + range.begin, range.length)
  if (!isFolder && slices.length > 1)
    throw new Failure(
      EXIT.usage,
      '--compare: the block lies in several files',
      'name the folder that holds them',
    )
  let at = 0
  for (const { file, fileOffset, length } of slices) {
    if (!file.pad) {
      const name = isFolder ? await findFile(path, file.path) : path
      await readInto(name, expected.subarray(at, at + length), fileOffset)
    }
    at += length
  }
  return expected
}

async function findFile(folder: string, path: readonly string[]): Promise<string> {
  const whole = join(folder, ...path)
  if (path.length === 1) return whole
  const inside = join(folder, ...path.slice(1))
  return (await stat(inside).catch(() => undefined)) ? inside : whole
}

/** What lies beyond the end of the file stays zero, which compares as different or as what it is. */
async function readInto(name: string, into: Uint8Array, position: number): Promise<void> {
  const file = await open(name, 'r')
  try {
    const { bytesRead } = await file.read(into, 0, into.length, position)
    if (bytesRead < into.length)
      throw new Failure(EXIT.verify, `${name}: ends before the block does`, 'compare with a complete file')
  } finally {
    await file.close()
  }
}

function compare(bytes: Uint8Array, expected: Uint8Array | undefined, options: PeekOptions): ExitCode {
  if (expected === undefined) return EXIT.ok
  const differsAt = bytes.findIndex((byte, at) => byte !== expected[at])
  const same = differsAt < 0 && bytes.length === expected.length
  const file = safeText(options.compare ?? '')
  if (options.json)
    printEvent('compare', { file: options.compare, same, differsAt: same ? undefined : differsAt })
  else
    print(
      same ? `\nThe same as in ${file}.` : `\nDiffers from ${file}, first at byte ${differsAt} of the block.`,
    )
  return same ? EXIT.ok : EXIT.verify
}

/** Bytes as hex, errors as their code and message. */
function plainEvent(event: PeekEvent): object {
  switch (event.kind) {
    case 'tracker': {
      const { url, outcome } = event
      if (outcome.ok) return { url, ...outcome }
      return { url, ok: false, code: outcome.error.code, message: outcome.error.message }
    }
    case 'peer':
      return { address: event.address, client: event.client, ...event.outcome }
    case 'message': {
      const { direction, name, text, totalBytes, atMs } = event
      return { direction, name, text, bytes: toHex(event.bytes), totalBytes, atMs: Math.round(atMs) }
    }
    case 'block':
      return { address: event.address, piece: event.piece, begin: event.begin, bytes: toHex(event.bytes) }
    case 'gave-up':
      return { reason: event.reason }
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
