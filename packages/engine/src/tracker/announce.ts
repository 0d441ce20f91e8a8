/** What we tell a tracker and what it tells us, whatever it speaks (BEP 3, 7, 15, 23, 24). */
import type { PeerAddress } from '../bytes/address.ts'

export type AnnounceEvent = 'started' | 'stopped' | 'completed' | 'none'

export interface AnnounceRequest {
  /** 20 bytes. */
  readonly infoHash: Uint8Array
  /** 20 bytes. */
  readonly peerId: Uint8Array
  /** The port we listen on. */
  readonly port: number
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly leftBytes: number
  readonly event: AnnounceEvent
  /** How many peers we would like; 0 when stopping. */
  readonly numWant: number
  /** Random, the same for the whole session: tells the tracker that we are the same peer behind another address. */
  readonly key: number
  /** What this tracker gave us last time. */
  readonly trackerId: string | undefined
}

export interface TrackerPeer extends PeerAddress {
  /** 20 bytes, where the tracker told it (the dictionary form of BEP 3). */
  readonly peerId: Uint8Array | undefined
}

export interface AnnounceReply {
  /** Already clamped to sane values. */
  readonly intervalMs: number
  readonly minIntervalMs: number | undefined
  /** Bounded in number; of IP literals only. */
  readonly peers: readonly TrackerPeer[]
  readonly seeders: number | undefined
  readonly leechers: number | undefined
  readonly downloads: number | undefined
  readonly trackerId: string | undefined
  readonly warning: string | undefined
  /** Our own address as the tracker sees it (BEP 24), as an IP literal. */
  readonly externalIp: string | undefined
}

/** What a tracker knows of one torrent, from a scrape (BEP 48, 15). */
export interface SwarmCounts {
  readonly seeders: number | undefined
  readonly leechers: number | undefined
  /** Downloads ever completed. */
  readonly downloads: number | undefined
}
