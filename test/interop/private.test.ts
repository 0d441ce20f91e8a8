/**
 * BEP 27, as seen on the wire: whoever gets or seeds a private torrent with Shoal tells nobody but its tracker, all
 * ways of discovery being on. A public torrent beside it shows that they are. Run by run.mjs.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Packet, startCapture } from './rig/capture.ts'
import { type Case, makeTorrent, writePayload } from './rig/payload.ts'
import { Program } from './rig/program.ts'
import { startTracker, type Tracker } from './rig/tracker.ts'
import { differences } from './rig/tree.ts'
import { until } from './rig/wait.ts'

const TRACKER = { ip: '10.77.1.1', port: 6970 }
const TRACKER_TIMEOUT_MS = 60_000
/** A public torrent uses all ways of discovery within two seconds. */
const SHARED_SECONDS = 15
const END_TIMEOUT_MS = 100_000
const LSD_PORT = 6771
/** The DHT's well-known nodes are names, whatever torrents there are; here nobody answers. */
const DNS_PORT = 53

const CONTENT: Case = {
  title: 'private',
  name: 'private.bin',
  pieceBytes: 64 * 1024,
  files: 1_000_003,
  tracker: 'http',
  dials: 'getter',
}

const work = join(process.env.INTEROP_DIR ?? expect.unreachable('run me with npm run interop'), 'private')
const source = join(work, 'source')
const KINDS = {
  private: { seeder: '10.77.2.1', getter: '10.77.2.2', seederPort: 8001, getterPort: 8002 },
  public: { seeder: '10.77.2.3', getter: '10.77.2.4', seederPort: 8003, getterPort: 8004 },
} as const
type Kind = keyof typeof KINDS

const torrents = new Map<Kind, { readonly file: string; readonly infoHash: Uint8Array }>()
let tracker: Tracker

beforeAll(async () => {
  mkdirSync(source, { recursive: true })
  const info = writePayload(CONTENT, source)
  for (const kind of ['private', 'public'] as const) {
    const own = kind === 'private' ? { ...info, private: 1 } : info
    const { bytes, infoHash } = makeTorrent(own, `http://${TRACKER.ip}:${TRACKER.port}/announce`, kind)
    const file = join(work, `${kind}.torrent`)
    writeFileSync(file, bytes)
    torrents.set(kind, { file, infoHash })
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

test('a private torrent is told to nobody but its tracker, where a public one is', async () => {
  const capture = await startCapture(work)
  let packets: readonly Packet[] = []
  try {
    await Promise.all([share('private'), share('public')])
  } finally {
    packets = await capture.stop()
  }
  expect(discovery(packets, 'private')).toEqual({ lsd: false, udp: false, pex: false })
  expect(discovery(packets, 'public')).toEqual({ lsd: true, udp: true, pex: true })
})

/** One seeds, one gets it and seeds it for a while, both as they do unless told otherwise. */
async function share(kind: Kind): Promise<void> {
  const { seeder, getter, seederPort, getterPort } = KINDS[kind]
  const { file, infoHash } = torrents.get(kind)!
  const into = join(work, `${kind}-got`)
  mkdirSync(into)
  const programs: Program[] = []
  const start = (name: string, ip: string, port: number, args: readonly string[]): Program => {
    const scratch = join(work, `${kind}-${name}`)
    mkdirSync(scratch)
    const program = fileURLToPath(new URL('../../packages/cli/bin/shoal.js', import.meta.url))
    const own = ['--bind', ip, '--port', String(port), '--state', join(scratch, 'state')]
    const started = new Program([process.execPath, program, name, file, ...args, ...own], {
      logFile: join(scratch, 'log'),
      cwd: scratch,
      env: { HOME: scratch },
    })
    programs.push(started)
    return started
  }
  const logs = (): string => programs.map(program => program.describe()).join('\n')
  try {
    start('seed', seeder, seederPort, ['--dir', source])
    await until(
      () => `the tracker knows the seeder\n${logs()}`,
      TRACKER_TIMEOUT_MS,
      async () => (await tracker.count(infoHash)).seeders === 1,
    )
    const got = start('get', getter, getterPort, ['--dir', into, '--seed-time', `${SHARED_SECONDS}s`])
    await until(
      () => `it is gotten and seeded for a while\n${logs()}`,
      END_TIMEOUT_MS,
      () => got.ending !== undefined,
    )
    expect(got.ending, logs()).toBe(0)
  } finally {
    await Promise.all(programs.map(program => program.stop()))
  }
  expect(differences(source, into)).toEqual([])
}

/** Which ways of discovery the two of a kind have used. `udp` is the DHT's: the tracker is asked by HTTP. */
function discovery(
  packets: readonly Packet[],
  kind: Kind,
): { readonly lsd: boolean; readonly udp: boolean; readonly pex: boolean } {
  const { seeder, getter } = KINDS[kind]
  const own = packets.filter(({ from }) => from.host === seeder || from.host === getter)
  const udp = own.filter(({ protocol, to }) => protocol === 'udp' && to.port !== DNS_PORT)
  return {
    lsd: udp.some(({ to }) => to.port === LSD_PORT),
    udp: udp.some(({ to }) => to.port !== LSD_PORT),
    pex: own.some(({ offersPex }) => offersPex),
  }
}
