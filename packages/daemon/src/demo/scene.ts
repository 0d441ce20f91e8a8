/** What every demo begins with: files, a tracker that nobody else can reach, and the torrent of both. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CreatedTorrent, createTorrent, type HashProgress, startTracker } from '@shoal/engine'
import { demoFiles, writeDemoFiles } from './content.ts'

export const DEMO_NAME = 'shoal demo'

export interface SceneOptions {
  /** For the demo alone. */
  readonly folder: string
  readonly bytes: number
  readonly signal: AbortSignal
  readonly onWriting?: (progress: HashProgress) => void
  readonly onHashing?: (progress: HashProgress) => void
}

export interface Scene extends CreatedTorrent {
  /** Holds the files' folder, for those who seed. */
  readonly dir: string
  readonly torrentPath: string
  readonly trackerUrl: string
  readonly fileCount: number
  close(): Promise<void>
}

export async function setScene(options: SceneOptions): Promise<Scene> {
  const { folder, bytes: totalBytes, signal, onWriting, onHashing } = options
  const dir = join(folder, 'seeds')
  const data = join(dir, DEMO_NAME)
  const files = demoFiles(totalBytes)
  await mkdir(dir, { recursive: true })
  await writeDemoFiles(data, files, hashedBytes => onWriting?.({ hashedBytes, totalBytes }), signal)
  const tracker = await startTracker({ host: '127.0.0.1', port: 0 })
  try {
    // Private: nobody asks the DHT or the local network for it, or tells them of it.
    const created = await createTorrent(data, {
      trackers: [[tracker.url]],
      private: true,
      comment: 'Made up by Shoal, to have something to look at.',
      onProgress: onHashing,
      signal,
    })
    const torrentPath = join(folder, `${DEMO_NAME}.torrent`)
    await writeFile(torrentPath, created.bytes)
    return {
      ...created,
      dir,
      torrentPath,
      trackerUrl: tracker.url,
      fileCount: files.length,
      close: () => tracker.close(),
    }
  } catch (error) {
    await tracker.close()
    throw error
  }
}
