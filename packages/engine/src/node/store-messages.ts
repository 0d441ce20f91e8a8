/** What the main thread and the store workers say to each other. Everything here survives structured cloning. */
import type { GeometryFile } from '../metainfo/geometry.ts'
import type { PlainError } from './disk-errors.ts'
import type { KeptMark, Mark } from './witness.ts'

/** All that a worker has to know of a torrent; `hashes` and `cancel` are shared memory. */
export interface TorrentPlan {
  readonly id: number
  readonly dir: string
  readonly infoHash: string
  readonly pieceLength: number
  readonly files: readonly GeometryFile[]
  readonly hashes: Uint8Array
  readonly allocation: 'sparse' | 'full'
  readonly readOnly: boolean
  /** Becomes 1 when the store is being closed: long jobs stop early. */
  readonly cancel: Int32Array
}

/** The bytes that one piece and one file share, held in the parts file instead of the file. */
export interface HeldExtent {
  readonly piece: number
  readonly file: number
  /** Number of its entry in the index of the parts file. */
  readonly entry: number
  /** Where its bytes begin in the parts file. */
  readonly position: number
}

export interface RunJob {
  readonly type: 'run'
  readonly id: number
  readonly piece: number
  readonly begin: number
  readonly length: number
  readonly slabs: readonly number[]
  readonly last: boolean
  readonly digests: boolean
  /** Extents of this piece that live in the parts file. */
  readonly held: readonly HeldExtent[]
}

/** Hashes pieces that lie one after another in `files`, which are no torrent yet. */
export interface HashJob {
  readonly type: 'hash'
  readonly files: readonly HashFile[]
  /** Where the first piece begins, counted from the begin of the first file. */
  readonly offset: number
  readonly pieceLength: number
  /** Bytes to hash: the last piece may be short. */
  readonly length: number
}

export interface HashFile {
  readonly path: string
  readonly length: number
}

/** A job is answered exactly once by a {@link Reply} of the same number. */
export type Job =
  | RunJob
  | HashJob
  | {
      readonly type: 'check'
      readonly id: number
      readonly pieces: readonly number[]
      readonly held: HeldExtent[]
    }
  | { readonly type: 'prepare'; readonly id: number; readonly wanted: readonly boolean[] }
  | {
      readonly type: 'select'
      readonly id: number
      readonly wanted: readonly boolean[]
      readonly held: readonly HeldExtent[]
      readonly spare: readonly HeldExtent[]
    }
  | { readonly type: 'stamp'; readonly id: number }
  | { readonly type: 'release'; readonly id: number }

export type ToWorker =
  | { readonly type: 'job'; readonly n: number; readonly job: Job }
  | { readonly type: 'open'; readonly plan: TorrentPlan; readonly memory: SharedArrayBuffer }
  | { readonly type: 'abandon'; readonly id: number; readonly piece: number }
  /** The parts file was removed or moved from by another worker: its handle is stale. */
  | { readonly type: 'forget-parts'; readonly id: number }

export type Answer =
  | { readonly kind: 'written' }
  | { readonly kind: 'stored'; readonly digests: Uint8Array | undefined }
  | { readonly kind: 'corrupt'; readonly digests: Uint8Array }
  | { readonly kind: 'failed'; readonly error: PlainError }
  /** 1 for each piece that matches; `error` is the first that was not "does not exist". */
  | { readonly kind: 'checked'; readonly matches: Uint8Array; readonly error: PlainError | undefined }
  | {
      readonly kind: 'prepared'
      readonly found: readonly (Mark | undefined)[]
      /** What the parts file holds now, and what it once did and has kept room for. */
      readonly held: readonly HeldExtent[]
      readonly spare: readonly HeldExtent[]
    }
  | { readonly kind: 'stamps'; readonly stamps: readonly (KeptMark | undefined)[] }
  | { readonly kind: 'hashes'; readonly hashes: Uint8Array }
  | { readonly kind: 'done' }

export interface Reply {
  readonly n: number
  readonly answer: Answer
}
