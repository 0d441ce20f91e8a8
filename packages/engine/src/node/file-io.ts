/** Whole reads and writes: the system may do less than asked, and nobody above wants to know. Synchronous. */
import { readSync, writevSync } from 'node:fs'

/** Writes all of `views` one after another from `position`. Throws system errors. */
export function writeFully(fd: number, views: readonly Uint8Array[], position: number): void {
  let rest = views
  let at = position
  while (rest.length > 0) {
    let written = writevSync(fd, rest as Uint8Array[], at)
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' })
    at += written
    let whole = 0
    while (whole < rest.length && written >= rest[whole]!.length) written -= rest[whole++]!.length
    rest = rest.slice(whole)
    if (written > 0) rest = [rest[0]!.subarray(written), ...rest.slice(1)]
  }
}

/** Fills `into` from `position`; how many bytes there were: fewer than its length only at the end of the file. */
export function readFully(fd: number, into: Uint8Array, position: number): number {
  let length = 0
  while (length < into.length) {
    const got = readSync(fd, into, length, into.length - length, position + length)
    if (got === 0) break
    length += got
  }
  return length
}
