/**
 * What `GET /api/v1/torrents/{id}/peers/{address}/conversation` sends (server-sent events): `met` first, `said` as long as
 * both are there, `end` at last. Names, client and reason come from a stranger, and are to be shown as text.
 */

export type ConversationEvent =
  /** What was agreed on before anybody listened. */
  | {
      readonly type: 'met'
      readonly address: string
      readonly client: string
      /** It speaks the fast extension (BEP 6), the extension protocol (BEP 10), has a node of the DHT (BEP 5). */
      readonly fast: boolean
      readonly extended: boolean
      readonly dht: boolean
      /** Extensions that both sides know: `ut_pex`. */
      readonly extensions: readonly string[]
      readonly pieceCount: number
      readonly pieceLength: number
    }
  /** At most twice a second. */
  | {
      readonly type: 'said'
      readonly lines: readonly SaidLine[]
      /** Messages that came meanwhile and are in none of the lines: there were too many. */
      readonly leftOut: number
    }
  | { readonly type: 'end'; readonly reason: string }

/** One message, or several of a kind that came together. */
export interface SaidLine {
  /** Unix time in milliseconds, of the first. */
  readonly at: number
  readonly by: 'us' | 'them'
  readonly count: number
  /** Of all of them, on the wire. */
  readonly bytes: number
  /** The first of them, in English. */
  readonly text: string
  readonly says: Saying
  /** The beginning of the first of them in hex, 256 bytes at most. */
  readonly head: string
}

export type Saying =
  | {
      readonly kind:
        | 'keep-alive'
        | 'choke'
        | 'unchoke'
        | 'interested'
        | 'not-interested'
        | 'have-all'
        | 'have-none'
        | 'malformed'
    }
  | {
      /** `dont-have`: has no longer (BEP 54). */
      readonly kind: 'have' | 'suggest' | 'allowed-fast' | 'dont-have'
      readonly pieces: readonly PieceRun[]
      /** Messages about pieces that are in none of the runs. */
      readonly others: number
    }
  | {
      /** `block` is what the protocol calls a piece message. */
      readonly kind: 'request' | 'block' | 'cancel' | 'reject'
      readonly ranges: readonly PieceRange[]
      /** Messages about ranges that are in none of these. */
      readonly others: number
      /** Of all of them. */
      readonly dataBytes: number
    }
  | { readonly kind: 'bitfield'; readonly have: number }
  | { readonly kind: 'port'; readonly port: number }
  /** The handshake of the extension protocol; null is what was not told. */
  | {
      readonly kind: 'extensions'
      readonly client: string | null
      readonly names: readonly string[]
      readonly requestQueue: number | null
      readonly port: number | null
      readonly metadataBytes: number | null
      readonly uploadOnly: boolean | null
      readonly yourIp: string | null
    }
  /** Peer exchange: so many that it is connected to, and no longer. */
  | { readonly kind: 'peers'; readonly added: number; readonly dropped: number }
  /** A part of the description of what is in the torrent (BEP 9). */
  | { readonly kind: 'metadata'; readonly what: 'request' | 'data' | 'reject'; readonly piece: number }
  | { readonly kind: 'extension'; readonly id: number; readonly name: string | null }
  | { readonly kind: 'unknown'; readonly id: number }

/** Both inclusive. */
export interface PieceRun {
  readonly first: number
  readonly last: number
}

/** Bytes of a piece. */
export interface PieceRange {
  readonly piece: number
  readonly begin: number
  readonly length: number
}
