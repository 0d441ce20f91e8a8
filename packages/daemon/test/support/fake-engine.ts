/**
 * `fakeEngine()`: an engine without network and disk, for tests of what stands above the session. Torrents in it do what
 * a test says: `engine.torrent(id).receive(bytes)`, `.finish()`, `.fail(error)`, `.connect(count)`; magnet links wait in
 * `engine.links` until a test tells what is in one: `engine.tell(bytes)`.
 */
import {
  type Metainfo,
  parseMagnet,
  parseTorrent,
  ShoalError,
  type TorrentState,
  type Why,
} from '@shoal/engine'
import type {
  EngineAddOptions,
  EngineDescribeOptions,
  EngineNames,
  EnginePeer,
  EnginePieces,
  EngineSummary,
  EngineTorrent,
  EngineTorrentSummary,
  SessionEngine,
} from '../../src/session/engine-port.ts'

export function fakeEngine(): FakeEngine {
  return new FakeEngine()
}

interface Asked {
  readonly options: Pick<EngineDescribeOptions, 'onFetching' | 'signal'>
  readonly resolve: (bytes: Uint8Array) => void
}

export class FakeEngine implements SessionEngine {
  readonly port = 6881
  readonly torrents = new Map<string, FakeTorrent>()
  /** Links whose content is asked for, by info-hash. */
  readonly links = new Map<string, Asked>()
  limits: { download?: number; upload?: number; connections?: number } = {}
  incomingSeconds: number | undefined = undefined
  closed = false
  /** What was whole or partly there when it was taken out, as a resume record would have it. */
  readonly #kept = new Map<string, number>()

  torrent(id: string): FakeTorrent {
    const found = this.torrents.get(id)
    if (found === undefined) throw new Error(`${id} is not in the engine`)
    return found
  }

  async add(source: Uint8Array | string, options: EngineAddOptions): Promise<FakeTorrent> {
    if (typeof source !== 'string') return this.#add(source, options)
    const { signal = new AbortController().signal, onFetching = () => {} } = options
    const bytes = await this.#ask(source, { signal, onFetching })
    await options.onDescribed?.(bytes)
    return this.#add(bytes, options)
  }

  async describe(
    link: string,
    options: EngineDescribeOptions,
  ): Promise<{ metainfo: Metainfo; bytes: Uint8Array }> {
    const bytes = await this.#ask(link, options)
    return { metainfo: parseTorrent(bytes), bytes }
  }

  /** A peer has told what is in a link. */
  tell(bytes: Uint8Array): void {
    const metainfo = parseTorrent(bytes)
    const asked = this.links.get(metainfo.infoHashHex)
    if (asked === undefined) throw new Error(`nobody asks for ${metainfo.infoHashHex}`)
    this.links.delete(metainfo.infoHashHex)
    asked.resolve(bytes)
  }

  setLimits(limits: { download?: number; upload?: number; connections?: number }): void {
    this.limits = { ...this.limits, ...limits }
  }

  summary(): EngineSummary {
    const all = [...this.torrents.values()].map(torrent => torrent.summary())
    const sum = (of: (summary: EngineTorrentSummary) => number): number =>
      all.reduce((total, each) => total + of(each), 0)
    const connected = sum(({ connections }) => connections.connected)
    return {
      downloadRate: sum(({ downloadRate }) => downloadRate),
      uploadRate: sum(({ uploadRate }) => uploadRate),
      downloadedBytes: sum(({ downloadedBytes }) => downloadedBytes),
      uploadedBytes: sum(({ uploadedBytes }) => uploadedBytes),
      connections: { connected, connecting: 0, known: connected },
      incomingSeconds: this.incomingSeconds,
      externalIps: [],
      dht: { nodes: 12, searches: 0 },
    }
  }

  async close(): Promise<void> {
    this.closed = true
    for (const asked of this.links.values()) asked.options.signal.dispatchEvent(new Event('abort'))
  }

