import { expect, test } from 'vitest'
import type { Swarm } from '../../src/torrent/swarm.ts'
import { Totals } from '../../src/torrent/totals.ts'

const swarmOf = (bytes: number): Swarm =>
  ({
    download: { total: bytes, lastAt: bytes },
    upload: { total: 2 * bytes, lastAt: 0 },
    wastedBytes: 3 * bytes,
    flow: { corruptBytes: 4 * bytes },
  }) as unknown as Swarm

test('what earlier sessions, swarms that ended, and the one at work moved is counted once each', () => {
  let swarm: Swarm | undefined
  const totals = new Totals(() => swarm)
  totals.remember({ downloadedBytes: 1000, uploadedBytes: 1000, corruptBytes: 1000 } as never)
  const first = swarmOf(10)
  swarm = first
  totals.onEnd(first)
  swarm = swarmOf(1)
  expect([totals.downloadedBytes, totals.uploadedBytes, totals.wastedBytes, totals.activeAt]).toEqual([
    11, 22, 33, 10,
  ])
  expect([totals.everDownloadedBytes, totals.everUploadedBytes, totals.everCorruptBytes]).toEqual([
    1011, 1022, 1044,
  ])
})
