/** What a DHT node is made of, gives to send, and tells of itself. */
import type { PeerAddress } from '../bytes/address.ts'
import type { Random, Sha1 } from '../ports.ts'
import type { Family } from './address-rules.ts'
import type { Verify } from './item-store.ts'
import type { BucketSnapshot } from './routing-table.ts'

export interface DhtOptions {
  readonly family: Family
  readonly random: Random
  readonly sha1: Sha1
  /** Ed25519, for mutable items of BEP 44; without it these are neither stored nor found. */
  readonly verify?: Verify
  /** Asks, but does not answer (BEP 43): for nodes that cannot be reached, or that pay for traffic. */
  readonly readOnly?: boolean
  /** What `DhtNode.save` gave; anything else is ignored. */
  readonly saved?: Uint8Array
  /** Client and version, 4 bytes (BEP 20); default `SH`, 0, 1. */
  readonly version?: Uint8Array
}

export interface Datagram {
  readonly to: PeerAddress
  readonly datagram: Uint8Array
}

export interface DhtSnapshot {
  /** 20 bytes. */
  readonly id: Uint8Array
  readonly externalIp: string | undefined
  readonly nodes: number
  readonly goodNodes: number
  readonly buckets: readonly BucketSnapshot[]
  readonly storedTorrents: number
  readonly storedPeers: number
  readonly storedItems: number
  readonly searches: number
  readonly pendingQueries: number
  /** Datagrams. Dropped: what was no message, not asked for, too much, or could not be sent. */
  readonly sent: number
  readonly received: number
  readonly dropped: number
}
