/** Files that look like data and are the same every time: the demo's torrent always has the same info-hash. */
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface DemoFile {
  readonly path: string
  readonly bytes: number
}

const MB = 1_000_000

/** 200 MB in several files, some in folders, some smaller than a piece, one empty. */
export const DEMO_FILES: readonly DemoFile[] = [
  { path: 'read me first.txt', bytes: 1_800 },
  { path: 'films/the tide.mkv', bytes: 120 * MB },
  { path: 'films/the tide.srt', bytes: 74_000 },
  { path: 'music/01 herring.flac', bytes: 31 * MB + 217 },
  { path: 'music/02 sardine.flac', bytes: 28 * MB + 4_091 },
  { path: 'music/cover.jpg', bytes: 612_345 },
  { path: 'pictures/埠頭.raw', bytes: 20 * MB + 307_547 },
  { path: 'empty', bytes: 0 },
]

export const DEMO_BYTES: number = DEMO_FILES.reduce((sum, file) => sum + file.bytes, 0)

const CHUNK_BYTES = 4 * 1024 * 1024

/** Writes all files below `folder`. */
export async function writeDemoFiles(
  folder: string,
  onProgress: (writtenBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const words = new Uint32Array(CHUNK_BYTES / 4)
  const chunk = new Uint8Array(words.buffer)
  let state = 0x5f0a1
  let written = 0
  for (const file of DEMO_FILES) {
    const path = join(folder, file.path)
    await mkdir(dirname(path), { recursive: true })
    const handle = await open(path, 'wx')
    try {
      for (let left = file.bytes; left > 0; ) {
        signal.throwIfAborted()
        state = fill(words, state)
        const length = Math.min(left, CHUNK_BYTES)
        await handle.write(chunk, 0, length)
        left -= length
        written += length
        onProgress(written)
      }
    } finally {
      await handle.close()
    }
  }
}

/** Marsaglia's xorshift with 32 bits: incompressible enough, and quicker than any disk. */
function fill(words: Uint32Array, seed: number): number {
  let x = seed
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[i] = x
  }
  return x
}
