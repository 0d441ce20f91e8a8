/** One direction's rate limits: the engine's, shared by all torrents, and the torrent's own. */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import type { TokenBucket } from './token-bucket.ts'

export class RateLimit {
  readonly shared: TokenBucket
  readonly own: TokenBucket
  /** False: the limit of all torrents is not for this one, and what passes here leaves the others theirs. */
  obeysShared = true

  constructor(shared: TokenBucket, own: TokenBucket) {
    this.shared = shared
    this.own = own
  }

  get isLimited(): boolean {
    const isShared = this.obeysShared && this.shared.rateBytesPerSec !== undefined
    return isShared || this.own.rateBytesPerSec !== undefined
  }

  /** Whole blocks that may pass now: at least one when anything may. */
  blocks(now: number): number {
    const own = this.own.available(now)
    const bytes = this.obeysShared ? Math.min(this.shared.available(now), own) : own
    return Math.ceil(bytes / BLOCK_BYTES)
  }

  take(bytes: number, now: number): void {
    if (this.obeysShared) this.shared.take(bytes, now)
    this.own.take(bytes, now)
  }
}
