/**
 * Real clients, both ways: every other client downloads from the subject, and the subject from every other client.
 * INTEROP_SUBJECT names another subject than shoal, INTEROP_CLIENTS (commas) fewer others. Run by run.mjs.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENTS, type ClientName, type Job } from './rig/clients.ts'
import { CASES, type Case, makeTorrent, writePayload } from './rig/payload.ts'
import type { Program } from './rig/program.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { differences } from './rig/tree.ts'
import { until } from './rig/wait.ts'

/** From launch to a tracker that knows the seeder: some clients hash everything first. */
const ANNOUNCE_TIMEOUT_MS = 30_000
/** The largest case takes a second or two when all is well; clients retry after 10 to 30 s when it is not. */
const TRANSFER_TIMEOUT_MS = 60_000
const TRACKER = { ip: '10.77.1.1', port: 6969 }
/** Run.mjs gives the namespace 10.77.1.1 to 10.77.1.20. */
const FIRST_ADDRESS = 2
const LAST_ADDRESS = 20

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
        transfer(pair))
    }
  })
}

async function transfer({ of, seeder, getter, id }: Pair): Promise<void> {
  const { file, infoHash } = torrents.get(id) ?? expect.unreachable()
  const seederJob = job(id, file, 'seeder')
  const getterJob = job(id, file, 'getter')
  cpSync(payloadDir(of), seederJob.dir, { recursive: true })

  const programs: Program[] = []
  const logs = (): string => programs.map(program => program.describe()).join('\n')
  const seed = (): void => {
    programs.push(CLIENTS[seeder].seed(seederJob))
  }
  let isComplete = (): boolean => false
  const get = (): void => {
    const getting = CLIENTS[getter].get(getterJob)
    programs.push(getting.program)
    isComplete = getting.isComplete
  }
  const wait = (what: string, timeoutMs: number, holds: () => boolean | Promise<boolean>): Promise<void> =>
    until(
      () => `${what}\n${logs()}`,
      timeoutMs,
      async () => {
        if (await holds()) return true
        if (programs.some(program => program.ending !== undefined)) throw new Error(`ended early\n${logs()}`)
        return false
      },
    )

  try {
    // Nobody announces again within minutes, so only who comes second knows of the other.
    if (of.dials === 'getter') {
      seed()
      const isKnown = async (): Promise<boolean> => (await tracker.count(infoHash)).seeders === 1
      await wait(`${seeder} announces itself as a seeder`, ANNOUNCE_TIMEOUT_MS, isKnown)
      get()
    } else {
      get()
      const isKnown = async (): Promise<boolean> => (await tracker.count(infoHash)).downloaders === 1
      await wait(`${getter} announces itself as a downloader`, ANNOUNCE_TIMEOUT_MS, isKnown)
      seed()
    }
    await wait(`${getter} completes`, TRANSFER_TIMEOUT_MS, isComplete)
  } finally {
    await Promise.all(programs.map(program => program.stop()))
  }
  const { skipsEmptyFiles } = CLIENTS[getter]
  expect(differences(payloadDir(of), getterJob.dir, skipsEmptyFiles), 'what was downloaded').toEqual([])
  expect(differences(payloadDir(of), seederJob.dir), 'what was seeded').toEqual([])
}

let lastAddress = FIRST_ADDRESS - 1
let lastPort = 7000

function job(id: string, torrent: string, role: 'seeder' | 'getter'): Job {
  lastAddress = lastAddress === LAST_ADDRESS ? FIRST_ADDRESS : lastAddress + 1
  lastPort += 1
  const scratch = join(work, `${id}-${role}`)
  const dir = join(work, `${id}-${role}-data`)
  mkdirSync(scratch)
  mkdirSync(dir)
  return { torrent, dir, ip: `10.77.1.${lastAddress}`, port: lastPort, scratch }
}

function payloadDir(of: Case): string {
  return join(work, `payload-${CASES.indexOf(of)}`)
}

function clientName(name: string): ClientName {
  if (!Object.hasOwn(CLIENTS, name)) throw new RangeError(`no such client: ${name}`)
  return name as ClientName
}
