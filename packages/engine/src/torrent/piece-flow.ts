/**
 * The way of a piece: its blocks come in from peers, its runs go to the store, the store's word comes back, and then
 * it is had, or someone is blamed.
 *
 *     onBlock ──picker.received──▶ takeRun ──store.write──▶ onRun ──▶ written   memory is free again
 *                                                             ├─────▶ stored    `have` to those who lack it
 *                                                             ├─────▶ corrupt   blame, parole, ban; wanted again
 *                                                             └─────▶ failed    the torrent stops with the error
 */

import type { ShoalError } from '../errors.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Run, RunOutcome, Store } from '../ports.ts'
import { Blame } from './blame.ts'
import type { Peer } from './peer.ts'
import type { PeerBook } from './peer-book.ts'
import type { Picker } from './picker.ts'
import { RateMeter } from './rate-meter.ts'

/** Long enough to finish without the liar, short enough to forgive a broken memory module that was replaced. */
const LIAR_BAN_MS = 6 * 60 * 60_000
/** Good pieces after which nobody is expected to lie any more. */
const CALM_PIECES = 200
/** Names of peers kept after they left, because a piece they sent blocks of may still fail. */
const NAMES_MAX = 4096

export interface PieceFlowDeps {
  readonly geometry: Geometry
  readonly picker: Picker
  readonly store: Store
  readonly book: PeerBook
  /** Connected peers by id. */
  readonly peers: ReadonlyMap<number, Peer>
  /** A piece is had. */
  readonly onStored: (piece: number) => void
  /** Some memory is free again. */
  readonly onMemory: () => void
  readonly onDiskError: (error: ShoalError) => void
}

export class PieceFlow {
  readonly #deps: PieceFlowDeps
  readonly #blame = new Blame()
  /** `host:port` by peer id. */
  readonly #names = new Map<number, string>()
  /** Runs that the store has and has not answered. */
  runsInFlight = 0
  /** Of these runs: received and not known to be on disk. */
  waitingBytes = 0
  /** Bytes that the store has written. */
  readonly written: RateMeter = new RateMeter()
  corruptBytes = 0
  /** Good pieces since the last that was not. */
  #calmPieces = 0

  constructor(deps: PieceFlowDeps) {
    this.#deps = deps
  }

  onPeer(peer: Peer): void {
    this.#names.set(peer.id, peer.key)
    if (this.#names.size > NAMES_MAX) this.#names.delete(this.#names.keys().next().value!)
    peer.parole = this.#blame.suspicions(peer.key) > 0
  }

  /** A block is whole in memory. */
  onBlock(peer: Peer, piece: number, block: number): void {
    const { picker, peers, store } = this.#deps
    if (picker.received(peer, piece, block)) {
      for (const other of peers.values()) if (other !== peer) other.cancel(piece, block)
    }
    const run = picker.takeRun(piece)
    if (run === undefined) return
    this.runsInFlight++
    this.waitingBytes += run.length
    store.write(run, run.last && this.#blame.needsDigests(piece))
  }

  /** The store's answer. */
  onRun(run: Run, outcome: RunOutcome, now: number): void {
    const { picker, geometry } = this.#deps
    this.runsInFlight--
    this.waitingBytes -= run.length
    if (outcome.kind === 'written' || outcome.kind === 'stored') this.written.add(run.length, now)
    picker.runWritten(run)
    switch (outcome.kind) {
      case 'written':
        break
      case 'stored':
        this.#settle(run.piece, outcome.digests, now)
        picker.stored(run.piece)
        if (++this.#calmPieces >= CALM_PIECES) picker.apart = false
        this.#deps.onStored(run.piece)
        break
      case 'corrupt': {
        this.corruptBytes += geometry.pieceSize(run.piece)
        const { ban, parole } = this.#blame.onCorrupt(
          run.piece,
          this.#contributors(run.piece),
          outcome.digests,
        )
        picker.corrupt(run.piece)
        picker.apart = true
        this.#calmPieces = 0
        this.#setParole(parole, true)
        this.#ban(ban, now)
        break
      }
      case 'failed':
        picker.failed(run.piece)
        this.#deps.onDiskError(outcome.error)
        break
    }
    this.#deps.onMemory()
  }

  /** The piece is good: whoever brought it proved itself, whoever once sent something else lied. */
  #settle(piece: number, digests: Uint8Array | undefined, now: number): void {
    const { picker, peers, book } = this.#deps
    for (const id of picker.contributors(piece).keys()) {
      const peer = peers.get(id)
      if (peer === undefined) continue
      book.proved(peer.entry, now)
      peer.good(piece)
    }
    if (digests === undefined) return
    const { ban, cleared } = this.#blame.onStored(piece, this.#contributors(piece), digests)
    this.#setParole(cleared, false)
    this.#ban(ban, now)
  }

  /** Who sent each block, as `host:port`. */
  #contributors(piece: number): string[] {
    const { geometry, picker, peers } = this.#deps
    const names: string[] = []
    for (let block = 0; block < geometry.blockCount(piece); block++) {
      const id = picker.contributor(piece, block)
      names.push(peers.get(id)?.key ?? this.#names.get(id) ?? '')
    }
    return names
  }

  #setParole(keys: readonly string[], parole: boolean): void {
    for (const peer of this.#deps.peers.values()) {
      if (!keys.includes(peer.key)) continue
      const was = peer.parole
      peer.parole = parole || this.#blame.suspicions(peer.key) > 0
      if (was && !peer.parole) this.#deps.picker.peerCleared(peer)
    }
  }

  #ban(keys: readonly string[], now: number): void {
    for (const key of keys) {
      this.#deps.book.ban(key, now, LIAR_BAN_MS)
      for (const peer of this.#deps.peers.values()) {
        if (peer.key === key) peer.close('sent data that does not match the torrent')
      }
    }
  }
}
