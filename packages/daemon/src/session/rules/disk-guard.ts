/** Downloads to a disk are held before less than what is to be kept free is left on it, and go on when there is room. */

/** Room beyond what is to be kept, before it goes on: a tenth of it within these bounds, so that it does not flap. */
const MIN_ROOM_BYTES = 16 * 1024 * 1024
const MAX_ROOM_BYTES = 1024 * 1024 * 1024

export interface DiskFacts {
  readonly held: boolean
  readonly freeBytes: number
  readonly keepBytes: number
  /** What goes to it now, over all torrents. */
  readonly rateBytesPerSec: number
  /** Until anybody looks again. */
  readonly lookSeconds: number
}

export function isHeld({ held, freeBytes, keepBytes, rateBytesPerSec, lookSeconds }: DiskFacts): boolean {
  if (keepBytes <= 0) return false
  if (held) return freeBytes < keepBytes + roomBytes(keepBytes)
  // By the next look it would be too late, and what is in memory is still to be written.
  return freeBytes < keepBytes + rateBytesPerSec * lookSeconds * 1.5
}

/** How much has to be free before downloads go on. */
export function neededBytes(keepBytes: number): number {
  return keepBytes + roomBytes(keepBytes)
}

function roomBytes(keepBytes: number): number {
  return Math.min(MAX_ROOM_BYTES, Math.max(MIN_ROOM_BYTES, keepBytes / 10))
}
