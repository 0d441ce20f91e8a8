/** Fetching one block while telling each step: what trackers and peers answer, and the dialogue with one of them. */
import type { PeerAddress } from '../bytes/address.ts'
import { formatAddress } from '../bytes/address.ts'
import { ShoalError } from '../errors.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { resolvePeer } from '../node/resolve-peer.ts'
import { systemClock, systemRandom } from '../node/system.ts'
import { createTcp } from '../node/tcp.ts'
import { createTrackers } from '../node/trackers.ts'
import type { AnnounceEvent, AnnounceReply, AnnounceRequest } from '../tracker/announce.ts'
import { makePeerId } from '../wire/peer-id.ts'
import { PeekPeer, type PeekPeerDeps, type PeekPeerHandler, type PeekRange } from './peek-peer.ts'
import type { PeekEvent, PeekOptions } from './types/peek.ts'

const DEFAULT_TIMEOUT_MS = 10_000

/** Asked side by side; who comes later waits for one of them to give up. */
const MAX_DIALS = 50
/** Many enough to find a block anywhere; a tracker may name thousands. */
const MAX_PEERS = 500
const MAX_TRACKERS = 50
const PEERS_WANTED = 50

/** Trackers hear that we leave, but nobody waits long for it. */
const FAREWELL_MS = 1_000

/**
 * Asks the torrent's trackers (or `peers`) who has a block, dials all of them at once, and fetches the block from the
 * first that gives it. The block is not verified: only whole pieces have hashes. Always ends with `block` or `gave-up`,
 * also when aborted; every connection is closed then, as it is when the iteration is left early.
 *
 * @throws ShoalError `OPTION_INVALID` before the first event
 */
export async function* peek(
  metainfo: Metainfo,
  options: PeekOptions = {},
): AsyncGenerator<PeekEvent, void, undefined> {
  const range = rangeOf(metainfo, options)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw invalid(`${timeoutMs} ms is no timeout`)
  const peers = await resolveAll(options.peers)
  const session = new PeekSession(metainfo, range, timeoutMs)
  const abort = (): void => session.giveUp('ended before anyone gave the block')
  try {
    if (peers === undefined) session.askTrackers()
    else session.addPeers(peers)
    if (options.signal?.aborted) abort()
    else options.signal?.addEventListener('abort', abort, { once: true })
    for (let event = await session.next(); event !== undefined; event = await session.next()) yield event
  } finally {
    options.signal?.removeEventListener('abort', abort)
    await session.close()
  }
}

function rangeOf({ geometry }: Metainfo, options: PeekOptions): PeekRange {
  const piece = options.piece ?? 0
  const begin = options.begin ?? 0
  if (!geometry.isPiece(piece)) {
    throw invalid(`there is no piece ${piece}: they go from 0 to ${geometry.pieceCount - 1}`)
  }
  const left = geometry.pieceSize(piece) - begin
  const length = options.length ?? Math.min(BLOCK_BYTES, left)
  if (!Number.isInteger(begin) || !Number.isInteger(length) || !geometry.isRange(piece, begin, length)) {
    throw invalid(
      `piece ${piece} has no ${length} bytes from byte ${begin}: it has ${geometry.pieceSize(piece)}`,
    )
  }
  if (length > BLOCK_BYTES) throw invalid(`${length} bytes are more than the ${BLOCK_BYTES} of one request`)
  return { piece, begin, length }
}

async function resolveAll(peers: readonly string[] | undefined): Promise<PeerAddress[] | undefined> {
  return peers === undefined ? undefined : await Promise.all(peers.map(resolvePeer))
}

function invalid(message: string): ShoalError {
  return new ShoalError('OPTION_INVALID', message, { operation: 'peek' })
}

class PeekSession implements PeekPeerHandler {
  readonly #metainfo: Metainfo
  readonly #range: PeekRange
  readonly #timeoutMs: number
  readonly #deps: PeekPeerDeps
  readonly #trackers = createTrackers()
  readonly #request: AnnounceRequest
  /** Trackers that have not answered yet, and how to stop waiting. */
  readonly #asking = new Map<string, () => void>()
  /** Trackers that list us now. */
  readonly #joined: string[] = []

  readonly #known = new Set<string>()
  readonly #waiting: PeerAddress[] = []
  readonly #peers = new Set<PeekPeer>()
  #chosen: PeekPeer | undefined

  readonly #events: PeekEvent[] = []
  #wake: (() => void) | undefined
  #onEmpty: (() => void) | undefined
  /** Nothing more will be told than what is in `#events`. */
  #over = false

