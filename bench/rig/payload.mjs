/** What is transferred, checked and hashed: one file that does not compress, in memory where there is room. */
import { createCipheriv } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHUNK_BYTES = 4 * 1024 * 1024
/** The original, one copy, and something to spare. */
const COPIES = 2.5
const IN_MEMORY = '/dev/shm'

/** A folder of our own, removed at exit. */
export function workFolder(
  sizeBytes,
  parent = freeBytes(IN_MEMORY) > COPIES * sizeBytes ? IN_MEMORY : tmpdir(),
) {
  const dir = mkdtempSync(join(parent, 'shoal-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function writePayload(path, sizeBytes) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK_BYTES)
  const fd = openSync(path, 'w')
  for (let left = sizeBytes; left > 0; left -= CHUNK_BYTES) {
    writeSync(fd, cipher.update(zeros.subarray(0, Math.min(left, CHUNK_BYTES))))
  }
  closeSync(fd)
}

/** Throws unless both files hold the same. */
export function assertSame(expected, actual) {
  const files = [openSync(expected, 'r'), openSync(actual, 'r')]
  try {
    const [a, b] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)]
    for (let at = 0; ; at += CHUNK_BYTES) {
      const count = readSync(files[0], a, 0, CHUNK_BYTES, at)
      if (
        readSync(files[1], b, 0, CHUNK_BYTES, at) !== count ||
        !a.subarray(0, count).equals(b.subarray(0, count))
      ) {
        throw new Error(`${actual} differs from ${expected}`)
      }
      if (count === 0) return
    }
  } finally {
    for (const fd of files) closeSync(fd)
  }
}

function freeBytes(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return 0
  }
}
