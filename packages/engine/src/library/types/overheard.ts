/** What is heard of the connection to a peer, message by message. */
import type { PeekMessage } from './peek.ts'

/** What is heard of a connection: who is there, each message, and at last that it is over. */
export type Overheard =
  /** Comes first: what was agreed on before anybody listened. */
  | ({ readonly kind: 'met' } & Acquaintance)
  /** Up to {@link OVERHEARD_BYTES} of it. */
  | (PeekMessage & { readonly says: Said })
  /** The reason may come from the peer: not safe for a terminal as it is. */
  | { readonly kind: 'closed'; readonly reason: string }

/** A long greeting whole, and of everything else enough to see what it is. */
export const OVERHEARD_BYTES = 256

export interface Acquaintance {
  /** Name and version as far as they can be told. Comes from the peer: not safe for a terminal as it is. */
  readonly client: string
  /** It speaks the fast extension (BEP 6), the extension protocol (BEP 10), has a node of the DHT (BEP 5). */
  readonly fast: boolean
  readonly extended: boolean
  readonly dht: boolean
  /** Extensions that both of us know, by their names in the handshake: `ut_pex`. */
  readonly extensions: readonly string[]
  readonly pieceCount: number
  readonly pieceLength: number
}

/** What a message says, for programs with words of their own. Names and texts come from the peer. */
export type Said =
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
  /** `dont-have`: has no longer (BEP 54). */
  | { readonly kind: 'have' | 'suggest' | 'allowed-fast' | 'dont-have'; readonly piece: number }
  /** `block` is what the protocol calls a piece message. */
  | {
      readonly kind: 'request' | 'block' | 'cancel' | 'reject'
      readonly piece: number
      readonly begin: number
      readonly length: number
    }
  | { readonly kind: 'bitfield'; readonly have: number }
  /** Of a node of the DHT. */
  | { readonly kind: 'port'; readonly port: number }
  /** The handshake of the extension protocol; undefined is what was not told. */
  | {
      readonly kind: 'extensions'
      readonly client: string | undefined
      readonly names: readonly string[]
      readonly requestQueue: number | undefined
      readonly port: number | undefined
      readonly metadataBytes: number | undefined
      readonly uploadOnly: boolean | undefined
      /** Where it sees the other. */
      readonly yourIp: string | undefined
    }
  /** Peer exchange (BEP 11). */
  | { readonly kind: 'peers'; readonly added: number; readonly dropped: number }
  /** A part of what is in the torrent (BEP 9). */
  | { readonly kind: 'metadata'; readonly what: 'request' | 'data' | 'reject'; readonly piece: number }
  | { readonly kind: 'extension'; readonly id: number; readonly name: string | undefined }
  | { readonly kind: 'unknown'; readonly id: number }
