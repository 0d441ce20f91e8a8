/** One direction's rate limits: the engine's, shared by all torrents, and the torrent's own. */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import type { TokenBucket } from './token-bucket.ts'

export class RateLimit {
  readonly shared: TokenBucket
  readonly own: TokenBucket

  constructor(shared: TokenBucket, own: TokenBucket) {
    this.shared = shared
    this.own = own
  }

  get isLimited(): boolean {
    return this.shared.rateBytesPerSec !== undefined || this.own.rateBytesPerSec !== undefined
  }

  /** Whole blocks that may pass now: at least one when anything may. */
  blocks(now: number): number {
    const bytes = Math.min(this.shared.available(now), this.own.available(now))
    return Math.ceil(bytes / BLOCK_BYTES)
  }

  take(bytes: number, now: number): void {
    this.shared.take(bytes, now)
    this.own.take(bytes, now)
  }
}
