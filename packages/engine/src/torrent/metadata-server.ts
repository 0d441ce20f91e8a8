/** Giving the info dictionary to peers that ask for it (BEP 9), each as often and as fast as it can need. */
import { encodeMetadataData, encodeMetadataReject, METADATA_PIECE_BYTES } from '../wire/metadata-message.ts'
import type { ExtensionPeer } from './extensions.ts'

/** Per peer; 256 KiB/s keeps even a large one to a minute, and a hundred peers from taking the whole line. */
const PIECES_PER_SEC = 16
/** Most info dictionaries are whole at once. */
const BURST_PIECES = 16
/** Requests of one peer that wait their turn; more are rejected. */
const MAX_WAITING = 64
/** A peer may need all of it twice: once beside others, and once alone to find who lied. */
const WHOLES_PER_PEER = 2
/** Requests that were repeated because an answer was late. */
const SPARE_PIECES = 8
/** Rejects to one peer in a second; requests beyond are not answered at all. */
const REJECTS_PER_SEC = 64

const NAME = 'ut_metadata'

interface Asker {
  readonly peer: ExtensionPeer
  readonly waiting: number[]
  served: number
  tokens: number
  filledAt: number
  rejects: number
  rejectsSince: number
}

export class MetadataServer {
  readonly #askers = new Map<number, Asker>()
  #bytes: Uint8Array | undefined

  /** Verified, or undefined until {@link give}. */
  constructor(bytes: Uint8Array | undefined) {
    this.#bytes = bytes
  }

  get size(): number | undefined {
    return this.#bytes?.length
  }

  give(bytes: Uint8Array): void {
    this.#bytes = bytes
  }

  onRequest(peer: ExtensionPeer, piece: number, now: number): void {
    if (!peer.supports(NAME)) return
    const asker = this.#asker(peer, now)
    const count = pieceCount(this.#bytes)
    const allowed = WHOLES_PER_PEER * count + SPARE_PIECES
    const refused = piece >= count || asker.served + asker.waiting.length >= allowed
    if (refused || asker.waiting.length >= MAX_WAITING) return this.#reject(asker, piece, now)
    asker.waiting.push(piece)
    this.#serve(asker, now)
  }

  tick(now: number): void {
    for (const asker of this.#askers.values()) if (asker.waiting.length > 0) this.#serve(asker, now)
  }

  onPeerGone(peer: ExtensionPeer): void {
    this.#askers.delete(peer.id)
  }

  #asker(peer: ExtensionPeer, now: number): Asker {
    let asker = this.#askers.get(peer.id)
    if (asker === undefined) {
      asker = {
        peer,
        waiting: [],
        served: 0,
        tokens: BURST_PIECES,
        filledAt: now,
        rejects: 0,
        rejectsSince: now,
      }
      this.#askers.set(peer.id, asker)
    }
    return asker
  }

  #serve(asker: Asker, now: number): void {
    const bytes = this.#bytes
    if (bytes === undefined) return
    const gained = ((now - asker.filledAt) / 1000) * PIECES_PER_SEC
    asker.tokens = Math.min(BURST_PIECES, asker.tokens + gained)
    asker.filledAt = now
    while (asker.waiting.length > 0 && asker.tokens >= 1) {
      const piece = asker.waiting.shift()!
      const begin = piece * METADATA_PIECE_BYTES
      const part = bytes.subarray(begin, begin + METADATA_PIECE_BYTES)
      asker.tokens--
      asker.served++
      asker.peer.send(NAME, encodeMetadataData(piece, bytes.length, part))
    }
  }

  #reject(asker: Asker, piece: number, now: number): void {
    if (now - asker.rejectsSince >= 1000) {
      asker.rejects = 0
      asker.rejectsSince = now
    }
    if (++asker.rejects <= REJECTS_PER_SEC) asker.peer.send(NAME, encodeMetadataReject(piece))
  }
}

function pieceCount(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : Math.ceil(bytes.length / METADATA_PIECE_BYTES)
}
