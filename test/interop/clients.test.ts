/**
 * Real clients, both ways: every other client downloads from the subject, and the subject from every other client.
 * INTEROP_SUBJECT names another subject than shoal, INTEROP_CLIENTS (commas) fewer others. Run by run.mjs.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientName } from './rig/clients.ts'
import { CASES, type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { clientName, TRACKER, transfer } from './rig/transfer.ts'

const subject = clientName(process.env.INTEROP_SUBJECT ?? 'shoal')
const others = (process.env.INTEROP_CLIENTS ?? 'libtorrent,transmission,aria2,rtorrent')
  .split(',')
  .map(clientName)
  .filter(name => name !== subject)

interface Pair {
  readonly of: Case
  readonly seeder: ClientName
  readonly getter: ClientName
  readonly id: string
}
const pairs: Pair[] = others
  .flatMap(other => [
    { seeder: subject, getter: other },
    { seeder: other, getter: subject },
  ])
  .flatMap(pair => CASES.map((of, index) => ({ of, ...pair, id: `${pair.seeder}-${pair.getter}-${index}` })))

const work = process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop')
const torrents = new Map<string, { readonly file: string; readonly infoHash: Uint8Array }>()
let tracker: Tracker

beforeAll(async () => {
  const made = CASES.map(of => {
    const dir = payloadDir(of)
    mkdirSync(dir)
    return { of, info: writePayload(of, dir) }
  })
  for (const { of, id } of pairs) {
    const { info } = made.find(each => each.of === of) ?? expect.unreachable()
    const announce = `${of.tracker}://${TRACKER.ip}:${TRACKER.port}/announce`
    const { bytes, infoHash } = makeTorrent(info, announce, id)
    const file = join(work, `${id}.torrent`)
    writeFileSync(file, bytes)
    torrents.set(id, { file, infoHash })
  }
  tracker = await startTracker(
    TRACKER,
    work,
    [...torrents.values()].map(({ infoHash }) => infoHash),
  )
})

afterAll(async () => {
  await tracker?.stop()
})

for (const other of others) {
  describe.concurrent(`${subject} and ${other}`, () => {
    for (const pair of pairs.filter(({ seeder, getter }) => seeder === other || getter === other)) {
      test(`${pair.getter} gets ${pair.of.title} from ${pair.seeder} (${pair.of.tracker} tracker, ${pair.of.dials} dials)`, () =>
        run(pair))
    }
  })
}

function run({ of, seeder, getter, id }: Pair): Promise<void> {
  const { file, infoHash } = torrents.get(id) ?? expect.unreachable()
  const payload = payloadDir(of)
  return transfer(
    { id, dials: of.dials, seeder, getter, torrent: file, infoHash, payload },
    { tracker, work },
  )
}

function payloadDir(of: Case): string {
  return join(work, `payload-${CASES.indexOf(of)}`)
}