  #ask(link: string, options: Asked['options']): Promise<Uint8Array> {
    const id = parseMagnet(link).infoHashHex
    return new Promise((resolve, reject) => {
      if (this.links.has(id)) throw new ShoalError('TORRENT_DUPLICATE', `${id} is there already`)
      this.links.set(id, { options, resolve })
      options.signal.addEventListener('abort', () => {
        this.links.delete(id)
        reject(new ShoalError('ABORTED', 'aborted'))
      })
    })
  }

  #add(bytes: Uint8Array, options: EngineAddOptions): FakeTorrent {
    const metainfo = parseTorrent(bytes)
    const id = metainfo.infoHashHex
    if (this.torrents.has(id)) throw new ShoalError('TORRENT_DUPLICATE', 'this torrent is here already')
    const key = `${id} ${options.dir}`
    const trusted = options.check === 'trust' ? metainfo.geometry.totalLength : 0
    const torrent = new FakeTorrent(metainfo, options, this.#kept.get(key) ?? trusted, keep => {
      this.torrents.delete(id)
      if (keep) this.#kept.set(`${id} ${torrent.dir}`, torrent.haveBytes)
      else this.#kept.delete(`${id} ${torrent.dir}`)
    })
    this.torrents.set(id, torrent)
    if (!options.paused) torrent.start()
    return torrent
  }
}

type Listener = (detail: never) => void

export class FakeTorrent implements EngineTorrent {
  readonly metainfo: Metainfo
  readonly options: EngineAddOptions
  /** Everything it was told, a line each. */
  readonly told: string[] = []
  dir: string
  names: EngineNames
  state: TorrentState = 'stopped'
  haveBytes: number
  downloadRate = 0
  uploadRate = 0
  why: Why | undefined
  peers: EnginePeer[] = []
  /** Set by a test: moving, checking and removing data go on until it calls these. */
  holding = false
  readonly held: (() => void)[] = []
  moveError: ShoalError | undefined
  #error: ShoalError | undefined
  #downloaded = 0
  #uploaded = 0
  readonly #skipped = new Set<number>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #leave: (keep: boolean) => void

  constructor(
    metainfo: Metainfo,
    options: EngineAddOptions,
    haveBytes: number,
    leave: (keep: boolean) => void,
  ) {
    this.metainfo = metainfo
    this.options = options
    this.dir = options.dir
    this.names = options.names ?? {}
    this.haveBytes = haveBytes
    this.#leave = leave
    metainfo.files.forEach((file, index) => {
      if (options.files(file, index) === 'skip') this.#skipped.add(index)
    })
  }