  constructor(metainfo: Metainfo, range: PeekRange, timeoutMs: number) {
    this.#metainfo = metainfo
    this.#range = range
    this.#timeoutMs = timeoutMs
    const peerId = makePeerId(systemRandom.bytes(12))
    const startedAt = systemClock.now()
    this.#deps = {
      net: createTcp({ bindHost: undefined }),
      metainfo,
      range,
      peerId,
      timeoutMs,
      elapsedMs: () => systemClock.now() - startedAt,
    }
    this.#request = {
      infoHash: metainfo.infoHash,
      peerId,
      // Nobody can connect to us. Some port has to be named: one on which no other client listens.
      port: 49_152 + systemRandom.below(16_384),
      uploadedBytes: 0,
      downloadedBytes: 0,
      leftBytes: metainfo.geometry.totalLength,
      event: 'started',
      numWant: PEERS_WANTED,
      key: systemRandom.below(2 ** 31),
      trackerId: undefined,
    }
  }

  /** The next event; undefined after the last. */
  async next(): Promise<PeekEvent | undefined> {
    while (this.#events.length === 0 && !this.#over) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#events.shift()
  }

  askTrackers(): void {
    for (const url of new Set(this.#metainfo.trackers.flat().slice(0, MAX_TRACKERS))) this.#ask(url)
    this.#review()
  }

  addPeers(peers: readonly PeerAddress[]): void {
    for (const peer of peers) {
      const key = formatAddress(peer)
      if (this.#known.has(key) || this.#known.size >= MAX_PEERS) continue
      this.#known.add(key)
      this.#waiting.push(peer)
    }
    this.#dial()
    this.#review()
  }

  giveUp(reason: string): void {
    this.#end({ kind: 'gave-up', reason })
  }

  /** Resolves when no connection is left and the trackers know, or did not listen. */
  async close(): Promise<void> {
    this.#over = true
    for (const stop of this.#asking.values()) stop()
    this.#asking.clear()
    const empty = new Promise<void>(resolve => {
      this.#onEmpty = resolve
    })
    for (const peer of this.#peers) peer.close()
    if (this.#peers.size > 0) await empty
    await this.#leave()
    this.#trackers.close()
  }

  // ------------------------------------------------------------------------------------------------- trackers

  #ask(url: string): void {
    const timer = setTimeout(() => {
      this.#asking.get(url)?.()
      const error = new ShoalError('TRACKER_TIMEOUT', `no answer within ${this.#timeoutMs / 1000} s`)
      this.#answered(url, error)
    }, this.#timeoutMs)
    const cancel = this.#trackers.announce(url, this.#request, outcome => {
      clearTimeout(timer)
      this.#answered(url, outcome)
    })
    this.#asking.set(url, () => {
      clearTimeout(timer)
      cancel()
    })
  }

  #answered(url: string, outcome: AnnounceReply | ShoalError): void {
    if (this.#over) return
    this.#asking.delete(url)
    if (outcome instanceof ShoalError) {
      this.#tell({ kind: 'tracker', url, outcome: { ok: false, error: outcome } })
      this.#review()
      return
    }
    this.#joined.push(url)
    const { peers, seeders, leechers } = outcome
    this.#tell({ kind: 'tracker', url, outcome: { ok: true, peers: peers.length, seeders, leechers } })
    this.addPeers(peers.map(({ host, port }) => ({ host, port })))
  }

  async #leave(): Promise<void> {
    const event: AnnounceEvent = 'stopped'
    const request = { ...this.#request, event, numWant: 0 }
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, FAREWELL_MS)
    })
    const told = this.#joined.map(
      url => new Promise<void>(resolve => void this.#trackers.announce(url, request, () => resolve())),
    )
    await Promise.race([Promise.all(told), late])
    clearTimeout(timer)
  }

  // ---------------------------------------------------------------------------------------------------- peers

  onReady(): void {
    this.#choose()
  }

  onMessage(message: PeekEvent): void {
    this.#tell(message)
  }

  onBlock(peer: PeekPeer, bytes: Uint8Array): void {
    const { piece, begin } = this.#range
    this.#end({ kind: 'block', address: peer.address, piece, begin, bytes })
  }

  onEnd(peer: PeekPeer, reason: string | undefined): void {
    this.#peers.delete(peer)
    if (this.#chosen === peer) this.#chosen = undefined
    if (this.#peers.size === 0) this.#onEmpty?.()
    if (this.#over) return
    if (reason !== undefined) this.#tellOf(peer, { ok: false, reason })
    this.#choose()
    this.#dial()
    this.#review()
  }

  #dial(): void {
    while (!this.#over && this.#peers.size < MAX_DIALS) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#peers.add(new PeekPeer(next, this.#deps, this))
    }
  }

  /** The first that is ready; the others stay, in case that it fails. */
  #choose(): void {
    if (this.#over || this.#chosen !== undefined) return
    const ready = [...this.#peers].find(peer => peer.isReady)
    if (ready === undefined) return
    this.#chosen = ready
    for (const peer of this.#peers) {
      if (peer === ready) this.#tellOf(peer, { ok: true, chosen: true })
      else if (peer.hasPiece) this.#tellOf(peer, { ok: true, chosen: false })
      else this.#tellOf(peer, { ok: false, reason: `${peer.lacking} when another was chosen` })
    }
    ready.choose()
  }

  #tellOf(peer: PeekPeer, outcome: Extract<PeekEvent, { kind: 'peer' }>['outcome']): void {
    this.#tell({ kind: 'peer', address: peer.address, client: peer.client, outcome })
  }

  // --------------------------------------------------------------------------------------------------- telling

  /** Gives up when nothing is left to wait for. */
  #review(): void {
    if (this.#over || this.#asking.size > 0 || this.#peers.size > 0 || this.#waiting.length > 0) return
    const asked = this.#known.size
    if (asked > 0)
      this.giveUp(asked === 1 ? 'the only peer did not give it' : `none of ${asked} peers gave it`)
    else if (this.#joined.length > 0) this.giveUp('the trackers know no peers of this torrent')
    else if (this.#metainfo.trackers.length > 0) this.giveUp('no tracker answered')
    else this.giveUp('the torrent has no trackers, and no peers were named')
  }

  #tell(event: PeekEvent): void {
    if (this.#over) return
    this.#events.push(event)
    this.#wake?.()
  }

  #end(event: PeekEvent): void {
    this.#tell(event)
    this.#over = true
  }
}
