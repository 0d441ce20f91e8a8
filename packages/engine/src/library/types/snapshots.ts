/** Copies of what is known of a torrent, its peers, trackers and files. Plain data; nothing here is called once per block. */

import type { ShoalError } from '../../errors.ts'
import type { Why } from '../../torrent/why.ts'
import type { FilePriority } from './add.ts'
import type { MoveProgress, TorrentState } from './torrent.ts'

export interface ConnectionCounts {
  readonly connected: number
  readonly connecting: number
  /** Addresses known, connected or not. */
  readonly known: number
}

/** The figures of a torrent that lists show. */
export interface TorrentSummary {
  /** 40 lower-case hex digits. */
  readonly infoHash: string
  readonly name: string
  readonly state: TorrentState
  /** Only in state `error`. */
  readonly error?: ShoalError | undefined
  /** Only in state `error`: until it looks whether it can go on, 0 while it does; undefined: it waits for `start`. */
  readonly retrySeconds?: number | undefined
  readonly totalBytes: number
  /** Of all files that are not skipped. */
  readonly wantedBytes: number
  /** Wanted and verified. */
  readonly haveBytes: number
  readonly leftBytes: number
  /** 0 to 1: how far checking is. */
  readonly checkedFraction: number
  /** Payload received in this session. */
  readonly downloadedBytes: number
  /** Payload sent in this session. */
  readonly uploadedBytes: number
  /** Received but of no use: duplicates, pieces that did not match. */
  readonly wastedBytes: number
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  /** Undefined while it cannot be told. */
  readonly etaSeconds?: number | undefined
  /** Uploaded to downloaded; to the size of the data where nothing was downloaded. */
  readonly ratio: number
  readonly connections: ConnectionCounts
  /** Connected peers that have everything. */
  readonly seeds: number
  /** Connected peers that payload came from, or went to, within the last seconds. */
  readonly peersSending: number
  readonly peersReceiving: number
  /** Unix time in seconds, as the others: when it was first added. */
  readonly addedAt: number
  /** When all that is wanted was there, as far as it came by downloading. */
  readonly completedAt: number | undefined
  /** When payload last went either way, in this session. */
  readonly activeAt: number | undefined
  /** Copies of the whole among us and connected peers: 2.25 are two and a quarter of another. Undefined while not active. */
  readonly availability: number | undefined
  /** The most that any tracker said. */
  readonly swarm: { readonly seeders: number | undefined; readonly leechers: number | undefined }
  /** Of the first tracker that failed, if none works. Comes from the tracker: not safe for a terminal as it is. */
  readonly trackerMessage: string | undefined
  /** Why it is slow or not moving; undefined when all is well. */
  readonly why?: Why | undefined
  /** While its data is moved; the state is `stopped` then. */
  readonly moving?: MoveProgress | undefined
}

/** All that is known of a torrent. */
export interface TorrentSnapshot extends TorrentSummary {
  /** Hashed, in this session, to see what is there. */
  readonly checkedBytes: number
  readonly pieces: { readonly have: number; readonly total: number }
  readonly peers: readonly PeerSnapshot[]
  readonly trackers: readonly TrackerSnapshot[]
  readonly files: readonly FileSnapshot[]
}

/** What it takes to draw a map of the pieces. */
export interface PieceMap {
  /** Verified and on disk: a bit a piece, the first is the highest bit of the first byte. */
  readonly have: Uint8Array
  /** Begun and not on disk yet. */
  readonly active: readonly { readonly index: number; readonly receivedFraction: number }[]
  /** How many connected peers have each piece; undefined while not active. */
  readonly availability: Uint16Array | undefined
}

export interface PeerSnapshot {
  /** `host:port` or `[v6]:port`. */
  readonly address: string
  /** Name and version as far as they can be told. Comes from the peer: not safe for a terminal as it is. */
  readonly client: string
  /** Where we know it from: `tracker`, `incoming`, `given`, … */
  readonly source: string
  readonly direction: 'in' | 'out'
  /** Bytes a second of payload. */
  readonly downloadRate: number
  readonly uploadRate: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  /** 0 to 1: how much of the torrent it has. */
  readonly progress: number
  readonly chokingUs: boolean
  readonly interestedInUs: boolean
  readonly choked: boolean
  readonly interesting: boolean
  /** Our requests that it has not answered yet. */
  readonly requests: number
  /** It let us wait for 20 s and more while we had requests outstanding. */
  readonly snubbed: boolean
  /** Its slot is lent to it, to find out whether it gives back. */
  readonly optimistic: boolean
  readonly encrypted: boolean
  readonly utp: boolean
  /** It has everything. */
  readonly seed: boolean
  readonly connectedSeconds: number
  /**
   * As letters, as other clients show them: `D` it sends or may, `d` we want something and it chokes us, `K` it lets us
   * ask and we want nothing; `U` `u` `?` the same of what we send; `O` optimistic, `S` snubbed, `I` it connected to us;
   * found by `H` the DHT, `X` peer exchange, `L` the local network.
   */
  readonly flags: string
}

export interface TrackerSnapshot {
  readonly url: string
  readonly tier: number
  readonly state: 'idle' | 'announcing' | 'ok' | 'failed'
  /** What it said last, or why it failed. Comes from the tracker: not safe for a terminal as it is. */
  readonly message?: string | undefined
  readonly seeders?: number | undefined
  readonly leechers?: number | undefined
  /** Peers that it told us last time. */
  readonly peers?: number | undefined
  /** Ago: it answered, or was given up. */
  readonly lastAnnounceSeconds?: number | undefined
  readonly nextAnnounceSeconds?: number | undefined
}

export interface FileSnapshot {
  /** Elements joined by `/`, below the download folder. */
  readonly path: string
  readonly length: number
  readonly haveBytes: number
  readonly priority: FilePriority
}
