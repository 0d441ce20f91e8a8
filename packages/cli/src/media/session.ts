/**
 * A torrent that is read while it downloads: opened, watched on the screen, and closed in good order when whoever reads is
 * done. For `stream` and `cat`.
 */
import type { Engine, Metainfo, Torrent } from '@shoal/engine'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { explain } from '../failure.ts'
import { Fetching } from '../fetching.ts'
import { isMagnet, openSource } from '../input/source.ts'
import { defaultStateDir } from '../input/state-dir.ts'
import { watchInterrupts } from '../interrupt.ts'
import { type NetworkOptions, networkOf } from '../options.ts'
import { renderFetches } from '../terminal/fetch-view.ts'
import { safeText } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { renderTransfers } from '../terminal/transfer-view.ts'

export interface MediaPlan {
  readonly source: string
  readonly dir: string
  readonly options: NetworkOptions
  /** The files that are wanted, by their place in the list; all others are skipped. */
  readonly select: (metainfo: Metainfo) => ReadonlySet<number>
  readonly use: (opened: OpenedMedia) => Promise<ExitCode>
}

export interface OpenedMedia {
  readonly torrent: Torrent
  /** In the order of the torrent. */
  readonly files: readonly number[]
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Rejects when the torrent cannot go on. */
  readonly failed: Promise<never>
}

const REDRAW_MS = 200

export async function runMedia(plan: MediaPlan): Promise<ExitCode> {
  const { source, dir, options, select } = plan
  const screen = new Screen(process.stderr, options.color)
  const interruption = watchInterrupts(() => {
    screen.clear()
    screen.print('Saving and telling the trackers. Ctrl-C again leaves at once.')
  })
  const { signal } = interruption
  let engine: Engine | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    const library = await import('@shoal/engine')
    const opened = await openSource(library, source, signal)
    engine = await library.createEngine({
      ...networkOf(options),
      stateDir: options.state,
      shareState: options.state === defaultStateDir(),
      downloadLimitBytesPerSec: options.limitDown,
      uploadLimitBytesPerSec: options.limitUp,
    })
    const { dht } = engine.snapshot()
    const fetching = isMagnet(opened) ? new Fetching(source, opened, performance.now()) : undefined
    let selected: ReadonlySet<number> | undefined
    const torrent = await engine.add(isMagnet(opened) ? source : opened, {
      dir,
      peers: options.peer,
      discovery: options.discovery,
      recover: true,
      signal,
      files: (_file, index, metainfo) => {
        selected ??= select(metainfo)
        return selected.has(index) ? 'normal' : 'skip'
      },
      onFetching: progress => {
        fetching?.take(progress, performance.now())
        if (fetching !== undefined) screen.draw(renderFetches([fetching.figures(dht)], 1, screen))
      },
    })
    torrent.on('warning', text => screen.print(`warning: ${safeText(text)}`))
    torrent.on('error', error => {
      if (torrent.summary().retrySeconds !== undefined)
        screen.print(`warning: ${explain(error).line}; it goes on by itself when it can`)
    })
    timer = setInterval(() => screen.draw(renderTransfers([torrent.summary()], 2, screen)), REDRAW_MS)
    const failed = new Promise<never>((_, reject) => void torrent.done.catch(reject))
    failed.catch(() => {})
    const files = [...(selected ?? [])].sort((a, b) => a - b)
    return await plan.use({ torrent, files, screen, signal, failed })
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted
    throw error
  } finally {
    clearInterval(timer)
    screen.clear()
    await engine?.close()
    interruption.end()
  }
}
