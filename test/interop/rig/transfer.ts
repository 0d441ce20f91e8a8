/** One client seeds, another downloads, and what arrives is compared. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { CLIENTS, type ClientName, type Job } from './clients.ts'
import type { Case } from './payload.ts'
import type { Program } from './program.ts'
import type { Tracker } from './tracker.ts'
import { differences } from './tree.ts'
import { until } from './wait.ts'

/** From launch to a tracker that knows the seeder: some clients hash everything first. */
const ANNOUNCE_TIMEOUT_MS = 60_000
/** The largest case takes a second or two when all is well; clients retry after 10 to 30 s when it is not. */
const TRANSFER_TIMEOUT_MS = 120_000
/** Run.mjs gives the namespace 10.77.1.1 to 10.77.1.20; the first is the tracker's. */
const FIRST_ADDRESS = 2
const LAST_ADDRESS = 20
export const TRACKER = { ip: '10.77.1.1', port: 6969 }

export interface Transfer {
  /** Tells its folders apart from others. */
  readonly id: string
  readonly dials: Case['dials']
  readonly seeder: ClientName
  readonly getter: ClientName
  /** The torrent file. */
  readonly torrent: string
  /** What the getter is given in its place. */
  readonly magnet?: string
  readonly infoHash: Uint8Array
  /** Holds the content. */
  readonly payload: string
}

export async function transfer(
  { id, dials, seeder, getter, torrent, magnet, infoHash, payload }: Transfer,
  { tracker, work }: { readonly tracker: Tracker; readonly work: string },
): Promise<void> {
  const seederJob = newJob(work, `${id}-seeder`, torrent)
  const getterJob = newJob(work, `${id}-getter`, magnet ?? torrent)
  cpSync(payload, seederJob.dir, { recursive: true })

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
    if (dials === 'getter') {
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
  expect(differences(payload, getterJob.dir, skipsEmptyFiles), 'what was downloaded').toEqual([])
  expect(differences(payload, seederJob.dir), 'what was seeded').toEqual([])
}

export function clientName(name: string): ClientName {
  if (!Object.hasOwn(CLIENTS, name)) throw new RangeError(`no such client: ${name}`)
  return name as ClientName
}

let lastAddress = FIRST_ADDRESS - 1
let lastPort = 7000

function newJob(work: string, name: string, torrent: string): Job {
  lastAddress = lastAddress === LAST_ADDRESS ? FIRST_ADDRESS : lastAddress + 1
  lastPort += 1
  const scratch = join(work, name)
  const dir = join(work, `${name}-data`)
  mkdirSync(scratch)
  mkdirSync(dir)
  return { torrent, dir, ip: `10.77.1.${lastAddress}`, port: lastPort, scratch }
}