  get wantedBytes(): number {
    return this.metainfo.files.reduce(
      (sum, { length }, index) => sum + (this.#skipped.has(index) ? 0 : length),
      0,
    )
  }

  // ------------------------------------------------------------------------------------ what a test says happens

  /** Payload came in. */
  receive(bytes: number): void {
    this.#downloaded += bytes
    this.haveBytes = Math.min(this.wantedBytes, this.haveBytes + bytes)
    if (this.haveBytes === this.wantedBytes && this.state === 'downloading') this.#become('seeding')
  }

  finish(): void {
    this.receive(this.wantedBytes - this.haveBytes)
  }

  send(bytes: number): void {
    this.#uploaded += bytes
  }

  connect(count: number): void {
    this.peers = Array.from({ length: count }, (_, index) => ({
      address: `10.0.0.${index + 1}:6881`,
      client: 'Fake 1.0',
      source: 'tracker',
      direction: 'out',
      downloadRate: 0,
      uploadRate: 0,
      downloadedBytes: 0,
      uploadedBytes: 0,
      progress: 0.5,
      requests: 0,
      flags: 'D',
      connectedSeconds: 10,
    }))
  }

  fail(error: ShoalError): void {
    this.#error = error
    this.#become('error')
    this.#emit('error', error)
  }

  // ---------------------------------------------------------------------------------------------- EngineTorrent

  summary(): EngineTorrentSummary {
    const { wantedBytes } = this
    return {
      name: this.metainfo.name,
      state: this.state,
      error: this.#error,
      wantedBytes,
      haveBytes: Math.min(this.haveBytes, wantedBytes),
      leftBytes: Math.max(0, wantedBytes - this.haveBytes),
      checkedFraction: this.state === 'checking' ? 0.5 : 1,
      downloadedBytes: this.#downloaded,
      uploadedBytes: this.#uploaded,
      wastedBytes: 0,
      downloadRate: this.downloadRate,
      uploadRate: this.uploadRate,
      etaSeconds: this.downloadRate > 0 ? (wantedBytes - this.haveBytes) / this.downloadRate : undefined,
      connections: { connected: this.peers.length, connecting: 0, known: this.peers.length },
      seeds: 0,
      peersSending: 0,
      peersReceiving: 0,
      availability: 1,
      swarm: { seeders: 3, leechers: 2 },
      why: this.why,
    }
  }

  snapshot(): ReturnType<EngineTorrent['snapshot']> {
    let left = this.haveBytes
    return {
      files: this.metainfo.files.map(({ path, length }) => {
        const haveBytes = Math.min(left, length)
        left -= haveBytes
        return { path: path.join('/'), haveBytes }
      }),
      peers: this.peers,
      trackers: this.metainfo.trackers.flatMap((urls, tier) =>
        urls.map(url => ({
          url,
          tier,
          state: 'ok' as const,
          seeders: 3,
          leechers: 2,
          lastAnnounceSeconds: 300,
          nextAnnounceSeconds: 600,
        })),
      ),
    }
  }

  pieces(): EnginePieces {
    const { pieceCount, pieceLength } = this.metainfo.geometry
    const have = new Uint8Array(Math.ceil(pieceCount / 8))
    for (let piece = 0; piece < pieceCount; piece++) {
      const isThere =
        this.haveBytes >= Math.min((piece + 1) * pieceLength, this.metainfo.geometry.totalLength)
      if (isThere) have[piece >> 3]! |= 0x80 >> (piece & 7)
    }
    return { have, active: [], availability: undefined }
  }

  on(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  start(): void {
    this.told.push('start')
    this.#error = undefined
    this.#become(this.haveBytes >= this.wantedBytes ? 'seeding' : 'downloading')
  }

  async stop(): Promise<void> {
    this.told.push('stop')
    this.#become('stopped')
  }

  async detach(): Promise<void> {
    this.told.push('detach')
    this.#leave(true)
  }

  async remove(options: { data?: boolean } = {}): Promise<void> {
    this.told.push(options.data ? 'remove data' : 'remove')
    await this.#hold()
    this.#leave(false)
  }

  async check(): Promise<void> {
    this.told.push('check')
    const before = this.state
    this.#become('checking')
    await this.#hold()
    if (this.state === 'checking') this.#become(before)
  }

  async move(dir: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    this.told.push(`move ${dir}`)
    await Promise.race([
      this.#hold(),
      new Promise(resolve => options.signal?.addEventListener('abort', resolve, { once: true })),
    ])
    if (options.signal?.aborted) throw new ShoalError('ABORTED', 'aborted')
    if (this.moveError !== undefined) throw this.moveError
    this.dir = dir
  }

  async rename(what: Parameters<EngineTorrent['rename']>[0]): Promise<void> {
    this.told.push(`rename ${JSON.stringify(what)}`)
    await this.#hold()
    for (const each of what) {
      this.names =
        'root' in each
          ? { ...this.names, root: each.root }
          : { ...this.names, files: { ...this.names.files, [each.file]: each.path } }
    }
  }

  setFilePriority(index: number, priority: string): void {
    this.told.push(`priority ${index} ${priority}`)
    if (priority === 'skip') this.#skipped.add(index)
    else this.#skipped.delete(index)
  }

  setSequential(on: boolean): void {
    this.told.push(`sequential ${on}`)
  }

  setTrackers(tiers: readonly (readonly string[])[]): void {
    this.told.push(`trackers ${JSON.stringify(tiers)}`)
  }

  setLimits(limits: { download?: number; upload?: number; obeyShared?: boolean }): void {
    const { download, upload, obeyShared = true } = limits
    this.told.push(`limits ${download} ${upload}${obeyShared ? '' : ' alone'}`)
  }

  setMaxConnections(count: number): void {
    this.told.push(`connections ${count}`)
  }

  setUploadSlots(count: number): void {
    this.told.push(`slots ${count}`)
  }

  reannounce(): void {
    this.told.push('reannounce')
  }

  addPeer(address: string): void {
    this.told.push(`peer ${address}`)
  }

  overhear(address: string): () => void {
    this.told.push(`overhear ${address}`)
    return () => this.told.push(`no longer ${address}`)
  }

  /** Bytes that say where they are: the offset within the file, modulo 251. */
  async *stream(
    _file: number,
    { start, end }: { start: number; end: number; signal: AbortSignal },
  ): AsyncIterable<Uint8Array> {
    for (let at = start; at < end; at += 16_384) {
      yield Uint8Array.from({ length: Math.min(16_384, end - at) }, (_, index) => (at + index) % 251)
    }
  }

  async #hold(): Promise<void> {
    if (this.holding) await new Promise<void>(resolve => this.held.push(resolve))
  }

  #become(state: TorrentState): void {
    if (state === this.state) return
    this.state = state
    this.#emit('state', state)
  }

  #emit(event: string, detail: unknown): void {
    queueMicrotask(() => {
      for (const listener of this.#listeners.get(event) ?? []) (listener as (detail: unknown) => void)(detail)
    })
  }
}
