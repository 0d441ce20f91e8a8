/** Node.js, open files, names, the clock. */
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { BlockList } from 'node:net'
import type { Finding } from '../../contract/index.ts'

const TIMEOUT_MS = 5_000
/** Entered by nearly every client: where it has no address, no name has. */
const WELL_KNOWN = 'router.bittorrent.com'
/** Besides connections: files of torrents, workers, the API. */
const HANDLES_BESIDES = 256
const CLOCK_NOTE_SECONDS = 60
/** Certificates and timetables go wrong. */
const CLOCK_PROBLEM_SECONDS = 3600

/** Of a torrent file, nobody knows whom its trackers' names lead to. */
const NEAR = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  NEAR.addSubnet(network, prefix, 'ipv4')
// All but the addresses that are given out to the world.
for (const [network, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
] as const)
  NEAR.addSubnet(network, prefix, 'ipv6')

export function checkNode(): Finding {
  return {
    what: 'Node.js',
    outcome: 'ok',
    text: `version ${process.versions.node} on ${process.platform} ${process.arch}`,
  }
}

/** Only Linux tells. */
export function checkHandles(connections: number, limits: string = readLimits()): Finding[] {
  const match = /^Max open files\s+(\d+|unlimited)/m.exec(limits)
  if (match === null) return []
  const what = 'open files'
  const wanted = connections + HANDLES_BESIDES
  const limit = match[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(match[1])
  if (limit >= wanted)
    return [{ what, outcome: 'ok', text: `at most ${match[1]}, enough for ${connections} connections` }]
  return [
    {
      what,
      outcome: 'note',
      text: `at most ${limit}, which is few for ${connections} connections and the files of torrents`,
      advice: `raise the limit (ulimit -n ${wanted}, or LimitNOFILE=${wanted} in the unit), or lower network.connections`,
    },
  ]
}

export async function checkDns(
  resolve: (name: string) => Promise<unknown> = name => lookup(name),
): Promise<Finding> {
  const what = 'names (DNS)'
  try {
    await Promise.race([resolve(WELL_KNOWN), timeout()])
    return { what, outcome: 'ok', text: `${WELL_KNOWN} has an address` }
  } catch (error) {
    return {
      what,
      outcome: 'problem',
      text: `${WELL_KNOWN} has no address: ${messageOf(error)}`,
      advice:
        'check the network and the resolver of this machine; trackers and the way into the DHT are found by name',
    }
  }
}

/** By the clocks of trackers that are asked in any case; the best of them counts. */
export async function checkClock(hosts: readonly string[], now: () => number = Date.now): Promise<Finding[]> {
  const offsets = (await Promise.all(hosts.map(host => offsetFrom(host, now)))).filter(
    each => each !== undefined,
  )
  if (offsets.length === 0) return []
  const off = offsets.reduce((best, each) => (Math.abs(each) < Math.abs(best) ? each : best))
  const what = 'clock'
  if (Math.abs(off) < CLOCK_NOTE_SECONDS) return [{ what, outcome: 'ok', text: 'as trackers have it' }]
  return [
    {
      what,
      outcome: Math.abs(off) < CLOCK_PROBLEM_SECONDS ? 'note' : 'problem',
      text: `${Math.round(Math.abs(off))} s ${off > 0 ? 'behind' : 'ahead of'} that of trackers`,
      advice: 'set it, best by NTP: certificates, timetables and times of torrents depend on it',
    },
  ]
}

/** Seconds that the other clock is ahead. What is on this machine or its network is not asked. */
async function offsetFrom(host: string, now: () => number): Promise<number | undefined> {
  try {
    const { address, family } = await lookup(host)
    if (NEAR.check(address, family === 6 ? 'ipv6' : 'ipv4')) return undefined
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`http://${host}/`, { method: 'HEAD', redirect: 'manual', signal })
    const date = Date.parse(response.headers.get('date') ?? '')
    return Number.isNaN(date) ? undefined : (date - now()) / 1000
  } catch {
    // It speaks only UDP, or does not answer: no clock to compare with.
    return undefined
  }
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}

async function timeout(): Promise<never> {
  return await new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS).unref()
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
