/** `ut_metadata` (BEP 9) as one extension: asks for the info dictionary until we have it, and gives it from then on. */
import type { Sha1 } from '../ports.ts'
import { parseMetadataMessage } from '../wire/metadata-message.ts'
import type { ExtendedHandshake } from './extended-handshake.ts'
import type { Extension, ExtensionPeer } from './extensions.ts'
import { MetadataDownload } from './metadata-download.ts'
import { MetadataServer } from './metadata-server.ts'

export interface MetadataOptions {
  readonly infoHash: Uint8Array
  readonly sha1: Sha1
  /** The info dictionary, where it is known already: it is only given then. */
  readonly infoBytes: Uint8Array | undefined
  /** It came from peers, and has the right hash; called once. What is in it is still to be checked. */
  readonly onMetadata: (infoBytes: Uint8Array) => void
  /** A peer sent a piece that it was asked for, right or wrong. */
  readonly onPiece?: (peer: ExtensionPeer, bytes: number, now: number) => void
}

export class MetadataExtension implements Extension {
  readonly name = 'ut_metadata'
  readonly #server: MetadataServer
  readonly #download: MetadataDownload | undefined

  constructor(options: MetadataOptions) {
    const { infoHash, sha1, infoBytes, onPiece } = options
    this.#server = new MetadataServer(infoBytes)
    const onMetadata = (bytes: Uint8Array): void => {
      this.#server.give(bytes)
      options.onMetadata(bytes)
    }
    this.#download =
      infoBytes === undefined ? new MetadataDownload({ infoHash, sha1, onMetadata, onPiece }) : undefined
  }

  /** `metadata_size` of our handshake. */
  get size(): number | undefined {
    return this.#server.size
  }

  /** What has arrived of what peers claim; undefined when there is nothing to get, or nobody to get it from. */
  get progress(): { readonly bytes: number; readonly size: number } | undefined {
    return this.#download?.progress
  }

  /** Unverified bytes in memory. */
  get heldBytes(): number {
    return this.#download?.heldBytes ?? 0
  }

  onHandshake(peer: ExtensionPeer, handshake: ExtendedHandshake, now: number): void {
    this.#download?.onHandshake(peer, handshake, now)
  }

  onMessage(peer: ExtensionPeer, payload: Uint8Array, now: number): void {
    const message = parseMetadataMessage(payload)
    if (message.kind === 'request') this.#server.onRequest(peer, message.piece, now)
    else if (message.kind === 'data') this.#download?.onData(peer, message, now)
    else if (message.kind === 'reject') this.#download?.onReject(peer, message.piece, now)
  }

  onTick(now: number): void {
    this.#download?.tick(now)
    this.#server.tick(now)
  }

  onPeerGone(peer: ExtensionPeer): void {
    this.#download?.onPeerGone(peer)
    this.#server.onPeerGone(peer)
  }
}
