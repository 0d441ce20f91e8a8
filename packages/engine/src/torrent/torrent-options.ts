/** How one torrent is to be run: what whoever adds it decides. */
import type { PeerAddress } from '../bytes/address.ts'

export interface TorrentOptions {
  /** The folder that holds, or will hold, the torrent's file or folder. */
  readonly dir: string
  /** Other paths than the torrent's own, one a file. */
  readonly paths?: readonly (readonly string[])[] | undefined
  /** One a file: 0 skip, 1 low, 4 normal, 7 high. */
  readonly filePriorities: readonly number[]
  readonly sequential: boolean
  /** `auto` hashes what the resume record does not vouch for, `always` everything, `trust` nothing. */
  readonly check: 'auto' | 'always' | 'trust'
  readonly allocation: 'sparse' | 'full'
  /** Nothing is created or written: what is there is shared. */
  readonly readOnly: boolean
  /** After an error of the disk it goes on by itself when that is possible again. */
  readonly recover: boolean
  /** A saved resume record. */
  readonly resume: Uint8Array | undefined
  /** The journal that goes on from it. */
  readonly journal?: Uint8Array | undefined
  /** Names this boot of the machine; without it a process that was killed cannot be told from a power cut. */
  readonly bootId?: string | undefined
  readonly peers: readonly PeerAddress[]
  /** Whether peers may come from the DHT and from other peers; never of private torrents (BEP 27). */
  readonly discovery: boolean
  /** Tiers besides the torrent's own. */
  readonly trackers: readonly (readonly string[])[]
  /** In place of all of them. */
  readonly trackerTiers?: readonly (readonly string[])[] | undefined
  readonly maxConnections: number
  readonly uploadSlots: number
  readonly downloadLimit: number | undefined
  readonly uploadLimit: number | undefined
}
