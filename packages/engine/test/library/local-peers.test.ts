import { beforeAll, expect, test } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import { createEngine } from '../../src/library/engine.ts'
import { LocalPeers } from '../../src/library/local-peers.ts'
import type { AddOptions } from '../../src/library/types/add.ts'
import type { EngineOptions } from '../../src/library/types/engine.ts'
import { createLsd, type Lsd } from '../../src/node/lsd.ts'
import { systemRandom } from '../../src/node/system.ts'
import { atEnd, content, folder } from './sandbox.ts'

const MULTICAST_MS = 4_000
const PROBE = 'f'.repeat(40)

/** There are machines without multicast on loopback. */
let hasMulticast = false

beforeAll(async () => {
  const ends: Lsd[] = []
  hasMulticast = await new Promise<boolean>(resolve => {
    for (const port of [1, 2]) ends.push(listen(port, () => resolve(true)))
    for (const end of ends) end.add(PROBE)
    setTimeout(() => resolve(false), MULTICAST_MS)
  })
  for (const end of ends) end.close()
})

function listen(port: number, onPeer: (infoHash: string) => void): Lsd {
  return createLsd({ bindHost: '127.0.0.1', port, random: systemRandom, onPeer })
}

/** Seeds a torrent of its own. */
async function seed(
  how: { readonly private?: boolean; readonly engine?: EngineOptions; readonly add?: AddOptions } = {},
): Promise<{ readonly infoHash: string; readonly bytes: Uint8Array; start(): Promise<void> }> {
  const dir = folder({ 'a.bin': content(50_000) })
  const source = String(systemRandom.below(2 ** 30))
  const { bytes, metainfo } = await createTorrent(`${dir}/a.bin`, { source, private: how.private ?? false })
  return {
    infoHash: metainfo.infoHashHex,
    bytes,
    start: async () => {
      const engine = await createEngine({ ...QUIET, ...how.engine })
      atEnd(() => engine.close())
      await engine.add(bytes, { dir, seedOnly: true, ...how.add })
    },
  }
}

const QUIET: EngineOptions = { port: 0, bind: '127.0.0.1', dht: false, workers: 1 }

test('two engines on one network find each other', async context => {
  if (!hasMulticast) return context.skip('no multicast')
  const { bytes, start } = await seed()
  await start()
  const getter = await createEngine(QUIET)
  atEnd(() => getter.close())
  const torrent = await getter.add(bytes, { dir: folder() })
  await torrent.done
  expect(torrent.snapshot().wastedBytes).toBe(0)
})

test('nothing is announced that is private, or where it is not wanted', async context => {
  if (!hasMulticast) return context.skip('no multicast')
  const loud = await seed()
  const quiet = await Promise.all([
    seed({ private: true }),
    seed({ engine: { lsd: false } }),
    seed({ add: { discovery: false } }),
  ])
  const heard = new Set<string>()
  const ear = listen(1, infoHash => heard.add(infoHash))
  atEnd(() => ear.close())
  for (const { infoHash } of [...quiet, loud]) ear.add(infoHash)
  for (const { start } of [...quiet, loud]) await start()
  await expect.poll(() => heard.has(loud.infoHash)).toBe(true)
  expect([...heard]).toEqual([loud.infoHash])
})

function bench(bindHost: string) {
  const warnings: string[] = []
  const local = new LocalPeers({ bindHost, port: () => 1, onWarning: text => warnings.push(text) })
  atEnd(() => local.close())
  return { local, warnings }
}

test('where it does not work one warning says so', () => {
  const { local, warnings } = bench('192.0.2.1')
  local.seek('a'.repeat(40), () => {})
  local.seek('b'.repeat(40), () => {})
  expect(warnings).toEqual(['local discovery: no network of this machine has the address 192.0.2.1'])
})

test('nothing is opened before a torrent wants it, or after the end', () => {
  const { local, warnings } = bench('192.0.2.1')
  local.close()
  local.seek('a'.repeat(40), () => {})()
  expect(warnings).toEqual([])
})
