/**
 * Metadata from peers (BEP 9) with real clients, both ways: the seeder has the torrent file, the getter only a magnet
 * link with the tracker in it. INTEROP_CLIENTS (commas) names fewer others. Run by run.mjs.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientName } from './rig/clients.ts'
import { type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { clientName, TRACKER, transfer } from './rig/transfer.ts'

const KIB = 1024

const CASES: readonly Case[] = [
  {
    title: 'a file with metadata of two blocks',
    name: 'two blocks.bin',
    pieceBytes: 16 * KIB,
    // 20 bytes a piece: more than the 16 KiB that come at a time.
    files: 1000 * 16 * KIB + 321,
    tracker: 'http',
    dials: 'getter',
  },
  {
    title: 'a folder with names in several scripts',
    name: 'Müll & много 文件',
    pieceBytes: 32 * KIB,
    files: [
      ['a/one byte', 1],
      ['a/日本語/ファイル.dat', 40 * KIB + 7],
      ["it's 100% [fine] #1 + more.txt", 999],
      ['emoji 🐟/school.bin', 300 * KIB + 1],
    ],
    tracker: 'udp',
    dials: 'getter',
  },
]

const others = (process.env.INTEROP_CLIENTS ?? 'libtorrent,transmission,aria2').split(',').map(clientName)

interface Pair {
  readonly of: Case
  readonly seeder: ClientName
  readonly getter: ClientName
  readonly id: string
}
const pairs: Pair[] = others
  .flatMap(other => [
    { seeder: 'shoal' as const, getter: other },
    { seeder: other, getter: 'shoal' as const },
  ])
  .flatMap(pair => CASES.map((of, index) => ({ of, ...pair, id: `${pair.seeder}-${pair.getter}-${index}` })))

const work = join(process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop'), 'magnet')
const torrents = new Map<
  string,
  { readonly torrent: string; readonly magnet: string; infoHash: Uint8Array }
>()
let tracker: Tracker

beforeAll(async () => {
  mkdirSync(work)
  for (const of of CASES) {
    mkdirSync(payloadDir(of))
    const info = writePayload(of, payloadDir(of))
    const announce = `${of.tracker}://${TRACKER.ip}:${TRACKER.port}/announce`
    for (const { id } of pairs.filter(pair => pair.of === of)) {
      const { bytes, infoHash } = makeTorrent(info, announce, `magnet ${id}`)
      const torrent = join(work, `${id}.torrent`)
      writeFileSync(torrent, bytes)
      const tr = encodeURIComponent(announce)
      torrents.set(id, {
        torrent,
        infoHash,
        magnet: `magnet:?xt=urn:btih:${infoHash.toString('hex')}&tr=${tr}`,
      })
    }
  }
  const infoHashes = [...torrents.values()].map(({ infoHash }) => infoHash)
  tracker = await startTracker(TRACKER, work, infoHashes)
})

afterAll(async () => {
  await tracker?.stop()
})

for (const other of others) {
  describe.concurrent(`shoal and ${other} by magnet link`, () => {
    for (const { of, seeder, getter, id } of pairs.filter(pair =>
      [pair.seeder, pair.getter].includes(other),
    )) {
      test(`${getter} gets ${of.title} from ${seeder} (${of.tracker} tracker)`, () => {
        const named = torrents.get(id) ?? expect.unreachable()
        const payload = payloadDir(of)
        return transfer({ id, dials: of.dials, seeder, getter, payload, ...named }, { tracker, work })
      })
    }
  })
}

function payloadDir(of: Case): string {
  return join(work, `payload-${CASES.indexOf(of)}`)
}
