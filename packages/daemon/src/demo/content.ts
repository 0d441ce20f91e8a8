/** Files that look like data and are the same every time: a demo of one size always has the same info-hash. */
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface DemoFile {
  readonly path: string
  readonly bytes: number
  /** Undefined: noise. */
  readonly content?: Uint8Array
}

const NOTE = `Nothing in here is real.

This is the demo of Shoal: a tracker and a few peers on this machine, over real
sockets, with files that were made up a moment ago. The film does not play, and
the songs are noise; but everything else is as it is with any torrent: pieces
come from several peers and are hashed, whoever lies is found out, and what you
have is shared with those who lack it.

When you have seen enough, remove the torrent. Then all of it is gone.
`
const NOTE_BYTES = new TextEncoder().encode(NOTE)

/** Of many sizes, some in folders, one smaller than a piece, one empty; together so many bytes, at least 10 MB. */
export function demoFiles(totalBytes: number): readonly DemoFile[] {
  const others: readonly DemoFile[] = [
    { path: 'read me first.txt', bytes: NOTE_BYTES.length, content: NOTE_BYTES },
    { path: 'films/the tide.srt', bytes: 74_000 },
    { path: 'music/01 herring.flac', bytes: Math.floor(totalBytes * 0.155) + 217 },
    { path: 'music/02 sardine.flac', bytes: Math.floor(totalBytes * 0.14) + 4_091 },
    { path: 'music/cover.jpg', bytes: 612_345 },
    { path: 'pictures/埠頭.raw', bytes: Math.floor(totalBytes * 0.1) + 307_547 },
    { path: 'empty', bytes: 0 },
  ]
  const rest = others.reduce((sum, { bytes }) => sum - bytes, totalBytes)
  return [{ path: 'films/the tide.mkv', bytes: rest }, ...others]
}

const CHUNK_BYTES = 4 * 1024 * 1024

/** Writes all files below `folder`. */
export async function writeDemoFiles(
  folder: string,
  files: readonly DemoFile[],
  onProgress: (writtenBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const words = new Uint32Array(CHUNK_BYTES / 4)
  const noise = new Uint8Array(words.buffer)
  let state = 0x5f0a1
  let written = 0
  for (const file of files) {
    const path = join(folder, file.path)
    await mkdir(dirname(path), { recursive: true })
    const handle = await open(path, 'wx')
    try {
      for (let left = file.bytes; left > 0; ) {
        signal.throwIfAborted()
        state = fill(words, state)
        const length = Math.min(left, CHUNK_BYTES)
        await handle.write(file.content ?? noise, 0, length)
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
