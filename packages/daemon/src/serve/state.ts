/**
 * What is where in the state folder. Each part has a folder of its own; the engine's holds the lock, which is taken before
 * anything is written.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export const ENGINE_FOLDER = 'engine'

export interface StatePlaces {
  readonly engine: string
  readonly session: string
  readonly access: string
  readonly blocklist: string
  /** There only while a demo runs. */
  readonly demo: string
}

export function statePlaces(stateFolder: string): StatePlaces {
  return {
    engine: join(stateFolder, ENGINE_FOLDER),
    session: join(stateFolder, 'session'),
    access: join(stateFolder, 'access.json'),
    blocklist: join(stateFolder, 'blocklist'),
    demo: join(stateFolder, 'demo'),
  }
}

/** For its owner alone: it holds names of torrents, and what lets programs in. One that is there stays as it is. */
export function makeStateFolder(stateFolder: string): void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 })
}
