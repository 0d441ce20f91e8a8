/** What is in the torrent of a magnet link, asked of peers; the screen says meanwhile how far it is. */
import type { EngineOptions, LoadedTorrent } from '@shoal/engine'
import { EXIT } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { Fetching, UNTOLD } from './fetching.ts'
import type { NetworkOptions } from './options.ts'
import { plainFetch, renderFetches } from './terminal/fetch-view.ts'
import { safeText } from './terminal/safe-text.ts'
import type { Screen } from './terminal/screen.ts'

export interface DescribeOptions extends Pick<NetworkOptions, 'peer' | 'discovery'> {
  /** Seconds without anything arriving. */
  readonly giveUp?: number | undefined
}

interface DescribeDeps {
  readonly library: Pick<typeof import('@shoal/engine'), 'createEngine' | 'parseMagnet'>
  readonly engine: EngineOptions
  readonly screen: Screen
  readonly signal: AbortSignal
}

const REDRAW_MS = 200
const LOG_MS = 10_000

/** @throws Failure (unfinished) when nobody tells for as long as `giveUp`; ShoalError */
export async function describeMagnet(
  source: string,
  options: DescribeOptions,
  { library, engine: engineOptions, screen, signal }: DescribeDeps,
): Promise<LoadedTorrent> {
  const magnet = library.parseMagnet(source)
  for (const warning of magnet.warnings)
    screen.print(`${screen.style.warn('warning:')} ${safeText(magnet.name ?? source)}: ${safeText(warning)}`)
  const fetching = new Fetching(source, magnet, performance.now())
  const stuck = new AbortController()
  const engine = await library.createEngine(engineOptions)
  const dht = (): ReturnType<typeof engine.snapshot>['dht'] =>
    options.discovery ? engine.snapshot().dht : undefined
  let loggedMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const figures = fetching.figures(dht())
    if (screen.live) screen.draw(renderFetches([figures], 1, screen))
    else if (nowMs - loggedMs >= LOG_MS) {
      loggedMs = nowMs
      screen.print(plainFetch(figures))
    }
    if (fetching.isStuck(options.giveUp, nowMs)) stuck.abort()
  }, REDRAW_MS)
  try {
    return await engine.describe(source, {
      peers: options.peer,
      discovery: options.discovery,
      signal: AbortSignal.any([signal, stuck.signal]),
      onFetching: progress => fetching.take(progress, performance.now()),
    })
  } catch (error) {
    if (!stuck.signal.aborted || signal.aborted) throw error
    throw new Failure(
      EXIT.unfinished,
      `${fetching.name}: ${UNTOLD}: ${fetching.describe(dht())}`,
      'try later, or name a peer with --peer',
    )
  } finally {
    clearInterval(timer)
    screen.clear()
    await engine.close()
  }
}
