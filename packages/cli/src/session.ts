/**
 * The life of `get` and `seed`: load, add, watch, and end in good order. Progress goes to the screen, results and
 * `--json` events to standard output.
 */
import type { AddOptions, Engine, Magnet, Metainfo, Torrent, TorrentSnapshot } from '@shoal/engine'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { explain } from './failure.ts'
import { Fetching, fetchingEvent, UNTOLD } from './fetching.ts'
import { formatBytes, formatDuration, formatRate, plural } from './format.ts'
import { isMagnet, type Loader, loadSource, openSource } from './input/source.ts'
import { defaultStateDir } from './input/state-dir.ts'
import { type Interruption, watchInterrupts } from './interrupt.ts'
import { type NetworkOptions, networkOf } from './options.ts'
import { print, printEvent, stdoutGone } from './output.ts'
import { describeFetch, type FetchFigures, plainFetch, renderFetches } from './terminal/fetch-view.ts'
import { safeText } from './terminal/safe-text.ts'
import { Screen } from './terminal/screen.ts'
import { plainLine, renderTransfers } from './terminal/transfer-view.ts'
import { safePath } from './torrent-text.ts'

export interface SessionPlan {
  readonly sources: readonly string[]
  readonly dir: string
  readonly options: NetworkOptions
  /** How each torrent is added; `files` may throw a Failure about the command line. */
  readonly add: AddOptions
  /** Go on sharing after everything is complete, until these are reached or Ctrl-C. */
  readonly share: ShareGoal | undefined
  /** Give up when nothing more has arrived for so long. */
  readonly giveUpSeconds: number | undefined
  /** The data must be there already. */
  readonly seedOnly: boolean
  /** The command line that goes on after an interruption. */
  readonly resume: string
}

export interface ShareGoal {
  readonly ratio: number | undefined
  readonly seconds: number | undefined
}

const REDRAW_MS = 200
const LOG_SECONDS = 10
const JSON_SECONDS = 1
/** Live lines at most, whatever the height of the terminal. */
const LIVE_ROWS = 10
/** Reasons at most in the line about what is not complete. */
const REASONS = 3

/** Rows for magnet links at most; torrents have the others. */
const FETCH_ROWS = 5

interface Entry {
  readonly source: string
  readonly torrent: Torrent
  readonly startedMs: number
  outcome: 'open' | 'complete' | 'failed'
  sharingSinceMs: number
  arrivedBytes: number
  arrivedMs: number
  /** Why it was not complete when all was over. */
  why: string | undefined
}

export async function runSession(plan: SessionPlan): Promise<ExitCode> {
  const screen = new Screen(process.stderr, plan.options.color)
  const interruption = watchInterrupts(() => {
    screen.clear()
    screen.print('Saving and telling the trackers. Ctrl-C again leaves at once.')
  })
  const session = new Session(plan, screen, interruption)
  try {
    return await session.run()
  } finally {
    session.end()
  }
}

class Session {
  readonly #plan: SessionPlan
  readonly #screen: Screen
  readonly #interruption: Interruption
  readonly #entries: Entry[] = []
  /** What peers are still to tell of. */
  readonly #fetches = new Set<Fetching>()
  #engine: Engine | undefined
  #timer: NodeJS.Timeout | undefined
  #failure: ExitCode | undefined
  #over = false
  #loggedMs = performance.now()
  /** Looks whether it is over; set while waiting. */
  #look: () => void = () => {}

  constructor(plan: SessionPlan, screen: Screen, interruption: Interruption) {
    this.#plan = plan
    this.#screen = screen
    this.#interruption = interruption
  }

