/** A {@link StoreWorld} in a folder of its own below the system's temporary folder. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { SLAB_BYTES } from '../../src/bytes/slabs.ts'
import { createStorage } from '../../src/node/storage.ts'
import type { Storage } from '../../src/ports.ts'
import type { StoreWorld } from '../contracts/store-suite.ts'

export async function makeWorld(workers: number): Promise<StoreWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'shoal-store-'))
  return worldIn(dir, createStorage({ memoryBytes: 32 * SLAB_BYTES, workers }))
}

/** `dir` is removed with the world. */
export function worldIn(dir: string, storage: Storage & { close(): Promise<void> }): StoreWorld {
  return {
    storage,
    dir,
    readFile: path => {
      try {
        return readFileSync(join(dir, ...path))
      } catch {
        return undefined
      }
    },
    writeFile: (path, bytes) => {
      mkdirSync(dirname(join(dir, ...path)), { recursive: true })
      writeFileSync(join(dir, ...path), bytes)
    },
    list: () => readdirSync(dir),
    until: async holds => {
      while (!holds()) await new Promise(resolve => setImmediate(resolve))
    },
    close: async () => {
      await storage.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
