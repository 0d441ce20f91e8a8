import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scene } from '@shoal/daemon/demo'
import type { Metainfo } from '@shoal/engine'
import { Command } from 'commander'
import { Child, type ChildEvent } from '../demo/child.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { formatBytes, formatCount, formatDuration, formatPieceLength, formatRate, plural } from '../format.ts'
import { watchInterrupts } from '../interrupt.ts'
import { addColorOption, addExamples, type CommonOptions } from '../options.ts'
import { print } from '../output.ts'
import { hashReporter } from '../terminal/hash-view.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { renderTransfers, type TransferFigures } from '../terminal/transfer-view.ts'

interface DemoOptions extends CommonOptions {
  readonly temp: string
}

const SEEDS = 2
/** Some seconds of work for any machine. */
const DEMO_BYTES = 200_000_000
/** Beyond the data twice: torrent file, resume records, file system overhead. */
const SLACK_BYTES = 64_000_000

export function defineDemo(): Command {
  const command = new Command('demo')
    .description(
      `See a whole swarm at work on this machine: a tracker, ${SEEDS} seeds and a downloader, as processes of their own ` +
        `over real sockets. ${formatBytes(DEMO_BYTES)} in a temporary folder, which is deleted afterwards.`,
    )
    .option('--temp <folder>', 'where the temporary folder is made', tmpdir())
  addColorOption(command)
  addExamples(command, [
    ['shoal demo', 'well under a minute'],
    ['shoal demo --temp /mnt/big', 'where there is more room'],
  ])
  return command.action(async (options: DemoOptions) => {
    process.exitCode = await demo(options)
  })
}

async function demo(options: DemoOptions): Promise<ExitCode> {
  const screen = new Screen(process.stderr, options.color)
  const interruption = watchInterrupts(() => {
    screen.clear()
    screen.print('Stopping all processes and deleting the files.')
  })
  await requireSpace(options.temp)
  const folder = await mkdtemp(join(options.temp, 'shoal-demo-'))
  const swarm = new Swarm(folder, screen, interruption.signal)
  // The last resort: a second Ctrl-C, or time running out.
  const lastResort = (): void => swarm.drop()
  process.on('exit', lastResort)
  try {
    await swarm.run()
    return EXIT.ok
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted
    throw error
  } finally {
    screen.clear()
    await swarm.end()
    process.off('exit', lastResort)
    interruption.end()
  }
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const needed = DEMO_BYTES * 2 + SLACK_BYTES
  if (bavail * bsize < needed)
    throw new Failure(
      EXIT.diskFull,
      `${folder}: the demo needs ${formatBytes(needed)}, and only ${formatBytes(bavail * bsize)} is free`,
      'name another folder with --temp',
    )
}

class Swarm {
  readonly #folder: string
  readonly #screen: Screen
  readonly #signal: AbortSignal
  readonly #children: Child[] = []
  #scene: Scene | undefined

  constructor(folder: string, screen: Screen, signal: AbortSignal) {
    this.#folder = folder
    this.#screen = screen
    this.#signal = signal
  }

  async run(): Promise<void> {
    const target = join(this.#folder, 'downloader')
    const { metainfo, torrentPath, dir } = await this.#prepare()
    await mkdir(target)
    await Promise.all(Array.from({ length: SEEDS }, (_, at) => this.#seed(at + 1, torrentPath, dir)))
    this.#step(`${plural(SEEDS, 'seed')} checked the data and share it, as processes of their own`)
    const seconds = await this.#download(torrentPath, target)
    this.#step(
      `downloaded in ${formatDuration(seconds)}, ${formatRate(DEMO_BYTES / seconds)}, hashing and disk included`,
    )
    await this.#verify(metainfo, target)
    print(`${formatBytes(DEMO_BYTES)} went from ${SEEDS} seeds to a downloader, and every byte is right.`)
    print('Next, make a torrent of your own:  shoal create FOLDER')
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map(child => child.stop()))
    await this.#scene?.close()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }

  /** At once, without waiting for anyone. */
  drop(): void {
    for (const child of this.#children) child.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #prepare(): Promise<Scene> {
    const { setScene } = await import('@shoal/daemon/demo')
    const scene = await setScene({
      folder: this.#folder,
      bytes: DEMO_BYTES,
      signal: this.#signal,
      onWriting: hashReporter(this.#screen, 'writing'),
      onHashing: hashReporter(this.#screen, 'hashing'),
    })
    this.#scene = scene
    this.#step(
      `wrote ${formatBytes(DEMO_BYTES)} in ${plural(scene.fileCount, 'file')} below ${safeText(this.#folder)}`,
    )
    this.#step(`started a tracker at ${scene.trackerUrl}`)
    const { geometry, infoHashHex } = scene.metainfo
    const pieces = `${formatCount(geometry.pieceCount)} × ${formatPieceLength(geometry.pieceLength)}`
    this.#step(`made its torrent: ${pieces}, ${infoHashHex}`)
    return scene
  }

  /** Resolves when the seed has checked its data and shares it. */
  #seed(number: number, torrent: string, dir: string): Promise<void> {
    const name = `seed ${number}`
    return this.#start(name, ['seed', torrent, '--dir', dir], (event, settle) => {
      if (event.event === 'state' && event.state === 'seeding') settle()
      if (event.event === 'progress' && event.state === 'seeding') settle()
    })
  }

  /** Resolves when everything is there, with the seconds that it took. */
  async #download(torrent: string, dir: string): Promise<number> {
    const startMs = performance.now()
    await this.#start('downloader', ['get', torrent, '--dir', dir], (event, settle) => {
      if (event.event === 'progress') this.#show(event as unknown as TransferFigures)
      if (event.event === 'done') settle()
    })
    return (performance.now() - startMs) / 1000
  }

  async #start(
    name: string,
    args: readonly string[],
    onEvent: (event: ChildEvent, settle: () => void) => void,
  ): Promise<void> {
    this.#signal.throwIfAborted()
    const network = ['--bind', '127.0.0.1', '--port', '0', '--no-discovery']
    const state = ['--state', join(this.#folder, `state of ${name}`)]
    const told = ['--json', '--progress-every', '100ms']
    let settle: () => void = () => {}
    const settled = new Promise<void>((resolve, reject) => {
      settle = resolve
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason))
    })
    const child = new Child(name, [...args, ...network, ...state, ...told], event => onEvent(event, settle))
    this.#children.push(child)
    await child.during(settled)
  }

  async #verify(metainfo: Metainfo, dir: string): Promise<void> {
    const { verifyTorrent } = await import('@shoal/engine')
    const report = await verifyTorrent(metainfo, dir, {
      onProgress: hashReporter(this.#screen, 'verifying'),
      signal: this.#signal,
    })
    if (!report.ok)
      throw new Failure(EXIT.verify, `${plural(report.badPieces.length, 'piece')} of the download are wrong`)
    this.#step(`verified: all ${plural(report.pieces.total, 'piece')} match`)
  }

  #show(figures: TransferFigures): void {
    if (!this.#signal.aborted) this.#screen.draw(renderTransfers([figures], 2, this.#screen))
  }

  #step(text: string): void {
    const { style, unicode } = this.#screen
    this.#screen.print(`${style.good(unicode ? '✓' : '*')} ${text}`)
  }
}
