/** What embedders hold of an engine: adding torrents to the core, limits and figures of all, and its end. */

import { type IpRange, IpRanges, type PackedRanges } from '../bytes/ip-ranges.ts'
import type { DhtSetup } from '../dht-service.ts'
import { Engine as CoreEngine } from '../engine.ts'
import { ShoalError } from '../errors.ts'
import { wrapInfo } from '../metainfo/create.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { eraseData } from '../node/erase-data.ts'
import { connectionsWithin } from '../node/open-files.ts'
import { resolvePeer } from '../node/resolve-peer.ts'
import { ResumeFiles, resumeKey } from '../node/resume-files.ts'
import { defaultWorkers } from '../node/store-threads.ts'
import { bootId, systemClock } from '../node/system.ts'
import type { Ports } from '../ports.ts'
import type { PeerBook, PeerBookEntry } from '../torrent/peer-book.ts'
import type { Torrent as CoreTorrent } from '../torrent/torrent.ts'
import { aborted } from './abort.ts'
import { torrentOptions } from './add-options.ts'
import { type DhtHome, snapshotDht } from './dht-home.ts'
import type { Surroundings } from './diagnose.ts'
import { TorrentHandle } from './handle.ts'
import { loadTorrent } from './load.ts'
import { LocalPeers } from './local-peers.ts'
import { type Fetched, fetchMetadata, isMagnet, openSource } from './magnet.ts'
import { count, limit } from './options.ts'
import { parseTorrent } from './parse.ts'
import { Relocation } from './relocation.ts'
import { connectionCounts } from './summary.ts'
import type { AddOptions } from './types/add.ts'
import type {
  DescribeOptions,
  Engine,
  EngineLimits,
  EngineOptions,
  EngineSnapshot,
  EngineSummary,
} from './types/engine.ts'
import type { Torrent } from './types/torrent.ts'
import type { LoadedTorrent } from './types/torrent-file.ts'

const CLIENT_NAME = 'Shoal 0.1'

const DEFAULT_MAX_CONNECTIONS = 300
/** Dead addresses are common; each costs seconds, so many are tried at once. */
const MAX_HALF_OPEN = 60

export interface EngineHandleDeps {
  /** To be tried. */
  readonly port: number
  readonly release: () => Promise<void>
  /** Undefined: no DHT. */
  readonly dht: DhtHome | undefined
  readonly setup: DhtSetup | undefined
}

export class EngineHandle implements Engine {
  readonly listening: Promise<void>
  /** For the next torrent to tell. */
  readonly warnings: string[] = []
  readonly #core: CoreEngine
  readonly #handles = new Map<CoreTorrent, TorrentHandle>()
  /** By the key of their resume records. */
  readonly #handleOf = new Map<string, TorrentHandle>()
  readonly #resume: ResumeFiles | undefined
  readonly #local: LocalPeers | undefined
  readonly #release: () => Promise<void>
  readonly #dht: DhtHome | undefined
  readonly #coreClosed: Promise<void>
  readonly #bind: string | undefined
  readonly #stateDir: string | undefined
  /** Info-hashes of torrents that are being added. */
  readonly #adding = new Set<string>()
  readonly #workers: number
  #closing: Promise<void> | undefined
  #port: number
  readonly #dhtNodes: () => number | undefined

