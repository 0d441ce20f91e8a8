/**
 * A swarm within this process, on the loopback address alone: seeds that are slow enough to watch, others who download
 * at the same time, and a liar. Whoever adds the torrent is one more of them.
 */
import { join } from 'node:path'
import { createEngine, type Engine, type EngineOptions } from '@shoal/engine'
import { type Liar, startLiar } from './liar.ts'
import { type Scene, setScene } from './scene.ts'

/** Some 55 s of watching, at the rates below. */
export const SWARM_BYTES = 64_000_000
/** What it takes on the disk: the seeds' copy, one of each who downloads, the one of whoever watches, and some more. */
export const SWARM_DISK_BYTES: number = SWARM_BYTES * 4 + 16_000_000

const SEED_RATES_BYTES_PER_SEC = [800_000, 400_000]
/** Others stay behind whoever watches, so that there is somebody to share with. */
const OTHER_RATES_BYTES_PER_SEC = [
  { download: 260_000, upload: 200_000 },
  { download: 160_000, upload: 120_000 },
]
/** A piece is two blocks: long enough for the liar to be seen in the list of peers before it is found out. */
const LIE_EVERY_MS = 4_000
/** Nothing here is quick: what an engine usually takes would be 64 MiB and more for each. */
const MEMORY_BYTES = 8 * 1024 * 1024

/** For tests, which have no time. */
export interface SwarmOptions {
  readonly bytes?: number
  readonly lieEveryMs?: number
}

export interface DemoSwarm {
  readonly name: string
  /** 40 hex digits. */
  readonly infoHash: string
  readonly torrent: Uint8Array
  close(): Promise<void>
}

/** @param folder for the swarm alone; what is in it stays when it ends */
export async function startDemoSwarm(
  folder: string,
  signal: AbortSignal,
  { bytes = SWARM_BYTES, lieEveryMs = LIE_EVERY_MS }: SwarmOptions = {},
): Promise<DemoSwarm> {
  const scene = await setScene({ folder, bytes, signal })
  const engines: Engine[] = []
  let liar: Liar | undefined
  const close = async (): Promise<void> => {
    liar?.close()
    await Promise.all(engines.map(engine => engine.close()))
    await scene.close()
  }
  try {
    for (const rate of SEED_RATES_BYTES_PER_SEC) {
      const engine = await openOne(engines, { uploadLimitBytesPerSec: rate })
      // What was written and hashed a moment ago is not looked at again.
      await engine.add(scene.metainfo, { dir: scene.dir, seedOnly: true, check: 'trust' })
    }
    for (const [at, { download, upload }] of OTHER_RATES_BYTES_PER_SEC.entries()) {
      const limits = { downloadLimitBytesPerSec: download, uploadLimitBytesPerSec: upload }
      const engine = await openOne(engines, limits)
      await engine.add(scene.metainfo, { dir: join(folder, `other ${at + 1}`) })
    }
    signal.throwIfAborted()
    liar = await startLiar(scene.metainfo, scene.trackerUrl, lieEveryMs)
    return swarmOf(scene, close)
  } catch (error) {
    await close()
    throw error
  }
}

function swarmOf({ metainfo, bytes }: Scene, close: () => Promise<void>): DemoSwarm {
  return { name: metainfo.name, infoHash: metainfo.infoHashHex, torrent: bytes, close }
}

/** One more engine that nobody outside of this machine can reach, and that reaches nobody. */
async function openOne(engines: Engine[], limits: EngineOptions): Promise<Engine> {
  const engine = await createEngine({
    ...limits,
    bind: '127.0.0.1',
    port: 0,
    dht: false,
    lsd: false,
    workers: 1,
    memoryBytes: MEMORY_BYTES,
  })
  engines.push(engine)
  return engine
}