  async run(): Promise<ExitCode> {
    try {
      await this.#work()
    } catch (error) {
      if (!this.#interruption.signal.aborted) this.#fail(error)
    }
    return this.#finish()
  }

  async #work(): Promise<void> {
    const { sources, options, seedOnly } = this.#plan
    const library = await import('@shoal/engine')
    const opened = await Promise.all(sources.map(source => this.#open(library, source)))
    if (opened.every(each => each === undefined)) return
    const engine = await library.createEngine({
      ...networkOf(options),
      stateDir: options.state,
      // Two downloads side by side are nothing unusual; who names a folder means that one.
      shareState: options.state === defaultStateDir(),
      downloadLimitBytesPerSec: options.limitDown,
      uploadLimitBytesPerSec: options.limitUp,
    })
    this.#engine = engine
    try {
      if (options.json) printEvent('listening', { port: engine.port })
      else if (seedOnly) this.#screen.print(`Listening on port ${engine.port}`)
      for (const [index, each] of opened.entries()) {
        if (each === undefined || this.#interruption.signal.aborted) continue
        // Magnet links may take for ever: nothing waits for them.
        if (isMagnet(each)) void this.#fetch(engine, sources[index]!, each)
        else await this.#add(engine, sources[index]!, each)
      }
      await this.#untilOver()
      // Once closed, a torrent has no peers and no trackers to tell of.
      for (const entry of this.#entries) entry.why = entry.torrent.snapshot().why?.text
      for (const fetching of this.#fetches)
        fetching.why = `${UNTOLD}: ${describeFetch(this.#figures(fetching))}`
    } finally {
      this.#over = true
      this.#stopShowing()
      await engine.close()
    }
  }

  end(): void {
    this.#stopShowing()
    this.#interruption.end()
  }

  async #open(library: Loader, source: string): Promise<Metainfo | Magnet | undefined> {
    try {
      const { signal } = this.#interruption
      const opened = await (this.#plan.seedOnly ? loadSource : openSource)(library, source, signal)
      const name = isMagnet(opened) ? (opened.name ?? opened.infoHashHex) : opened.name
      for (const warning of opened.warnings) this.#warn(name, warning)
      return opened
    } catch (error) {
      if (!this.#interruption.signal.aborted) this.#fail(error)
      return undefined
    }
  }

  async #add(engine: Engine, source: string, metainfo: Metainfo): Promise<void> {
    if (this.#isGiven(metainfo, source)) return
    try {
      this.#added(source, await engine.add(metainfo, this.#addOptions()), performance.now())
    } catch (error) {
      this.#fail(error, { infoHash: metainfo.infoHashHex, name: metainfo.name })
    }
  }

  /** Adds a torrent as soon as peers have told what is in it. */
  async #fetch(engine: Engine, source: string, magnet: Magnet): Promise<void> {
    if (this.#isGiven(magnet, source)) return
    const fetching = new Fetching(source, magnet, performance.now())
    this.#fetches.add(fetching)
    const { json } = this.#plan.options
    if (!json) this.#screen.print(`Finding out what is in ${this.#screen.style.bold(fetching.name)}`)
    try {
      let isFirst = true
      const onFetching: AddOptions['onFetching'] = progress => {
        fetching.take(progress, performance.now())
        if (json && isFirst) printEvent('fetching', fetchingEvent(this.#figures(fetching)))
        isFirst = false
      }
      const torrent = await engine.add(source, { ...this.#addOptions(), onFetching })
      for (const warning of torrent.metainfo.warnings) this.#warn(torrent.metainfo.name, warning)
      if (!this.#over) this.#added(source, torrent, performance.now())
      this.#fetches.delete(fetching)
    } catch (error) {
      // Closing the engine rejects what is still open.
      if (this.#over) return
      this.#fetches.delete(fetching)
      this.#fail(error, { infoHash: fetching.infoHash, name: fetching.name })
    }
    this.#look()
  }

  #isGiven({ infoHashHex, name }: Metainfo | Magnet, source: string): boolean {
    const entry = this.#entries.find(({ torrent }) => torrent.metainfo.infoHashHex === infoHashHex)
    const same = entry ?? [...this.#fetches].find(({ infoHash }) => infoHash === infoHashHex)
    if (same === undefined) return false
    this.#warn(name ?? infoHashHex, `given twice (${source} is ${same.source}): once is enough`)
    return true
  }

  #addOptions(): AddOptions {
    const { options, dir, add } = this.#plan
    return { dir, peers: options.peer, discovery: options.discovery, ...add }
  }

  #added(source: string, torrent: Torrent, nowMs: number): void {
    const entry: Entry = {
      source,
      torrent,
      startedMs: nowMs,
      outcome: 'open',
      sharingSinceMs: 0,
      arrivedBytes: -1,
      arrivedMs: nowMs,
      why: undefined,
    }
    this.#entries.push(entry)
    this.#announce(torrent.snapshot())
    this.#listen(entry)
  }

  #announce(snapshot: TorrentSnapshot): void {
    const { infoHash, name, totalBytes, wantedBytes, state } = snapshot
    if (this.#plan.options.json) {
      printEvent('added', { infoHash, name, totalBytes, wantedBytes, dir: this.#plan.dir })
      // What it came to be while it was added, nobody was there to hear.
      printEvent('state', { infoHash, name, state })
      return
    }
    const verb = this.#plan.seedOnly ? 'Sharing' : 'Getting'
    const amount =
      wantedBytes < totalBytes
        ? `${formatBytes(wantedBytes)} of ${formatBytes(totalBytes)}`
        : formatBytes(totalBytes)
    const place = `${this.#plan.seedOnly ? 'from' : 'into'} ${safeText(this.#plan.dir)}`
    this.#screen.print(`${verb} ${this.#screen.style.bold(safeText(name))} (${amount}) ${place}`)
  }

  #listen(entry: Entry): void {
    const { torrent } = entry
    const { json } = this.#plan.options
    const { infoHashHex: infoHash, name } = torrent.metainfo
    torrent.on('warning', text => this.#warn(name, text))
    torrent.on('error', error => {
      if (torrent.snapshot().retrySeconds === undefined) return
      this.#warn(name, `${explain(error).line}; it goes on by itself when it can`)
    })
    torrent.on('state', state => {
      if (json) printEvent('state', { infoHash, name, state })
      this.#look()
    })
    if (json)
      torrent.on('tracker', ({ url, message }) => printEvent('tracker', { infoHash, name, url, message }))
    torrent.done.then(
      () => this.#complete(entry),
      error => this.#failed(entry, error),
    )
  }

  #complete(entry: Entry): void {
    // Who shares wants nothing, and has all that is wanted: that may be nothing.
    if (this.#plan.seedOnly && entry.outcome === 'open' && this.#lacksData(entry)) return this.#look()
    entry.outcome = 'complete'
    entry.sharingSinceMs = performance.now()
    const snapshot = entry.torrent.snapshot()
    const { infoHash, name, wantedBytes, checkedBytes, downloadedBytes } = snapshot
    const seconds = (entry.sharingSinceMs - entry.startedMs) / 1000
    const path = safePath(this.#plan.dir, entry.torrent.metainfo.name)
    if (this.#plan.options.json) {
      printEvent('done', {
        infoHash,
        name,
        wantedBytes,
        checkedBytes,
        downloadedBytes,
        seconds: round(seconds),
        path,
      })
    } else if (!this.#plan.seedOnly) {
      const pace = `${formatDuration(seconds)} (${formatRate(downloadedBytes / Math.max(seconds, 0.001))})`
      const received = downloadedBytes < wantedBytes ? `, the last ${formatBytes(downloadedBytes)}` : ''
      const how = downloadedBytes === 0 ? ' was complete already' : `${received} in ${pace}`
      this.#screen.clear()
      print(`${path}: ${formatBytes(wantedBytes)}${how}`)
    }
    this.#look()
  }

  #failed(entry: Entry, error: unknown): void {
    // Closing the engine rejects what is still open.
    if (this.#over || entry.outcome !== 'open') return
    entry.outcome = 'failed'
    this.#fail(error, { infoHash: entry.torrent.metainfo.infoHashHex, name: entry.torrent.metainfo.name })
    this.#look()
  }

  // ------------------------------------------------------------------------------------------------- waiting

  async #untilOver(): Promise<void> {
    if (this.#entries.length === 0 && this.#fetches.size === 0) return
    const seconds = this.#plan.options.progressEvery ?? (this.#plan.options.json ? JSON_SECONDS : LOG_SECONDS)
    await new Promise<void>(resolve => {
      this.#look = () => {
        if (this.#isOver()) resolve()
      }
      this.#interruption.signal.addEventListener('abort', this.#look)
      stdoutGone.addEventListener('abort', this.#look)
      this.#timer = setInterval(
        () => {
          this.#show(seconds)
          this.#look()
        },
        Math.min(REDRAW_MS, seconds * 1000),
      )
      this.#look()
    })
  }

  #isOver(): boolean {
    if (this.#interruption.signal.aborted || (this.#plan.options.json && stdoutGone.aborted)) return true
    const nowMs = performance.now()
    const isStuck = (fetching: Fetching): boolean => fetching.isStuck(this.#plan.giveUpSeconds, nowMs)
    return this.#entries.every(entry => this.#isOverFor(entry)) && [...this.#fetches].every(isStuck)
  }

  #isOverFor(entry: Entry): boolean {
    if (entry.outcome === 'failed') return true
    const nowMs = performance.now()
    const { share, seedOnly, giveUpSeconds } = this.#plan
    if (seedOnly && entry.outcome === 'open') return this.#lacksData(entry)
    if (entry.outcome === 'open') {
      if (giveUpSeconds === undefined) return false
      const { haveBytes, checkedFraction, state } = entry.torrent.snapshot()
      const arrived = haveBytes + (state === 'checking' ? checkedFraction : 0)
      if (arrived !== entry.arrivedBytes) {
        entry.arrivedBytes = arrived
        entry.arrivedMs = nowMs
      }
      return nowMs - entry.arrivedMs > giveUpSeconds * 1000
    }
    if (share === undefined) return true
    if (share.seconds !== undefined && nowMs - entry.sharingSinceMs >= share.seconds * 1000) return true
    return share.ratio !== undefined && entry.torrent.snapshot().ratio >= share.ratio
  }

  /** Sharing needs data: none at all is a mistake, a part of it is shared with a word about it. */
  #lacksData(entry: Entry): boolean {
    const { state, haveBytes, wantedBytes, name, infoHash } = entry.torrent.snapshot()
    if (state === 'checking' || state === 'stopped' || state === 'error') return false
    if (haveBytes === 0 && wantedBytes > 0) {
      entry.outcome = 'failed'
      this.#failure ??= EXIT.verify
      const line = `${safeText(name)}: nothing of it is in ${safeText(this.#plan.dir)}; name the folder that holds it with --dir`
      this.#complain(line, 'NO_DATA', { infoHash, name })
      return true
    }
    // `done` is on its way.
    if (haveBytes >= wantedBytes) return false
    entry.outcome = 'complete'
    entry.sharingSinceMs = performance.now()
    this.#warn(name, `only ${formatBytes(haveBytes)} of ${formatBytes(wantedBytes)} is here: sharing that`)
    return false
  }

  #show(seconds: number): void {
    const nowMs = performance.now()
    const { json } = this.#plan.options
    const snapshots = this.#entries
      .filter(entry => entry.outcome !== 'failed')
      .map(entry => entry.torrent.snapshot())
    const fetches = [...this.#fetches].map(fetching => this.#figures(fetching))
    if (this.#screen.live && !json) {
      const rows = Math.min(LIVE_ROWS, this.#screen.rows - 1)
      const above = renderFetches(fetches, Math.min(FETCH_ROWS, rows - 1), this.#screen)
      const below = renderTransfers(snapshots, rows - above.length, this.#screen)
      this.#screen.draw([...above, ...below])
    }
    if (nowMs - this.#loggedMs < seconds * 1000) return
    this.#loggedMs = nowMs
    for (const figures of fetches) {
      if (json) printEvent('fetching', fetchingEvent(figures))
      else if (!this.#screen.live) this.#screen.print(plainFetch(figures))
    }
    for (const snapshot of snapshots) {
      if (json) printEvent('progress', progressOf(snapshot))
      else if (!this.#screen.live) this.#screen.print(plainLine(snapshot))
    }
  }

  #figures(fetching: Fetching): FetchFigures {
    const dht = this.#plan.options.discovery ? this.#engine?.snapshot().dht : undefined
    return fetching.figures(dht)
  }

  #stopShowing(): void {
    clearInterval(this.#timer)
    this.#screen.clear()
  }

  // -------------------------------------------------------------------------------------------------- ending

  #finish(): ExitCode {
    const exitCode = this.#exitCode()
    const torrents = this.#entries
      .filter(entry => entry.outcome === 'open')
      .map(({ torrent, why }) => ({ name: safeText(torrent.metainfo.name), why }))
    const open = [...torrents, ...this.#fetches]
    if (this.#plan.options.json) printEvent('finished', { exitCode })
    else if (open.length === 0 || this.#plan.seedOnly) return exitCode
    else if (this.#interruption.signal.aborted) this.#screen.print(`To go on: ${this.#plan.resume}`)
    else this.#screen.print(`shoal: ${unfinished(open)}; to go on: ${this.#plan.resume}`)
    return exitCode
  }

  #exitCode(): ExitCode {
    if (this.#interruption.signal.aborted) return EXIT.interrupted
    if (this.#failure !== undefined) return this.#failure
    if (this.#fetches.size > 0) return EXIT.unfinished
    return this.#entries.every(entry => entry.outcome === 'complete') ? EXIT.ok : EXIT.unfinished
  }

  #fail(error: unknown, about: object = {}): void {
    const { line, exitCode } = explain(error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'FAILURE'
    this.#failure ??= exitCode
    this.#complain(line, code, about)
  }

  #complain(line: string, code: string, about: object): void {
    if (this.#plan.options.json) printEvent('error', { ...about, code, message: line })
    this.#screen.print(`shoal: ${line}`)
  }

  #warn(name: string, text: string): void {
    if (this.#plan.options.json) printEvent('warning', { name, message: text })
    else this.#screen.print(`${this.#screen.style.warn('warning:')} ${safeText(name)}: ${safeText(text)}`)
  }
}

/** What is not complete, and why; each reason once, and not too many. */
function unfinished(open: readonly { readonly name: string; readonly why: string | undefined }[]): string {
  const what =
    open.length === 1
      ? `${open[0]!.name} is not complete`
      : `${plural(open.length, 'torrent')} are not complete`
  const reasons = [...new Set(open.flatMap(({ why }) => why ?? []))].slice(0, REASONS)
  return [what, ...reasons.map(safeText)].join(': ')
}

/** The fields of a `progress` event: stable names, plain numbers. */
function progressOf(snapshot: TorrentSnapshot): object {
  const { infoHash, name, state, totalBytes, wantedBytes, haveBytes, leftBytes } = snapshot
  return {
    infoHash,
    name,
    state,
    totalBytes,
    wantedBytes,
    haveBytes,
    leftBytes,
    checkedFraction: round(snapshot.checkedFraction),
    checkedBytes: snapshot.checkedBytes,
    downloadedBytes: snapshot.downloadedBytes,
    uploadedBytes: snapshot.uploadedBytes,
    wastedBytes: snapshot.wastedBytes,
    downloadRate: Math.round(snapshot.downloadRate),
    uploadRate: Math.round(snapshot.uploadRate),
    etaSeconds: snapshot.etaSeconds,
    ratio: round(snapshot.ratio),
    pieces: snapshot.pieces,
    connections: snapshot.connections,
    why: snapshot.why,
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
