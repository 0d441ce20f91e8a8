/**
 * The power fails at any moment while a daemon is given torrents, labels and orders: what it acknowledged is so
 * afterwards, and what it says is complete is.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canMount } from '../support/disk-image.mjs'
import { runLane } from '../support/mount-lane.mjs'

export const title = 'power cut under the daemon'

const LANE = fileURLToPath(new URL('../support/daemon-cut-lane.mjs', import.meta.url))

export async function run({ full, seed, work, log }) {
  if (!canMount()) return { ok: false, count: '', figure: 'needs root on Linux, and mkfs.ext4', notes: [] }
  const cuts = full ? 100 : 5
  const folder = join(work, 'lane')
  mkdirSync(folder)
  const results = []
  const how = await runLane(LANE, { seed, work: folder, cuts }, result => {
    log(JSON.stringify(result))
    results.push(result)
  })
  const notes = results.flatMap(({ life, cut, options, faults }) =>
    faults.map(fault => `disk ${life}, cut ${cut} (${options}): ${fault}`),
  )
  if (how !== undefined) notes.push(`the lane ended: ${how}`)
  if (results.length < cuts) notes.push(`${results.length} of ${cuts} cuts came to an end`)
  const sum = of => results.reduce((total, result) => total + of(result), 0)
  return {
    ok: notes.length === 0,
    count: `${results.length} cuts`,
    figure: `${sum(each => each.known)} acknowledged there, ${sum(each => each.gone)} gone; ${sum(each => each.complete)} complete and whole`,
    notes,
  }
}
