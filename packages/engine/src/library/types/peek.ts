/** One block from whoever gives it, step by step. */
import type { ShoalError } from '../../errors.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'

export interface PeekOptions {
  /** Ask these peers, as `host:port`, and no tracker. Not given: the torrent's trackers are asked for peers. */
  readonly peers?: readonly string[] | undefined
  /** The block to fetch; the first 16 KiB of the torrent unless told. */
  readonly piece?: number | undefined
  readonly begin?: number | undefined
  readonly length?: number | undefined
  /** How long each peer gets to answer. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** One step of fetching one block from whoever gives it, as it happens. Ends with `block` or `gave-up`. */
export type PeekEvent =
  /** A tracker was asked. */
  | { readonly kind: 'tracker'; readonly url: string; readonly outcome: PeekTrackerOutcome }
  /** How it went with one peer; several are asked at once, and one `chosen`. */
  | {
      readonly kind: 'peer'
      readonly address: string
      /** Undefined where no handshake came. Comes from the peer: not safe for a terminal as it is. */
      readonly client: string | undefined
      readonly outcome: PeekPeerOutcome
    }
  /** One message of the dialogue with the chosen peer, in order; told after that peer is chosen. */
  | PeekMessage
  /** The bytes that were asked for. */
  | {
      readonly kind: 'block'
      readonly address: string
      readonly piece: number
      readonly begin: number
      readonly bytes: Uint8Array
    }
  /** Nobody gave the block. */
  | { readonly kind: 'gave-up'; readonly reason: string }

export type PeekTrackerOutcome =
  | {
      readonly ok: true
      readonly peers: number
      readonly seeders: number | undefined
      readonly leechers: number | undefined
    }
  | { readonly ok: false; readonly error: ShoalError }

export type PeekPeerOutcome =
  | { readonly ok: true; readonly chosen: boolean }
  /** Why not, in words: `connection refused`, `no answer within 10 s`, `does not have the piece`. */
  | { readonly ok: false; readonly reason: string }

export interface PeekMessage {
  readonly kind: 'message'
  /** `out` is from us. */
  readonly direction: 'in' | 'out'
  /** `handshake`, `bitfield`, `unchoke`, … */
  readonly name: string
  /** What it says, in plain words. */
  readonly text: string
  /** The bytes on the wire from their beginning, at most {@link PEEK_BYTES} of them. */
  readonly bytes: Uint8Array
  /** How long the message is on the wire. */
  readonly totalBytes: number
  /** Milliseconds since the peek began. */
  readonly atMs: number
}

/** Messages of a peek are shown up to this many bytes: a handshake whole, a bitfield in part. */
export const PEEK_BYTES = 128

export type Peek = (metainfo: Metainfo, options?: PeekOptions) => AsyncIterable<PeekEvent>