  constructor(ports: Ports, options: EngineOptions, { port, release, dht, setup }: EngineHandleDeps) {
    this.#release = release
    this.#dht = dht
    this.#port = port
    this.#bind = options.bind
    this.#stateDir = options.stateDir
    this.#resume =
      options.stateDir === undefined
        ? undefined
        : new ResumeFiles(options.stateDir, {
            onError: error => this.#warn(error.message),
            onLost: key => this.#handleOf.get(key)?.core.keepAgain(),
          })
    if (options.lsd !== false) {
      this.#local = new LocalPeers({
        bindHost: options.bind,
        port: () => this.#port,
        onWarning: text => this.#warn(text),
      })
    }
    this.#workers = options.workers ?? defaultWorkers()
    const connections = this.#connections(options.maxConnections ?? DEFAULT_MAX_CONNECTIONS)
    let onClosed: () => void = () => {}
    this.#coreClosed = new Promise(settle => {
      onClosed = settle
    })
    let onListening: () => void = () => {}
    let onRefused: (error: ShoalError) => void = () => {}
    this.listening = new Promise((yes, no) => {
      onListening = yes
      onRefused = no
    })
    this.#core = new CoreEngine(
      ports,
      {
        listen: { host: options.bind, port },
        ...connections,
        downloadLimit: limit(options.downloadLimitBytesPerSec),
        uploadLimit: limit(options.uploadLimitBytesPerSec),
        clientName: CLIENT_NAME,
        extensions: options.extensions,
        dht: setup,
      },
      {
        onListening: actual => {
          this.#port = actual
          onListening()
        },
        // Once it has listened, a rejected promise changes nothing: torrents go on without new visitors.
        onError: error => {
          onRefused(error)
          this.#warn(error.message)
        },
        onClosed: () => onClosed(),
      },
    )
    this.#dhtNodes = dhtCounter(this.#core)
    this.#core.open()
  }

  get port(): number {
    return this.#port
  }

  get torrents(): readonly Torrent[] {
    return [...this.#handles.values()]
  }

  get(infoHash: string): Torrent | undefined {
    const core = this.#core.torrent(infoHash.toLowerCase())
    return core && this.#handles.get(core)
  }

  async add(source: string | URL | Uint8Array | Metainfo, options: AddOptions = {}): Promise<Torrent> {
    this.#assertOpen()
    if (options.signal?.aborted) throw aborted()
    const opened = await this.#open(source, options)
    const { infoHashHex } = opened.metainfo
    if (this.#core.torrent(infoHashHex) !== undefined || this.#adding.has(infoHashHex)) {
      throw new ShoalError('TORRENT_DUPLICATE', `${opened.metainfo.name} is there already`)
    }
    this.#adding.add(infoHashHex)
    try {
      return await this.#add(opened)
    } finally {
      this.#adding.delete(infoHashHex)
    }
  }

  async #add({ metainfo, found, options }: Fetched & { readonly options: AddOptions }): Promise<Torrent> {
    const relocation = new Relocation({ metainfo, stateDir: this.#stateDir, resume: this.#resume })
    let place = await relocation.settle(relocation.place(options.dir ?? '.', options.names), options.signal)
    let key = await resumeKey(metainfo.infoHashHex, place.dir)
    const resume = await this.#resume?.load(key)
    const journal = resume && (await this.#resume?.loadJournal(key))
    const peers = await Promise.all((options.peers ?? []).map(resolvePeer))
    this.#assertOpen()
    if (options.signal?.aborted) throw aborted()
    const coreOptions = torrentOptions(metainfo, options, {
      dir: place.dir,
      paths: relocation.paths(place),
      resume,
      journal,
      bootId,
      peers,
    })
    const local = coreOptions.discovery && !metainfo.private ? this.#local : undefined
    let endSeeking: (() => void) | undefined
    let saved: Promise<void> | undefined
    const handle = new TorrentHandle(metainfo, {
      open: observer => this.#core.add(metainfo, coreOptions, observer),
      around: () => this.#surroundings(),
      place: () => place,
      onActive: isActive => {
        endSeeking?.()
        endSeeking = isActive
          ? local?.seek(metainfo.infoHashHex, address => handle.core.addPeer(address, 'lsd'))
          : undefined
      },
      saveResume: record => {
        saved = this.#resume?.save(key, record)
      },
      appendJournal: (entry, durable) => this.#resume?.append(key, entry, durable),
      putAside: (what, rest) => void this.#resume?.quarantine(key, what, rest),
      cutJournal: rest => void this.#resume?.cutJournal(key, rest),
      move: async (core, to, job) => {
        const from = { place, key }
        return await relocation.move(place, to, {
          ...job,
          switchTo: async (where, before, after) => {
            this.#handleOf.delete(key)
            place = where
            key = await resumeKey(metainfo.infoHashHex, where.dir)
            this.#handleOf.set(key, handle)
            core.relocate(where.dir, relocation.paths(where), before, after)
            await saved
          },
          onMoved: async () => {
            if (key !== from.key) await this.#resume?.remove(from.key)
          },
        })
      },
      eraseData: async ({ geometry }) => {
        await eraseData({ dir: place.dir, infoHash: metainfo.infoHashHex, files: geometry.files })
      },
      release: core => {
        this.#core.remove(core)
        this.#handles.delete(core)
        this.#handleOf.delete(key)
      },
      forget: async () => {
        await relocation.forget(place)
        await this.#resume?.remove(key)
      },
    })
    takeOver(found, handle.core.book)
    handle.setLimits({ obeyShared: options.obeySharedLimits })
    this.#handles.set(handle.core, handle)
    this.#handleOf.set(key, handle)
    if (coreOptions.discovery && !metainfo.private) void this.#dht?.addNodes(metainfo.nodes)
    const onAbort = (): void => {
      handle.fail(aborted())
      void handle.stop()
    }
    options.signal?.addEventListener('abort', onAbort, { once: true })
    for (const text of this.warnings.splice(0)) handle.onWarning(text)
    if (!options.paused) handle.start()
    // It is added once it would be there after a power cut.
    await saved
    return handle
  }

  async describe(source: string | URL, options: DescribeOptions = {}): Promise<LoadedTorrent> {
    this.#assertOpen()
    const opened = await openSource(source, options.signal)
    if (!isMagnet(opened)) return await loadTorrent(source, { signal: options.signal })
    const { metainfo } = await fetchMetadata(this.#core, this.#local, opened, {
      ...options,
      dhtNodes: this.#dhtNodes,
      bind: this.#bind,
    })
    return { metainfo, bytes: wrapInfo(metainfo.infoBytes, metainfo) }
  }

  setLimits({ download, upload, connections }: EngineLimits): void {
    // All of them, or none.
    const rates = { download: limit(download), upload: limit(upload) }
    if (connections !== undefined) {
      const { maxConnections, maxHalfOpen } = this.#connections(count('connections', connections, 1))
      this.#core.setMaxConnections(maxConnections, maxHalfOpen)
    }
    if (download !== undefined) this.#core.downloadLimit.setRate(rates.download)
    if (upload !== undefined) this.#core.uploadLimit.setRate(rates.upload)
  }

  setBlocklist(ranges: readonly IpRange[] | PackedRanges): void {
    this.#core.setBlocklist(new IpRanges(ranges))
  }

  snapshot(): EngineSnapshot {
    return { ...this.summary(), torrents: this.torrents.map(torrent => torrent.snapshot()) }
  }

  summary(): EngineSummary {
    const now = systemClock.now()
    const { dht, reachedAt, externalIps, blocklist } = this.#core
    const sums = { downloadRate: 0, uploadRate: 0, downloadedBytes: 0, uploadedBytes: 0 }
    const connections = { connected: 0, connecting: 0, known: 0 }
    for (const core of this.#core.torrents) {
      sums.downloadRate += core.swarm?.download.rate(now) ?? 0
      sums.uploadRate += core.swarm?.upload.rate(now) ?? 0
      sums.downloadedBytes += core.totals.downloadedBytes
      sums.uploadedBytes += core.totals.uploadedBytes
      const { connected, connecting, known } = connectionCounts(core)
      connections.connected += connected
      connections.connecting += connecting
      connections.known += known
    }
    return {
      port: this.#port,
      ...sums,
      connections,
      incomingSeconds: reachedAt === undefined ? undefined : (now - reachedAt) / 1000,
      externalIps,
      blockedRanges: blocklist.count,
      dht: dht && snapshotDht(dht),
    }
  }

  startDht(): void {
    if (this.#core.dht !== undefined) this.#dht?.start(this.#core.dht)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes the core alone: the world stays for the next try. */
  async closeCore(): Promise<void> {
    this.#core.close()
    await this.#coreClosed
  }

  async #close(): Promise<void> {
    this.#local?.close()
    await Promise.all(Array.from(this.#handles.values(), handle => handle.endMoves()))
    await this.closeCore()
    for (const handle of this.#handles.values()) {
      handle.fail(new ShoalError('CLOSED', 'the engine was closed'))
    }
    await Promise.all([this.#resume?.settled(), this.#dht?.close()])
    await this.#release()
  }

  /** The torrent that a source names, fetched where it is a magnet link, and the options that follow from it. */
  async #open(
    source: string | URL | Uint8Array | Metainfo,
    options: AddOptions,
  ): Promise<Fetched & { readonly options: AddOptions }> {
    if (source instanceof Uint8Array) return { metainfo: parseTorrent(source), found: [], options }
    if (typeof source !== 'string' && !(source instanceof URL))
      return { metainfo: source, found: [], options }
    const opened = await openSource(source, options.signal)
    if (!isMagnet(opened)) return { metainfo: opened, found: [], options }
    const { selectOnly } = opened
    const fetched = await fetchMetadata(this.#core, this.#local, opened, {
      ...options,
      dhtNodes: this.#dhtNodes,
      bind: this.#bind,
    })
    await options.onDescribed?.(wrapInfo(fetched.metainfo.infoBytes, fetched.metainfo))
    if (selectOnly === undefined || options.files !== undefined) return { ...fetched, options }
    const isSelected = (index: number): boolean =>
      selectOnly.some(({ first, last }) => index >= first && index <= last)
    return {
      ...fetched,
      options: { ...options, files: (_, index) => (isSelected(index) ? 'normal' : 'skip') },
    }
  }

  /** As many as are wanted, or as the system allows. */
  #connections(wanted: number): { maxConnections: number; maxHalfOpen: number } {
    const maxConnections = connectionsWithin(wanted, this.#workers)
    return { maxConnections, maxHalfOpen: Math.min(MAX_HALF_OPEN, Math.ceil(maxConnections / 3)) }
  }

  #surroundings(): Surroundings {
    const dhtNodes = this.#dhtNodes
    return { engine: this.#core, now: systemClock.now(), unixTime: systemClock.unixTime(), dhtNodes }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ShoalError('CLOSED', 'the engine is closed')
  }

  #warn(text: string): void {
    if (this.#handles.size === 0) this.warnings.push(text)
    for (const handle of this.#handles.values()) handle.onWarning(text)
  }
}

/** How many nodes of the DHT we know, counted at most once a second. */
function dhtCounter({ dht }: CoreEngine): () => number | undefined {
  let nodes: number | undefined
  let countedAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = systemClock.now()
    if (dht !== undefined && now - countedAt >= 1000) {
      nodes = snapshotDht(dht).nodes
      countedAt = now
    }
    return nodes
  }
}

/** Addresses that were found while the description was fetched; who gave it is remembered for that. */
function takeOver(found: readonly PeerBookEntry[], book: PeerBook): void {
  const now = systemClock.now()
  for (const { address, sources, usefulAt } of found) {
    book.add(address, sources[0]!, now)
    const entry = usefulAt === undefined ? undefined : book.entryFor(address)
    if (entry !== undefined) book.served(entry, now)
  }
}
