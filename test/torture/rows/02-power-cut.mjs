/**
 * The power fails at any moment of a download: what the disk has then is copied, mounted, and looked at. No piece that
 * is claimed may fail its hash, no torrent that was acknowledged may be forgotten, and going on gives the whole data.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canMount } from '../support/disk-image.mjs'
import { runLane } from '../support/mount-lane.mjs'
import { MIB, median } from '../support/swarm.mjs'

export const title = 'power cut at any moment'

const LANES = 2
const LANE = fileURLToPath(new URL('../support/power-cut-lane.mjs', import.meta.url))

export async function run({ full, seed, work, log }) {
  if (!canMount()) return { ok: false, count: '', figure: 'needs root on Linux, and mkfs.ext4', notes: [] }
  const numbers = Array.from({ length: full ? 200 : 10 }, (_, number) => number)
  const results = []
  const notes = []
  const lane = async at => {
    const folder = join(work, `lane ${at}`)
    mkdirSync(folder)
    const settings = { seed, work: folder, numbers: numbers.filter(number => number % LANES === at) }
    const how = await runLane(LANE, settings, result => {
      log(JSON.stringify(result))
      results.push(result)
    })
    if (how !== undefined) notes.push(`lane ${at}: ${how}`)
  }
  await Promise.all(Array.from({ length: LANES }, (_, at) => lane(at)))
  for (const { number, options, cuts, faults } of results)
    for (const fault of faults) notes.push(`cut ${number} (${options}; ${cuts.join('; ')}): ${fault}`)
  if (results.length < numbers.length)
    notes.push(`${results.length} of ${numbers.length} cases came to an end`)
  const again = results.map(result => result.again)
  const vain = results.reduce((sum, { falseClaims }) => sum + falseClaims, 0)
  return {
    ok: notes.length === 0,
    count: `${results.reduce((sum, { cuts }) => sum + cuts.length, 0)} cuts, ${results.length} torrents`,
    figure: `${vain} claimed in vain; again ${mib(median(again))}, max ${mib(Math.max(0, ...again))}`,
    notes,
  }
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
