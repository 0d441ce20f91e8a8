/** Writes torrents of another client into the state folder of a daemon that does not run. */
import { createEngine } from '@shoal/engine'
import type { Planned } from '../import/plan.ts'
import { type Written, writeTorrents } from '../import/write.ts'
import { makeStateFolder, statePlaces } from './state.ts'

/** @throws ShoalError `STATE_LOCKED` where a daemon runs, or what the disk did */
export async function importInto(stateFolder: string, planned: readonly Planned[]): Promise<Written> {
  makeStateFolder(stateFolder)
  const places = statePlaces(stateFolder)
  // An engine without torrents, to hold the lock: it speaks to nobody.
  const options = { port: 0, bind: '127.0.0.1', dht: false, lsd: false }
  const engine = await createEngine({ ...options, stateDir: places.engine })
  try {
    return await writeTorrents(places.session, planned)
  } finally {
    await engine.close()
  }
}
