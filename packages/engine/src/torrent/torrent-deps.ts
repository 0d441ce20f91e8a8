/** What a torrent is given by its engine, and whom it tells what becomes of it. */
import type { SlabPool } from '../bytes/slabs.ts'
import type { ShoalError } from '../errors.ts'
import type { Ports } from '../ports.ts'
import type { Blocklist } from './blocklist.ts'
import type { CustomExtension } from './custom-extension.ts'
import type { OwnAddress } from './own-address.ts'
import type { SendBuffers } from './send-buffers.ts'
import type { TokenBucket } from './token-bucket.ts'
import type { TorrentPhase } from './torrent.ts'
import type { TorrentDht } from './torrent-dht.ts'

/** What the engine gives to each of its torrents. */
export interface TorrentDeps {
  readonly ports: Ports
  readonly pool: SlabPool
  readonly sendBuffers: SendBuffers
  readonly downloadLimit: TokenBucket
  readonly uploadLimit: TokenBucket
  readonly peerId: Uint8Array
  readonly clientName: string
  /** See `AnnounceRequest.key`. */
  readonly announceKey: number
  readonly listenPort: () => number | undefined
  readonly ownAddress: OwnAddress
  readonly blocklist: Blocklist
  readonly dht: TorrentDht | undefined
  /** The embedding program's own; those that `checkExtensions` lets pass. */
  readonly extensions: readonly CustomExtension[]
  readonly observer: TorrentObserver
  /** There is someone to dial, or an end: the engine need not wait for its tick to look. */
  readonly onNews: () => void
}

/** Told at once, from within the engine: whoever listens must not call back into it in the same turn. */
export interface TorrentObserver {
  onPhase(phase: TorrentPhase['name']): void
  onPiece(piece: number): void
  onDone(): void
  /** It is in phase `error`. `retries`: and it looks by itself whether it can go on. */
  onError(error: ShoalError, retries: boolean): void
  onWarning(text: string): void
  onTracker(url: string, message: string): void
  /** The record to keep for the next start; it replaces the one before, and the journal. */
  onResume(record: Uint8Array): void
  /** To be appended to the journal; `durable`: it, and what came before, has to be on the disk itself. */
  onJournal(entry: Uint8Array, durable: boolean): void
  /** What was kept cannot be used: to be put aside. `rest`: what can be used, and takes its place. */
  onDamaged(what: 'record' | 'journal', rest?: Uint8Array): void
  /** A check that was asked for is over: all was looked at, or it ended before. */
  onCheckEnd(outcome: 'done' | 'stopped' | ShoalError): void
  /** The journal ends in the middle of an entry: it goes on after `rest`. */
  onTorn(rest: Uint8Array): void
}
